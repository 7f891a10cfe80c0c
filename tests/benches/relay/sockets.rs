//! Loopback sockets with the kernel's receive stamps, and the clocks that go with them.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;
use std::time::Duration;

/// A socket on loopback with room for a burst.
pub(crate) fn socket() -> io::Result<UdpSocket> {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::DGRAM, None)?;
    socket.set_recv_buffer_size(1 << 20)?;
    socket.set_nonblocking(true)?;
    socket.bind(&"127.0.0.1:0".parse::<std::net::SocketAddr>().expect("an address").into())?;
    Ok(socket.into())
}

/// Sends each datagram to its address, all with as few calls as the system takes.
pub(crate) fn send_all(socket: &UdpSocket, to: &[SocketAddr], datagrams: &[Vec<u8>]) -> io::Result<()> {
    let addresses: Vec<socket2::SockAddr> = to.iter().map(|to| (*to).into()).collect();
    let part =
        |datagram: &Vec<u8>| libc::iovec { iov_base: datagram.as_ptr().cast_mut().cast(), iov_len: datagram.len() };
    let mut parts: Vec<libc::iovec> = datagrams.iter().take(to.len()).map(part).collect();
    let message = |(address, part): (&socket2::SockAddr, &mut libc::iovec)| {
        // SAFETY: all zero is a valid value.
        let mut message: libc::mmsghdr = unsafe { std::mem::zeroed() };
        message.msg_hdr.msg_name = address.as_ptr().cast_mut().cast();
        message.msg_hdr.msg_namelen = address.len();
        message.msg_hdr.msg_iov = part;
        message.msg_hdr.msg_iovlen = 1;
        message
    };
    let mut messages: Vec<libc::mmsghdr> = addresses.iter().zip(&mut parts).map(message).collect();
    let mut sent = 0;
    while sent < messages.len() {
        let left = &mut messages[sent..];
        // SAFETY: every message points to an address and a part that live across the call, each part to live bytes that
        // the system only reads.
        let taken = unsafe { libc::sendmmsg(socket.as_raw_fd(), left.as_mut_ptr(), left.len() as libc::c_uint, 0) };
        if taken < 0 {
            return Err(io::Error::last_os_error());
        }
        sent += taken as usize;
    }
    Ok(())
}

/// Asks the kernel to stamp what arrives with its wall clock.
pub(crate) fn stamp(socket: &UdpSocket) -> io::Result<()> {
    let on: libc::c_int = 1;
    // SAFETY: the pointer and the length are those of a live c_int.
    let result = unsafe {
        let value = (&raw const on).cast();
        libc::setsockopt(socket.as_raw_fd(), libc::SOL_SOCKET, libc::SO_TIMESTAMPNS, value, size_of_val(&on) as u32)
    };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// The next datagram of a stamped socket: its length, its sender, and when the kernel received it, in nanoseconds of
/// the wall clock.
pub(crate) fn try_recv(socket: &UdpSocket, buffer: &mut [u8]) -> Option<(usize, SocketAddr, u64)> {
    let mut part = libc::iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: buffer.len() };
    let mut control = [0u64; 16];
    // SAFETY: all zero is a valid value of both.
    let (mut message, mut from): (libc::msghdr, libc::sockaddr_in) = unsafe { std::mem::zeroed() };
    message.msg_name = (&raw mut from).cast();
    message.msg_namelen = size_of_val(&from) as u32;
    message.msg_iov = &mut part;
    message.msg_iovlen = 1;
    message.msg_control = control.as_mut_ptr().cast();
    message.msg_controllen = size_of_val(&control);
    // SAFETY: the message points to live buffers of the lengths that it states.
    let length = unsafe { libc::recvmsg(socket.as_raw_fd(), &mut message, libc::MSG_DONTWAIT) };
    if length < 0 {
        return None;
    }
    // SAFETY: the kernel filled the control buffer; a stamp message holds a timespec.
    let stamp = unsafe {
        let header = libc::CMSG_FIRSTHDR(&message);
        if header.is_null() || (*header).cmsg_type != libc::SCM_TIMESTAMPNS {
            return None;
        }
        libc::CMSG_DATA(header).cast::<libc::timespec>().read_unaligned()
    };
    let ip = Ipv4Addr::from(u32::from_be(from.sin_addr.s_addr));
    Some((length as usize, SocketAddr::from((ip, u16::from_be(from.sin_port))), nanos(stamp)))
}

/// Waits until a socket has something or the time is over; the places of those that have.
pub(crate) fn wait(watched: &mut [libc::pollfd], timeout: Duration) -> impl Iterator<Item = usize> + '_ {
    let timeout = libc::timespec { tv_sec: timeout.as_secs() as i64, tv_nsec: timeout.subsec_nanos().into() };
    // SAFETY: the pointers are to a live slice of the length given and to a live timespec.
    unsafe { libc::ppoll(watched.as_mut_ptr(), watched.len() as u64, &timeout, std::ptr::null()) };
    watched.iter().enumerate().filter(|(_, one)| one.revents != 0).map(|(at, _)| at)
}

/// Something to wait for.
pub(crate) fn watch(socket: &UdpSocket) -> libc::pollfd {
    libc::pollfd { fd: socket.as_raw_fd(), events: libc::POLLIN, revents: 0 }
}

/// Datagrams that the kernel dropped because these sockets' receive buffers were full, by its table of UDP sockets.
pub(crate) fn overflowed<'a>(sockets: impl Iterator<Item = &'a UdpSocket>) -> io::Result<u64> {
    let ports = sockets.map(|socket| Ok(socket.local_addr()?.port())).collect::<io::Result<Vec<u16>>>()?;
    let table = std::fs::read_to_string("/proc/net/udp")?;
    let drops = |line: &str| {
        let mut fields = line.split_whitespace();
        let port = u16::from_str_radix(fields.nth(1)?.split_once(':')?.1, 16).ok()?;
        if ports.contains(&port) { fields.last()?.parse::<u64>().ok() } else { None }
    };
    Ok(table.lines().filter_map(drops).sum())
}

/// Nanoseconds of the wall clock, which the kernel's stamps use.
pub(crate) fn wall_ns() -> u64 {
    clock_ns(libc::CLOCK_REALTIME)
}

/// CPU time of this thread in nanoseconds.
pub(crate) fn thread_cpu_ns() -> u64 {
    clock_ns(libc::CLOCK_THREAD_CPUTIME_ID)
}

fn clock_ns(clock: libc::clockid_t) -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the pointer is to a live timespec.
    unsafe { libc::clock_gettime(clock, &mut time) };
    nanos(time)
}

fn nanos(time: libc::timespec) -> u64 {
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

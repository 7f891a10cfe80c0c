//! Which of this machine's addresses a datagram came to, and answering from that one.
//!
//! A socket that is bound to no address lets the system choose where a datagram leaves from; with several addresses
//! that may be another one than the peer sent to, whose checks then fail.

use socket2::{SockAddr, SockAddrStorage};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::{AsRawFd, BorrowedFd};

/// Room for one message with an address of either family, aligned as its header must be.
type Control = [u64; 8];

/// Asks the system to say with every datagram which address it came to.
pub(crate) fn ask(fd: BorrowedFd<'_>, is_v6: bool) -> io::Result<()> {
    let (level, option) =
        if is_v6 { (libc::IPPROTO_IPV6, libc::IPV6_RECVPKTINFO) } else { (libc::IPPROTO_IP, libc::IP_PKTINFO) };
    let on: libc::c_int = 1;
    // SAFETY: the pointer and the length are those of a live c_int.
    let done =
        unsafe { libc::setsockopt(fd.as_raw_fd(), level, option, (&raw const on).cast(), size_of_val(&on) as u32) };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// The next datagram: its length, where it came from, and the address that it came to if the system said so.
pub(crate) fn try_recv(fd: BorrowedFd<'_>, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr, Option<IpAddr>)> {
    let mut part = libc::iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: buffer.len() };
    let mut control = Control::default();
    let receive = |name: *mut SockAddrStorage, name_length: *mut libc::socklen_t| {
        // SAFETY: all zero is a valid value.
        let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
        message.msg_name = name.cast();
        // SAFETY: the caller's pointers are to live values, and the message points to live buffers of the lengths that
        // it states.
        let length = unsafe {
            message.msg_namelen = *name_length;
            set_parts(&mut message, &mut part, &mut control);
            let length = libc::recvmsg(fd.as_raw_fd(), &mut message, 0);
            *name_length = message.msg_namelen;
            length
        };
        let length = usize::try_from(length).map_err(|_| io::Error::last_os_error())?;
        Ok((length, destination(&message)))
    };
    // SAFETY: on success the system has written an address of the length that it says.
    let ((length, to), from) = unsafe { SockAddr::try_init(receive) }?;
    Ok((length, from.as_socket().ok_or(io::ErrorKind::InvalidData)?, to))
}

/// Sends a datagram from one of this machine's addresses. `to` and `from` are of the socket's family.
pub(crate) fn try_send(fd: BorrowedFd<'_>, to: SocketAddr, from: IpAddr, datagram: &[u8]) -> io::Result<()> {
    let name = SockAddr::from(to);
    let mut part = libc::iovec { iov_base: datagram.as_ptr().cast_mut().cast(), iov_len: datagram.len() };
    let mut control = Control::default();
    // SAFETY: all zero is a valid value.
    let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
    message.msg_name = name.as_ptr().cast_mut().cast();
    message.msg_namelen = name.len();
    set_parts(&mut message, &mut part, &mut control);
    message.msg_controllen = write_source(&message, from) as _;
    // SAFETY: the message points to live buffers of the lengths that it states; sending writes to none of them.
    let sent = unsafe { libc::sendmsg(fd.as_raw_fd(), &message, 0) };
    if sent >= 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

fn set_parts(message: &mut libc::msghdr, part: &mut libc::iovec, control: &mut Control) {
    message.msg_iov = part;
    message.msg_iovlen = 1;
    message.msg_control = control.as_mut_ptr().cast();
    message.msg_controllen = size_of_val(control) as _;
}

/// The address in a received message's control data.
fn destination(message: &libc::msghdr) -> Option<IpAddr> {
    // SAFETY: the system wrote the control data that the message points to, and these macros stay inside it.
    unsafe {
        let mut header = libc::CMSG_FIRSTHDR(message);
        while let Some(one) = header.as_ref() {
            let data = libc::CMSG_DATA(header);
            match (one.cmsg_level, one.cmsg_type) {
                (libc::IPPROTO_IP, libc::IP_PKTINFO) => {
                    let info = data.cast::<libc::in_pktinfo>().read_unaligned();
                    return Some(Ipv4Addr::from(u32::from_be(info.ipi_spec_dst.s_addr)).into());
                }
                (libc::IPPROTO_IPV6, libc::IPV6_PKTINFO) => {
                    let info = data.cast::<libc::in6_pktinfo>().read_unaligned();
                    return Some(Ipv6Addr::from(info.ipi6_addr.s6_addr).into());
                }
                _ => header = libc::CMSG_NXTHDR(message, header),
            }
        }
    }
    None
}

/// Writes the address to send from into the control buffer of a message; the bytes used.
fn write_source(message: &libc::msghdr, from: IpAddr) -> u32 {
    match from {
        IpAddr::V4(ip) => {
            let address = libc::in_addr { s_addr: u32::from(ip).to_be() };
            let info =
                libc::in_pktinfo { ipi_ifindex: 0, ipi_spec_dst: address, ipi_addr: libc::in_addr { s_addr: 0 } };
            write_control(message, (libc::IPPROTO_IP, libc::IP_PKTINFO), info)
        }
        IpAddr::V6(ip) => {
            let info = libc::in6_pktinfo { ipi6_addr: libc::in6_addr { s6_addr: ip.octets() }, ipi6_ifindex: 0 };
            write_control(message, (libc::IPPROTO_IPV6, libc::IPV6_PKTINFO), info)
        }
    }
}

fn write_control<T>(message: &libc::msghdr, (level, kind): (libc::c_int, libc::c_int), value: T) -> u32 {
    let size = size_of::<T>() as u32;
    // SAFETY: the control buffer is aligned for a header and has room for it and for either value.
    unsafe {
        let header = libc::CMSG_FIRSTHDR(message);
        (*header).cmsg_level = level;
        (*header).cmsg_type = kind;
        (*header).cmsg_len = libc::CMSG_LEN(size) as _;
        libc::CMSG_DATA(header).cast::<T>().write_unaligned(value);
        libc::CMSG_SPACE(size)
    }
}

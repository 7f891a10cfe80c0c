//! One shard's UDP socket, and waiting for it.

use super::{MediaError, pktinfo};
use socket2::{Domain, Protocol, Type};
use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::time::Duration;

/// Asked of the system for both directions, in bytes; it may give less. Room for some 50 ms of a full shard.
const BUFFER_BYTES: usize = 4 << 20;

/// A bound socket that never blocks. Addresses are canonical: IPv4 is never seen mapped into IPv6.
#[derive(Debug)]
pub(crate) struct Socket {
    udp: UdpSocket,
    address: SocketAddr,
}

/// Between a peer and this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Route {
    /// The peer.
    pub(crate) to: SocketAddr,
    /// The address of this machine that the peer sends to, when the socket is bound to all of them.
    pub(crate) from: Option<IpAddr>,
}

impl Socket {
    pub(crate) fn bind(addr: SocketAddr) -> Result<Socket, MediaError> {
        Socket::open(addr).map_err(|source| MediaError::Bind { addr, source })
    }

    fn open(addr: SocketAddr) -> io::Result<Socket> {
        let socket = socket2::Socket::new(Domain::for_address(addr), Type::DGRAM, Some(Protocol::UDP))?;
        if addr.is_ipv6() && addr.ip().is_unspecified() {
            socket.set_only_v6(false)?;
        }
        // Less buffer than asked for costs packets under bursts only, so the system's refusal is no error.
        let _ = socket.set_recv_buffer_size(BUFFER_BYTES);
        let _ = socket.set_send_buffer_size(BUFFER_BYTES);
        socket.set_nonblocking(true)?;
        socket.bind(&addr.into())?;
        if addr.ip().is_unspecified() {
            pktinfo::ask(socket.as_fd(), addr.is_ipv6())?;
        }
        let udp = UdpSocket::from(socket);
        let address = udp.local_addr()?;
        Ok(Socket { udp, address })
    }

    /// The bound address.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The next datagram, if one waits, and the way back.
    pub(crate) fn try_recv<'a>(&self, buffer: &'a mut [u8]) -> Option<(Route, &'a [u8])> {
        // An error is one that an earlier send caused (a port that closed), and says nothing about this read.
        for _ in 0..8 {
            match self.recv(buffer) {
                Ok((len, to, from)) => return Some((Route { to: canonical(to), from }, &buffer[..len])),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return None,
                Err(_) => {}
            }
        }
        None
    }

    fn recv(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr, Option<IpAddr>)> {
        if self.address.ip().is_unspecified() {
            pktinfo::try_recv(self.udp.as_fd(), buffer)
        } else {
            self.udp.recv_from(buffer).map(|(len, from)| (len, from, None))
        }
    }

    /// Sends a datagram; whether the system took it.
    pub(crate) fn try_send(&self, route: Route, datagram: &[u8]) -> bool {
        let to = self.reachable(route.to);
        match route.from {
            Some(from) => pktinfo::try_send(self.udp.as_fd(), to, from, datagram).is_ok(),
            None => self.udp.send_to(datagram, to).is_ok(),
        }
    }

    /// Waits until a datagram or the doorbell is there, or `timeout` is over. Whether the doorbell rang.
    pub(crate) fn wait(&self, bell: BorrowedFd<'_>, timeout: Duration) -> bool {
        let watch = |fd: BorrowedFd<'_>| libc::pollfd { fd: fd.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        let mut watched = [watch(self.udp.as_fd()), watch(bell)];
        poll(&mut watched, timeout);
        watched[1].revents != 0
    }

    fn reachable(&self, to: SocketAddr) -> SocketAddr {
        match to.ip() {
            IpAddr::V4(ip) if self.address.is_ipv6() => SocketAddr::new(ip.to_ipv6_mapped().into(), to.port()),
            _ => to,
        }
    }
}

fn canonical(from: SocketAddr) -> SocketAddr {
    SocketAddr::new(from.ip().to_canonical(), from.port())
}

/// `ppoll` where there is one: deadlines of a few milliseconds deserve better than whole ones.
#[cfg(target_os = "linux")]
fn poll(watched: &mut [libc::pollfd; 2], timeout: Duration) {
    let timeout = libc::timespec { tv_sec: timeout.as_secs() as libc::time_t, tv_nsec: timeout.subsec_nanos().into() };
    // SAFETY: the pointers are to a live array of the length given and to a live timespec; no signal mask is passed.
    unsafe { libc::ppoll(watched.as_mut_ptr(), watched.len() as libc::nfds_t, &timeout, std::ptr::null()) };
}

#[cfg(not(target_os = "linux"))]
fn poll(watched: &mut [libc::pollfd; 2], timeout: Duration) {
    let timeout_ms = timeout.as_nanos().div_ceil(1_000_000).min(i32::MAX as u128) as libc::c_int;
    // SAFETY: the pointer is to a live array of the length given.
    unsafe { libc::poll(watched.as_mut_ptr(), watched.len() as libc::nfds_t, timeout_ms) };
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(bind: &str, called: &str) -> SocketAddr {
        let socket = Socket::bind(bind.parse().unwrap()).unwrap();
        let called = SocketAddr::new(called.parse().unwrap(), socket.address().port());
        let peer = UdpSocket::bind("127.0.0.1:0").unwrap();
        peer.send_to(b"question", called).unwrap();
        let mut buffer = [0; 100];
        let (route, datagram) = socket.try_recv(&mut buffer).expect("loopback delivers at once");
        assert_eq!((route.to, datagram), (peer.local_addr().unwrap(), &b"question"[..]));
        assert!(socket.try_send(route, b"answer"));
        let (len, from) = peer.recv_from(&mut buffer).unwrap();
        assert_eq!((&buffer[..len], from.port()), (&b"answer"[..], called.port()));
        from
    }

    #[test]
    fn an_answer_leaves_from_the_address_that_was_called() {
        for bind in ["0.0.0.0:0", "[::]:0"] {
            assert_eq!(answered(bind, "127.0.0.2").ip().to_string(), "127.0.0.2", "{bind}");
            assert_eq!(answered(bind, "127.0.0.1").ip().to_string(), "127.0.0.1", "{bind}");
        }
        assert_eq!(answered("127.0.0.3:0", "127.0.0.3").ip().to_string(), "127.0.0.3");
    }
}

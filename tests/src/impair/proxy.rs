use super::{Impairer, Impairment};
use socket2::{Domain, Protocol, Socket, Type};
use std::collections::HashMap;
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use units::MonoTime;

/// Longest wait for a datagram, so that the end of the proxy is noticed.
const IDLE: Duration = Duration::from_millis(20);
/// Clients that may use one proxy; datagrams of more are dropped.
const MAX_FLOWS: usize = 256;

/// A UDP proxy that stands for `target`: each client that sends to [`Proxy::address`] gets its own pair of impaired
/// directions and its own address towards the target. Ends when dropped.
pub struct Proxy {
    address: SocketAddr,
    wires: Arc<Mutex<Wires>>,
    sound: Arc<Mutex<Vec<u64>>>,
    ending: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// What a proxy loses of everybody, both ways, besides what its directions are like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// Nothing.
    Nothing,
    /// The handshake that keys come from: the way itself is found and stays open.
    Handshakes,
    /// Every datagram.
    Everything,
}

impl Proxy {
    /// Opens the proxy's port on `at` (port 0 chooses one); datagrams go to `target` through `up` and back through
    /// `down`.
    ///
    /// # Errors
    /// When the port cannot be opened.
    pub fn start(at: SocketAddr, target: SocketAddr, up: Impairment, down: Impairment) -> io::Result<Proxy> {
        let front = open(at)?;
        let address = front.local_addr()?;
        let ending = Arc::new(AtomicBool::new(false));
        let wires = Arc::new(Mutex::new(Wires { up, down, cut: Cut::Nothing, cut_off: 0 }));
        let for_thread = Arc::clone(&wires);
        let sound = Arc::<Mutex<Vec<u64>>>::default();
        let (counted, start, flows) = (Arc::clone(&sound), Instant::now(), HashMap::new());
        let mut carrier = Carrier { front, target, wires: for_thread, sound: counted, start, flows };
        let end = Arc::clone(&ending);
        let thread = std::thread::Builder::new().name("impair".into()).spawn(move || {
            while !end.load(Ordering::Relaxed) {
                carrier.turn();
            }
        })?;
        Ok(Proxy { address, wires, sound, ending, thread: Some(thread) })
    }

    /// From now on, clients that were not seen before get these directions; the others keep theirs.
    pub fn impair_newcomers(&self, up: Impairment, down: Impairment) {
        let mut wires = lock(&self.wires);
        (wires.up, wires.down) = (up, down);
    }

    /// Loses so much from now on.
    pub fn set_cut(&self, cut: Cut) {
        lock(&self.wires).cut = cut;
    }

    /// Addresses of clients that have lost something to a cut so far.
    pub fn cut_off(&self) -> usize {
        lock(&self.wires).cut_off
    }

    /// Datagrams of sound (RTP, not RTCP) that were handed to each client so far, in the order in which the clients were
    /// first seen. A program that sends from several ports is several clients.
    pub fn sound_to(&self) -> Vec<u64> {
        lock(&self.sound).clone()
    }

    /// Where clients send to.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.ending.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What a new client's directions are like, and what is lost of everybody.
struct Wires {
    up: Impairment,
    down: Impairment,
    cut: Cut,
    cut_off: usize,
}

impl Cut {
    fn carries(self, datagram: &[u8]) -> bool {
        match self {
            Cut::Nothing => true,
            // DTLS, by its first byte (RFC 7983).
            Cut::Handshakes => !matches!(datagram.first(), Some(20..=63)),
            Cut::Everything => false,
        }
    }
}

struct Flow {
    /// How many clients were seen before.
    place: usize,
    back: UdpSocket,
    up: Impairer,
    down: Impairer,
    cut_off: bool,
}

impl Flow {
    fn new(place: usize, back: UdpSocket, up: &Impairment, down: &Impairment) -> Flow {
        Flow { place, back, up: Impairer::new(up.clone()), down: Impairer::new(down.clone()), cut_off: false }
    }
}

struct Carrier {
    front: UdpSocket,
    target: SocketAddr,
    wires: Arc<Mutex<Wires>>,
    sound: Arc<Mutex<Vec<u64>>>,
    start: Instant,
    flows: HashMap<SocketAddr, Flow>,
}

impl Carrier {
    fn turn(&mut self) {
        self.wait();
        let now = self.now();
        self.take_from_clients(now);
        let cut = lock(&self.wires).cut;
        let (front, target) = (&self.front, self.target);
        for (client, flow) in &mut self.flows {
            receive_all(&flow.back, |datagram, _| flow.down.handle_datagram(now, datagram));
            // An end that is gone refuses datagrams; a network does not care.
            while let Some(datagram) = flow.up.poll_output(now) {
                let carried = cut.carries(&datagram).then(|| flow.back.send_to(&datagram, target));
                flow.cut_off |= carried.is_none();
            }
            while let Some(datagram) = flow.down.poll_output(now) {
                let carries = cut.carries(&datagram);
                // Whoever has received it finds it counted.
                lock(&self.sound)[flow.place] += u64::from(carries && is_sound(&datagram));
                let _ = carries.then(|| front.send_to(&datagram, client));
                flow.cut_off |= !carries;
            }
        }
        lock(&self.wires).cut_off = self.flows.values().filter(|flow| flow.cut_off).count();
    }

    fn take_from_clients(&mut self, now: MonoTime) {
        let (front, flows, wires) = (&self.front, &mut self.flows, &self.wires);
        let any = SocketAddr::new(self.target.ip(), 0);
        receive_all(front, |datagram, client| {
            if !flows.contains_key(&client) {
                let Some(back) = open(any).ok().filter(|_| flows.len() < MAX_FLOWS) else { return };
                let Wires { up, down, .. } = &*lock(wires);
                flows.insert(client, Flow::new(flows.len(), back, up, down));
                lock(&self.sound).push(0);
            }
            if let Some(flow) = flows.get_mut(&client) {
                flow.up.handle_datagram(now, datagram);
            }
        });
    }

    /// Waits until a datagram is there to be read or to be delivered.
    fn wait(&self) {
        let deadlines = self.flows.values().flat_map(|flow| [flow.up.next_deadline(), flow.down.next_deadline()]);
        let due = deadlines.flatten().min().map_or(IDLE, |due| due.saturating_since(self.now()).min(IDLE));
        let mut polled: Vec<libc::pollfd> = std::iter::once(&self.front)
            .chain(self.flows.values().map(|flow| &flow.back))
            .map(|socket| libc::pollfd { fd: fd(socket), events: libc::POLLIN, revents: 0 })
            .collect();
        let timeout_ms = due.as_micros().div_ceil(1000) as libc::c_int;
        // SAFETY: the array lives across the call and its length is the one given.
        unsafe { libc::poll(polled.as_mut_ptr(), polled.len() as libc::nfds_t, timeout_ms) };
    }

    fn now(&self) -> MonoTime {
        MonoTime(self.start.elapsed().as_nanos() as u64)
    }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether a datagram of a peer connection is RTP: by RFC 7983 neither STUN nor DTLS, by RFC 5761 no RTCP. Both headers are
/// in the clear.
fn is_sound(datagram: &[u8]) -> bool {
    matches!(datagram, [128..192, second, ..] if !(64..96).contains(&(second & 0x7f)))
}

fn receive_all(socket: &UdpSocket, mut take: impl FnMut(&[u8], SocketAddr)) {
    let mut buffer = [0u8; 2048];
    loop {
        match socket.recv_from(&mut buffer) {
            Ok((length, from)) => take(&buffer[..length], from),
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => {}
            Err(_) => return,
        }
    }
}

fn open(at: SocketAddr) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(at), Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_nonblocking(true)?;
    socket.set_recv_buffer_size(1 << 20)?;
    socket.bind(&at.into())?;
    Ok(socket.into())
}

fn fd(socket: &UdpSocket) -> libc::c_int {
    use std::os::fd::AsRawFd;
    socket.as_raw_fd()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::programs::PATIENCE;

    /// A socket on loopback; what never comes to it fails the test.
    fn socket() -> UdpSocket {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        socket
    }

    #[test]
    fn datagrams_go_to_the_target_and_its_answers_come_back() {
        let loopback: SocketAddr = "127.0.0.1:0".parse().unwrap();
        let target = socket();
        let drop_first = "drop=0".parse().unwrap();
        let proxy = Proxy::start(loopback, target.local_addr().unwrap(), drop_first, Impairment::default()).unwrap();
        let client = socket();
        client.send_to(b"lost", proxy.address()).unwrap();
        client.send_to(b"there", proxy.address()).unwrap();
        let mut buffer = [0u8; 16];
        let (length, from) = target.recv_from(&mut buffer).unwrap();
        assert_eq!(&buffer[..length], b"there");
        assert_ne!(from, client.local_addr().unwrap());
        target.send_to(b"back", from).unwrap();
        let (length, from) = client.recv_from(&mut buffer).unwrap();
        assert_eq!((&buffer[..length], from), (&b"back"[..], proxy.address()));
    }

    #[test]
    fn sound_is_counted_for_each_client_and_nothing_else_is() {
        let loopback: SocketAddr = "127.0.0.1:0".parse().unwrap();
        let target = UdpSocket::bind(loopback).unwrap();
        let whole = Impairment::default;
        let proxy = Proxy::start(loopback, target.local_addr().unwrap(), whole(), whole()).unwrap();
        let clients = [(); 2].map(|()| UdpSocket::bind(loopback).unwrap());
        let mut buffer = [0u8; 16];
        let [_, second] = clients.each_ref().map(|client| {
            client.send_to(b"here", proxy.address()).unwrap();
            target.recv_from(&mut buffer).unwrap().1
        });
        let (stun, dtls, rtcp, rtp) = ([0, 1], [22, 254], [128, 200], [144, 111]);
        for datagram in [stun, dtls, rtcp, rtp] {
            target.send_to(&datagram, second).unwrap();
            assert_eq!(clients[1].recv_from(&mut buffer).unwrap().0, 2);
        }
        assert_eq!(proxy.sound_to(), [0, 1]);
    }

    #[test]
    fn a_cut_loses_what_it_names_and_carries_again_when_it_is_mended() {
        let loopback: SocketAddr = "127.0.0.1:0".parse().unwrap();
        let target = UdpSocket::bind(loopback).unwrap();
        let whole = Impairment::default;
        let proxy = Proxy::start(loopback, target.local_addr().unwrap(), whole(), whole()).unwrap();
        let client = UdpSocket::bind(loopback).unwrap();
        let (check, handshake): (&[u8], &[u8]) = (&[0, 1], &[22, 254]);
        let mut buffer = [0u8; 16];
        let mut comes = |sent: &[&[u8]], first: &[u8]| {
            sent.iter().for_each(|datagram| assert!(client.send_to(datagram, proxy.address()).is_ok()));
            let (length, _) = target.recv_from(&mut buffer).unwrap();
            assert_eq!(&buffer[..length], first);
        };
        proxy.set_cut(Cut::Handshakes);
        comes(&[handshake, check], check);
        proxy.set_cut(Cut::Nothing);
        comes(&[handshake], handshake);
        assert_eq!(proxy.cut_off(), 1);
        assert!(!Cut::Everything.carries(check) && !Cut::Everything.carries(handshake));
    }

    #[test]
    fn newcomers_get_another_network_and_the_others_keep_theirs() {
        let loopback: SocketAddr = "127.0.0.1:0".parse().unwrap();
        let target = socket();
        let whole = Impairment::default;
        let proxy = Proxy::start(loopback, target.local_addr().unwrap(), whole(), whole()).unwrap();
        let (old, new) = (socket(), socket());
        let mut buffer = [0u8; 16];
        let mut comes = |from: &UdpSocket, datagram: &[u8]| {
            from.send_to(datagram, proxy.address()).unwrap();
            let (length, _) = target.recv_from(&mut buffer).unwrap();
            assert_eq!(&buffer[..length], datagram);
        };
        comes(&old, b"first");
        proxy.impair_newcomers("drop=0".parse().unwrap(), whole());
        new.send_to(b"lost", proxy.address()).unwrap();
        comes(&new, b"second");
        comes(&old, b"third");
    }
}

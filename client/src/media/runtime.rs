//! The library's way to threads, sockets and timers: tokio's, but everything runs on the network thread, and sockets
//! show the handshake datagrams that pass to a [`Flight`], which is repeated until the connection stands.

use super::handshake::{Flight, is_dtls};
use std::future::Future;
use std::io::{self, IoSliceMut};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::runtime::Handle;
use webrtc::runtime::{
    AsyncInterval, AsyncTcpListener, AsyncTcpStream, AsyncUdpSocket, JoinHandle, RecvMeta, Runtime, Transmit,
};

type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// How long the repeating task sleeps while no flight is on its way.
const IDLE: Duration = Duration::from_millis(100);

/// The handshake of one peer, over all its sockets.
#[derive(Debug, Default)]
pub(super) struct Handshake {
    flight: Mutex<Flight<Datagram>>,
    /// Spares the packets of a connection that stands the lock.
    over: AtomicBool,
}

/// A datagram that can be sent again.
#[derive(Clone, Debug)]
struct Datagram {
    socket: Arc<dyn AsyncUdpSocket>,
    to: SocketAddr,
    bytes: Vec<u8>,
}

impl Handshake {
    /// The connection stands.
    pub(super) fn finish(&self) {
        self.over.store(true, Ordering::Relaxed);
        self.flight().finish();
    }

    fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    fn flight(&self) -> MutexGuard<'_, Flight<Datagram>> {
        self.flight.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn handle_sent(&self, socket: &Arc<dyn AsyncUdpSocket>, transmit: &Transmit<'_>) {
        let segment = transmit.segment_size.unwrap_or(transmit.contents.len()).max(1);
        for bytes in transmit.contents.chunks(segment).filter(|bytes| is_dtls(bytes)) {
            let datagram = Datagram { socket: socket.clone(), to: transmit.destination, bytes: bytes.to_vec() };
            self.flight().handle_sent(Instant::now(), datagram);
        }
    }

    fn handle_received(&self, datagram: &[u8]) {
        if is_dtls(datagram) {
            self.flight().handle_received();
        }
    }
}

/// Repeats what is due until the connection stands or its peer is gone.
async fn repeat(handshake: Weak<Handshake>) {
    while let Some(handshake) = handshake.upgrade().filter(|handshake| !handshake.is_over()) {
        let datagrams = handshake.flight().handle_timeout(Instant::now());
        for datagram in datagrams {
            tracing::debug!(to = %datagram.to, bytes = datagram.bytes.len(), "handshake datagram repeated");
            // A datagram that cannot be sent is a lost one: the next repeat stands for it.
            let _ = datagram.socket.send_to(&datagram.bytes, datagram.to).await;
        }
        let due = handshake.flight().due();
        drop(handshake);
        let wait = due.map_or(IDLE, |due| due.saturating_duration_since(Instant::now()).min(IDLE));
        tokio::time::sleep(wait).await;
    }
}

/// The runtime of one peer.
#[derive(Debug)]
pub(super) struct PeerRuntime {
    tokio: Arc<dyn Runtime>,
    thread: Handle,
    handshake: Arc<Handshake>,
}

impl PeerRuntime {
    /// Starts repeating for `handshake`; `None` if the library has been built without tokio.
    pub(super) fn start(handshake: Arc<Handshake>, thread: Handle) -> Option<PeerRuntime> {
        let tokio = webrtc::runtime::default_runtime()?;
        thread.spawn(repeat(Arc::downgrade(&handshake)));
        Some(PeerRuntime { tokio, thread, handshake })
    }
}

impl Runtime for PeerRuntime {
    fn wrap_udp_socket(&self, socket: std::net::UdpSocket) -> io::Result<Arc<dyn AsyncUdpSocket>> {
        let socket = self.tokio.wrap_udp_socket(socket)?;
        Ok(Arc::new(WatchedSocket { socket, handshake: self.handshake.clone() }))
    }

    fn spawn(&self, future: Boxed<'static, ()>) -> Box<dyn JoinHandle> {
        Box::new(Task(self.thread.spawn(future)))
    }

    fn wrap_tcp_listener(&self, listener: std::net::TcpListener) -> io::Result<Arc<dyn AsyncTcpListener>> {
        self.tokio.wrap_tcp_listener(listener)
    }

    fn connect_tcp<'a>(&'a self, to: SocketAddr) -> Boxed<'a, io::Result<Arc<dyn AsyncTcpStream>>> {
        self.tokio.connect_tcp(to)
    }

    fn resolve_host<'a>(&'a self, host: &'a str) -> Boxed<'a, io::Result<Vec<SocketAddr>>> {
        self.tokio.resolve_host(host)
    }

    fn sleep(&self, duration: Duration) -> Boxed<'static, ()> {
        self.tokio.sleep(duration)
    }

    fn interval(&self, period: Duration) -> Box<dyn AsyncInterval> {
        self.tokio.interval(period)
    }

    fn block_on(&self, future: Pin<Box<dyn Future<Output = ()> + '_>>) {
        self.tokio.block_on(future);
    }

    fn yield_now(&self) -> Boxed<'static, ()> {
        self.tokio.yield_now()
    }

    fn name(&self) -> &'static str {
        self.tokio.name()
    }
}

/// What runs on the network thread.
struct Task(tokio::task::JoinHandle<()>);

impl JoinHandle for Task {
    // Dropping the handle leaves the task alone already.
    fn detach(&self) {}

    fn abort(&self) {
        self.0.abort();
    }

    fn is_finished(&self) -> bool {
        self.0.is_finished()
    }
}

/// A socket that shows its handshake datagrams.
#[derive(Debug)]
struct WatchedSocket {
    socket: Arc<dyn AsyncUdpSocket>,
    handshake: Arc<Handshake>,
}

impl AsyncUdpSocket for WatchedSocket {
    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    fn poll_send(&self, cx: &mut Context<'_>, transmit: &Transmit<'_>) -> Poll<io::Result<usize>> {
        let sent = self.socket.poll_send(cx, transmit);
        if !self.handshake.is_over() && sent.is_ready() {
            self.handshake.handle_sent(&self.socket, transmit);
        }
        sent
    }

    fn poll_recv(
        &self,
        cx: &mut Context<'_>,
        buffers: &mut [IoSliceMut<'_>],
        meta: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        let received = self.socket.poll_recv(cx, buffers, meta);
        if let (false, Poll::Ready(Ok(count))) = (self.handshake.is_over(), &received) {
            for (buffer, meta) in buffers.iter().zip(meta.iter()).take(*count) {
                let datagrams = buffer[..meta.len].chunks(meta.stride.max(1));
                datagrams.for_each(|datagram| self.handshake.handle_received(datagram));
            }
        }
        received
    }

    fn max_gso_segments(&self) -> usize {
        self.socket.max_gso_segments()
    }

    fn max_gro_segments(&self) -> usize {
        self.socket.max_gro_segments()
    }
}

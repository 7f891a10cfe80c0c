use crate::app::{App, EXPORTS_AT_ONCE, WAITING_LINKS};
use crate::auth::{KeyError, Keys, Tickets};
use crate::clock::Clock;
use crate::config::Config;
use crate::journal::{self, SqliteJournal, Writer};
use crate::media::{MediaConfig, MediaError, MediaHandle};
use crate::rooms::{MEDIA_EVENTS, Rooms};
use crate::store::{self, Store, StoreError};
use crate::telemetry::Metrics;
use axum::serve::ListenerExt;
use std::future::Future;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// How long the end waits for links and requests that do not end by themselves.
const END_WITHIN: Duration = Duration::from_secs(2);

/// Why the relay does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The keys.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The media plane.
    #[error(transparent)]
    Media(#[from] MediaError),
    /// The journal's threads.
    #[error("the system gives the journal no threads ({0}); raise its limit on tasks")]
    Thread(std::io::Error),
    /// The HTTP port.
    #[error("cannot serve HTTP on {addr}: {source}; choose another address with --http")]
    Http {
        /// The address.
        addr: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
}

/// A relay at work.
pub struct Running {
    /// Where HTTP is served.
    pub http_addr: SocketAddr,
    /// Where each shard receives.
    pub media_addrs: Vec<SocketAddr>,
    work: JoinHandle<()>,
}

impl Running {
    /// An address to open the relay at from this machine.
    pub fn http_url(&self) -> String {
        format!("http://{}", reachable(self.http_addr))
    }

    /// Returns when the relay has ended.
    pub async fn finished(self) {
        // A panic in there was reported when it happened.
        let _ = self.work.await;
    }
}

/// Starts a relay that works until `shutdown` is there, and returns once it takes connections. Needs a tokio runtime
/// with time and IO.
///
/// # Errors
/// When the data folder, the database or one of the ports is not to be had.
pub async fn run(config: Config, shutdown: impl Future<Output = ()> + Send + 'static) -> Result<Running, StartError> {
    let keys = Keys::open_or_make(&config.data)?;
    let store = Store::open(&config.data.join(store::FILE))?;
    let journal = open_journal(&config.data)?;
    let listener = listen(config.http).await?;
    let http_addr = listener.local_addr().map_err(|source| StartError::Http { addr: config.http, source })?;
    let media = MediaConfig { bind: config.media, shards: config.shards, advertise: config.advertise };
    let (events, news) = mpsc::channel(MEDIA_EVENTS);
    let (media, media_addrs) = MediaHandle::start(media, events)?;
    let metrics = Arc::new(Metrics::new(media.clone(), journal.handle().figures()));
    let rooms = Rooms::start(Clock::start(), media, journal.handle(), store.clone(), news, Arc::clone(&metrics));
    let (drain, draining) = watch::channel(false);
    let (alive, all_gone) = mpsc::channel(1);
    let app = App {
        public_url: config.public_url,
        store,
        tickets: Tickets::new(&keys.signing),
        owner: keys.owner,
        rooms: rooms.clone(),
        journal: journal.handle(),
        metrics,
        draining,
        alive: alive.downgrade(),
        hello_within: config.hello_within,
        waiting: Arc::new(Semaphore::new(WAITING_LINKS)),
        exports: Semaphore::new(EXPORTS_AT_ONCE),
    };
    let end = End { drain, rooms, journal, alive, all_gone };
    let work = tokio::spawn(work(listener, Arc::new(app), shutdown, end));
    Ok(Running { http_addr, media_addrs, work })
}

/// The journal at work: one opening writes, the other reads.
fn open_journal(data: &Path) -> Result<Writer, StartError> {
    let path = data.join(journal::FILE);
    Writer::start(SqliteJournal::open(&path)?, SqliteJournal::open(&path)?).map_err(StartError::Thread)
}

async fn listen(addr: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(addr).await.map_err(|source| StartError::Http { addr, source })
}

/// What the end of the relay needs.
struct End {
    drain: watch::Sender<bool>,
    rooms: Rooms,
    journal: Writer,
    alive: mpsc::Sender<()>,
    all_gone: mpsc::Receiver<()>,
}

async fn work(listener: TcpListener, app: Arc<App>, shutdown: impl Future<Output = ()> + Send + 'static, end: End) {
    let mut stop = end.drain.subscribe();
    let stopped = async move { drop(stop.wait_for(|stop| *stop).await) };
    // Frames are small and each is awaited by somebody: held back for the other side's acknowledgement (RFC 896 with
    // RFC 1122's delay) every second one would be 40 ms late.
    let listener = listener.tap_io(|socket| drop(socket.set_nodelay(true)));
    let server = axum::serve(listener, crate::http::router(app)).with_graceful_shutdown(stopped);
    let server = tokio::spawn(server.into_future());
    shutdown.await;
    tracing::info!("the relay goes down");
    let End { drain, rooms, journal, alive, mut all_gone } = end;
    // From here on nothing new is accepted, and links that wait for their hello are told.
    let _ = drain.send(true);
    rooms.drain().await;
    // It commits what waits, which blocks.
    let _ = tokio::task::spawn_blocking(|| drop(journal)).await;
    drop(alive);
    let _ = timeout(END_WITHIN, all_gone.recv()).await;
    let _ = timeout(END_WITHIN, server).await;
}

/// The address that this machine reaches `addr` at: loopback in place of "every interface".
pub fn reachable(addr: SocketAddr) -> SocketAddr {
    if addr.ip().is_unspecified() { SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), addr.port()) } else { addr }
}

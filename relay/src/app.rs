//! What every request handler may use.

use crate::auth::Tickets;
use crate::journal::JournalHandle;
use crate::rooms::Rooms;
use crate::secret::SecretHash;
use crate::store::Store;
use crate::telemetry::Metrics;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc, watch};

/// WebSockets that have not said a good hello yet. More are turned away until some have.
pub const WAITING_LINKS: usize = 256;

/// Exports that are worked out at once. More are turned away: each folds a whole log.
pub const EXPORTS_AT_ONCE: usize = 4;

/// The assembled relay, shared by all handlers.
pub struct App {
    /// How people reach the relay, when the configuration says so.
    pub public_url: Option<String>,
    /// Sessions, invitations, used tickets.
    pub store: Store,
    /// Signs and reads join tickets.
    pub tickets: Tickets,
    /// Hash of the key that makes sessions.
    pub owner: SecretHash,
    /// The running sessions.
    pub rooms: Rooms,
    /// Where they are kept.
    pub journal: JournalHandle,
    /// Figures.
    pub metrics: Arc<Metrics>,
    /// Whether the relay is going down.
    pub draining: watch::Receiver<bool>,
    /// Held by every link, so that the end can wait for all of them.
    pub alive: mpsc::WeakSender<()>,
    /// How long a link may take to say it.
    pub hello_within: Duration,
    /// Places for links that have not said hello.
    pub waiting: Arc<Semaphore>,
    /// Places for exports.
    pub exports: Semaphore,
}

impl App {
    /// Whether the relay is going down.
    pub fn is_draining(&self) -> bool {
        *self.draining.borrow()
    }

    /// Scheme, host and port for links, by the configuration or else by how the caller came in.
    pub fn base_url(&self, host: Option<&str>) -> String {
        let by_host = || format!("http://{}", host.unwrap_or("127.0.0.1"));
        self.public_url.clone().unwrap_or_else(by_host)
    }
}

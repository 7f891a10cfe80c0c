use super::addresses::host_addresses;
use super::mailbox::{Command, Mailbox};
use super::offer::Identity;
use super::shard::Shard;
use super::socket::Socket;
use super::stats::Counters;
use super::{MediaConfig, MediaError, MediaEvent, PeerKey, PeerOffer, ShardStats};
use protocol::ids::SessionId;
use relay_core::plan::Plan;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

/// How often the system is asked for a run of free ports.
const TRIES: usize = 16;

/// The way to the media plane. Cheap to clone; nothing here waits for a shard but [`MediaHandle::offer`], which is
/// async. The shards stop when the last handle is dropped.
#[derive(Clone, Debug)]
pub struct MediaHandle {
    shards: Arc<[ShardHandle]>,
}

#[derive(Debug)]
struct ShardHandle {
    mailbox: Arc<Mailbox>,
    counters: Arc<Counters>,
}

impl MediaHandle {
    /// Opens the sockets and starts the shards. Returns the addresses that they are bound to.
    ///
    /// # Errors
    /// [`MediaError::Bind`], [`MediaError::Ports`], [`MediaError::NoAddress`], [`MediaError::Thread`].
    pub fn start(
        config: MediaConfig,
        events: mpsc::Sender<MediaEvent>,
    ) -> Result<(MediaHandle, Vec<SocketAddr>), MediaError> {
        MediaHandle::start_as(Identity::new(), config, events)
    }

    /// Starts under an identity that was made before.
    pub(crate) fn start_as(
        identity: Identity,
        config: MediaConfig,
        events: mpsc::Sender<MediaEvent>,
    ) -> Result<(MediaHandle, Vec<SocketAddr>), MediaError> {
        let mut shards = Vec::new();
        let mut bound = Vec::new();
        for (number, socket) in bind_all(&config)?.into_iter().enumerate() {
            let candidates = host_addresses(socket.address(), config.advertise)?;
            let (mailbox, bell) = Mailbox::new().map_err(MediaError::Thread)?;
            let counters = Arc::<Counters>::default();
            bound.push(socket.address());
            let shard = Shard::new(socket, candidates, identity.clone(), (mailbox.clone(), bell), events.clone());
            shard.with_counters(counters.clone()).spawn(number)?;
            shards.push(ShardHandle { mailbox, counters });
        }
        Ok((MediaHandle { shards: shards.into() }, bound))
    }

    /// Hands an offer to the session's shard and waits for the answer. An offer with the number of the peer in use
    /// renegotiates it, a higher one replaces it.
    ///
    /// # Errors
    /// Everything in [`MediaError`] that concerns offers.
    pub async fn offer(&self, key: PeerKey, offer: PeerOffer) -> Result<String, MediaError> {
        let (answer, answered) = oneshot::channel();
        self.shard(key.session).mailbox.offer(Command::Offer { key, offer, answer })?;
        answered.await.unwrap_or(Err(MediaError::Down))
    }

    /// Tells who hears whom in a session from now on. The newest plan counts.
    pub fn set_plan(&self, session: SessionId, plan: Arc<Plan>) {
        self.shard(session).mailbox.plan(session, plan);
    }

    /// Removes a peer at once: nothing is sent to it or taken from it any more. No [`MediaEvent::Gone`] follows.
    pub fn close_peer(&self, key: PeerKey) {
        self.shard(key.session).mailbox.command(Command::ClosePeer(key));
    }

    /// Removes a session with all of its peers.
    pub fn close_session(&self, session: SessionId) {
        self.shard(session).mailbox.command(Command::CloseSession(session));
    }

    /// What each shard has counted.
    pub fn stats(&self) -> Vec<ShardStats> {
        self.shards.iter().map(|shard| shard.counters.read()).collect()
    }

    fn shard(&self, session: SessionId) -> &ShardHandle {
        &self.shards[(session.0.as_u128() % self.shards.len() as u128) as usize]
    }
}

impl Drop for ShardHandle {
    fn drop(&mut self) {
        self.mailbox.command(Command::Stop);
    }
}

/// One socket per shard, on consecutive ports.
fn bind_all(config: &MediaConfig) -> Result<Vec<Socket>, MediaError> {
    let shards = config.shards.max(1);
    match config.bind.port() {
        0 => try_often(|| bind_run(config.bind, shards)),
        _ => bind_run(config.bind, shards),
    }
}

/// Where the system chooses the first port, those after it may be taken, or be none: it is asked again then.
fn try_often<T>(mut bind: impl FnMut() -> Result<T, MediaError>) -> Result<T, MediaError> {
    for _ in 1..TRIES {
        match bind() {
            Err(MediaError::Bind { source, .. }) if source.kind() == ErrorKind::AddrInUse => {}
            Err(MediaError::Ports { .. }) => {}
            done => return done,
        }
    }
    bind()
}

/// Binds the first address, then the ports after the one that it got.
fn bind_run(first: SocketAddr, shards: usize) -> Result<Vec<Socket>, MediaError> {
    let mut sockets = vec![Socket::bind(first)?];
    let port = sockets[0].address().port();
    for number in 1..shards {
        let next = u16::try_from(usize::from(port) + number).map_err(|_| MediaError::Ports { port, shards })?;
        sockets.push(Socket::bind(SocketAddr::new(first.ip(), next))?);
    }
    Ok(sockets)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bind_error(kind: ErrorKind) -> MediaError {
        MediaError::Bind { addr: "127.0.0.1:9".parse().unwrap(), source: kind.into() }
    }

    fn taken() -> MediaError {
        bind_error(ErrorKind::AddrInUse)
    }

    #[test]
    fn the_system_is_asked_again_while_the_ports_after_the_first_are_taken() {
        let mut answers = vec![Ok(7), Err(MediaError::Ports { port: 65_535, shards: 2 }), Err(taken())];
        assert_eq!(try_often(|| answers.pop().unwrap()).unwrap(), 7);
        let mut asked = 0;
        let refused = try_often::<()>(|| {
            asked += 1;
            Err(taken())
        });
        assert_eq!((refused.unwrap_err().to_string(), asked), (taken().to_string(), TRIES));
    }

    #[test]
    fn what_another_port_would_not_mend_is_told_at_once() {
        let mut asked = 0;
        let refused = try_often::<()>(|| {
            asked += 1;
            Err(bind_error(ErrorKind::PermissionDenied))
        });
        assert_eq!((refused.unwrap_err().to_string(), asked), (bind_error(ErrorKind::PermissionDenied).to_string(), 1));
    }
}

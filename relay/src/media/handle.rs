use super::addresses::host_addresses;
use super::mailbox::{Command, Mailbox};
use super::offer::Identity;
use super::shard::Shard;
use super::socket::Socket;
use super::stats::Counters;
use super::{MediaConfig, MediaError, MediaEvent, PeerKey, PeerOffer, ShardStats};
use protocol::ids::SessionId;
use relay_core::plan::Plan;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

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
        for number in 0..config.shards.max(1) {
            let socket = Socket::bind(shard_address(&config, number)?)?;
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

fn shard_address(config: &MediaConfig, number: usize) -> Result<SocketAddr, MediaError> {
    let first = config.bind.port();
    if first == 0 {
        return Ok(config.bind);
    }
    let ports = MediaError::Ports { port: first, shards: config.shards };
    let port = u16::try_from(usize::from(first) + number).map_err(|_| ports)?;
    Ok(SocketAddr::new(config.bind.ip(), port))
}

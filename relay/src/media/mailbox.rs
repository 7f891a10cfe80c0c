//! Commands on their way to a shard.

use super::{MediaError, PeerKey, PeerOffer};
use protocol::ids::SessionId;
use relay_core::plan::Plan;
use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// Offers that may wait for a shard at once; more are refused.
const MAX_OFFERS: usize = 256;

/// What a shard is asked to do.
#[derive(Debug)]
pub(crate) enum Command {
    Offer { key: PeerKey, offer: PeerOffer, answer: oneshot::Sender<Result<String, MediaError>> },
    Plan(SessionId, Arc<Plan>),
    ClosePeer(PeerKey),
    CloseSession(SessionId),
    Stop,
}

/// The writing end, shared. The lock is held for a push or a swap only, and the shard takes it only after a wake-up.
///
/// Owner: the shard. Bounded: offers by [`MAX_OFFERS`], plans by one per session (a newer one replaces an older one),
/// closings by the peers and sessions that there are. Nothing is dropped.
#[derive(Debug)]
pub(crate) struct Mailbox {
    queue: Mutex<VecDeque<Command>>,
    wake: UnixStream,
}

/// The reading end: wakes the shard.
#[derive(Debug)]
pub(crate) struct Doorbell(UnixStream);

impl Mailbox {
    pub(crate) fn new() -> std::io::Result<(Arc<Mailbox>, Doorbell)> {
        let (wake, bell) = UnixStream::pair()?;
        wake.set_nonblocking(true)?;
        bell.set_nonblocking(true)?;
        Ok((Arc::new(Mailbox { queue: Mutex::default(), wake }), Doorbell(bell)))
    }

    /// Queues an offer, unless too many wait.
    pub(crate) fn offer(&self, command: Command) -> Result<(), MediaError> {
        let mut queue = self.lock();
        let waiting = queue.iter().filter(|one| matches!(one, Command::Offer { .. })).count();
        if waiting >= MAX_OFFERS {
            return Err(MediaError::Busy);
        }
        self.push(&mut queue, command);
        Ok(())
    }

    /// Queues a plan in place of an older one of the same session that waits behind everything else of it.
    pub(crate) fn plan(&self, session: SessionId, plan: Arc<Plan>) {
        let mut queue = self.lock();
        let newest = queue.iter_mut().rev().find(|one| one.session() == Some(session));
        match newest {
            Some(Command::Plan(_, waiting)) => *waiting = plan,
            _ => self.push(&mut queue, Command::Plan(session, plan)),
        }
    }

    /// Queues anything else.
    pub(crate) fn command(&self, command: Command) {
        self.push(&mut self.lock(), command);
    }

    /// Takes all that waits.
    pub(crate) fn take(&self) -> VecDeque<Command> {
        std::mem::take(&mut self.lock())
    }

    fn push(&self, queue: &mut VecDeque<Command>, command: Command) {
        queue.push_back(command);
        // A full pipe has woken the shard already.
        let _ = (&self.wake).write(&[1]);
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Command>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Command {
    fn session(&self) -> Option<SessionId> {
        match self {
            Command::Offer { key, .. } | Command::ClosePeer(key) => Some(key.session),
            Command::Plan(session, _) | Command::CloseSession(session) => Some(*session),
            Command::Stop => None,
        }
    }
}

impl Doorbell {
    /// What to wait on.
    pub(crate) fn fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }

    /// Silences it until the next push.
    pub(crate) fn hush(&mut self) {
        let mut rings = [0; 64];
        loop {
            match self.0.read(&mut rings) {
                Ok(0) => return,
                Err(error) if error.kind() != ErrorKind::Interrupted => return,
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::ids::ParticipantId;
    use uuid::Uuid;

    fn session(n: u128) -> SessionId {
        SessionId(Uuid::from_u128(n))
    }

    fn key(n: u128) -> PeerKey {
        PeerKey { session: session(n), participant: ParticipantId(Uuid::nil()), peer: 1 }
    }

    fn offer() -> Command {
        let offer = PeerOffer { sdp: String::new(), send: Vec::new(), client: protocol::wire::ClientKind::Page };
        Command::Offer { key: key(1), offer, answer: oneshot::channel().0 }
    }

    #[test]
    fn a_newer_plan_replaces_the_waiting_one_but_never_jumps_over_a_closing() {
        let (mailbox, _bell) = Mailbox::new().unwrap();
        mailbox.plan(session(1), Arc::default());
        mailbox.plan(session(2), Arc::default());
        mailbox.plan(session(1), Arc::default());
        assert_eq!(mailbox.lock().len(), 2);
        mailbox.command(Command::ClosePeer(key(1)));
        mailbox.plan(session(1), Arc::default());
        assert_eq!(mailbox.take().len(), 4);
    }

    #[test]
    fn the_last_offer_that_fits_is_taken_and_the_next_refused() {
        let (mailbox, _bell) = Mailbox::new().unwrap();
        assert!((0..MAX_OFFERS).all(|_| mailbox.offer(offer()).is_ok()));
        assert!(matches!(mailbox.offer(offer()), Err(MediaError::Busy)));
    }
}

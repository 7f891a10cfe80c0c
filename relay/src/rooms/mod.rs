//! The running sessions: one task each, the only writer of its [`Room`].

mod link;
mod task;

pub use link::{LinkDoor, LinkEnd, SEND_QUEUE, open_link};
pub(crate) use task::to_text;

use crate::clock::Clock;
use crate::journal::{JournalError, JournalHandle};
use crate::media::{MediaEvent, MediaHandle, PeerKey};
use crate::store::{Store, StoreError};
use crate::telemetry::Metrics;
use protocol::chain::ChainHash;
use protocol::ids::{InviteId, LogId, SessionId};
use protocol::session::SessionState;
use protocol::wire::{ClientFrame, ErrorCode};
use relay_core::journal::{StoredEvent, check_chain};
use relay_core::room::{Arrivals, Closing, Counted, Enter, Input, LinkId, MediaInput, Refusal, Room};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use task::{Place, ToRoom};
use tokio::sync::{mpsc, oneshot};

/// Inputs that wait for one room. Links wait when it is full, which slows their readers down and nobody else.
const ROOM_INBOX: usize = 1_024;
/// Events that one reading of a log takes, so that others who read wait for no whole log.
const READ_AT_ONCE: usize = 1_000;
/// Sessions that run at once. One whose people have all gone ends, and begins again from the journal.
pub const MAX_ROOMS: usize = 1_000;
/// News from the media plane that waits for the rooms; the media plane keeps what does not fit.
pub const MEDIA_EVENTS: usize = 1_024;

/// All running sessions. Cloning is cheap.
#[derive(Clone)]
pub struct Rooms(Arc<Shared>);

struct Shared {
    clock: Clock,
    media: MediaHandle,
    journal: JournalHandle,
    store: Store,
    metrics: Arc<Metrics>,
    /// None once the relay is going down.
    running: Mutex<Option<HashMap<SessionId, RoomHandle>>>,
    /// Of sessions that do not run. Locked after `running`, so that a count is never in two places.
    counted: Mutex<Counted>,
    next_link: AtomicU64,
}

/// The way to one running session, which goes on for as long as there is one.
#[derive(Clone)]
pub struct RoomHandle {
    inbox: mpsc::Sender<ToRoom>,
    /// One for each way to the room; the list of rooms holds one too.
    tie: Option<Arc<()>>,
}

impl Drop for RoomHandle {
    /// The room looks whether it is still wanted. When its inbox is full it does so without being told.
    fn drop(&mut self) {
        drop(self.tie.take());
        let _ = self.inbox.try_send(ToRoom::Look);
    }
}

/// Why a session cannot be looked at.
#[derive(Debug, thiserror::Error)]
pub enum LookError {
    /// The journal fails.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The store fails.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It does not run, and cannot begin to.
    #[error(transparent)]
    NoRoom(#[from] NoRoom),
    /// It ended just now, because the journal cannot be read or goes on otherwise.
    #[error("the session ended while it was looked at; try again in a moment")]
    Ended,
}

/// Why there is no way to a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoRoom {
    /// The relay is going down.
    #[error("the relay is going down; come back in a moment")]
    Draining,
    /// Too many sessions run.
    #[error("this relay runs {MAX_ROOMS} sessions already; come back when one has ended")]
    Full,
}

impl Rooms {
    /// No session yet; news of the media plane is passed on to the rooms from now on.
    pub fn start(
        clock: Clock,
        media: MediaHandle,
        journal: JournalHandle,
        store: Store,
        events: mpsc::Receiver<MediaEvent>,
        metrics: Arc<Metrics>,
    ) -> Rooms {
        let (running, next_link) = (Mutex::new(Some(HashMap::new())), AtomicU64::new(1));
        let counted = Mutex::default();
        let rooms = Rooms(Arc::new(Shared { clock, media, journal, store, metrics, running, counted, next_link }));
        tokio::spawn(pass_on(rooms.clone(), events));
        rooms
    }

    /// A number for a new link.
    pub fn next_link(&self) -> LinkId {
        LinkId(self.0.next_link.fetch_add(1, Relaxed))
    }

    /// The session's room. It begins to run from the journal with the first call, and ends when nobody is in it.
    ///
    /// # Errors
    /// When the relay is going down or runs too many sessions.
    pub fn room(&self, session: SessionId, title: &str) -> Result<RoomHandle, NoRoom> {
        let mut running = self.0.running.lock().unwrap_or_else(PoisonError::into_inner);
        let rooms = running.as_mut().ok_or(NoRoom::Draining)?;
        if let Some(room) = rooms.get(&session) {
            return Ok(room.clone());
        }
        if rooms.len() >= MAX_ROOMS {
            return Err(NoRoom::Full);
        }
        let room = self.begin(session, title);
        rooms.insert(session, room.clone());
        Ok(room)
    }

    /// What `look` finds in a session's durable state; none when nobody was ever in it. Waits behind what the session has to
    /// do before, but for no journal.
    ///
    /// # Errors
    /// When the journal or the store fails, or the session cannot run.
    pub async fn look<T: Send + 'static>(
        &self,
        session: SessionId,
        look: impl FnOnce(&SessionState) -> T + Send + 'static,
    ) -> Result<Option<T>, LookError> {
        if self.0.journal.log_id(session).await?.is_none() {
            return Ok(None);
        }
        let title = self.0.store.session_title(session).await?.unwrap_or_default();
        let room = self.room(session, &title)?;
        let (found, answer) = oneshot::channel();
        let look = Box::new(move |state: &SessionState| drop(found.send(look(state))));
        room.inbox.send(ToRoom::See(look)).await.map_err(|_| LookError::Ended)?;
        answer.await.map(Some).map_err(|_| LookError::Ended)
    }

    /// How many sessions run.
    pub fn running(&self) -> usize {
        self.0.running.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map_or(0, HashMap::len)
    }

    /// Tells everybody that the relay is going down and ends every room, once what is on its way to the journal is durable.
    /// Returns when all are told.
    pub async fn drain(&self) {
        let running = self.0.running.lock().unwrap_or_else(PoisonError::into_inner).take();
        let mut all_told = Vec::new();
        for room in running.unwrap_or_default().into_values() {
            let (done, told) = oneshot::channel();
            if room.inbox.send(ToRoom::Drain(done)).await.is_ok() {
                all_told.push(told);
            }
        }
        for told in all_told {
            let _ = told.await;
        }
    }

    fn begin(&self, session: SessionId, title: &str) -> RoomHandle {
        let (inbox, inputs) = mpsc::channel(ROOM_INBOX);
        let arrivals = self.counted().take(session);
        let place = Place { session, title: title.to_owned(), rooms: self.clone(), inbox: inbox.clone(), arrivals };
        tokio::spawn(task::run(place, inputs));
        RoomHandle { inbox, tie: Some(Arc::default()) }
    }

    fn counted(&self) -> MutexGuard<'_, Counted> {
        self.0.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a room off the list that nobody has a way to and nothing waits for, and keeps what it has counted. Whether it
    /// did: then it can end.
    fn retire(&self, session: SessionId, inputs: &mpsc::Receiver<ToRoom>, room: &mut Room) -> bool {
        let mut running = self.0.running.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(rooms) = running.as_mut() else { return false };
        let ties = rooms.get(&session).and_then(|room| room.tie.as_ref()).map(Arc::strong_count);
        let alone = ties == Some(1) && inputs.is_empty();
        if alone {
            rooms.remove(&session);
            self.counted().keep(self.0.clock.mono(), session, room.take_arrivals());
        }
        alone
    }

    /// A session's log as it is stored, and which incarnation it is; none when nobody was ever in it.
    ///
    /// # Errors
    /// When the journal cannot be read, is damaged, or takes nothing in.
    pub async fn log(&self, session: SessionId) -> Result<Option<(LogId, Vec<StoredEvent>)>, JournalError> {
        let Some(log) = self.0.journal.log_id(session).await? else { return Ok(None) };
        let mut events: Vec<StoredEvent> = Vec::new();
        loop {
            let more = self.0.journal.read(session, events.len() as u64, READ_AT_ONCE).await?;
            let ended = more.len() < READ_AT_ONCE;
            events.extend(more);
            if ended {
                break;
            }
        }
        match check_chain(&ChainHash::start(log).0, &events) {
            Ok(()) => Ok(Some((log, events))),
            Err(place) => Err(JournalError::Damaged { session, seq: 1 + place as u64 }),
        }
    }

    /// Tells a session that runs what has become of one of its invitations in the store. One that does not run finds it there
    /// when it begins to.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn tell_invite(&self, invite: InviteId) -> Result<(), StoreError> {
        let Some((session, known)) = self.0.store.invite(invite).await? else { return Ok(()) };
        if let Some(room) = self.find(session) {
            // It may end at this moment; the next one finds the invitation in the store.
            let _ = room.send(ToRoom::Input(Input::Invites(vec![known]))).await;
        }
        Ok(())
    }

    /// Takes a room off the list although people have a way to it: it cannot go on.
    fn give_up(&self, session: SessionId, arrivals: Arrivals) {
        let mut running = self.0.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.as_mut().map(|rooms| rooms.remove(&session));
        self.counted().keep(self.0.clock.mono(), session, arrivals);
    }

    fn find(&self, session: SessionId) -> Option<mpsc::Sender<ToRoom>> {
        let running = self.0.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.as_ref()?.get(&session).map(|room| room.inbox.clone())
    }
}

impl RoomHandle {
    /// Has the room count somebody's coming, before anything of it is kept. Waits for the room.
    ///
    /// # Errors
    /// Why they cannot come in now.
    pub async fn charge(&self, enter: &Enter) -> Result<(), Refusal> {
        let (answer, answered) = oneshot::channel();
        let _ = self.inbox.send(ToRoom::Charge(Box::new(enter.clone()), answer)).await;
        // A room that does not answer goes down with the relay, or is built again.
        answered.await.unwrap_or_else(|_| Err(Refusal::new(ErrorCode::Draining, Closing::Draining.sentence())))
    }

    /// Brings somebody in on a link whose coming was counted. The room answers on it.
    pub async fn enter(&self, enter: Enter, link: LinkDoor) {
        let _ = self.inbox.send(ToRoom::Enter(Box::new(enter), link)).await;
    }

    /// Hands a frame to the room; waits while its inbox is full.
    pub async fn frame(&self, link: LinkId, frame: ClientFrame) {
        let _ = self.inbox.send(ToRoom::Input(Input::Frame { link, frame })).await;
    }

    /// Tells that a link is gone, and whether its participant leaves for good.
    pub async fn closed(&self, link: LinkId, left: bool) {
        let _ = self.inbox.send(ToRoom::Input(Input::Closed { link, left })).await;
    }
}

/// Rooms never wait for anything but their inbox, so a full one empties by itself and waiting here is short.
async fn pass_on(rooms: Rooms, mut events: mpsc::Receiver<MediaEvent>) {
    while let Some(event) = events.recv().await {
        let (key, media) = as_input(event);
        if let Some(room) = rooms.find(key.session) {
            let input = Input::Media { participant: key.participant, peer: key.peer, media };
            let _ = room.send(ToRoom::Input(input)).await;
        }
    }
}

fn as_input(event: MediaEvent) -> (PeerKey, MediaInput) {
    match event {
        MediaEvent::Connected(key) => (key, MediaInput::Connected),
        MediaEvent::Gone { key, why } => (key, MediaInput::Gone { why: why.to_string() }),
        MediaEvent::Slots { key, slots, missing } => (key, MediaInput::Slots { slots, missing }),
        MediaEvent::FirstPacket { key, stream, ssrc, rtp } => (key, MediaInput::FirstPacket { stream, ssrc, rtp }),
        MediaEvent::Hearing { key, streams } => (key, MediaInput::Hearing(streams)),
        MediaEvent::Redundancy { key, stream, depth } => (key, MediaInput::Redundancy { stream, depth }),
    }
}

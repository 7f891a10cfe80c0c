//! The running sessions: one task each, the only writer of its [`Room`](relay_core::room::Room).

mod link;
mod task;

pub use link::{LinkDoor, LinkEnd, SEND_QUEUE, open_link};
pub(crate) use task::to_text;

use crate::clock::Clock;
use crate::media::{MediaEvent, MediaHandle, PeerKey};
use crate::telemetry::Metrics;
use protocol::event::Recorded;
use protocol::ids::{LogId, SessionId};
use protocol::wire::ClientFrame;
use relay_core::room::{Enter, Input, LinkId, MediaInput};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use task::{RoomTask, ToRoom};
use tokio::sync::{mpsc, oneshot};

/// Inputs that wait for one room. Links wait when it is full, which slows their readers down and nobody else.
const ROOM_INBOX: usize = 1_024;
/// News from the media plane that waits for the rooms; the media plane keeps what does not fit.
pub const MEDIA_EVENTS: usize = 1_024;

/// All running sessions. Cloning is cheap.
#[derive(Clone)]
pub struct Rooms(Arc<Shared>);

struct Shared {
    clock: Clock,
    media: MediaHandle,
    metrics: Arc<Metrics>,
    /// None once the relay is going down.
    running: Mutex<Option<HashMap<SessionId, mpsc::Sender<ToRoom>>>>,
    next_link: AtomicU64,
}

/// The way to one running session.
#[derive(Clone)]
pub struct RoomHandle(mpsc::Sender<ToRoom>);

impl Rooms {
    /// No session yet; news of the media plane is passed on to the rooms from now on.
    pub fn start(clock: Clock, media: MediaHandle, events: mpsc::Receiver<MediaEvent>, metrics: Arc<Metrics>) -> Rooms {
        let (running, next_link) = (Mutex::new(Some(HashMap::new())), AtomicU64::new(1));
        let rooms = Rooms(Arc::new(Shared { clock, media, metrics, running, next_link }));
        tokio::spawn(pass_on(rooms.clone(), events));
        rooms
    }

    /// A number for a new link.
    pub fn next_link(&self) -> LinkId {
        LinkId(self.0.next_link.fetch_add(1, Relaxed))
    }

    /// The session's room, which begins to run with the first call. None when the relay is going down.
    pub fn room(&self, session: SessionId, title: &str) -> Option<RoomHandle> {
        let mut running = self.0.running.lock().unwrap_or_else(PoisonError::into_inner);
        let room = running.as_mut()?.entry(session).or_insert_with(|| self.begin(session, title));
        Some(RoomHandle(room.clone()))
    }

    /// Tells everybody that the relay is going down and ends every room. Returns when all are told.
    pub async fn drain(&self) {
        let running = self.0.running.lock().unwrap_or_else(PoisonError::into_inner).take();
        for (session, room) in running.unwrap_or_default() {
            let (done, told) = oneshot::channel();
            if room.send(ToRoom::Drain(done)).await.is_ok() {
                let _ = told.await;
            }
            self.0.media.close_session(session);
        }
    }

    fn begin(&self, session: SessionId, title: &str) -> mpsc::Sender<ToRoom> {
        let (inbox, inputs) = mpsc::channel(ROOM_INBOX);
        let Shared { clock, media, metrics, .. } = &*self.0;
        let task = RoomTask::new(session, title, *clock, media.clone(), Arc::clone(metrics), inbox.clone());
        tokio::spawn(task.run(inputs));
        inbox
    }

    fn find(&self, session: SessionId) -> Option<mpsc::Sender<ToRoom>> {
        self.0.running.lock().unwrap_or_else(PoisonError::into_inner).as_ref()?.get(&session).cloned()
    }
}

impl RoomHandle {
    /// Brings somebody in on a link. The room answers on it.
    pub async fn enter(&self, enter: Enter, link: LinkDoor) {
        let _ = self.0.send(ToRoom::Enter(Box::new(enter), link)).await;
    }

    /// Hands a frame to the room; waits while its inbox is full.
    pub async fn frame(&self, link: LinkId, frame: ClientFrame) {
        let _ = self.0.send(ToRoom::Input(Input::Frame { link, frame })).await;
    }

    /// The session's log as it stands; none when the relay is going down.
    pub async fn log(&self) -> Option<(LogId, Vec<Recorded>)> {
        let (told, log) = oneshot::channel();
        self.0.send(ToRoom::Log(told)).await.ok()?;
        log.await.ok()
    }

    /// Tells that a link is gone, and whether its participant leaves for good.
    pub async fn closed(&self, link: LinkId, left: bool) {
        let _ = self.0.send(ToRoom::Input(Input::Closed { link, left })).await;
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

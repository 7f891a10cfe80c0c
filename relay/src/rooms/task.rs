use super::{LinkDoor, Rooms};
use crate::journal::JournalError;
use crate::media::{MediaError, MediaHandle, PeerKey, PeerOffer};
use crate::store::StoreError;
use axum::extract::ws::Utf8Bytes;
use protocol::ids::{InviteId, LogId, SessionId};
use protocol::session::SessionState;
use protocol::wire::{ErrorCode, RelayFrame};
use relay_core::journal::{Batch, Opened, Snapshot};
use relay_core::room::{
    self, Arrivals, Closing, Enter, Input, KnownInvite, LinkId, MediaInput, OpenError, Output, Refusal, Room,
};
use std::collections::HashMap;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tracing::{Instrument, debug, error, info, info_span, warn};
use uuid::Uuid;

/// How long the media plane may take to answer an offer.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// After an invitation could not be revoked in the store, it is tried again so much later.
const REVOKE_AGAIN: Duration = Duration::from_secs(1);
/// How long the journal may take to answer what is on its way when the relay goes down.
const SETTLE_WITHIN: Duration = Duration::from_secs(5);

/// What reaches a room's task.
pub(super) enum ToRoom {
    /// Somebody's coming is counted.
    Charge(Box<Enter>, oneshot::Sender<Result<(), Refusal>>),
    Enter(Box<Enter>, LinkDoor),
    Input(Input),
    Drain(oneshot::Sender<()>),
    /// Somebody looks at the durable state.
    See(See),
    /// Somebody has given up their way to the room.
    Look,
}

/// What is done with the durable state: next to nothing, for the room waits.
pub(super) type See = Box<dyn FnOnce(&SessionState) + Send>;

/// Which session a task runs, and where it stands.
pub(super) struct Place {
    pub(super) session: SessionId,
    pub(super) title: String,
    pub(super) rooms: Rooms,
    /// For what comes back to the room by itself.
    pub(super) inbox: mpsc::Sender<ToRoom>,
    /// What earlier rooms of the session have counted, until this one goes on with it.
    pub(super) arrivals: Arrivals,
}

/// What the journal has answered: the batch's ticket, and what became of it. There is one at most for each batch that the
/// room has in flight, so that the queue is as short as that.
type Saved = (u64, Result<(), JournalError>);

/// Why a session does not run.
#[derive(Debug, thiserror::Error)]
enum RunError {
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// One running session: carries out what its room decides, and waits for nothing but its inbox, the journal's answers and
/// the time.
struct RoomTask {
    place: Place,
    room: Room,
    links: HashMap<LinkId, LinkDoor>,
    saved: mpsc::UnboundedSender<Saved>,
    /// Whether the journal is failing: what it refuses then only follows from that.
    failing: bool,
    /// Whether the journal's log is another one than the room takes it for.
    out_of_step: bool,
}

/// Runs a session from the journal until nobody is in it or the relay goes down.
pub(super) async fn run(place: Place, inputs: mpsc::Receiver<ToRoom>) {
    let span = info_span!("session", session = %place.session);
    let work = async {
        let (saved, answers) = mpsc::unbounded_channel();
        match RoomTask::open(place, saved).await {
            Ok(task) => task.run(inputs, answers).await,
            Err((place, error)) => refuse_all(place, &error, inputs).await,
        }
    };
    work.instrument(span).await;
}

/// Turns away whoever comes while the session cannot be read; the next one tries again.
async fn refuse_all(place: Place, error: &RunError, mut inputs: mpsc::Receiver<ToRoom>) {
    error!(%error, "the session does not run");
    let Place { session, rooms, inbox, arrivals, .. } = place;
    rooms.give_up(session, arrivals);
    drop(inbox);
    while let Some(input) = inputs.recv().await {
        match input {
            ToRoom::Charge(_, answer) => drop(answer.send(Err(unreadable()))),
            ToRoom::Enter(_, link) => {
                link.answer(&unreadable().into_frame(None));
                link.close(Closing::Refused);
            }
            _ => {}
        }
    }
}

fn unreadable() -> Refusal {
    let msg = "the session cannot be read from the journal; ask whoever runs the relay to look at its log";
    Refusal::new(ErrorCode::Internal, msg)
}

impl RoomTask {
    async fn open(mut place: Place, saved: mpsc::UnboundedSender<Saved>) -> Result<RoomTask, (Place, RunError)> {
        match RoomTask::read(&place).await {
            Ok((mut room, invites)) => {
                room.set_arrivals(std::mem::take(&mut place.arrivals));
                let (links, failing, out_of_step) = (HashMap::new(), false, false);
                let mut task = RoomTask { place, room, links, saved, failing, out_of_step };
                task.handle(Input::Invites(invites));
                Ok(task)
            }
            Err(error) => Err((place, error)),
        }
    }

    async fn read(Place { session, title, rooms, .. }: &Place) -> Result<(Room, Vec<KnownInvite>), RunError> {
        let journal = &rooms.0.journal;
        let opened = match journal.open(*session).await? {
            Some(opened) => opened,
            None => {
                let log = LogId(Uuid::new_v4());
                journal.create(*session, log).await?;
                Opened { log, term: 1, snapshot: None, tail: Vec::new(), done: Vec::new() }
            }
        };
        let invites = rooms.0.store.invites(*session).await?;
        Ok((Room::open(*session, opened, title, rooms.0.clock.now())?, invites))
    }

    async fn run(mut self, mut inputs: mpsc::Receiver<ToRoom>, mut answers: mpsc::UnboundedReceiver<Saved>) {
        info!(seq = self.room.place().seq, "the session runs");
        self.place.rooms.0.metrics.rooms.inc();
        let told = self.work(&mut inputs, &mut answers).await;
        self.place.rooms.0.metrics.rooms.dec();
        self.place.rooms.0.media.close_session(self.place.session);
        info!("the session ends");
        told.map(|told| told.send(()));
    }

    async fn work(
        &mut self,
        inputs: &mut mpsc::Receiver<ToRoom>,
        answers: &mut mpsc::UnboundedReceiver<Saved>,
    ) -> Option<oneshot::Sender<()>> {
        self.handle(Input::Deadline);
        while !self.out_of_step {
            let deadline = self.room.next_deadline().map(|at| self.place.rooms.0.clock.deadline(at));
            tokio::select! {
                biased;
                Some(saved) = answers.recv() => self.handle_saved(saved),
                () = sleep_until(deadline.unwrap_or_else(Instant::now)), if deadline.is_some() => {
                    self.handle(Input::Deadline);
                }
                input = inputs.recv() => match input? {
                    ToRoom::Charge(enter, answer) => {
                        // Whoever asked may have gone.
                        let _ = answer.send(self.room.charge(self.place.rooms.0.clock.now(), &enter));
                    }
                    ToRoom::Enter(enter, link) => self.enter(enter, link),
                    ToRoom::Input(input) => self.handle(input),
                    ToRoom::Drain(told) => {
                        self.drain(answers).await;
                        return Some(told);
                    }
                    ToRoom::See(see) => see(self.room.state()),
                    ToRoom::Look => {}
                },
            }
            if self.room.is_empty() && self.place.rooms.retire(self.place.session, inputs, &mut self.room) {
                return None;
            }
        }
        error!("the journal's log goes on otherwise than the room's; the session is built again from the journal");
        self.place.rooms.give_up(self.place.session, self.room.take_arrivals());
        self.handle(Input::Drain);
        None
    }

    fn enter(&mut self, enter: Box<Enter>, link: LinkDoor) {
        self.links.insert(enter.link, link);
        self.place.rooms.0.metrics.links.inc();
        self.handle(Input::Enter(enter));
    }

    fn handle_saved(&mut self, (ticket, saved): Saved) {
        match saved {
            Ok(()) => self.handle(Input::Durable { ticket }),
            Err(why) => {
                let refused = matches!(why, JournalError::Refused(_));
                self.out_of_step |= refused && !self.failing;
                self.failing |= !refused;
                warn!(ticket, %why, "a batch is not durable");
                self.handle(Input::NotDurable { ticket });
            }
        }
        self.failing &= self.room.is_saving();
    }

    /// Lets what is on its way arrive, and tells everybody to come back.
    async fn drain(&mut self, answers: &mut mpsc::UnboundedReceiver<Saved>) {
        let settled = async {
            while self.room.is_saving()
                && let Some(saved) = answers.recv().await
            {
                self.handle_saved(saved);
            }
        };
        if timeout(SETTLE_WITHIN, settled).await.is_err() {
            warn!("the journal has not answered everything");
        }
        self.handle(Input::Drain);
    }

    /// Hands one input to the room and carries its outputs out. Links that turn out to be slow are inputs themselves.
    fn handle(&mut self, input: Input) {
        let mut inputs = vec![input];
        while let Some(input) = inputs.pop() {
            if let Input::Closed { link, .. } = &input {
                self.drop_link(*link);
            }
            let mut outputs = Vec::new();
            self.room.handle(self.place.rooms.0.clock.now(), input, &mut outputs);
            for output in outputs {
                self.carry_out(output, &mut inputs);
            }
        }
    }

    fn carry_out(&mut self, output: Output, slow: &mut Vec<Input>) {
        match output {
            Output::Send { to, frame } => self.send(&to, &to_text(&frame), slow),
            Output::SendText { to, text } => self.send(&to, &text.into(), slow),
            Output::Persist(batch) => self.persist(batch),
            Output::Keep(session, snapshot) => self.keep(session, snapshot),
            Output::RevokeInvite(invite) => self.revoke(invite),
            Output::Close { link, closing } => self.close(link, closing),
            Output::Offer(offer) => self.offer(offer),
            Output::ClosePeer { participant, peer } => {
                self.media().close_peer(PeerKey { session: self.place.session, participant, peer });
            }
            Output::SetPlan(plan) => self.media().set_plan(self.place.session, plan),
        }
    }

    fn media(&self) -> &MediaHandle {
        &self.place.rooms.0.media
    }

    /// Hands a batch to the journal, whose answer comes back beside the inbox.
    fn persist(&self, batch: Batch) {
        let saved = self.saved.clone();
        // Nobody reads it any more once the session has ended.
        self.place.rooms.0.journal.append(batch, move |ticket, result| drop(saved.send((ticket, result))));
    }

    /// Lets the journal keep a state beside the room's work. Without it the next start folds more events.
    fn keep(&self, session: SessionId, snapshot: Snapshot) {
        let journal = self.place.rooms.0.journal.clone();
        let work = async move {
            if let Err(why) = journal.snapshot(session, snapshot).await {
                warn!(%why, "the state is not kept");
            }
        };
        tokio::spawn(work.in_current_span());
    }

    /// Lets the store revoke an invitation beside the room's work, again and again while it cannot. The next start of the
    /// session does what is left.
    fn revoke(&self, invite: InviteId) {
        let (store, session, inbox) = (self.place.rooms.0.store.clone(), self.place.session, self.place.inbox.clone());
        let work = async move {
            while let Err(why) = store.revoke_by_session(session, invite).await {
                warn!(%invite, %why, "an invitation is not revoked yet");
                if inbox.is_closed() {
                    return;
                }
                sleep(REVOKE_AGAIN).await;
            }
        };
        tokio::spawn(work.in_current_span());
    }

    /// Queues a frame's text for everybody.
    fn send(&mut self, to: &[LinkId], text: &Utf8Bytes, slow: &mut Vec<Input>) {
        for link in to {
            let Some(handle) = self.links.get(link) else { continue };
            if handle.try_send(text.clone()) {
                self.place.rooms.0.metrics.frames_out.inc();
                continue;
            }
            self.place.rooms.0.metrics.slow_links.inc();
            self.close(*link, Closing::Slow);
            slow.push(Input::Closed { link: *link, left: false });
        }
    }

    fn close(&mut self, link: LinkId, closing: Closing) {
        if let Some(handle) = self.drop_link(link) {
            debug!(link = link.0, ?closing, "the link is closed");
            handle.close(closing);
        }
    }

    fn drop_link(&mut self, link: LinkId) -> Option<LinkDoor> {
        self.links.remove(&link).inspect(|_| {
            self.place.rooms.0.metrics.links.dec();
        })
    }

    /// Lets the media plane look at an offer beside the room's work; the answer comes back as an input.
    fn offer(&self, offer: room::PeerOffer) {
        let room::PeerOffer { participant, peer, sdp, send, client } = offer;
        let key = PeerKey { session: self.place.session, participant, peer };
        let (media, inbox) = (self.media().clone(), self.place.inbox.clone());
        let span = info_span!("participant", %participant).in_scope(|| info_span!("peer", peer));
        let work = async move {
            let answer = timeout(ANSWER_WITHIN, media.offer(key, PeerOffer { sdp, send, client })).await;
            let answer = answer.unwrap_or(Err(MediaError::Busy)).map_err(refusal);
            match &answer {
                Ok(_) => debug!("the offer is answered"),
                Err(refusal) => info!(why = refusal.msg, "the offer is refused"),
            }
            let input = Input::Media { participant, peer, media: MediaInput::Answered(answer) };
            let _ = inbox.send(ToRoom::Input(input)).await;
        };
        tokio::spawn(work.instrument(span));
    }
}

/// The JSON text of a frame.
pub(crate) fn to_text(frame: &RelayFrame) -> Utf8Bytes {
    serde_json::to_string(frame).expect("frames have a JSON form").into()
}

fn refusal(error: MediaError) -> Refusal {
    let code = match &error {
        MediaError::StalePeer(_) => ErrorCode::Stale,
        MediaError::Busy => ErrorCode::TooMany,
        MediaError::OfferTooLarge(_) => ErrorCode::TooLarge,
        MediaError::TooManySections(_)
        | MediaError::NotAudio(_)
        | MediaError::Sdp(_)
        | MediaError::NoSuchSection(_)
        | MediaError::NoOpus => ErrorCode::Invalid,
        _ => ErrorCode::Internal,
    };
    Refusal::new(code, error.to_string())
}

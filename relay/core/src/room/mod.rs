//! The running side of one session: its log, who is here, who talks, and what each link is sent.
//!
//! A [`Room`] is the single writer of its session. The shell hands it every input with the time, carries out the
//! outputs in their order, and calls again by [`Room::next_deadline`].
//!
//! What is decided is handed out to be made durable ([`Output::Persist`]) and folded ahead, so that the next command can
//! be decided on it at once; but answers, events, welcomes, presence and the plan show what is durable and nothing else.

mod arrivals;
mod board;
mod commands;
mod counted;
mod door;
mod invites;
mod io;
mod limit;
mod liveness;
mod log;
mod peers;
mod people;
mod saving;
#[cfg(test)]
mod tests;

pub use arrivals::Arrivals;
pub use counted::Counted;
pub use io::{Closing, Enter, Input, KnownInvite, LinkId, MediaInput, Now, Output, PeerOffer, Refusal};
pub use limit::Bucket;
pub use liveness::{Liveness, PING_EVERY, Pulse, SILENCE};
pub use log::OpenError;
pub use peers::MAX_MID_BYTES;
pub use saving::MAX_IN_FLIGHT;

use crate::journal::Opened;
use crate::plan::Plan;
use board::Board;
use door::Waiting;
use invites::Untold;
use log::Log;
use peers::Unmapped;
use people::People;
use protocol::event::Event;
use protocol::ids::{ParticipantId, SessionId};
use protocol::session::{SessionState, due};
use protocol::wire::{ClientFrame, Place, RelayFrame};
use saving::Saving;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use units::{MonoTime, WallTime};

/// How long a participant whose link is lost may take to come back before they count as gone.
pub const GRACE: Duration = Duration::from_secs(15);
/// Shortest time between two rounds of `pres` and `eph`.
pub const FLUSH_EVERY: Duration = Duration::from_millis(100);

/// One session while it runs: log, state, people. Sans-IO.
pub struct Room {
    session: SessionId,
    log: Log,
    saving: Saving,
    people: People,
    /// Who is in the lobby on a link.
    waiting: BTreeMap<ParticipantId, Waiting>,
    arrivals: Arrivals,
    untold: Untold,
    /// Who was let in just now and is to come in.
    admitted: Vec<Enter>,
    /// Streams whose first packet came from a source that no epoch is declared for.
    unmapped: Unmapped,
    board: Board,
    plan: Arc<Plan>,
    /// The log's durable end that `plan` was made at.
    planned: u64,
    flushed: Option<MonoTime>,
    /// When something happens by itself.
    due_at: Option<MonoTime>,
}

impl Room {
    /// The room of a session as the journal holds it. A log without events begins with the session's opening under this
    /// title. Whoever was in when the relay went down has the time of grace to come back.
    ///
    /// # Errors
    /// When what the journal holds cannot be read by this version.
    pub fn open(session: SessionId, opened: Opened, title: &str, now: Now) -> Result<Room, OpenError> {
        let mut room = Room {
            session,
            log: Log::open(opened)?,
            saving: Saving::default(),
            people: People::default(),
            waiting: BTreeMap::new(),
            arrivals: Arrivals::default(),
            untold: Untold::default(),
            admitted: Vec::new(),
            unmapped: Unmapped::default(),
            board: Board::default(),
            plan: Arc::default(),
            planned: 0,
            flushed: None,
            due_at: Some(now.mono),
        };
        if room.log.ahead().seq == 0 {
            room.record(now, None, Event::SessionOpen { title: title.to_owned() });
        }
        room.expect_absent(now.mono + GRACE);
        Ok(room)
    }

    /// The fold of what is durable.
    pub fn state(&self) -> &SessionState {
        &self.log.durable().state
    }

    /// The durable end of the log.
    pub fn place(&self) -> Place {
        let durable = self.log.durable();
        Place { log: self.log.id(), seq: durable.seq, hash: durable.hash }
    }

    /// Goes on counting who comes in from what an earlier room of the session counted.
    pub fn set_arrivals(&mut self, arrivals: Arrivals) {
        self.arrivals = arrivals;
    }

    /// What the room has counted of who comes in, for the session's next one: this one begins anew.
    pub fn take_arrivals(&mut self) -> Arrivals {
        std::mem::take(&mut self.arrivals)
    }

    /// How many people are here, those in their time of grace included.
    pub fn present(&self) -> usize {
        self.people.len()
    }

    /// Whether nobody is here, waits, or waits for anything: the room can end, and begin again from the journal.
    pub fn is_empty(&self) -> bool {
        self.people.len() == 0 && self.waiting.is_empty() && self.saving.is_idle() && self.admitted.is_empty()
    }

    /// Whether something is on its way to the journal.
    pub fn is_saving(&self) -> bool {
        !self.saving.is_idle()
    }

    /// Takes one input in and appends what is to be done to `out`, in order. Never blocks.
    pub fn handle(&mut self, now: Now, input: Input, out: &mut Vec<Output>) {
        self.happen_by_itself(now);
        match input {
            Input::Enter(enter) => self.handle_enter(now, *enter, out),
            Input::Frame { link, frame } => self.handle_frame(now, link, frame, out),
            Input::Closed { link, left } => self.handle_closed(now, link, left, out),
            Input::Media { participant, peer, media } => self.handle_media(now, participant, peer, media, out),
            Input::Durable { ticket } => self.handle_saved(now, ticket, true, out),
            Input::NotDurable { ticket } => self.handle_saved(now, ticket, false, out),
            Input::Invites(invites) => self.handle_invites(now, invites, out),
            Input::Deadline => {}
            Input::Drain => self.drain(out),
        }
        for participant in self.people.expired(now.mono) {
            self.leave(now, participant, None, out);
        }
        self.save(now, out);
        self.flush(now, out);
        self.due_at = self.next_due(now);
        let is_for_nobody = |output: &Output| match output {
            Output::Send { to, .. } | Output::SendText { to, .. } => to.is_empty(),
            _ => false,
        };
        out.retain(|output| !is_for_nobody(output));
    }

    /// When [`Input::Deadline`] is due; none while nothing waits for time to pass.
    pub fn next_deadline(&self) -> Option<MonoTime> {
        let waiting = self.people.is_stale() || !self.board.is_empty();
        let flush = waiting.then(|| self.flushed.map_or(MonoTime::default(), |last| last + FLUSH_EVERY));
        [flush, self.people.next_expiry(), self.due_at].into_iter().flatten().min()
    }

    /// Records what is so because time has passed, or because it could not be recorded when it was.
    fn happen_by_itself(&mut self, now: Now) {
        if !self.saving.is_due(now.mono) {
            return;
        }
        self.saving.forget_retry(now.mono);
        for event in due(&self.log.ahead().state, now.wall) {
            self.record(now, None, event);
        }
        self.map_sources(now);
        self.tell_invites(now);
        self.empty_lobby(now);
    }

    fn next_due(&self, now: Now) -> Option<MonoTime> {
        let until =
            |at: WallTime| Duration::from_millis(u64::try_from(at.0.saturating_sub(now.wall.0)).unwrap_or_default());
        // What waits for the journal's answer waits for no time.
        if !self.saving.is_open() {
            return None;
        }
        let next = self.log.ahead().state.next_due().map(|at| now.mono + until(at));
        match self.saving.retry_at() {
            Some(retry_at) => Some(next.map_or(retry_at, |next| next.max(retry_at))),
            None => next,
        }
    }

    fn handle_frame(&mut self, now: Now, link: LinkId, frame: ClientFrame, out: &mut Vec<Output>) {
        let Some(by) = self.people.on_link(link) else { return };
        match frame {
            ClientFrame::Cmd { id, command } => self.handle_command(now, by, link, id, &command, out),
            ClientFrame::Eph(eph) => {
                let refused = self.handle_ephemeral(now, by, eph).err();
                out.extend(refused.map(|refusal| Output::to(link, refusal.into_frame(None))));
            }
            ClientFrame::Sdp(offer) => self.handle_offer(now, by, link, offer, out),
            ClientFrame::Hello(_) => out.push(Output::to(link, Refusal::hello_again().into_frame(None))),
            // The relay finds clients by their checks, and the link itself answers pings.
            ClientFrame::Ice { .. } | ClientFrame::Ping { .. } | ClientFrame::Pong { .. } => {}
        }
    }

    fn drain(&mut self, out: &mut Vec<Output>) {
        let waiting = self.waiting.values().map(|waiting| waiting.link);
        for link in self.people.all_links().into_iter().chain(waiting) {
            refuse(link, Refusal::draining(), Closing::Draining, out);
        }
    }

    /// Hands out what has changed: the plan at once, presence and ephemerals no more often than [`FLUSH_EVERY`].
    fn flush(&mut self, now: Now, out: &mut Vec<Output>) {
        if self.planned != self.log.durable().seq {
            self.plan(out);
        }
        if self.next_flush_is_after(now.mono) {
            return;
        }
        self.flushed = Some(now.mono);
        if let Some(people) = self.people.take_presence() {
            out.push(Output::Send { to: self.people.links(), frame: RelayFrame::Pres { people } });
        }
        for (from, eph) in self.board.take() {
            let to = self.people.links_where(|id| self.may_receive(id, from, &eph));
            out.push(Output::Send { to, frame: RelayFrame::Eph { from, eph } });
        }
    }

    /// The plan follows from what is durable too: nobody is heard in a stream that the log does not have, and who is sent
    /// away hears nothing from the moment that the log says so.
    fn plan(&mut self, out: &mut Vec<Output>) {
        self.planned = self.log.durable().seq;
        let plan = Plan::of(self.state());
        if plan != *self.plan {
            self.plan = Arc::new(plan);
            out.push(Output::SetPlan(Arc::clone(&self.plan)));
        }
    }

    fn next_flush_is_after(&self, now: MonoTime) -> bool {
        let idle = !self.people.is_stale() && self.board.is_empty();
        idle || self.flushed.is_some_and(|last| now < last + FLUSH_EVERY)
    }
}

fn refuse(link: LinkId, refusal: Refusal, closing: Closing, out: &mut Vec<Output>) {
    out.push(Output::to(link, refusal.into_frame(None)));
    out.push(Output::Close { link, closing });
}

//! The running side of one session: its log, who is here, who talks, and what each link is sent.
//!
//! A [`Room`] is the single writer of its session. The shell hands it every input with the time, carries out the
//! outputs in their order, and calls again by [`Room::next_deadline`].

mod board;
mod commands;
mod io;
mod limit;
mod liveness;
mod log;
mod peers;
mod people;
#[cfg(test)]
mod tests;

pub use io::{Closing, Enter, Input, LinkId, MediaInput, Now, Output, PeerOffer, Refusal};
pub use limit::Bucket;
pub use liveness::{Liveness, PING_EVERY, Pulse, SILENCE};

use crate::plan::Plan;
use board::Board;
use log::Log;
use people::People;
use protocol::event::{Chained, Event, Recorded};
use protocol::ids::{LogId, ParticipantId, SessionId};
use protocol::session::{SessionState, split};
use protocol::wire::{ClientFrame, MAX_OUT_BYTES, MAX_PARTICIPANTS, RelayFrame, VERSION, Welcome};
use std::sync::Arc;
use std::time::Duration;
use units::MonoTime;

/// How long a participant whose link is lost may take to come back before they count as gone.
pub const GRACE: Duration = Duration::from_secs(15);
/// Shortest time between two rounds of `pres` and `eph`.
pub const FLUSH_EVERY: Duration = Duration::from_millis(100);

/// Most bytes of state in one `welcome`; what else is in it takes far less than the rest.
const MAX_STATE_BYTES: usize = MAX_OUT_BYTES - 4 * 1024;

/// One session while it runs: log, state, people. Sans-IO.
pub struct Room {
    session: SessionId,
    log: Log,
    people: People,
    board: Board,
    plan: Arc<Plan>,
    /// The log's end that `plan` was made at.
    planned: u64,
    flushed: Option<MonoTime>,
}

impl Room {
    /// An empty room whose log begins with the session's opening.
    pub fn new(session: SessionId, log: LogId, title: &str, now: Now) -> Room {
        let mut log = Log::new(log);
        log.append(now.wall, None, Event::SessionOpen { title: title.to_owned() });
        let (people, board, plan) = (People::default(), Board::default(), Arc::default());
        Room { session, log, people, board, plan, planned: 0, flushed: None }
    }

    /// The fold of the log.
    pub fn state(&self) -> &SessionState {
        self.log.state()
    }

    /// Which incarnation of the journal the log is.
    pub fn log_id(&self) -> LogId {
        self.log.id()
    }

    /// The events after number `seq`, in their order.
    pub fn events_after(&self, seq: u64) -> &[Recorded] {
        self.log.after(seq)
    }

    /// How many people are here, those in their time of grace included.
    pub fn present(&self) -> usize {
        self.people.len()
    }

    /// Takes one input in and appends what is to be done to `out`, in order. Never blocks.
    pub fn handle(&mut self, now: Now, input: Input, out: &mut Vec<Output>) {
        match input {
            Input::Enter(enter) => self.handle_enter(now, *enter, out),
            Input::Frame { link, frame } => self.handle_frame(now, link, frame, out),
            Input::Closed { link, left } => self.handle_closed(now, link, left, out),
            Input::Media { participant, peer, media } => self.handle_media(now, participant, peer, media, out),
            Input::Deadline => {}
            Input::Drain => self.drain(out),
        }
        for participant in self.people.expired(now.mono) {
            self.leave(now, participant, None, out);
        }
        self.flush(now, out);
        out.retain(|output| !matches!(output, Output::Send { to, .. } if to.is_empty()));
    }

    /// When [`Input::Deadline`] is due; none while nothing waits for time to pass.
    pub fn next_deadline(&self) -> Option<MonoTime> {
        let waiting = self.people.is_stale() || !self.board.is_empty();
        let flush = waiting.then(|| self.flushed.map_or(MonoTime::default(), |last| last + FLUSH_EVERY));
        [flush, self.people.next_expiry()].into_iter().flatten().min()
    }

    fn handle_enter(&mut self, now: Now, enter: Enter, out: &mut Vec<Output>) {
        let (id, link) = (enter.participant, enter.link);
        if self.people.get(id).is_none() && self.people.len() >= MAX_PARTICIPANTS {
            refuse(link, Refusal::full(), Closing::Refused, out);
            return;
        }
        if !self.is_known_as(&enter) {
            if let Err(refusal) = self.check_room() {
                refuse(link, refusal, Closing::Refused, out);
                return;
            }
            let (name, role, grants) = (enter.name.clone(), enter.role, enter.grants.clone());
            self.record(now, Some(id), Event::ParticipantJoin { participant: id, name, role, grants }, out);
        }
        if let Some(old) = self.people.enter(id, link, enter.client) {
            refuse(old, Refusal::replaced(), Closing::Replaced, out);
        }
        let welcomes = self.welcomes(enter).into_iter();
        out.extend(welcomes.map(|welcome| Output::to(link, RelayFrame::Welcome(Box::new(welcome)))));
        self.repeat_news(id, out);
    }

    fn is_known_as(&self, enter: &Enter) -> bool {
        self.state().participants.get(&enter.participant).is_some_and(|known| {
            known.present && known.name == enter.name && known.role == enter.role && known.grants == enter.grants
        })
    }

    /// The welcome, in as many parts as its state needs to fit into messages.
    fn welcomes(&self, enter: Enter) -> Vec<Welcome> {
        let mut parts = split(self.state(), MAX_STATE_BYTES);
        let last = parts.pop();
        let parts = parts.into_iter().map(|part| (part, true)).chain(last.map(|part| (part, false)));
        let welcome = |(state, more)| Welcome {
            v: VERSION,
            session: self.session,
            participant: enter.participant,
            role: enter.role,
            grants: enter.grants.clone(),
            resume: enter.resume.clone(),
            log: self.log.id(),
            seq: self.log.seq(),
            hash: self.log.hash(),
            state: Some(Box::new(state)),
            more,
            ping_ms: PING_EVERY.as_millis() as u32,
        };
        parts.map(welcome).collect()
    }

    fn handle_frame(&mut self, now: Now, link: LinkId, frame: ClientFrame, out: &mut Vec<Output>) {
        let Some(by) = self.people.on_link(link) else { return };
        match frame {
            ClientFrame::Cmd { id, command } => self.handle_command(now, by, link, id, command, out),
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

    fn handle_closed(&mut self, now: Now, link: LinkId, left: bool, out: &mut Vec<Output>) {
        let Some(participant) = self.people.lose(link, now.mono + GRACE) else { return };
        if left {
            self.leave(now, participant, Some(participant), out);
        }
    }

    fn leave(&mut self, now: Now, participant: ParticipantId, by: Option<ParticipantId>, out: &mut Vec<Output>) {
        let Some(person) = self.people.remove(participant) else { return };
        let peers = [person.peer, person.offering];
        out.extend(peers.into_iter().flatten().map(|peer| Output::ClosePeer { participant, peer }));
        self.board.forget(participant);
        let streams = self.state().streams.values();
        let open: Vec<_> = streams.filter(|s| s.open && s.participant == participant).map(|s| s.id).collect();
        for stream in open {
            self.record(now, by, Event::StreamClose { stream }, out);
        }
        self.record(now, by, Event::ParticipantLeave { participant }, out);
    }

    fn drain(&mut self, out: &mut Vec<Output>) {
        for link in self.people.links() {
            refuse(link, Refusal::draining(), Closing::Draining, out);
        }
    }

    /// Appends one event, applies it and tells everybody who is on a link.
    fn record(&mut self, now: Now, by: Option<ParticipantId>, event: Event, out: &mut Vec<Output>) {
        let recorded = self.log.append(now.wall, by, event);
        self.broadcast(recorded, out);
    }

    fn broadcast(&self, recorded: Chained, out: &mut Vec<Output>) {
        out.push(Output::Send { to: self.people.links(), frame: RelayFrame::Ev(recorded) });
    }

    /// Hands out what has changed: the plan at once, presence and ephemerals no more often than [`FLUSH_EVERY`].
    fn flush(&mut self, now: Now, out: &mut Vec<Output>) {
        if self.planned != self.log.seq() {
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

    fn plan(&mut self, out: &mut Vec<Output>) {
        self.planned = self.log.seq();
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

//! In and out: who comes in, waits, leaves, is let in and is sent away.

use super::{Closing, Enter, GRACE, LinkId, Now, Output, PING_EVERY, Refusal, Room, refuse};
use protocol::event::Event;
use protocol::ids::{InviteId, ParticipantId};
use protocol::session::limits::MAX_WAITING;
use protocol::session::people::LobbyWhy;
use protocol::session::{Entry, split};
use protocol::wire::{MAX_OUT_BYTES, MAX_PARTICIPANTS, Place, RelayFrame, VERSION, Welcome};
use units::MonoTime;

/// Most bytes of state in one `welcome`; what else is in it takes far less than the rest.
const MAX_STATE_BYTES: usize = MAX_OUT_BYTES - 4 * 1024;

/// Somebody in the lobby.
pub(super) struct Waiting {
    pub(super) link: LinkId,
    enter: Enter,
    why: LobbyWhy,
}

/// How somebody comes.
enum Coming {
    /// They are in by the log.
    Back,
    /// They are not, and may be.
    Joins,
    /// Somebody has to let them in, and why.
    Knocks(LobbyWhy),
}

impl Room {
    /// Counts somebody's coming, once, before anything of it is kept anywhere. [`super::Input::Enter`] counts nothing, so
    /// that whoever is refused here is not brought in.
    ///
    /// # Errors
    /// Why they cannot come in now.
    pub fn charge(&mut self, now: Now, enter: &Enter) -> Result<(), Refusal> {
        if !self.saving.is_open() {
            return Err(Refusal::not_saved());
        }
        let enter = self.as_known(enter.clone());
        let is_back = matches!(self.coming(&enter)?, Coming::Back);
        // Telling only what is missing costs next to nothing, but the whole state holds up everybody.
        if is_back && enter.known.is_some_and(|place| self.log.has_all_after(place)) {
            return Ok(());
        }
        let is_known = self.is_known(enter.participant);
        let way = (enter.role, enter.via.first().copied());
        self.arrivals.charge(now.mono, enter.participant, Some(way).filter(|_| !is_known))
    }

    pub(super) fn handle_enter(&mut self, now: Now, enter: Enter, out: &mut Vec<Output>) {
        let enter = self.as_known(enter);
        if !self.saving.is_open() {
            return refuse(enter.link, Refusal::not_saved(), Closing::NotSaved, out);
        }
        match self.coming(&enter) {
            Ok(Coming::Back) => self.come_in(enter, false, out),
            Ok(Coming::Joins) => {
                self.join(now, &enter);
                self.come_in(enter, true, out);
            }
            Ok(Coming::Knocks(why)) => self.knock(now, enter, why),
            Err(refusal) => refuse(enter.link, refusal, Closing::Refused, out),
        }
    }

    /// The session's own word counts for whom it knows: a grant that was changed stays changed.
    fn as_known(&self, mut enter: Enter) -> Enter {
        if let Some(known) = self.log.ahead().state.participants.get(&enter.participant) {
            (enter.role, enter.grants) = (known.role, known.grants.clone());
        }
        enter
    }

    fn coming(&self, enter: &Enter) -> Result<Coming, Refusal> {
        let (state, id) = (&self.log.ahead().state, enter.participant);
        let coming = match state.entry(id, &enter.grants, &enter.via) {
            Entry::Open if self.is_known_as(enter) => Coming::Back,
            Entry::Open => Coming::Joins,
            Entry::Wait(why) => Coming::Knocks(why),
            Entry::SentAway => return Err(Refusal::sent_away("")),
            Entry::Banned => return Err(Refusal::kept_out()),
        };
        let knocks = matches!(coming, Coming::Knocks(_));
        if knocks && state.lobby.len() >= MAX_WAITING {
            return Err(Refusal::lobby_full());
        }
        if !knocks && self.people.get(id).is_none() && self.people.len() >= MAX_PARTICIPANTS {
            return Err(Refusal::full());
        }
        if !matches!(coming, Coming::Back) {
            self.check_log(id)?;
        }
        Ok(coming)
    }

    fn join(&mut self, now: Now, enter: &Enter) {
        let (participant, name) = (enter.participant, enter.name.clone());
        let (role, grants, invite) = (enter.role, enter.grants.clone(), self.invite_of(enter));
        self.record(now, Some(participant), Event::ParticipantJoin { participant, name, role, grants, invite });
    }

    fn come_in(&mut self, enter: Enter, joins: bool, out: &mut Vec<Output>) {
        let id = enter.participant;
        if let Some(old) = self.people.enter(id, enter.link, enter.client) {
            refuse(old, Refusal::replaced(), Closing::Replaced, out);
        }
        if joins || !self.is_in(id) {
            self.welcome_later(enter);
        } else {
            self.welcome(enter, out);
        }
    }

    /// The invitation that somebody came by the first time.
    fn invite_of(&self, enter: &Enter) -> Option<InviteId> {
        let known = self.log.ahead().state.participants.get(&enter.participant);
        known.map_or_else(|| enter.via.first().copied(), |known| known.invite)
    }

    fn is_known_as(&self, enter: &Enter) -> bool {
        let known = self.log.ahead().state.participants.get(&enter.participant);
        known.is_some_and(|known| known.present && known.name == enter.name)
    }

    /// Whether somebody has been in, or was let in.
    fn is_known(&self, id: ParticipantId) -> bool {
        let state = &self.log.ahead().state;
        state.participants.contains_key(&id) || state.admitted.contains(&id)
    }

    /// Whether the log takes somebody's coming in, or their knock. Who is new leaves room for those who are not. Those come
    /// and go in a full log too: what has begun ends with them, and their recorders have something to report.
    fn check_log(&self, id: ParticipantId) -> Result<(), Refusal> {
        if self.is_known(id) {
            return if self.log.is_overfull() { Err(Refusal::log_full()) } else { Ok(()) };
        }
        self.check_room()?;
        if self.log.is_nearly_full() { Err(Refusal::nearly_full()) } else { Ok(()) }
    }

    fn knock(&mut self, now: Now, enter: Enter, why: LobbyWhy) {
        let (participant, link, name) = (enter.participant, enter.link, enter.name.clone());
        let (role, grants, invite) = (enter.role, enter.grants.clone(), enter.via.first().copied());
        self.waiting.insert(participant, Waiting { link, enter, why });
        self.record(now, None, Event::LobbyKnock { participant, name, role, grants, invite });
        self.tell_to_wait(participant, link);
    }

    pub(super) fn tell_waiting(&self, participant: ParticipantId, link: LinkId, out: &mut Vec<Output>) {
        if let Some(waiting) = self.waiting.get(&participant).filter(|waiting| waiting.link == link) {
            let (title, why) = (self.state().title.clone(), Some(waiting.why));
            out.push(Output::to(link, RelayFrame::Lobby { title, why }));
        }
    }

    /// Who knocked and is on no link has gone.
    pub(super) fn empty_lobby(&mut self, now: Now) {
        let gone = self.log.ahead().state.lobby.keys().filter(|id| !self.waiting.contains_key(id));
        let gone: Vec<_> = gone.copied().collect();
        gone.into_iter().for_each(|participant| self.record(now, None, Event::LobbyDeny { participant }));
    }

    /// Tells somebody what they have to know, unless they are on another link or gone by now.
    pub(super) fn welcome(&mut self, enter: Enter, out: &mut Vec<Output>) {
        let (id, link) = (enter.participant, enter.link);
        if self.people.link_of(id) != Some(link) {
            return;
        }
        let tail = enter.known.and_then(|place| Some((place, self.log.frames_after(place)?)));
        match tail {
            Some((place, frames)) => {
                out.push(Output::to(link, RelayFrame::Welcome(Box::new(self.welcome_at(&enter, place)))));
                out.extend(frames.into_iter().map(|text| Output::SendText { to: vec![link], text }));
            }
            None => {
                let whole = self.whole_welcome(&enter).into_iter();
                out.extend(whole.map(|welcome| Output::to(link, RelayFrame::Welcome(Box::new(welcome)))));
            }
        }
        self.people.set_welcomed(id);
        self.repeat_news(id, out);
    }

    /// The welcome with the state, in as many parts as that needs to fit into messages.
    fn whole_welcome(&self, enter: &Enter) -> Vec<Welcome> {
        let parts = split(self.state(), MAX_STATE_BYTES);
        let (last, bare) = (parts.len() - 1, self.welcome_at(enter, self.place()));
        let part = |(n, state)| Welcome { state: Some(Box::new(state)), more: n < last, ..bare.clone() };
        parts.into_iter().enumerate().map(part).collect()
    }

    /// The welcome to somebody who is at this place.
    fn welcome_at(&self, enter: &Enter, Place { log, seq, hash }: Place) -> Welcome {
        let known = self.state().participants.get(&enter.participant);
        Welcome {
            v: VERSION,
            session: self.session,
            participant: enter.participant,
            role: known.map_or(enter.role, |known| known.role),
            grants: known.map_or_else(|| enter.grants.clone(), |known| known.grants.clone()),
            resume: enter.resume.clone(),
            log,
            seq,
            hash,
            state: None,
            more: false,
            ping_ms: PING_EVERY.as_millis() as u32,
        }
    }

    pub(super) fn handle_closed(&mut self, now: Now, link: LinkId, left: bool, out: &mut Vec<Output>) {
        let waited = self.waiting.iter().find(|(_, waiting)| waiting.link == link).map(|(id, _)| *id);
        if let Some(participant) = waited {
            self.waiting.remove(&participant);
            self.record(now, None, Event::LobbyDeny { participant });
        }
        let Some(participant) = self.people.lose(link, now.mono + GRACE) else { return };
        if left {
            self.leave(now, participant, Some(participant), out);
        }
    }

    pub(super) fn leave(&mut self, now: Now, id: ParticipantId, by: Option<ParticipantId>, out: &mut Vec<Output>) {
        self.dismiss(id, out);
        let ahead = &self.log.ahead().state;
        if !ahead.participants.get(&id).is_some_and(|person| person.present) {
            return;
        }
        let open = ahead.streams.values().filter(|stream| stream.open && stream.participant == id);
        let open: Vec<_> = open.map(|stream| stream.id).collect();
        open.into_iter().for_each(|stream| self.record(now, by, Event::StreamClose { stream }));
        self.record(now, by, Event::ParticipantLeave { participant: id });
    }

    /// Forgets somebody who is not here any more, and has their peer connections closed.
    pub(super) fn dismiss(&mut self, participant: ParticipantId, out: &mut Vec<Output>) {
        let Some(person) = self.people.remove(participant) else { return };
        let peers = [person.peer, person.offering];
        out.extend(peers.into_iter().flatten().map(|peer| Output::ClosePeer { participant, peer }));
        self.board.forget(participant);
    }

    /// Gives everybody who is in by the log and not here this long to come back.
    pub(super) fn expect_absent(&mut self, until: MonoTime) {
        let present = self.log.ahead().state.participants.iter().filter(|(_, person)| person.present);
        let absent: Vec<_> = present.map(|(id, _)| *id).filter(|id| self.people.get(*id).is_none()).collect();
        absent.into_iter().for_each(|id| self.people.expect(id, until));
    }

    /// Does what follows from an event that is durable now.
    pub(super) fn follow(&mut self, event: &Event, out: &mut Vec<Output>) {
        match event {
            Event::ParticipantKick { participant, reason } => {
                self.send_away(*participant, Refusal::sent_away(reason), out);
            }
            Event::ParticipantBan { participant, reason } => {
                self.send_away(*participant, Refusal::sent_away(reason), out);
            }
            Event::ParticipantGrant { participant, .. } => self.hush(*participant),
            Event::LobbyAdmit { participant } => {
                self.admitted.extend(self.waiting.remove(participant).map(|waiting| waiting.enter));
            }
            Event::LobbyDeny { participant } => self.send_away(*participant, Refusal::not_let_in(), out),
            Event::ParticipantLeave { .. } => self.people.tell_presence(),
            Event::StreamClose { stream } => self.people.forget_stream(*stream),
            _ => {}
        }
    }

    /// Ends the links and peer connections of somebody who is not wanted, at once.
    fn send_away(&mut self, participant: ParticipantId, why: Refusal, out: &mut Vec<Output>) {
        let waited = self.waiting.remove(&participant).map(|waiting| waiting.link);
        for link in self.people.link_of(participant).into_iter().chain(waited) {
            refuse(link, why.clone(), Closing::SentAway, out);
        }
        self.dismiss(participant, out);
    }
}

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

impl Room {
    pub(super) fn handle_enter(&mut self, now: Now, mut enter: Enter, out: &mut Vec<Output>) {
        // The session's own word counts for whom it knows: a grant that was changed stays changed.
        if let Some(known) = self.log.ahead().state.participants.get(&enter.participant) {
            (enter.role, enter.grants) = (known.role, known.grants.clone());
        }
        if let Err((refusal, closing)) = self.enter(now, &enter, out) {
            refuse(enter.link, refusal, closing, out);
        }
    }

    fn enter(&mut self, now: Now, enter: &Enter, out: &mut Vec<Output>) -> Result<(), (Refusal, Closing)> {
        let refused = |refusal| (refusal, Closing::Refused);
        if !self.saving.is_open() {
            return Err((Refusal::not_saved(), Closing::NotSaved));
        }
        match self.log.ahead().state.entry(enter.participant, &enter.grants, &enter.via) {
            Entry::Open => self.come_in(now, enter, out).map_err(refused),
            Entry::Wait(why) => self.knock(now, enter, why).map_err(refused),
            Entry::SentAway => Err(refused(Refusal::sent_away(""))),
            Entry::Banned => Err(refused(Refusal::kept_out())),
        }
    }

    fn come_in(&mut self, now: Now, enter: &Enter, out: &mut Vec<Output>) -> Result<(), Refusal> {
        let (id, link) = (enter.participant, enter.link);
        if self.people.get(id).is_none() && self.people.len() >= MAX_PARTICIPANTS {
            return Err(Refusal::full());
        }
        let joins = !self.is_known_as(enter);
        if joins {
            self.check_arrival(now, enter)?;
            let (name, role, grants) = (enter.name.clone(), enter.role, enter.grants.clone());
            let invite = self.invite_of(enter);
            self.record(now, Some(id), Event::ParticipantJoin { participant: id, name, role, grants, invite });
        }
        if let Some(old) = self.people.enter(id, link, enter.client) {
            refuse(old, Refusal::replaced(), Closing::Replaced, out);
        }
        if joins || !self.is_in(id) {
            self.welcome_later(enter.clone());
        } else {
            self.welcome(enter.clone(), out);
        }
        Ok(())
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

    /// Whether the log takes somebody's coming in, or their knock. Who is new leaves room for those who are not.
    fn check_arrival(&mut self, now: Now, enter: &Enter) -> Result<(), Refusal> {
        self.check_room()?;
        let state = &self.log.ahead().state;
        let is_known =
            state.participants.contains_key(&enter.participant) || state.admitted.contains(&enter.participant);
        if !is_known && self.log.is_nearly_full() {
            return Err(Refusal::nearly_full());
        }
        let way = (enter.role, enter.via.first().copied());
        self.arrivals.charge(now.mono, enter.participant, Some(way).filter(|_| !is_known))
    }

    fn knock(&mut self, now: Now, enter: &Enter, why: LobbyWhy) -> Result<(), Refusal> {
        self.check_arrival(now, enter)?;
        if self.log.ahead().state.lobby.len() >= MAX_WAITING {
            return Err(Refusal::lobby_full());
        }
        let (participant, link, name) = (enter.participant, enter.link, enter.name.clone());
        let (role, grants, invite) = (enter.role, enter.grants.clone(), enter.via.first().copied());
        self.waiting.insert(participant, Waiting { link, enter: enter.clone(), why });
        self.record(now, None, Event::LobbyKnock { participant, name, role, grants, invite });
        self.tell_to_wait(participant, link);
        Ok(())
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

//! The session itself, who is in it, and who holds the baton.

use super::{Ask, Decided, publish_grant, room_for};
use crate::event::Event;
use crate::grants::{Action, Grant, Grants, Here, Role, may};
use crate::ids::{InviteId, ParticipantId};
use crate::session::limits::{BATON_LEASE_MS, KEY, LABEL, MAX_BANNED, MAX_INVITES};
use crate::session::people::{BatonWhy, Policy, Song};
use crate::session::rejection::Current;
use crate::session::{Participant, Rejection};
use crate::text;

impl Ask<'_> {
    pub(super) fn open_session(&self, title: &str) -> Decided {
        self.must(Action::Administer, false)?;
        let title = text::line(title, LABEL).map_err(|_| Rejection::Invalid("a title has 1 to 80 characters"))?;
        let same = !self.state.closed && self.state.title == title;
        Ok(if same { Vec::new() } else { vec![Event::SessionOpen { title }] })
    }

    pub(super) fn close_session(&self) -> Decided {
        self.must(Action::Administer, false)?;
        if let Some(take) = self.state.live_take() {
            let msg = format!("take {} is {}; stop or cancel it first", take.number, take.phase);
            return Err(Rejection::stale(msg, Current { phase: Some(take.phase), ..Current::default() }));
        }
        Ok(vec![Event::SessionClose {}])
    }

    pub(super) fn set_policy(&self, policy: Policy) -> Decided {
        self.must(Action::Administer, false)?;
        let was = self.state.policy;
        Ok(if policy == was { Vec::new() } else { vec![Event::SessionPolicy { policy, was }] })
    }

    pub(super) fn set_song(&self, song: &Song) -> Decided {
        self.must(Action::SetSong, false)?;
        if song.tempo_mbpm.is_some_and(|tempo| !(10_000..=999_000).contains(&tempo)) {
            return Err(Rejection::Invalid("a tempo is 10 to 999 beats per minute, in thousandths"));
        }
        let sound = |unit: u8| unit.is_power_of_two() && unit <= 32;
        if song.metre.is_some_and(|metre| !(1..=64).contains(&metre.beats) || !sound(metre.unit)) {
            return Err(Rejection::Invalid("a metre has 1 to 64 beats of 1/1, 1/2, 1/4, 1/8, 1/16 or 1/32"));
        }
        let key = |key: &String| text::line(key, KEY).map_err(|_| Rejection::Invalid("a key has 1 to 24 characters"));
        let song = Song { key: song.key.as_ref().map(key).transpose()?, ..song.clone() };
        let was = self.state.song.clone();
        Ok(if song == was { Vec::new() } else { vec![Event::SessionSong { song, was }] })
    }

    pub(super) fn consent(&self, given: bool) -> Decided {
        let person = self.person(self.me())?;
        let event = Event::SessionConsent { participant: self.me(), given };
        Ok(if person.consented == given { Vec::new() } else { vec![event] })
    }

    pub(super) fn make_invite(&self, invite: InviteId, role: Role, once: bool) -> Decided {
        self.must(Action::Invite, false)?;
        if !self.actor.grants.covers(&role.grants()) {
            return Err(Rejection::NotNow("nobody can hand out more than they may do themselves; choose another role"));
        }
        if let Some(known) = self.state.invites.get(&invite) {
            let same = known.role == role && known.once == once;
            let other = Rejection::Conflict("this id belongs to another invitation; make a new id");
            return if same { Ok(Vec::new()) } else { Err(other) };
        }
        room_for(self.state.invites.len(), MAX_INVITES, "invitations", "use one that many can use")?;
        Ok(vec![Event::InviteMake { invite, role, once }])
    }

    pub(super) fn revoke_invite(&self, invite: InviteId) -> Decided {
        self.must(Action::Invite, false)?;
        let known = self.state.invites.get(&invite).ok_or_else(|| Rejection::no("invitation", invite))?;
        Ok(if known.revoked { Vec::new() } else { vec![Event::InviteRevoke { invite }] })
    }

    pub(super) fn admit(&self, participant: ParticipantId) -> Decided {
        self.must_know_waiting(participant)?;
        Ok(vec![Event::LobbyAdmit { participant }])
    }

    pub(super) fn deny(&self, participant: ParticipantId) -> Decided {
        self.must_know_waiting(participant)?;
        Ok(vec![Event::LobbyDeny { participant }])
    }

    fn must_know_waiting(&self, participant: ParticipantId) -> Result<(), Rejection> {
        self.must(Action::Invite, false)?;
        if self.state.lobby.contains_key(&participant) {
            return Ok(());
        }
        if self.state.admitted.contains(&participant) || self.state.participants.contains_key(&participant) {
            return Err(Rejection::stale(
                "somebody has let them in already; send them away if they should not be here",
                Current::default(),
            ));
        }
        Err(Rejection::NotFound("they do not wait any more; look at the lobby again".into()))
    }

    pub(super) fn grant(&self, participant: ParticipantId, grants: &Grants) -> Decided {
        self.must(Action::Administer, false)?;
        let person = self.person(participant)?;
        if person.grants == *grants {
            return Ok(Vec::new());
        }
        if !grants.has(Grant::Admin) && !self.is_administered_without(participant) {
            return Err(Rejection::Invalid(
                "a session keeps somebody who may do everything; give that to another first",
            ));
        }
        let was = person.grants.clone();
        let mut events = vec![Event::ParticipantGrant { participant, grants: grants.clone(), was }];
        let lost = self.state.streams.values().filter(|stream| stream.participant == participant && stream.open);
        let lost = lost.filter(|stream| !grants.has(publish_grant(stream.kind)));
        events.extend(lost.map(|stream| Event::StreamClose { stream: stream.id }));
        if self.holds_baton(participant) && !may(grants, Action::HoldBaton, Here::default()) {
            events.push(Event::BatonPass { to: None, why: BatonWhy::Revoked, lease_ms: 0 });
        }
        Ok(events)
    }

    pub(super) fn kick(&self, participant: ParticipantId, reason: &str) -> Decided {
        self.must_send_away(participant)?;
        let reason = self.reason(reason)?;
        if !self.person(participant)?.present {
            return Err(Rejection::stale(
                "they have left already; keep them out if they should not come back",
                Current::default(),
            ));
        }
        let mut events = vec![Event::ParticipantKick { participant, reason }];
        events.extend(self.leaving(participant));
        Ok(events)
    }

    pub(super) fn ban(&self, participant: ParticipantId, reason: &str) -> Decided {
        self.must_send_away(participant)?;
        let reason = self.reason(reason)?;
        let waits = self.state.lobby.contains_key(&participant);
        let present = if waits { false } else { self.person(participant)?.present };
        if self.state.banned.contains(&participant) {
            return Ok(Vec::new());
        }
        room_for(self.state.banned.len(), MAX_BANNED, "people kept out", "revoke the invitation that they use")?;
        let mut events = vec![Event::ParticipantBan { participant, reason }];
        if present {
            events.extend(self.leaving(participant));
        }
        Ok(events)
    }

    pub(super) fn unban(&self, participant: ParticipantId) -> Decided {
        self.must(Action::Invite, false)?;
        let banned = self.state.banned.contains(&participant);
        Ok(if banned { vec![Event::ParticipantUnban { participant }] } else { Vec::new() })
    }

    /// Nobody sends themselves away, and only who may do everything sends away who may.
    fn must_send_away(&self, participant: ParticipantId) -> Result<(), Rejection> {
        self.must(Action::Invite, false)?;
        if participant == self.me() {
            return Err(Rejection::Invalid("you cannot send yourself away; leave instead"));
        }
        let is_admin = self.state.participants.get(&participant).is_some_and(|person| person.grants.has(Grant::Admin));
        if is_admin { self.must(Action::Administer, false) } else { Ok(()) }
    }

    fn leaving(&self, participant: ParticipantId) -> impl Iterator<Item = Event> {
        let open = self.state.streams.values().filter(move |stream| stream.participant == participant && stream.open);
        let closing = open.map(|stream| Event::StreamClose { stream: stream.id });
        closing.chain([Event::ParticipantLeave { participant }])
    }

    /// Whether somebody else may do everything who can come back as who they are.
    fn is_administered_without(&self, participant: ParticipantId) -> bool {
        let mut others = self.state.participants.iter().filter(|(id, _)| **id != participant);
        let is_out = |id, person: &Participant| person.sent_away || self.state.banned.contains(id);
        others.any(|(id, person)| person.grants.has(Grant::Admin) && !is_out(id, person))
    }

    pub(super) fn take_baton(&self) -> Decided {
        self.must(Action::HoldBaton, false)?;
        match self.state.baton {
            Some(baton) if baton.holder != self.me() => {
                let name = self.state.name_of(baton.holder);
                let msg = format!("{name} holds the baton; ask for it or wait until it is put down");
                Err(Rejection::stale(msg, Current { holder: Some(baton.holder), ..Current::default() }))
            }
            _ => Ok(vec![self.pass_to_me(BatonWhy::Taken)?]),
        }
    }

    pub(super) fn give_baton(&self, to: Option<ParticipantId>) -> Decided {
        if !self.holds_baton(self.me()) {
            let holder = self.state.baton.map(|baton| baton.holder);
            let msg = "you do not hold the baton any more; take it first";
            return Err(Rejection::stale(msg, Current { holder, ..Current::default() }));
        }
        let Some(to) = to else {
            return Ok(vec![Event::BatonPass { to: None, why: BatonWhy::Given, lease_ms: 0 }]);
        };
        let person = self.person(to)?;
        if !person.present || !may(&person.grants, Action::HoldBaton, Here::default()) {
            return Err(Rejection::Invalid(
                "the baton goes to somebody who is here and may roll takes; choose another",
            ));
        }
        Ok(vec![self.pass(to, BatonWhy::Given)])
    }

    pub(super) fn reclaim_baton(&self) -> Decided {
        self.must(Action::ReclaimBaton, false)?;
        let why = if self.state.baton.is_some() { BatonWhy::Reclaimed } else { BatonWhy::Taken };
        Ok(if self.holds_baton(self.me()) { Vec::new() } else { vec![self.pass_to_me(why)?] })
    }

    /// Only who is here holds the baton.
    fn pass_to_me(&self, why: BatonWhy) -> Result<Event, Rejection> {
        let absent = Rejection::NotNow("you are not in the session any more; come back first");
        if self.person(self.me())?.present { Ok(self.pass(self.me(), why)) } else { Err(absent) }
    }

    fn pass(&self, to: ParticipantId, why: BatonWhy) -> Event {
        Event::BatonPass { to: Some(to), why, lease_ms: BATON_LEASE_MS }
    }

    fn holds_baton(&self, participant: ParticipantId) -> bool {
        self.state.baton.is_some_and(|baton| baton.holder == participant)
    }

    pub(super) fn person(&self, participant: ParticipantId) -> Result<&Participant, Rejection> {
        self.state.participants.get(&participant).ok_or_else(|| Rejection::no("participant", participant))
    }
}

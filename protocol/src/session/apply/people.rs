use crate::event::Event;
use crate::ids::ParticipantId;
use crate::session::people::{Baton, Invitation, Waiting};
use crate::session::take::Stamp;
use crate::session::{Participant, SessionState};
use units::WallTime;

impl SessionState {
    /// Folds what is about people, and says whether the event was.
    pub(super) fn apply_to_people(&mut self, stamp: Stamp, event: &Event) -> bool {
        match event {
            Event::ParticipantJoin { participant, .. } => self.join(*participant, event),
            Event::ParticipantLeave { participant } => self.leave(*participant),
            Event::ParticipantGrant { participant, grants, .. } => {
                self.with_person(*participant, |person| person.grants.clone_from(grants));
            }
            Event::SessionConsent { participant, given } => {
                self.with_person(*participant, |person| person.consented = *given);
            }
            Event::ParticipantKick { participant, .. } => {
                self.with_person(*participant, |person| person.sent_away = true)
            }
            Event::ParticipantBan { participant, .. } => {
                self.with_person(*participant, |person| person.sent_away = true);
                self.banned.insert(*participant);
                self.admitted.remove(participant);
                self.lobby.remove(participant);
            }
            Event::ParticipantUnban { participant } => {
                self.with_person(*participant, |person| person.sent_away = false);
                self.banned.remove(participant);
            }
            Event::InviteMake { invite, role, once } => {
                self.invites.insert(*invite, Invitation { role: *role, once: *once, revoked: false });
            }
            Event::InviteRevoke { invite } => {
                self.invites.entry(*invite).and_modify(|invite| invite.revoked = true);
            }
            Event::LobbyKnock { participant, name, role, grants, invite } => {
                let waiting = Waiting { name: name.clone(), role: *role, grants: grants.clone(), invite: *invite };
                self.lobby.insert(*participant, waiting);
            }
            Event::LobbyAdmit { participant } => {
                self.lobby.remove(participant);
                self.admitted.insert(*participant);
            }
            Event::LobbyDeny { participant } => {
                self.lobby.remove(participant);
            }
            Event::BatonPass { to, lease_ms, .. } => {
                self.baton = to.map(|holder| Baton { holder, until: end_of(stamp.at, *lease_ms), lease_ms: *lease_ms });
            }
            _ => return false,
        }
        true
    }

    /// Whoever holds the baton and uses it keeps it for longer.
    pub(super) fn lend_anew(&mut self, stamp: Stamp) {
        if let Some(baton) = self.baton.as_mut().filter(|baton| Some(baton.holder) == stamp.by) {
            baton.until = end_of(stamp.at, baton.lease_ms);
        }
    }

    fn join(&mut self, id: ParticipantId, event: &Event) {
        let Event::ParticipantJoin { name, role, grants, invite, .. } = event else { return };
        let consented = self.participants.get(&id).is_some_and(|known| known.consented);
        let (name, role, grants, invite) = (name.clone(), *role, grants.clone(), *invite);
        let (present, sent_away) = (true, false);
        self.participants.insert(id, Participant { name, role, grants, present, consented, sent_away, invite });
        self.lobby.remove(&id);
    }

    /// Nobody takes the baton with them.
    fn leave(&mut self, id: ParticipantId) {
        self.with_person(id, |person| person.present = false);
        self.baton = self.baton.filter(|baton| baton.holder != id);
    }

    fn with_person(&mut self, id: ParticipantId, change: impl FnOnce(&mut Participant)) {
        if let Some(person) = self.participants.get_mut(&id) {
            change(person);
        }
    }
}

fn end_of(at: WallTime, lease_ms: u32) -> WallTime {
    WallTime(at.0.saturating_add(i64::from(lease_ms)))
}

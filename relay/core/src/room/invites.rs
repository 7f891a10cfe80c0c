use super::{KnownInvite, Now, Output, Room};
use protocol::event::Event;
use protocol::ids::InviteId;
use protocol::session::people::Invitation;
use std::collections::BTreeMap;

/// Links that the store has and the durable log does not tell of as they are.
pub(super) type Untold = BTreeMap<InviteId, KnownInvite>;

impl Room {
    /// The log tells of every link that can let people in, and what the log says to be revoked lets nobody in.
    pub(super) fn handle_invites(&mut self, now: Now, invites: Vec<KnownInvite>, out: &mut Vec<Output>) {
        for known in invites {
            let told = self.state().invites.get(&known.invite);
            if told.is_some_and(|told| told.revoked && !known.revoked) {
                out.push(Output::RevokeInvite(known.invite));
            }
            self.untold.insert(known.invite, known);
        }
        if self.saving.is_open() {
            self.tell_invites(now);
        }
    }

    /// Records what the log does not tell yet.
    pub(super) fn tell_invites(&mut self, now: Now) {
        let durable = &self.log.durable().state.invites;
        self.untold.retain(|invite, known| !is_told(durable.get(invite), known));
        if self.check_room().is_err() {
            return;
        }
        for known in self.untold.values().copied().collect::<Vec<_>>() {
            let KnownInvite { invite, role, once, revoked } = known;
            let told = self.log.ahead().state.invites.get(&invite).copied();
            if told.is_none() {
                self.record(now, None, Event::InviteMake { invite, role, once });
            }
            if revoked && !is_told(told.as_ref(), &known) {
                self.record(now, None, Event::InviteRevoke { invite });
            }
        }
    }

    /// Whether an invitation that is made has a link in the store: what nobody can come in by is no invitation.
    pub(super) fn has_its_link(&self, event: &Event) -> bool {
        let Event::InviteMake { invite, role, once } = event else { return true };
        self.untold.get(invite).is_some_and(|known| known.role == *role && known.once == *once)
    }

    /// Has the store revoke what the durable log says to be revoked, unless it was the store that said so.
    pub(super) fn revoke_link(&self, event: &Event, out: &mut Vec<Output>) {
        if let Event::InviteRevoke { invite } = event
            && !self.untold.get(invite).is_some_and(|known| known.revoked)
        {
            out.push(Output::RevokeInvite(*invite));
        }
    }
}

fn is_told(told: Option<&Invitation>, known: &KnownInvite) -> bool {
    told.is_some_and(|told| told.revoked || !known.revoked)
}

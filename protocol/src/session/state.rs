use super::mix::{Credit, MixVersion};
use super::note::Note;
use super::people::{Baton, Decides, Invitation, LobbyWhy, Policy, Said, Song, Waiting};
use super::take::{Phase, Take};
use crate::event::Event;
use crate::grants::{Grants, Here, Role};
use crate::ids::{CommandId, CreditId, InviteId, MixNumber, NoteId, ParticipantId, StreamId, TakeNumber};
use crate::stream::Stream;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use units::WallTime;

/// Everything that the events so far add up to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SessionState {
    /// What people call the session.
    pub title: String,
    /// Everybody who ever came in.
    pub participants: BTreeMap<ParticipantId, Participant>,
    /// Every stream that ever was.
    pub streams: BTreeMap<StreamId, Stream>,
    /// Whether the session is closed: it can be read, and recorders can still report.
    #[serde(default)]
    pub closed: bool,
    /// How the session goes.
    #[serde(default)]
    pub policy: Policy,
    /// What is known of the song.
    #[serde(default)]
    pub song: Song,
    /// Who has exclusive control of record and transport; none while it lies on the desk.
    #[serde(default)]
    pub baton: Option<Baton>,
    /// Invitations made in the session.
    #[serde(default)]
    pub invites: BTreeMap<InviteId, Invitation>,
    /// Who waits to be let in.
    #[serde(default)]
    pub lobby: BTreeMap<ParticipantId, Waiting>,
    /// Who was let in from the lobby.
    #[serde(default)]
    #[cfg_attr(feature = "ts", ts(type = "Array<ParticipantId>"))]
    pub admitted: BTreeSet<ParticipantId>,
    /// Who is kept out for good.
    #[serde(default)]
    #[cfg_attr(feature = "ts", ts(type = "Array<ParticipantId>"))]
    pub banned: BTreeSet<ParticipantId>,
    /// Every take, in the order of the numbers.
    #[serde(default)]
    pub takes: Vec<Take>,
    /// Every note and reply, retracted ones included.
    #[serde(default)]
    pub notes: BTreeMap<NoteId, Note>,
    /// Every mix version, in the order of the numbers.
    #[serde(default)]
    pub mixes: Vec<MixVersion>,
    /// Who did what.
    #[serde(default)]
    pub credits: BTreeMap<CreditId, Credit>,
    /// The newest sentences of the chat, oldest first.
    #[serde(default)]
    pub chat: Vec<Said>,
    /// The newest changes of everybody that can be undone, oldest first.
    #[serde(default)]
    pub undoable: Vec<Change>,
    /// The command of the newest undo: what it puts back is no change that could be undone.
    #[serde(default)]
    pub undone_by: Option<CommandId>,
}

/// A person in the session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Participant {
    /// What people call them.
    pub name: String,
    /// The preset their invitation named, for display.
    pub role: Role,
    /// What they may do.
    pub grants: Grants,
    /// Whether they are in the session now.
    pub present: bool,
    /// Whether they have agreed to be recorded.
    #[serde(default)]
    pub consented: bool,
    /// Whether they were sent away: they do not come back as who they were, but with an invitation as somebody new.
    #[serde(default)]
    pub sent_away: bool,
    /// The invitation that they came by; none where that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invite: Option<InviteId>,
}

/// A change that its author can still undo: everything that one command changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Change {
    /// Number of its last event.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    #[cfg_attr(feature = "schema", schemars(with = "i64"))]
    pub seq: u64,
    /// Who made it.
    pub by: Option<ParticipantId>,
    /// The command that caused it; none when that is not known.
    #[serde(default)]
    pub id: Option<CommandId>,
    /// What it was; it says what it replaced.
    pub event: Event,
    /// What the same command changed before that, in order.
    #[serde(default)]
    pub earlier: Vec<Event>,
}

impl Change {
    /// Everything that was changed, in order.
    pub fn events(&self) -> impl DoubleEndedIterator<Item = &Event> {
        self.earlier.iter().chain([&self.event])
    }
}

/// How somebody who knocks is met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// They may come in.
    Open,
    /// They wait in the lobby until somebody admits them.
    Wait(LobbyWhy),
    /// They were sent away, so the way back is closed to them. An invitation lets them in as somebody new.
    SentAway,
    /// They are kept out for good.
    Banned,
}

impl SessionState {
    /// The take with this number.
    pub fn take(&self, number: TakeNumber) -> Option<&Take> {
        self.takes.get(number.index()?)
    }

    /// The mix version with this number.
    pub fn mix(&self, number: MixNumber) -> Option<&MixVersion> {
        self.mixes.get(number.index()?)
    }

    /// The take that has the transport: armed or rolling. There is one at most.
    pub fn live_take(&self) -> Option<&Take> {
        self.takes.iter().rev().find(|take| take.phase.is_live())
    }

    /// What the rules look at, as `participant` sees it.
    pub fn here(&self, participant: ParticipantId, own: bool) -> Here {
        let holder = self.baton.map(|baton| baton.holder);
        let baton = holder == Some(participant);
        Here { lesson: self.policy.decides == Decides::Mentor, baton, baton_elsewhere: holder.is_some() && !baton, own }
    }

    /// How somebody with these grants who knocks is met. `via` is the invitation that they come by, and then those by
    /// whose right it was made. Nobody waits twice.
    pub fn entry(&self, participant: ParticipantId, grants: &Grants, via: &[InviteId]) -> Entry {
        let known = self.participants.contains_key(&participant) || self.admitted.contains(&participant);
        let sent_away = self.participants.get(&participant).is_some_and(|person| person.sent_away);
        if self.banned.contains(&participant) {
            Entry::Banned
        } else if sent_away {
            Entry::SentAway
        } else {
            let why = if known { None } else { self.has_wait(grants, via) };
            why.map_or(Entry::Open, Entry::Wait)
        }
    }

    /// Why somebody new waits; none when they do not. Whoever may admit others does so only where somebody who is kept
    /// out came by the same way. Another link is of use only to those whom it would let in.
    fn has_wait(&self, grants: &Grants, via: &[InviteId]) -> Option<LobbyWhy> {
        let anybody = self.policy.lobby || self.keeps_out_somebody_unknown();
        if anybody && !grants.has(crate::grants::Grant::Invite) {
            return Some(LobbyWhy::Policy);
        }
        self.kept_out_by(via).map(|_| LobbyWhy::Link)
    }

    /// Who is kept out and came by one of these invitations.
    ///
    /// Without their old id somebody who is kept out is a newcomer like any other, so a ban holds only if it is about the
    /// way in too. Revoking the invitation would shut out everybody else who has it until they are sent another one;
    /// in the lobby they lose the moment that it takes to let them in, and whoever lets them in sees who comes. Those who
    /// have been in before are not held up at all, and lifting the ban opens the way again.
    pub fn kept_out_by(&self, via: &[InviteId]) -> Option<ParticipantId> {
        let came_so = |id: &&ParticipantId| {
            self.participants.get(*id).and_then(|person| person.invite).is_some_and(|invite| via.contains(&invite))
        };
        self.banned.iter().find(came_so).copied()
    }

    /// What those may do now who came by this invitation, all of them together; none while nobody has come by it. Who was
    /// sent away or is kept out may nothing: whoever comes back by it as somebody new does so in sight of all.
    pub fn grants_by(&self, invite: InviteId) -> Option<Grants> {
        let mut came = self.participants.iter().filter(|(_, person)| person.invite == Some(invite)).peekable();
        came.peek()?;
        let good = came.filter(|(id, person)| !person.sent_away && !self.banned.contains(*id));
        Some(Grants(good.flat_map(|(_, person)| person.grants.0.iter().copied()).collect()))
    }

    /// What somebody may do now: nothing who is not known, was sent away or is kept out.
    pub fn grants_of(&self, participant: ParticipantId) -> Grants {
        let known = self.participants.get(&participant).filter(|person| !person.sent_away);
        let good = known.filter(|_| !self.banned.contains(&participant));
        good.map_or_else(Grants::default, |person| person.grants.clone())
    }

    /// Whether somebody is kept out who was never in, so that nobody knows any more by which invitation they came: then
    /// every newcomer waits, as they did when that one knocked.
    fn keeps_out_somebody_unknown(&self) -> bool {
        self.banned.iter().any(|id| !self.participants.contains_key(id))
    }

    /// When [`due`] has something next; none while nothing waits for time to pass.
    pub fn next_due(&self) -> Option<WallTime> {
        let rolling = self.live_take().is_some_and(|take| take.phase == Phase::Rolling);
        self.baton.filter(|_| !rolling).map(|baton| baton.until)
    }

    /// What people call somebody.
    pub(super) fn name_of(&self, participant: ParticipantId) -> &str {
        self.participants.get(&participant).map_or("somebody", |person| &person.name)
    }
}

/// What happens by itself because time has passed: a lease of the baton runs out, but never while a take rolls.
/// Whoever runs the session records these events before it looks at the next command.
pub fn due(state: &SessionState, now: WallTime) -> Vec<Event> {
    let expired = state.next_due().is_some_and(|until| until <= now);
    let back = Event::BatonPass { to: None, why: super::people::BatonWhy::Expired, lease_ms: 0 };
    if expired { vec![back] } else { Vec::new() }
}

//! What anybody could ask at every place of a session, and what the law answers: what the page has to answer too.

use super::{Play, type_of};
use protocol::command::Command;
use protocol::grants::{Grant, Grants, Role};
use protocol::ids::{NoteId, ParticipantId, StreamId, TakeNumber};
use protocol::session::limits::{MAX_OPEN_STREAMS, MAX_REPLIES, MAX_VOTES, UNDO_KEPT};
use protocol::session::note::{Anchor, NewNote, Severity};
use protocol::session::take::Verdict;
use protocol::session::{Actor, decide};
use protocol::stream::{StreamFormat, StreamKind};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use units::SampleRate;

/// A question at one place of a session.
pub(crate) struct Asked {
    /// The number of the last event before it.
    pub(crate) seq: u64,
    pub(crate) who: ParticipantId,
    /// What the one who asks came in as; none for somebody who never did.
    pub(crate) role: Option<Role>,
    pub(crate) command: Command,
    /// None where it is granted.
    pub(crate) code: Option<String>,
}

impl Asked {
    /// As the page reads it.
    pub(crate) fn row(&self) -> Value {
        json!([self.seq, self.who, self.command, self.code])
    }
}

/// Whether people ask for it at the page; the others are what recorders and publishers tell.
pub(crate) fn is_offered(command: &Command) -> bool {
    !matches!(
        command,
        Command::PartRolling { .. }
            | Command::PartStopped { .. }
            | Command::PartInterrupted { .. }
            | Command::StreamEpoch { .. }
    )
}

impl Play {
    /// Somebody asks for something that the page offers. Nothing comes of it.
    pub(crate) fn wonder(&mut self) -> Asked {
        loop {
            let (sensible, command) = self.ask();
            let anybody = self.rng.pick(&self.people).unwrap();
            let who = if self.rng.once_in(2) { sensible } else { anybody };
            if is_offered(&command) {
                return self.asked(who, command);
            }
        }
    }

    /// The law's answer to a question here and now.
    pub(crate) fn asked(&self, who: ParticipantId, command: Command) -> Asked {
        let person = self.state.participants.get(&who);
        let grants = person.map_or_else(Grants::default, |person| person.grants.clone());
        let answer = decide(&self.state, &Actor { participant: who, grants: &grants }, &command);
        let code = answer.err().map(|rejection| serde_json::to_value(rejection.code()).unwrap());
        let code = code.and_then(|code| code.as_str().map(str::to_owned));
        Asked { seq: self.log.len() as u64, who, role: person.map(|person| person.role), command, code }
    }
}

/// A session in which the lists are full that fill up soonest: one person's streams, a note's replies, a take's votes.
/// What is asked of each is one more, and what is in it already.
pub(crate) fn full() -> (Play, Vec<Asked>) {
    let mut full = Full { play: Play::new(0), asks: Vec::new() };
    let owner = full.play.people[0];
    full.fill(MAX_OPEN_STREAMS, |_, _| owner, |play| open(StreamId(play.id())));
    full.play.command(owner, &Command::TakeRoll { take: None, slate: None, belief: None }).unwrap();
    let root = NoteId(full.play.id());
    full.play.command(owner, &Command::NoteAdd(about_the_take(root))).unwrap();
    let reply = |note| Command::NoteReply { note, parent: root, text: "yes".into() };
    full.fill(MAX_REPLIES, |_, _| owner, |play| reply(NoteId(play.id())));
    (0..=MAX_VOTES).for_each(|_| full.play.come(Role::Artist));
    let (take, verdict, reason) = (TakeNumber(1), Verdict::Approved, String::new());
    let vote = Command::TakeVote { take, verdict, reason };
    full.fill(MAX_VOTES, |play, n| play.people[n + 1], |_| vote.clone());
    (full.play, full.asks)
}

/// A session of two in which everybody asks for one grant more or less of everybody: while the owner alone may do
/// everything, and when the other may too.
pub(crate) fn one_by_one() -> (Play, Vec<Asked>) {
    let mut play = Play::new(0);
    play.come(Role::Engineer);
    let [owner, participant] = [0, 1].map(|n| play.people[n]);
    let mut asks = toggles(&play);
    let grants = Role::Owner.grants();
    play.command(owner, &Command::ParticipantGrant { participant, grants }).unwrap();
    asks.extend(toggles(&play));
    (play, asks)
}

fn toggles(play: &Play) -> Vec<Asked> {
    let all: BTreeSet<Grant> = Role::ALL.into_iter().flat_map(|role| role.grants().0).collect();
    let pairs = play.people.iter().flat_map(|who| play.people.iter().map(move |of| (*who, *of)));
    let asks = pairs.flat_map(|(who, participant)| all.iter().map(move |grant| (who, participant, *grant)));
    asks.map(|(who, participant, grant)| {
        let mut grants = play.state.participants[&participant].grants.clone();
        if !grants.0.remove(&grant) {
            grants.0.insert(grant);
        }
        play.asked(who, Command::ParticipantGrant { participant, grants })
    })
    .collect()
}

/// A session in which two owners change the same thing in turn and undo some of it, until the oldest changes fall out, and
/// one of them is sent away. What the other one asks all along is to undo the first change, and in the end to be less.
pub(crate) fn in_turn() -> (Play, Vec<Asked>) {
    let (mut play, mut asks) = (Play::new(0), Vec::new());
    play.come(Role::Owner);
    let [me, other] = [play.people[0], play.people[1]];
    let (take, reason) = (TakeNumber(1), String::new());
    let slate = |slate: &str| Command::TakeSlate { take, slate: slate.into() };
    play.command(me, &Command::TakeArm { slate: "verse".into() }).unwrap();
    play.command(me, &slate("bridge")).unwrap();
    let undo = newest(&play);
    let mut then = |play: &mut Play, command: Command| {
        play.command(other, &command).unwrap();
        asks.push(play.asked(me, undo.clone()));
    };
    ["verse", "bridge"].into_iter().for_each(|word| then(&mut play, slate(word)));
    for _ in 0..2 {
        let theirs = newest(&play);
        then(&mut play, theirs);
    }
    ["verse", "bridge"].into_iter().for_each(|word| then(&mut play, slate(word)));
    (0..UNDO_KEPT).for_each(|n| then(&mut play, Command::TakeCircle { take, on: n.is_multiple_of(2) }));
    let less = Command::ParticipantGrant { participant: me, grants: Role::Artist.grants() };
    asks.push(play.asked(me, less.clone()));
    play.command(me, &Command::ParticipantKick { participant: other, reason }).unwrap();
    asks.push(play.asked(me, less));
    (play, asks)
}

fn newest(play: &Play) -> Command {
    Command::Undo { of: play.state.undoable.last().unwrap().seq }
}

struct Full {
    play: Play,
    asks: Vec<Asked>,
}

impl Full {
    fn fill(
        &mut self,
        most: usize,
        who: impl Fn(&Play, usize) -> ParticipantId,
        mut of: impl FnMut(&mut Play) -> Command,
    ) {
        let mut known = None;
        for n in 0..most {
            let (who, command) = (who(&self.play, n), of(&mut self.play));
            self.play.command(who, &command).unwrap();
            known = Some((who, command));
        }
        let more = Some((who(&self.play, most), of(&mut self.play)));
        self.asks.extend(known.into_iter().chain(more).map(|(who, command)| self.play.asked(who, command)));
    }
}

fn open(stream: StreamId) -> Command {
    let format =
        StreamFormat { channels: 2, frame_us: 5_000, bitrate: 256_000, redundancy: 1, rate: SampleRate(48_000) };
    Command::StreamOpen { stream, kind: StreamKind::Mic, label: "Mic".into(), format }
}

fn about_the_take(note: NoteId) -> NewNote {
    let on = Anchor::Take { take: TakeNumber(1), part: None, at: None, to: None };
    let (text, severity) = ("flat".into(), Severity::Minor);
    NewNote { note, on, reaction_ms: 0, uncertainty_ms: 0, concealed: false, text, tag: None, severity, parent: None }
}

/// The kinds of questions that were asked.
#[derive(Default)]
pub(crate) struct Kinds(BTreeSet<Kind>);

/// The command's type, the role of who asks, and the code; what has all three in common is one kind of question.
pub(crate) type Kind = (String, Option<Role>, Option<String>);

impl Kinds {
    /// Whether nothing of its kind was asked before; now it was.
    pub(crate) fn is_new(&mut self, asked: &Asked) -> bool {
        self.0.insert((type_of(&asked.command), asked.role, asked.code.clone()))
    }

    /// Every kind that was asked.
    pub(crate) fn seen(&self) -> impl Iterator<Item = &Kind> {
        self.0.iter()
    }
}

//! Thousands of random sessions of up to twenty people in virtual time: what must hold in every one of them.

mod play;

use play::{Coverage, Play, type_of};
use protocol::command::Command;
use protocol::event::{Event, Recorded, TYPES};
use protocol::grants::{Action, may};
use protocol::ids::{InviteId, ParticipantId};
use protocol::session::take::{Flag, Phase, Take, Verdict};
use protocol::session::{SessionState, absorb, apply, split};
use std::collections::{BTreeMap, BTreeSet};

const SESSIONS: u64 = 2_000;
const STEPS: u64 = 200;

#[test]
fn every_law_of_a_session_holds_in_thousands_of_random_ones() {
    let mut coverage = Coverage::default();
    for seed in 0..SESSIONS {
        let mut play = Play::new(seed);
        let (mut before, mut doors) = (Phases::default(), Doors::default());
        doors.follow(&play.log, seed);
        for _ in 0..STEPS {
            let from = play.log.len();
            play.step(&mut |command, answer| {
                reads_back(command);
                coverage.count(answer);
            });
            let recorded = &play.log[from..];
            before.follow(&play.state, recorded, seed);
            doors.follow(recorded, seed);
            check(&play.state, seed);
        }
        folds_alike(&play, seed);
        play.state.takes.iter().for_each(|take| was_decided_as_it_is_told(take, &play.log, seed));
        coverage.count_log(&play.log);
    }
    report(&coverage);
}

/// The phase of every take before the newest events.
#[derive(Default)]
struct Phases(Vec<Phase>);

impl Phases {
    /// Each event moves a take along one arrow, and only those events do.
    fn follow(&mut self, state: &SessionState, recorded: &[Recorded], seed: u64) {
        for Recorded { seq, event, .. } in recorded {
            let (take, next) = match event {
                Event::TakeArm { take, .. } => {
                    assert_eq!(take.0 as usize, self.0.len() + 1, "seed {seed}, event {seq}: numbers have no gap");
                    self.0.push(Phase::Armed);
                    continue;
                }
                Event::TakeCancel { take } => (take, Phase::Cancelled),
                Event::TakeRoll { take } => (take, Phase::Rolling),
                Event::TakeStop { take } => (take, Phase::Recorded),
                Event::TakeSubmit { take } | Event::TakeReopen { take, .. } => (take, Phase::InReview),
                Event::TakeClose { take } => (take, Phase::Closed),
                _ => continue,
            };
            let phase = &mut self.0[take.index().unwrap()];
            assert!(phase.leads_to(next), "seed {seed}, event {seq}: take {take} goes from {phase} to {next}");
            *phase = next;
        }
        assert_eq!(self.0, state.takes.iter().map(|take| take.phase).collect::<Vec<_>>(), "seed {seed}");
    }
}

/// By which invitation everybody came, who is kept out, and who was let in.
#[derive(Default)]
struct Doors {
    came: BTreeMap<ParticipantId, Option<InviteId>>,
    banned: BTreeSet<ParticipantId>,
    admitted: BTreeSet<ParticipantId>,
}

impl Doors {
    /// Whoever is kept out does not come in as somebody new by the same invitation unless somebody lets them.
    fn follow(&mut self, recorded: &[Recorded], seed: u64) {
        for Recorded { seq, event, .. } in recorded {
            match event {
                Event::ParticipantJoin { participant, invite, .. } => {
                    let known = self.came.contains_key(participant) || self.admitted.contains(participant);
                    let guarded = self.banned.iter().any(|id| self.came.get(id).is_some_and(|by| by == invite));
                    assert!(known || !guarded, "seed {seed}, event {seq}: {participant} came in past a ban");
                    self.came.insert(*participant, *invite);
                }
                Event::LobbyAdmit { participant } => self.admitted.extend([*participant]),
                Event::ParticipantBan { participant, .. } => self.banned.extend([*participant]),
                Event::ParticipantUnban { participant } => self.banned.retain(|banned| banned != participant),
                _ => {}
            }
        }
    }
}

fn check(state: &SessionState, seed: u64) {
    assert!(state.takes.iter().filter(|take| take.phase.is_live()).count() <= 1, "seed {seed}: one take at a time");
    let heroes = state.takes.iter().filter(|take| take.flags.contains(&Flag::Hero)).count();
    assert!(heroes <= 1, "seed {seed}: {heroes} heroes");
    if let Some(baton) = state.baton {
        let holder = &state.participants[&baton.holder];
        let here = state.here(baton.holder, false);
        assert!(holder.present && here.baton && !here.baton_elsewhere, "seed {seed}: the baton is in a hand");
        assert!(may(&holder.grants, Action::HoldBaton, here), "seed {seed}: the holder may hold it");
        let others = state.participants.keys().filter(|id| **id != baton.holder);
        assert!(
            others.into_iter().all(|id| state.here(*id, false).baton_elsewhere),
            "seed {seed}: nobody else holds it"
        );
    }
    assert!(
        state.takes.iter().all(approval_is_about_this_audio),
        "seed {seed}: an approval binds the audio it was about"
    );
    let banned_here = state.banned.iter().any(|id| state.participants.get(id).is_some_and(|person| person.present));
    assert!(!banned_here, "seed {seed}: nobody who is kept out is in");
}

fn approval_is_about_this_audio(take: &Take) -> bool {
    let audio = take.parts.iter().filter_map(|part| part.pcm_hash.clone());
    take.verdict != Verdict::Approved || take.decision.as_ref().is_some_and(|decision| audio.eq(decision.audio.clone()))
}

/// Whoever is said to have decided has, at that time, in these words and about this audio.
fn was_decided_as_it_is_told(take: &Take, log: &[Recorded], seed: u64) {
    let Some(decision) = &take.decision else { return };
    let is_it = |recorded: &&Recorded| {
        (recorded.by, recorded.at) == (decision.stamp.by, decision.stamp.at)
            && matches!(&recorded.event, Event::TakeVerdict { take: number, verdict, reason, audio, decided: None, .. }
                if (*number, *verdict) == (take.number, take.verdict)
                    && (reason, audio) == (&decision.reason, &decision.audio))
    };
    assert!(log.iter().any(|recorded| is_it(&recorded)), "seed {seed}, take {}: {decision:?}", take.number);
}

/// Replaying the log, from its beginning or from a snapshot in its middle that has travelled, gives the same state.
fn folds_alike(play: &Play, seed: u64) {
    let mut state = SessionState::default();
    for (n, recorded) in play.log.iter().enumerate() {
        if n == play.log.len() / 2 {
            state = serde_json::from_str(&serde_json::to_string(&state).unwrap()).unwrap();
        }
        let text = serde_json::to_string(recorded).unwrap();
        let read: Recorded = serde_json::from_str(&text).unwrap();
        assert_eq!(&read, recorded, "seed {seed}: an event reads back: {text}");
        apply(&mut state, &read);
    }
    assert_eq!(state, play.state, "seed {seed}");
    let mut parts = split(&state, 24 * 1_024).into_iter();
    let mut whole = parts.next().unwrap();
    parts.for_each(|part| absorb(&mut whole, part));
    assert_eq!(whole, state, "seed {seed}: a welcome in parts is the whole");
}

fn reads_back(command: &Command) {
    let text = serde_json::to_string(command).unwrap();
    assert_eq!(&serde_json::from_str::<Command>(&text).unwrap(), command, "{text}");
}

fn report(coverage: &Coverage) {
    println!("accepted events in {SESSIONS} sessions:");
    coverage.events.iter().for_each(|(kind, count)| println!("  {kind:<22} {count:>8}"));
    println!("rejections:");
    coverage.codes.iter().for_each(|(code, count)| println!("  {code:<22} {count:>8}"));
    for kind in TYPES {
        let count = coverage.events.get(kind).copied().unwrap_or_default();
        assert!(count >= 100, "{kind} was accepted {count} times only");
    }
    assert_eq!(coverage.events.len(), TYPES.len(), "every type is in the list of types");
    for code in ["forbidden", "unknown", "invalid", "conflict", "stale", "too_many"] {
        assert!(coverage.codes.contains_key(code), "no command was refused as {code}");
    }
}

#[test]
fn a_type_of_event_is_known_under_its_name() {
    assert_eq!(type_of(&Event::SessionClose {}), "session.close");
}

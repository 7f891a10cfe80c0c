//! Undo: what it puts back, in whose name, and what it leaves alone.

use super::scene::*;
use protocol::command::Command;
use protocol::event::Event;
use protocol::grants::{Grant, Grants, Role};
use protocol::session::limits::UNDO_KEPT;
use protocol::session::mix::Credit;
use protocol::session::note::{NoteStatus, Wording};
use protocol::session::people::{Policy, Song};
use protocol::session::take::{Flag, Verdict};
use protocol::wire::ErrorCode;

#[test]
fn an_undo_puts_back_what_was_and_the_next_one_goes_a_step_further_back() {
    let mut scene = review_scene();
    let newest = |scene: &Scene| scene.state.undoable.last().unwrap().seq;
    scene.ask(ME, &verdict(Verdict::Approved, None)).unwrap();
    let approved = newest(&scene);
    assert_eq!(code(scene.ask(OTHER, &Command::Undo { of: approved })), ErrorCode::Forbidden);
    scene.ask(ME, &Command::Undo { of: approved }).unwrap();
    assert_eq!((scene.state.takes[0].verdict, &scene.state.takes[0].decision), (Verdict::None, &None));
    assert_eq!(code(scene.ask(ME, &Command::Undo { of: approved })), ErrorCode::Unknown);
    for slate in ["bridge", "chorus"] {
        scene.ask(ME, &Command::TakeSlate { take: ONE, slate: slate.into() }).unwrap();
    }
    let slates = [(); 2].map(|()| {
        let of = newest(&scene);
        scene.ask(ME, &Command::Undo { of }).unwrap();
        scene.state.takes[0].slate.clone()
    });
    assert_eq!(slates, ["bridge", "verse"]);
    assert!(scene.state.undoable.is_empty(), "what an undo puts back is no change of its own");
}

#[test]
fn what_has_changed_since_is_not_undone() {
    let mut scene = review_scene();
    scene.ask(ME, &verdict(Verdict::Approved, None)).unwrap();
    let approved = scene.state.undoable.last().unwrap().seq;
    scene.ask(ME, &verdict(Verdict::Redo, None)).unwrap();
    assert_eq!(code(scene.ask(ME, &Command::Undo { of: approved })), ErrorCode::Stale);
    let other = Event::ParticipantGrant { participant: OTHER, grants: Role::Owner.grants(), was: Grants::default() };
    scene.record(None, other);
    scene.ask(OTHER, &verdict(Verdict::Approved, None)).unwrap();
    assert_eq!(code(scene.ask(ME, &Command::Undo { of: approved })), ErrorCode::Stale, "it is the other's by now");
}

/// Somebody else approves take 1, and the owner rejects it by mistake.
fn rejected_by_mistake() -> (Scene, Command) {
    let mut scene = review_scene();
    let producer = Role::Producer.grants();
    scene.record(None, Event::ParticipantGrant { participant: OTHER, grants: producer, was: Grants::default() });
    scene.ask(OTHER, &verdict(Verdict::Approved, None)).unwrap();
    scene.ask(ME, &verdict(Verdict::Rejected, None)).unwrap();
    let undo = Command::Undo { of: scene.state.undoable.last().unwrap().seq };
    (scene, undo)
}

#[test]
fn an_undo_puts_an_approval_back_in_the_name_of_who_gave_it() {
    let (mut scene, undo) = rejected_by_mistake();
    scene.ask(ME, &undo).unwrap();
    let decision = scene.state.takes[0].decision.as_ref().unwrap();
    assert_eq!((scene.state.takes[0].verdict, decision.stamp.by), (Verdict::Approved, Some(OTHER)));
    assert_eq!((decision.audio.clone(), decision.reason.as_str()), (vec![hash(1)], "tight"));
    let text = serde_json::to_string(&scene.state).unwrap();
    assert_eq!(serde_json::from_str::<protocol::session::SessionState>(&text).unwrap(), scene.state);
}

#[test]
fn an_undo_approves_no_audio_that_nobody_approved() {
    let (mut scene, undo) = rejected_by_mistake();
    scene.ask(ME, &rolling(NEW_PART)).unwrap();
    scene.ask(ME, &stopped(NEW_PART, 2)).unwrap();
    assert_eq!(code(scene.ask(ME, &undo)), ErrorCode::Stale);
    assert_eq!(scene.state.takes[0].verdict, Verdict::Rejected);
}

#[test]
fn an_event_from_before_decisions_were_kept_is_read_and_not_undone() {
    let mut scene = review_scene();
    let old = format!(
        r#"{{"type":"take.verdict","data":{{"take":1,"verdict":"redo","reason":"","audio":["{}"],"was":{{"verdict":"approved","reason":"tight"}}}}}}"#,
        hash(1)
    );
    let of = scene.record(ME, serde_json::from_str(&old).unwrap());
    assert_eq!(scene.state.takes[0].verdict, Verdict::Redo);
    assert_eq!(code(scene.ask(ME, &Command::Undo { of })), ErrorCode::Stale);
}

#[test]
fn a_note_that_was_taken_back_stands_again_after_an_undo() {
    let mut scene = Scene::of(Role::Artist, When::Plain, Live::None);
    let edit = Command::NoteEdit { note: MY_NOTE, wording: Wording { text: "sharp".into(), ..wording("") } };
    scene.ask(ME, &Command::NoteRetract { note: MY_NOTE }).unwrap();
    assert_eq!(code(scene.ask(ME, &edit)), ErrorCode::Stale);
    let of = scene.state.undoable.last().unwrap().seq;
    scene.ask(ME, &Command::Undo { of }).unwrap();
    assert!(scene.ask(ME, &edit).is_ok());
}

#[test]
fn who_takes_back_the_notes_of_others_without_writing_any_can_also_undo_that() {
    let mut scene = Scene::of(Role::Owner, When::Plain, Live::None);
    let as_admin = |scene: &mut Scene, grants: &[Grant]| {
        let grants = Grants(grants.iter().copied().collect());
        scene.record(None, Event::ParticipantGrant { participant: ME, grants, was: Grants::default() });
    };
    as_admin(&mut scene, &[Grant::Admin]);
    scene.ask(ME, &Command::NoteRetract { note: THEIR_NOTE }).unwrap();
    let undo = Command::Undo { of: scene.state.undoable.last().unwrap().seq };
    as_admin(&mut scene, &[Grant::NoteWrite]);
    assert_eq!(code(scene.ask(ME, &undo)), ErrorCode::Forbidden, "who may not take it back may not undo it either");
    as_admin(&mut scene, &[Grant::Admin]);
    scene.ask(ME, &undo).unwrap();
    assert!(!scene.state.notes[&THEIR_NOTE].retracted);
}

/// Changes that can be made and made back, of everything that people change in turn.
fn in_turn() -> Vec<(Command, Command)> {
    let note = MY_NOTE;
    let status = |status| Command::NoteStatus { note, status, belief: None };
    let slate = |slate: &str| Command::TakeSlate { take: REVIEW, slate: slate.into() };
    let song = |tempo| Command::SessionSong { song: Song { tempo_mbpm: tempo, ..Song::default() } };
    let policy = |lobby| Command::SessionPolicy { policy: Policy { lobby, ..Policy::default() } };
    let credit = |did: &str| Command::CreditSet { credit: Credit { did: did.into(), ..credit(MY_CREDIT, ME) } };
    vec![
        (policy(true), policy(false)),
        (song(Some(90_000)), song(None)),
        (slate("bridge"), slate("verse")),
        (Command::TakeCircle { take: REVIEW, on: true }, Command::TakeCircle { take: REVIEW, on: false }),
        (Command::TakeHero { take: REVIEW, on: true }, Command::TakeHero { take: CLOSED, on: true }),
        (status(NoteStatus::Done), status(NoteStatus::Open)),
        (Command::NoteAssign { note, to: Some(OTHER) }, Command::NoteAssign { note, to: None }),
        (credit("lead and choir"), credit("lead vocal")),
        (verdict(Verdict::Approved, None), verdict(Verdict::Redo, None)),
    ]
}

#[test]
fn what_somebody_else_has_made_the_same_again_is_not_undone_until_they_have_undone_it() {
    for (there, back) in in_turn() {
        let mut scene = Scene::of(Role::Owner, When::Plain, Live::None);
        let all = Event::ParticipantGrant { participant: OTHER, grants: Role::Owner.grants(), was: Grants::default() };
        scene.record(None, all);
        let newest = |scene: &Scene| scene.state.undoable.last().unwrap().seq;
        scene.ask(ME, &there).unwrap();
        let mine = newest(&scene);
        scene.ask(OTHER, &back).unwrap();
        assert_eq!(code(scene.ask(ME, &Command::Undo { of: mine })), ErrorCode::Stale, "{back:?}");
        scene.ask(OTHER, &there).unwrap();
        assert_eq!(
            code(scene.ask(ME, &Command::Undo { of: mine })),
            ErrorCode::Stale,
            "{there:?} is the other's by now"
        );
        for _ in 0..2 {
            let of = newest(&scene);
            scene.ask(OTHER, &Command::Undo { of }).unwrap();
        }
        scene.ask(ME, &Command::Undo { of: mine }).unwrap();
    }
}

#[test]
fn of_ones_own_changes_of_one_thing_only_the_newest_is_undone() {
    let mut scene = Scene::of(Role::Owner, When::Plain, Live::None);
    let circle = |on| Command::TakeCircle { take: REVIEW, on };
    let [first, _, last] = [true, false, true].map(|on| {
        scene.ask(ME, &circle(on)).unwrap();
        scene.state.undoable.last().unwrap().seq
    });
    assert_eq!(code(scene.ask(ME, &Command::Undo { of: first })), ErrorCode::Stale);
    scene.ask(ME, &Command::Undo { of: last }).unwrap();
    assert!(!scene.state.takes[0].flags.contains(&Flag::Circled));
}

#[test]
fn a_change_that_falls_out_takes_those_with_it_that_it_stands_on() {
    let mut scene = Scene::of(Role::Owner, When::Plain, Live::None);
    let slate = |slate: &str| Command::TakeSlate { take: REVIEW, slate: slate.into() };
    scene.ask(ME, &slate("bridge")).unwrap();
    let undo = Command::Undo { of: scene.state.undoable.last().unwrap().seq };
    scene.ask(OTHER, &slate("verse")).unwrap();
    scene.ask(OTHER, &slate("bridge")).unwrap();
    for n in 0..UNDO_KEPT {
        let own = scene
            .state
            .undoable
            .iter()
            .any(|change| matches!(&change.event, Event::TakeSlate { slate, .. } if slate == "verse"));
        let expected = if own { ErrorCode::Stale } else { ErrorCode::Unknown };
        assert_eq!(code(scene.ask(ME, &undo)), expected, "{n} later changes");
        scene.ask(OTHER, &Command::TakeSlate { take: CLOSED, slate: format!("{n}") }).unwrap();
    }
    assert_eq!(code(scene.ask(ME, &undo)), ErrorCode::Unknown);
}

//! Notes: what they are pinned to, who answers them, and what becomes of open ones.

use super::scene::*;
use protocol::command::Command;
use protocol::grants::Role;
use protocol::ids::{MixNumber, NoteId, TakeNumber};
use protocol::session::limits::MAX_POSITION;
use protocol::session::note::{Anchor, NewNote, NoteStatus};
use protocol::wire::ErrorCode;
use units::{SampleTime, Ticks};
use uuid::Uuid;

#[test]
fn a_note_keeps_what_was_heard_its_reaction_and_its_doubt_apart() {
    let mut scene = Scene::of(Role::Mentor, When::Plain, Live::None);
    let on = Anchor::Live { stream: PROGRAM, epoch: 0, at: Ticks(96_000), to: Some(Ticks(144_000)) };
    let new = NewNote { on, reaction_ms: 500, uncertainty_ms: 155, concealed: true, ..note(NEW_NOTE, "flat") };
    scene.ask(ME, &Command::NoteAdd(new)).unwrap();
    let kept = &scene.state.notes[&NEW_NOTE];
    assert_eq!((kept.wording.on, kept.reaction_ms, kept.uncertainty_ms, kept.concealed), (on, 500, 155, true));
    assert_eq!(kept.made.by, Some(ME));
}

#[test]
fn a_position_outside_what_it_is_pinned_to_is_invalid_and_one_at_its_end_is_not() {
    let mut scene = Scene::of(Role::Owner, When::Plain, Live::None);
    let end = 48_000 * 60;
    let mix = |at, to: Option<i64>| Anchor::Mix { mix: MixNumber(1), at: Some(SampleTime(at)), to: to.map(SampleTime) };
    let live = |at| Anchor::Live { stream: PROGRAM, epoch: 0, at: Ticks(at), to: None };
    let answer = |scene: &mut Scene, on| {
        let id = NoteId(Uuid::from_u128(1_000 + scene.state.notes.len() as u128));
        scene.ask(ME, &Command::NoteAdd(NewNote { on, ..note(id, "here") })).map_err(|rejection| rejection.code())
    };
    for on in [mix(0, None), mix(end, None), mix(5, Some(5)), mix(0, Some(end)), live(MAX_POSITION)] {
        assert!(answer(&mut scene, on).is_ok(), "{on:?}");
    }
    for on in
        [mix(-1, None), mix(end + 1, None), mix(5, Some(4)), mix(0, Some(end + 1)), live(MAX_POSITION + 1), live(-1)]
    {
        assert_eq!(answer(&mut scene, on), Err(ErrorCode::Invalid), "{on:?}");
    }
    let nowhere = [
        Anchor::Mix { mix: MixNumber(9), at: None, to: None },
        Anchor::Take { take: TakeNumber(99), part: None, at: None, to: None },
        Anchor::Take { take: RECORDED, part: Some(NEW_PART), at: None, to: None },
        Anchor::Live { stream: PROGRAM, epoch: 7, at: Ticks(0), to: None },
        Anchor::Live { stream: NEW_STREAM, epoch: 0, at: Ticks(0), to: None },
    ];
    for on in nowhere {
        assert_eq!(answer(&mut scene, on), Err(ErrorCode::Unknown), "{on:?}");
    }
}

#[test]
fn the_same_note_again_is_harmless_and_another_under_its_id_is_a_conflict() {
    let mut scene = Scene::of(Role::Owner, When::Plain, Live::None);
    let add = |text| Command::NoteAdd(note(NEW_NOTE, text));
    scene.ask(ME, &add("flat")).unwrap();
    assert_eq!(scene.ask(ME, &add("flat")), Ok(vec![]));
    assert_eq!(code(scene.ask(ME, &add("sharp"))), ErrorCode::Conflict);
    assert_eq!(code(scene.ask(OTHER, &add("flat"))), ErrorCode::Conflict);
}

#[test]
fn an_answer_to_an_answer_answers_the_note_and_has_no_status_of_its_own() {
    let mut scene = Scene::of(Role::Owner, When::Plain, Live::None);
    let [first, second] = [1, 2].map(|n| NoteId(Uuid::from_u128(900 + n)));
    scene.ask(ME, &Command::NoteReply { note: first, parent: THEIR_NOTE, text: "yes".into() }).unwrap();
    scene.ask(OTHER, &Command::NoteReply { note: second, parent: first, text: "good".into() }).unwrap();
    let reply = &scene.state.notes[&second];
    assert_eq!((reply.parent, reply.wording.on), (Some(THEIR_NOTE), scene.state.notes[&THEIR_NOTE].wording.on));
    let settle = Command::NoteStatus { note: second, status: NoteStatus::Done, belief: None };
    assert_eq!(code(scene.ask(ME, &settle)), ErrorCode::Invalid);
}

#[test]
fn open_notes_are_carried_over_to_the_next_mix_version_and_settled_ones_are_not() {
    let mut scene = Scene::of(Role::Owner, When::Plain, Live::None);
    let on = Anchor::Mix { mix: MixNumber(1), at: Some(SampleTime(9)), to: None };
    let [open, done, reply] = [1, 2, 3].map(|n| NoteId(Uuid::from_u128(900 + n)));
    for id in [open, done] {
        scene.ask(ME, &Command::NoteAdd(NewNote { on, ..note(id, "more bass") })).unwrap();
    }
    scene.ask(ME, &Command::NoteReply { note: reply, parent: open, text: "how much?".into() }).unwrap();
    let settle = |status| Command::NoteStatus { note: done, status, belief: None };
    scene.ask(ME, &settle(NoteStatus::Done)).unwrap();
    scene.ask(ME, &Command::MixAdd { file: mix(2) }).unwrap();
    let carried = |scene: &Scene| [open, done, reply].map(|id| scene.state.notes[&id].carried);
    assert_eq!(carried(&scene), [Some(MixNumber(2)), None, None]);
    scene.ask(ME, &settle(NoteStatus::Open)).unwrap();
    assert_eq!(
        carried(&scene),
        [Some(MixNumber(2)), Some(MixNumber(2)), None],
        "open again, so it is still to be done"
    );
}

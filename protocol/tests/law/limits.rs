//! Lists that are full or keep the newest.

use super::scene::*;
use protocol::command::Command;
use protocol::event::Event;
use protocol::grants::Role;
use protocol::ids::{NoteId, PartId, ParticipantId, TakeNumber};
use protocol::session::Rejection;
use protocol::session::limits::*;
use protocol::session::note::{Anchor, NewNote};
use protocol::wire::ErrorCode;
use units::Ticks;
use uuid::Uuid;

#[test]
fn lists_of_the_state_keep_the_newest_of_chat_and_changes() {
    let mut scene = Scene::of(Role::Owner, When::Plain, Live::None);
    for n in 0..=CHAT_KEPT {
        scene.ask(ME, &Command::ChatSay { text: format!("{n}") }).unwrap();
        scene.ask(ME, &Command::TakeSlate { take: REVIEW, slate: format!("{n}") }).unwrap();
    }
    assert_eq!((scene.state.chat.len(), scene.state.chat[0].text.as_str()), (CHAT_KEPT, "1"));
    let own = |id| scene.state.undoable.iter().filter(|change| change.by == Some(id)).count();
    assert_eq!((own(ME), own(OTHER)), (UNDO_KEPT, 3), "one person's changes push nobody else's out");
}

#[test]
fn changes_of_everybody_are_bounded_too() {
    let mut scene = Scene::empty(Role::Owner);
    for n in 0..UNDO_KEPT_IN_ALL as u128 + 1 {
        let by = ParticipantId(Uuid::from_u128(1_000 + n));
        scene.record(by, Event::NoteAdd(note(NoteId(Uuid::from_u128(9_000 + n)), "flat")));
    }
    let first = scene.state.undoable.first().unwrap().by;
    assert_eq!((scene.state.undoable.len(), first), (UNDO_KEPT_IN_ALL, Some(ParticipantId(Uuid::from_u128(1_001)))));
}

/// How many of the same can be had, and what the one after them meets.
fn fill(mut one: impl FnMut(u128) -> Result<(), Rejection>) -> (usize, ErrorCode) {
    let mut had = 0;
    loop {
        match one(10_000 + had as u128) {
            Ok(()) => had += 1,
            Err(rejection) => return (had, rejection.code()),
        }
    }
}

#[test]
fn every_collection_is_full_at_its_limit_and_not_before() {
    let mut scene = rolling_scene();
    let mut ask = |command: Command| scene.ask(ME, &command).map(drop);
    let full = |limit| (limit, ErrorCode::TooMany);
    let id = Uuid::from_u128;
    let role = Role::Listener;
    let parts = fill(|n| ask(rolling(PartId(id(n)))));
    assert_eq!(parts, full(MAX_PARTS - 1), "one is there already");
    let invites = fill(|n| ask(Command::InviteMake { invite: protocol::ids::InviteId(id(n)), role, once: true }));
    assert_eq!(invites, full(MAX_INVITES));
    let credits = fill(|n| ask(Command::CreditSet { credit: credit(protocol::ids::CreditId(id(n)), ME) }));
    assert_eq!(credits, full(MAX_CREDITS));
    let mixes = fill(|n| {
        let pcm_hash = format!("{n:064x}");
        ask(Command::MixAdd { file: protocol::session::mix::MixFile { pcm_hash, ..mix(1) } })
    });
    assert_eq!(mixes, full(MAX_MIXES));
    let on = Anchor::Live { stream: MY_MIC, epoch: 0, at: Ticks(0), to: None };
    ask(Command::NoteAdd(NewNote { on, ..note(NEW_NOTE, "flat") })).unwrap();
    let reply = |n| Command::NoteReply { note: NoteId(id(n)), parent: NEW_NOTE, text: "yes".into() };
    assert_eq!(fill(|n| ask(reply(n))), full(MAX_REPLIES));
    ask(stop()).unwrap();
    let mut cycle = || ask(Command::TakeArm { slate: String::new() });
    cycle().unwrap();
    let takes = fill(|n| {
        let take = TakeNumber(n as u32 - 10_000 + 2);
        ask(Command::TakeCancel { take, belief: None })?;
        ask(Command::TakeArm { slate: String::new() })
    });
    assert_eq!(takes, full(MAX_TAKES - 2));
}

//! What people write, and the sentences in which they are refused.

use super::scene::*;
use protocol::command::Command;
use protocol::event::Event;
use protocol::grants::Role;
use protocol::ids::ParticipantId;
use protocol::session::Rejection;
use protocol::session::take::Verdict;
use protocol::stream::StreamKind;
use protocol::wire::ErrorCode;
use units::SampleTime;
use uuid::Uuid;

#[test]
fn hostile_text_is_cleaned_and_too_much_of_it_refused() {
    let mut scene = Scene::of(Role::Owner, When::Plain, Live::None);
    let say = |text: &str| Command::ChatSay { text: text.into() };
    scene.ask(ME, &say("<b>hi</b>\u{202e}\u{1b}[31m\r\n👩‍🎤")).unwrap();
    assert_eq!(scene.state.chat.last().unwrap().text, "<b>hi</b>[31m\n👩‍🎤");
    assert_eq!(code(scene.ask(ME, &say("\u{200b}\u{feff} "))), ErrorCode::Invalid);
    assert!(scene.ask(ME, &say(&"😀".repeat(1_000))).is_ok());
    assert_eq!(code(scene.ask(ME, &say(&"😀".repeat(1_001)))), ErrorCode::Invalid);
    assert_eq!(code(scene.ask(ME, &Command::SessionOpen { title: "\u{202e}".into() })), ErrorCode::Invalid);
    let label = "a\u{200b}b".to_owned();
    let open = Command::StreamOpen { stream: NEW_STREAM, kind: StreamKind::Mic, label, format: format() };
    assert_eq!(code(scene.ask(ME, &open)), ErrorCode::Invalid);
}

#[test]
fn a_participant_is_named_in_sentences_that_say_what_to_do() {
    let mut scene = Scene::of(Role::Mentor, When::Theirs, Live::None);
    let told = |answer: Result<Vec<Event>, Rejection>| answer.unwrap_err().to_string();
    let baton = told(scene.ask(ME, &Command::BatonTake {}));
    assert_eq!(baton, "engineer 2 holds the baton; ask for it or wait until it is put down");
    let verdict = told(scene.ask(ME, &verdict(Verdict::Approved, None)));
    assert_eq!(verdict, "a mentor decides in a lesson only; ask the session's owner to make it one");
    let roll = told(scene.ask(ME, &roll()));
    assert_eq!(roll, "take the baton first, then ask again");
    let nobody = Command::NoteAssign { note: MY_NOTE, to: Some(ParticipantId(Uuid::from_u128(99))) };
    assert!(told(scene.ask(ME, &nobody)).contains("look at the list again"));
}

#[test]
fn a_refusal_says_what_to_do_next() {
    let mut scene = Scene::of(Role::Owner, When::Plain, Live::None);
    let (participant, reason) = (GONE, String::new());
    let too_short =
        Command::PartStopped { take: RECORDED, part: MY_PART, to: SampleTime(9), gaps: vec![], pcm_hash: hash(1) };
    for (asked, then) in [
        (Command::LobbyAdmit { participant: OTHER }, "; send them away"),
        (Command::ParticipantKick { participant, reason }, "; keep them out"),
        (too_short, "; give the position"),
    ] {
        let told = scene.ask(ME, &asked).unwrap_err().to_string();
        assert!(told.contains(then), "{told}");
    }
    let told = Scene::empty(Role::Owner).ask(ME, &stop()).unwrap_err().to_string();
    assert!(told.contains("; roll one first"), "{told}");
}

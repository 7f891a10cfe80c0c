use super::*;
use protocol::event::{Event, Recorded};
use protocol::ids::TakeNumber;
use protocol::ids::{ParticipantId, StreamId};
use protocol::session::apply;
use protocol::session::note::{Anchor, NewNote, Severity};
use serde_json::{Value, json};

const NOW: WallTime = WallTime(1_700_000_000_000);

fn id<T: std::str::FromStr>(n: usize) -> T
where
    T::Err: std::fmt::Debug,
{
    format!("018f4d3e-0000-7000-8000-{n:012}").parse().unwrap()
}

fn close(n: usize) -> Pending {
    let command = Command::StreamClose { stream: id::<StreamId>(n) };
    Pending::own(id(n), command)
}

fn push_close(outbox: &mut Outbox, n: usize) {
    outbox.push_own(id(n), close(n).command);
}

fn asked(n: usize, text: &str) -> Asked {
    Asked { id: json!(n), line: json!({"cmd": "chat.say", "id": n, "text": text}) }
}

fn wanted(n: usize, command: Command) -> Pending {
    Pending::lasting(id(n), command, Some(asked(n, "x")), NOW)
}

fn said(n: usize, text: &str) -> Pending {
    let command = Command::ChatSay { text: text.into() };
    Pending::lasting(id(n), command, Some(asked(n, text)), NOW)
}

fn roll(n: usize) -> Pending {
    wanted(n, Command::TakeRoll { take: None, slate: None, belief: None })
}

fn new_note(n: usize) -> NewNote {
    NewNote {
        note: id(n),
        on: Anchor::Take { take: TakeNumber(1), part: None, at: None, to: None },
        reaction_ms: 0,
        uncertainty_ms: 0,
        concealed: false,
        text: "flat".into(),
        tag: None,
        severity: Severity::Minor,
        parent: None,
    }
}

fn note(n: usize) -> Pending {
    wanted(n, Command::NoteAdd(new_note(n)))
}

const DONE: Answer = Answer::Done { seq: 7 };

fn refused(code: ErrorCode) -> Answer {
    Answer::Refused { code, msg: "no".into() }
}

fn code_of((pending, answer): &(Pending, Answer)) -> (CommandId, ErrorCode) {
    let Answer::Refused { code, .. } = answer else { panic!("{answer:?} is no refusal") };
    (pending.id, *code)
}

fn as_pushed(pending: Pending) -> Pending {
    Pending { sent: false, doubt: Doubt::Undone, ..pending }
}

/// Sends all that may go; as it was pushed.
fn to_send(outbox: &mut Outbox) -> Vec<Pending> {
    let ids: Vec<_> = std::iter::from_fn(|| outbox.next_to_send(NOW, || true)).map(|(id, _)| id).collect();
    let of = |id: &CommandId| outbox.pending.iter().find(|pending| pending.id == *id).unwrap().clone();
    ids.iter().map(of).map(as_pushed).collect()
}

/// Where the item under this id stands.
fn answered(outbox: &mut Outbox, n: usize) -> Pending {
    match outbox.handle_answer(id(n), &DONE) {
        Handled::Answered(pending) => as_pushed(*pending),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_was_not_answered_is_sent_again_in_order() {
    let mut outbox = Outbox::default();
    (0..3).for_each(|n| push_close(&mut outbox, n));
    assert_eq!(answered(&mut outbox, 1), close(1));
    assert_eq!(outbox.handle_answer(id(1), &DONE), Handled::Ignored);
    assert!(!outbox.is_empty() && Outbox::default().is_empty());
    assert_eq!(to_send(&mut outbox), [close(0), close(2)]);
    assert_eq!(to_send(&mut outbox), []);
    outbox.handle_lost_link();
    assert_eq!(outbox.next_to_send(NOW, || false), None);
    assert_eq!(to_send(&mut outbox), [close(0), close(2)]);
}

#[test]
fn what_the_program_asks_goes_before_what_people_want_which_may_rest_on_it() {
    let mut outbox = Outbox::default();
    outbox.push(said(1, "hello")).unwrap();
    outbox.push(note(2)).unwrap();
    push_close(&mut outbox, 3);
    assert_eq!(to_send(&mut outbox), [close(3), said(1, "hello"), note(2)]);
}

#[test]
fn what_somebody_wants_over_capacity_is_refused_and_the_program_itself_never_is() {
    let mut outbox = Outbox::default();
    for n in 0..CAPACITY {
        assert_eq!(outbox.push(said(n, "x")), Ok(()));
    }
    assert_eq!(outbox.push(said(CAPACITY, "x")), Err(OutboxFull));
    let mut again = Outbox::restore(outbox.kept());
    push_close(&mut again, CAPACITY);
    assert_eq!(to_send(&mut again)[0], close(CAPACITY));
}

#[test]
fn what_the_program_asked_beyond_its_reserve_is_dropped_and_told_when_the_rest_is_answered() {
    let mut outbox = Outbox::default();
    outbox.push(said(9_999, "x")).unwrap();
    (0..OWN_CAPACITY).for_each(|n| push_close(&mut outbox, n));
    (1..OWN_CAPACITY).for_each(|n| drop(answered(&mut outbox, n)));
    assert!(!outbox.poll_dropped());
    answered(&mut outbox, 0);
    assert!(!outbox.poll_dropped(), "all of them fitted");
    (0..=OWN_CAPACITY).for_each(|n| push_close(&mut outbox, n));
    assert!(!outbox.poll_dropped(), "the others are not answered yet");
    assert_eq!(outbox.handle_answer(id(OWN_CAPACITY), &DONE), Handled::Ignored);
    (0..OWN_CAPACITY).for_each(|n| drop(answered(&mut outbox, n)));
    assert_eq!((outbox.poll_dropped(), outbox.poll_dropped()), (true, false));
}

#[test]
fn what_could_not_be_saved_stays_in_its_place_and_is_sent_again_with_all_that_follows() {
    let mut outbox = Outbox::default();
    (1..4).for_each(|n| outbox.push(note(n)).unwrap());
    to_send(&mut outbox);
    for code in [ErrorCode::NotSaved, ErrorCode::Draining, ErrorCode::Slow, ErrorCode::Internal] {
        let first = code == ErrorCode::NotSaved;
        assert_eq!(outbox.handle_answer(id(1), &refused(code)), Handled::Again { first }, "{code:?}");
        assert_eq!(to_send(&mut outbox), [note(1), note(2), note(3)]);
    }
    assert_eq!(outbox.handle_repeat(&asked(1, "x")), Some(Known::Waiting));
    assert!(matches!(outbox.handle_answer(id(1), &DONE), Handled::Answered(_)));
    assert_eq!(outbox.known(&asked(1, "x")), Some(Known::Answered(DONE)));
    assert_eq!(outbox.handle_answer(id(2), &refused(ErrorCode::NotSaved)), Handled::Again { first: true });
}

#[test]
fn a_refusal_of_what_goes_out_again_is_waited_for_anew_and_its_being_done_is_not() {
    let mut outbox = Outbox::default();
    (1..4).for_each(|n| outbox.push(note(n)).unwrap());
    to_send(&mut outbox);
    outbox.handle_answer(id(1), &refused(ErrorCode::NotSaved));
    assert_eq!(outbox.handle_answer(id(2), &refused(ErrorCode::Unknown)), Handled::Ignored);
    assert!(matches!(outbox.handle_answer(id(3), &DONE), Handled::Answered(_)));
    assert_eq!(to_send(&mut outbox), [note(1), note(2)]);
    assert!(matches!(outbox.handle_answer(id(2), &refused(ErrorCode::Unknown)), Handled::Answered(_)));
}

#[test]
fn too_many_is_tried_again_three_times_in_a_row_and_then_believed() {
    let mut outbox = Outbox::default();
    outbox.push(note(1)).unwrap();
    for n in 0..TOO_MANY_TRIES {
        to_send(&mut outbox);
        let again = Handled::Again { first: n == 0 };
        assert_eq!(outbox.handle_answer(id(1), &refused(ErrorCode::TooMany)), again);
    }
    to_send(&mut outbox);
    let last = refused(ErrorCode::TooMany);
    assert!(matches!(outbox.handle_answer(id(1), &last), Handled::Answered(_)));
    assert_eq!(outbox.known(&asked(1, "x")), Some(Known::Answered(last)));
}

#[test]
fn a_refusal_that_passes_is_not_repeated_to_a_script_by_the_next_run() {
    let answered = [(1, refused(ErrorCode::NotSaved)), (2, refused(ErrorCode::Forbidden))];
    let answered = answered.map(|(n, answer)| (asked(n, "x"), answer)).to_vec();
    let outbox = Outbox::restore(Kept { pending: vec![], answered });
    assert_eq!(outbox.known(&asked(1, "x")), None);
    assert_eq!(outbox.known(&asked(2, "x")), Some(Known::Answered(refused(ErrorCode::Forbidden))));
}

#[test]
fn a_memory_that_holds_more_than_there_may_be_does_not_lift_the_bounds() {
    let pending = (0..=CAPACITY).map(|n| said(n, "x")).collect();
    let answered = (0..=ANSWERS).map(|n| (asked(1_000 + n, "x"), DONE)).collect();
    let kept = Outbox::restore(Kept { pending, answered }).kept();
    assert_eq!((kept.pending.len(), kept.answered.len()), (CAPACITY, ANSWERS));
    assert_eq!(kept.answered[0].0, asked(1_001, "x"), "the oldest answer made room");
}

#[test]
fn what_moves_the_machine_is_given_up_after_15_s_and_a_note_is_not() {
    let mut outbox = Outbox::default();
    outbox.push(roll(1)).unwrap();
    outbox.push(note(2)).unwrap();
    let last = WallTime(NOW.0 + GOOD_FOR_MS);
    assert_eq!(outbox.handle_time(last), []);
    let over = outbox.handle_time(WallTime(last.0 + 1));
    assert_eq!(over.iter().map(code_of).collect::<Vec<_>>(), [(id(1), ErrorCode::Stale)]);
    assert_eq!(to_send(&mut outbox), [note(2)]);
    assert!(matches!(outbox.known(&asked(1, "x")), Some(Known::Answered(Answer::Refused { .. }))));
}

#[test]
fn what_is_on_its_way_to_the_relay_is_waited_for_until_the_link_is_lost() {
    let mut outbox = Outbox::default();
    outbox.push(roll(1)).unwrap();
    to_send(&mut outbox);
    let late = WallTime(NOW.0 + GOOD_FOR_MS + 1);
    assert_eq!(outbox.handle_time(late), []);
    outbox.handle_lost_link();
    outbox.handle_tail();
    assert_eq!(outbox.handle_time(late).len(), 1);
}

#[test]
fn what_was_done_before_the_link_was_lost_is_answered_by_its_last_event_however_late() {
    let mut outbox = Outbox::default();
    outbox.push(roll(1)).unwrap();
    outbox.push(note(2)).unwrap();
    to_send(&mut outbox);
    outbox.handle_lost_link();
    let late = WallTime(NOW.0 + 10 * GOOD_FOR_MS);
    assert_eq!(outbox.handle_time(late), [], "nobody knows yet whether it rolls");
    let told = [None, Some((id(9), 40)), Some((id(1), 41)), Some((id(1), 42)), Some((id(2), 43)), None];
    let settled: Vec<_> = told.into_iter().filter_map(|event| outbox.handle_told(event)).collect();
    assert_eq!(settled, [(id(1), Answer::Done { seq: 42 }), (id(2), Answer::Done { seq: 43 })]);
    for (id, answer) in settled {
        assert!(matches!(outbox.handle_answer(id, &answer), Handled::Answered(_)));
    }
    outbox.handle_tail();
    assert_eq!((outbox.handle_time(late), outbox.is_empty()), (vec![], true));
    assert_eq!(outbox.known(&asked(1, "x")), Some(Known::Answered(Answer::Done { seq: 42 })));
}

#[test]
fn an_answer_that_comes_after_the_event_is_not_needed_any_more() {
    let mut outbox = Outbox::default();
    outbox.push(note(1)).unwrap();
    to_send(&mut outbox);
    assert_eq!(outbox.handle_told(Some((id(1), 7))), None);
    assert_eq!(answered(&mut outbox, 1), note(1));
    assert_eq!(outbox.handle_told(None), Some((id(1), DONE)));
    assert_eq!(outbox.handle_answer(id(1), &DONE), Handled::Ignored);
}

#[test]
fn what_went_out_and_was_not_seen_done_is_given_up_and_the_refusal_is_not_repeated_to_a_script() {
    let mut outbox = Outbox::default();
    outbox.push(roll(1)).unwrap();
    to_send(&mut outbox);
    outbox.handle_lost_link();
    outbox.handle_tail();
    let given_up = outbox.handle_time(WallTime(NOW.0 + GOOD_FOR_MS + 1));
    assert_eq!(given_up.iter().map(code_of).collect::<Vec<_>>(), [(id(1), ErrorCode::Stale)]);
    assert_eq!(outbox.known(&asked(1, "x")), None);
}

#[test]
fn what_the_relay_could_not_save_is_given_up_at_once_and_what_it_has_not_answered_is_not() {
    let mut outbox = Outbox::default();
    (1..3).for_each(|n| outbox.push(roll(n)).unwrap());
    to_send(&mut outbox);
    let late = WallTime(NOW.0 + GOOD_FOR_MS + 1);
    outbox.handle_answer(id(1), &refused(ErrorCode::NotSaved));
    assert_eq!(outbox.handle_time(late).iter().map(code_of).collect::<Vec<_>>(), [(id(1), ErrorCode::Stale)]);
    assert_eq!(outbox.handle_answer(id(2), &refused(ErrorCode::NotSaved)), Handled::Ignored);
    assert_eq!(outbox.handle_time(late).len(), 1);
    assert!(matches!(outbox.known(&asked(2, "x")), Some(Known::Answered(Answer::Refused { .. }))));
}

#[test]
fn the_next_run_does_not_roll_what_the_one_before_was_asked_too_long_ago() {
    let mut outbox = Outbox::default();
    outbox.push(roll(1)).unwrap();
    let kept = serde_json::to_value(outbox.kept()).unwrap();
    let later = |kept: &Value, ms: i64| {
        let mut again = Outbox::restore(serde_json::from_value(kept.clone()).unwrap());
        let now = WallTime(NOW.0 + ms);
        let sent = again.next_to_send(now, || true).is_some();
        again.handle_lost_link();
        again.handle_whole_state();
        (sent, again.handle_time(now).len())
    };
    assert_eq!([later(&kept, 1_000), later(&kept, 3_600_000)], [(true, 0), (false, 1)]);
    assert_eq!(later(&kept, -3_600_000), (false, 1), "a clock that was set back makes nothing good for longer");
    let mut older = kept;
    older["pending"][0].as_object_mut().unwrap().remove("good_until");
    assert_eq!(later(&older, 0), (false, 1), "what an older version kept says not how long it is good");
}

#[test]
fn the_next_run_says_that_nobody_knows_whether_what_was_asked_too_long_ago_was_done() {
    let mut outbox = Outbox::default();
    outbox.push(roll(1)).unwrap();
    let kept = serde_json::to_value(outbox.kept()).unwrap();
    let mut again = Outbox::restore(serde_json::from_value(kept).unwrap());
    let late = WallTime(NOW.0 + GOOD_FOR_MS + 1);
    assert_eq!(again.handle_time(late), [], "the session is not known yet");
    again.handle_whole_state();
    let told = again.handle_time(late);
    let [(_, Answer::Refused { msg, .. })] = &told[..] else { panic!("{told:?}") };
    assert!(msg.contains("not known"), "{msg}");
    assert_eq!(again.known(&asked(1, "x")), None, "asked again, it is meant again");
}

#[test]
fn a_script_that_repeats_itself_gets_the_same_answer_and_another_line_under_the_id_does_not() {
    let mut outbox = Outbox::default();
    assert_eq!(outbox.known(&asked(1, "hello")), None);
    outbox.push(said(1, "hello")).unwrap();
    assert_eq!(outbox.handle_repeat(&asked(1, "hello")), Some(Known::Waiting));
    assert_eq!(answered(&mut outbox, 1).times, 2);
    assert_eq!(outbox.known(&asked(1, "hello")), Some(Known::Answered(DONE)));
    assert_eq!(outbox.known(&asked(1, "bye")), Some(Known::Other));
}

#[test]
fn the_oldest_answer_makes_room() {
    let mut outbox = Outbox::default();
    for n in 0..=ANSWERS {
        outbox.push(said(n, "x")).unwrap();
        answered(&mut outbox, n);
    }
    assert_eq!(outbox.known(&asked(0, "x")), None);
    assert_eq!(outbox.known(&asked(1, "x")), Some(Known::Answered(DONE)));
}

#[test]
fn only_what_lasts_is_kept_for_the_next_run_and_comes_back_as_it_was() {
    let mut outbox = Outbox::default();
    push_close(&mut outbox, 0);
    outbox.push(said(1, "hello")).unwrap();
    outbox.push(said(2, "answered")).unwrap();
    answered(&mut outbox, 2);
    let text = serde_json::to_string(&outbox.kept()).unwrap();
    let mut again = Outbox::restore(serde_json::from_str(&text).unwrap());
    assert_eq!(to_send(&mut again), [said(1, "hello")]);
    assert_eq!(again.known(&asked(2, "answered")), Some(Known::Answered(DONE)));
}

#[test]
fn who_comes_in_as_somebody_new_brings_notes_along_and_nothing_that_could_be_done_twice() {
    let mut state = SessionState::default();
    let event = Event::NoteAdd(new_note(3));
    apply(&mut state, &Recorded { seq: 41, id: None, by: Some(id::<ParticipantId>(9)), at: NOW, event });
    let mut outbox = Outbox::default();
    push_close(&mut outbox, 0);
    let circle = wanted(4, Command::TakeCircle { take: TakeNumber(1), on: true });
    for pending in [said(1, "hello"), note(2), note(3), circle] {
        outbox.push(pending).unwrap();
    }
    let mut settled = outbox.change_author(&state);
    assert_eq!(settled.remove(1), (note(3), Answer::Done { seq: 41 }));
    let refused: Vec<_> = settled.iter().map(code_of).collect();
    assert_eq!(refused, [(id(1), ErrorCode::Gone), (id(4), ErrorCode::Gone)]);
    assert!(
        outbox.known(&asked(1, "hello")).is_some() && outbox.known(&asked(4, "x")).is_some(),
        "they never went out"
    );
    assert_eq!(to_send(&mut outbox), [note(2)]);
}

/// One of each command that is meant now, as it travels.
fn for_now() -> Vec<Value> {
    let (person, take) = (id::<ParticipantId>(1), TakeNumber(1));
    let policy = json!({"decides": "producer", "lobby": true, "consent": false});
    let command = |(name, data): (&str, Value)| json!({"type": name, "data": data});
    let all = [
        ("take.arm", json!({"slate": ""})),
        ("take.roll", json!({"take": take})),
        ("take.stop", json!({"take": take})),
        ("take.cancel", json!({"take": take})),
        ("baton.take", json!({})),
        ("baton.give", json!({"to": person})),
        ("baton.reclaim", json!({})),
        ("lobby.admit", json!({"participant": person})),
        ("lobby.deny", json!({"participant": person})),
        ("session.open", json!({"title": "Blue hour"})),
        ("session.close", json!({})),
        ("session.policy", json!({"policy": policy})),
        ("participant.grant", json!({"participant": person, "grants": []})),
        ("participant.kick", json!({"participant": person, "reason": ""})),
        ("participant.ban", json!({"participant": person, "reason": ""})),
    ];
    all.map(command).into()
}

#[test]
fn what_hits_everybody_is_meant_now_and_the_page_says_so_of_the_same_commands() {
    let page = include_str!("../../../web/src/lib/outbox.ts");
    let list = page.split_once("FOR_NOW: readonly Command[\"type\"][] = [").and_then(|(_, rest)| rest.split_once("];"));
    let list: Vec<&str> = list.expect("the page has a list").0.split('"').skip(1).step_by(2).collect();
    let all = for_now();
    let names: Vec<&str> = all.iter().filter_map(|command| command["type"].as_str()).collect();
    assert_eq!(list, names);
    for command in all {
        assert!(is_for_now(&serde_json::from_value(command.clone()).unwrap()), "{command}");
    }
}

#[test]
fn what_moves_nobody_is_as_good_later() {
    let person = id::<ParticipantId>(1);
    let later = [
        Command::ChatSay { text: "hello".into() },
        Command::SessionConsent { given: true },
        Command::InviteRevoke { invite: id(2) },
        Command::ParticipantUnban { participant: person },
        Command::TakeClose { take: TakeNumber(1), belief: None },
    ];
    assert!(!later.iter().any(is_for_now));
}

#[test]
fn the_commands_id_follows_from_who_asks_in_which_session_under_which_id_and_from_nothing_else() {
    let of = |session: usize, me: usize, given: Value| {
        let asked = Asked { id: given, line: json!({"cmd": "chat.say", "text": "x"}) };
        asked.command_id(id(session), id(me))
    };
    let ids = [(1, 2, json!(7)), (1, 2, json!("7")), (1, 2, json!(8)), (1, 3, json!(7)), (3, 2, json!(7))];
    let made: std::collections::BTreeSet<_> = ids.iter().cloned().map(|(s, me, given)| of(s, me, given)).collect();
    assert_eq!(made.len(), ids.len());
    assert!(made.contains(&of(1, 2, json!(7))), "the same again, however much later");
    let reworded = Asked { id: json!(7), line: json!({"cmd": "take.roll"}) };
    assert_eq!(reworded.command_id(id(1), id(2)), of(1, 2, json!(7)), "the relay is to see that it is another command");
}

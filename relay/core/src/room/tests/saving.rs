//! Nothing is shown before it is durable, and nothing that is not durable has happened.

use super::super::log::MAX_TAIL;
use super::*;

fn answers(frames: &[RelayFrame]) -> Vec<Result<u64, ErrorCode>> {
    let answer = |frame: &RelayFrame| match frame {
        RelayFrame::Ok { seq, .. } => Some(Ok(*seq)),
        RelayFrame::Err { id: Some(_), code, .. } => Some(Err(*code)),
        _ => None,
    };
    frames.iter().filter_map(answer).collect()
}

fn events(frames: &[RelayFrame]) -> Vec<u64> {
    let seq = |frame: &RelayFrame| match frame {
        RelayFrame::Ev(told) => Some(told.recorded.seq),
        _ => None,
    };
    frames.iter().filter_map(seq).collect()
}

/// An engineer and a mentor who have read everything, and a journal that waits to be told.
fn slow() -> (House, LinkId, LinkId) {
    let mut house = House::new();
    let (studio, mentor) = (house.enter(1, Role::Engineer), house.enter(2, Role::Mentor));
    house.pass(FLUSH_EVERY * 2);
    house.inboxes.clear();
    house.others.clear();
    house.prompt = false;
    (house, studio, mentor)
}

#[test]
fn nothing_is_shown_before_it_is_durable() {
    let (mut house, studio, mentor) = slow();
    let before = house.room.state().clone();
    house.command(studio, 1, open(1, StreamKind::Program));
    house.enter(3, Role::Listener);
    house.pass(FLUSH_EVERY * 20);
    assert!(house.inboxes.is_empty() && house.others.is_empty(), "{:?}", house.inboxes);
    assert_eq!(house.room.state(), &before);
    house.answer_all();
    assert_eq!(answers(&house.take(studio)), [Ok(4)]);
    assert_eq!(events(&house.take(mentor)), [4, 5]);
    assert!(house.is_open(1) && house.is_present(3));
    assert!(house.others.iter().any(|output| matches!(output, Output::SetPlan(_))));
}

#[test]
fn commands_are_decided_on_what_is_still_on_its_way() {
    let (mut house, studio, mentor) = slow();
    house.command(studio, 1, open(1, StreamKind::Program));
    house.command(studio, 2, Command::StreamClose { stream: stream(1) });
    assert_eq!(house.queue.iter().map(|batch| batch.first).collect::<Vec<_>>(), [4, 5]);
    house.answer(true);
    assert_eq!(answers(&house.take(studio)), [Ok(4)]);
    assert!(house.is_open(1));
    house.answer(true);
    assert_eq!(answers(&house.take(studio)), [Ok(5)]);
    assert_eq!(events(&house.take(mentor)), [4, 5]);
    assert!(!house.is_open(1));
}

#[test]
fn a_refusal_that_rests_on_what_is_on_its_way_waits_for_it() {
    let (mut house, studio, mentor) = slow();
    house.command(studio, 1, Command::TakeRoll { take: None, slate: None, belief: None });
    house.command(studio, 2, Command::TakeRoll { take: None, slate: None, belief: None });
    assert!(house.inboxes.is_empty());
    house.answer(true);
    assert_eq!(answers(&house.take(studio))[1], Err(ErrorCode::Stale));
    house.take(mentor);
    house.command(studio, 3, Command::TakeStop { take: None, belief: None });
    house.command(studio, 4, Command::TakeStop { take: None, belief: None });
    house.answer(false);
    assert_eq!(answers(&house.take(studio)), [Err(ErrorCode::NotSaved); 2]);
    assert_eq!(house.take(mentor).len(), 0);
}

#[test]
fn what_could_not_be_saved_has_not_happened_and_is_asked_again() {
    let (mut house, studio, mentor) = slow();
    let before = house.room.state().clone();
    house.command(studio, 1, open(1, StreamKind::Program));
    house.command(studio, 2, Command::StreamClose { stream: stream(1) });
    house.answer(false);
    house.command(studio, 3, open(3, StreamKind::Mic));
    assert_eq!(answers(&house.take(studio)), [Err(ErrorCode::NotSaved); 2], "one failed, one meets a torn log");
    house.answer(true);
    assert_eq!(answers(&house.take(studio)), [Err(ErrorCode::NotSaved)], "it did not follow");
    assert_eq!(house.take(mentor).len(), 0);
    assert_eq!(house.room.state(), &before);
    house.prompt = true;
    house.command(studio, 1, open(1, StreamKind::Program));
    assert_eq!(answers(&house.take(studio)), [Ok(4)]);
    assert_eq!(events(&house.take(mentor)), [4]);
}

#[test]
fn a_command_without_a_change_that_is_lost_takes_nothing_with_it() {
    let (mut house, studio, _) = slow();
    house.prompt = true;
    house.command(studio, 1, open(1, StreamKind::Program));
    house.inboxes.clear();
    house.prompt = false;
    house.command(studio, 2, Command::SessionConsent { given: false });
    house.command(studio, 3, Command::StreamClose { stream: stream(1) });
    assert_eq!(house.queue.iter().map(|batch| batch.first).collect::<Vec<_>>(), [5, 5]);
    house.answer(false);
    house.answer(true);
    assert_eq!(answers(&house.take(studio)), [Err(ErrorCode::NotSaved), Ok(5)]);
    assert!(!house.is_open(1));
    house.command(studio, 4, open(1, StreamKind::Program));
    house.answer(true);
    assert_eq!(answers(&house.take(studio)), [Ok(6)]);
}

#[test]
fn a_command_that_is_repeated_on_its_way_is_answered_with_it() {
    let (mut house, studio, _) = slow();
    house.command(studio, 1, open(1, StreamKind::Program));
    house.command(studio, 1, open(1, StreamKind::Program));
    house.command(studio, 1, open(2, StreamKind::Program));
    assert_eq!(house.queue.len(), 1);
    house.answer(true);
    assert_eq!(answers(&house.take(studio)), [Ok(4), Ok(4), Err(ErrorCode::Conflict)]);
}

#[test]
fn somebody_whose_coming_in_is_not_saved_is_not_in_and_may_try_again() {
    let (mut house, _, mentor) = slow();
    let link = house.enter(3, Role::Listener);
    house.answer(false);
    assert!(matches!(&house.take(link)[..], [RelayFrame::Err { code: ErrorCode::NotSaved, .. }]));
    assert_eq!(house.closed, [(link, Closing::NotSaved)]);
    assert_eq!((house.room.present(), house.take(mentor).len()), (2, 0));
    house.prompt = true;
    let link = house.enter(3, Role::Listener);
    assert!(matches!(house.take(link)[0], RelayFrame::Welcome(_)));
}

#[test]
fn a_room_whose_journal_fails_again_and_has_not_answered_all_waits_for_it_and_for_no_time() {
    let (mut house, studio, _) = slow();
    house.command(studio, 1, open(1, StreamKind::Program));
    house.answer(false);
    house.command(studio, 2, open(2, StreamKind::Mic));
    house.command(studio, 3, open(3, StreamKind::Mic));
    house.answer(false);
    house.now = house.now + super::super::saving::RETRY_EVERY * 2;
    house.handle(Input::Deadline);
    assert!(house.room.next_deadline().is_none_or(|at| at > house.now), "it would be woken again and again");
    house.answer(true);
    house.prompt = true;
    house.pass(super::super::saving::RETRY_EVERY * 2);
    house.command(studio, 4, open(4, StreamKind::Mic));
    assert!(house.is_open(4));
}

#[test]
fn a_leaving_that_is_not_saved_is_recorded_later() {
    let (mut house, studio, mentor) = slow();
    house.leave(studio);
    house.answer(false);
    assert!(house.is_present(1));
    house.prompt = true;
    house.pass(super::super::saving::RETRY_EVERY);
    assert!(!house.is_present(1));
    assert_eq!(events(&house.take(mentor)), [4]);
    assert_eq!(house.room.next_deadline(), None);
}

#[test]
fn a_room_is_the_same_after_a_restart_and_remembers_what_was_granted() {
    let mut house = House::new();
    let studio = house.enter(1, Role::Engineer);
    house.command(studio, 1, open(1, StreamKind::Program));
    let (state, place) = (house.room.state().clone(), house.room.place());
    house.restart();
    assert_eq!((house.room.state(), house.room.place()), (&state, place));
    let back = house.come_back(1, None);
    house.command(back, 1, open(1, StreamKind::Program));
    house.command(back, 1, open(2, StreamKind::Program));
    assert_eq!(answers(&house.take(back)), [Ok(3), Err(ErrorCode::Conflict)]);
    assert_eq!(house.room.place(), place);
}

#[test]
fn who_does_not_come_back_after_a_restart_has_left_at_the_end_of_the_grace() {
    let mut house = House::new();
    let studio = house.enter(1, Role::Engineer);
    house.command(studio, 1, open(1, StreamKind::Program));
    house.restart();
    house.pass(GRACE - Duration::from_nanos(1));
    assert!(house.is_present(1) && house.is_open(1) && !house.room.is_empty());
    house.pass(Duration::from_nanos(1));
    assert!(!house.is_present(1) && !house.is_open(1) && house.room.is_empty());
}

#[test]
fn who_comes_back_is_told_what_is_missing_and_nothing_else() {
    let mut house = House::new();
    let (studio, mentor) = (house.enter(1, Role::Engineer), house.enter(2, Role::Mentor));
    let known = house.room.place();
    house.lose(mentor);
    house.command(studio, 1, open(1, StreamKind::Program));
    let end = house.room.place();
    for (known, told) in [(known, vec![4]), (end, vec![])] {
        let back = house.come_back(2, Some(known));
        let frames = house.take(back);
        let RelayFrame::Welcome(welcome) = &frames[0] else { panic!("{frames:?}") };
        assert_eq!((welcome.place(), welcome.state.is_none(), events(&frames)), (known, true, told));
        assert_eq!(welcome.grants, Role::Mentor.grants(), "the session's word counts");
    }
}

#[test]
fn a_place_of_another_chain_or_too_far_back_is_answered_with_the_whole_state() {
    let mut house = House::new();
    let studio = house.enter(1, Role::Owner);
    let early = house.room.place();
    let forked = Place { hash: protocol::chain::ChainHash([7; 32]), ..early };
    let foreign = Place { log: LogId(uuid::Uuid::from_u128(77)), ..early };
    let ahead = Place { seq: early.seq + 1, ..early };
    let whole_state_for = |house: &mut House, known: Place| {
        let back = house.come_back(1, Some(known));
        let frames = house.take(back);
        let RelayFrame::Welcome(welcome) = &frames[0] else { panic!("{frames:?}") };
        let whole = welcome.state.as_deref() == Some(house.room.state()) && welcome.place() == house.room.place();
        (whole, back)
    };
    let mut link = studio;
    for known in [forked, foreign, ahead] {
        let (whole, back) = whole_state_for(&mut house, known);
        assert!(whole);
        link = back;
    }
    let title = |n: usize| Command::SessionOpen { title: format!("Cello {n}") };
    for n in 0..MAX_TAIL {
        house.pass(MS * 100);
        house.command(link, n as u128, title(n));
    }
    let (whole, link) = whole_state_for(&mut house, early);
    assert!(!whole, "the oldest place that is kept");
    house.command(link, 1_000, title(1_000));
    assert!(whole_state_for(&mut house, early).0, "one more is too far back");
}

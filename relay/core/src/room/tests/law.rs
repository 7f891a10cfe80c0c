use super::super::log::{MAX_EVENTS, MAX_GRANTED, RESERVE};
use super::*;
use protocol::wire::COMMAND_BURST;

fn answer(frames: &[RelayFrame]) -> Result<u64, ErrorCode> {
    let answer = frames.iter().find_map(|frame| match frame {
        RelayFrame::Ok { seq, .. } => Some(Ok(*seq)),
        RelayFrame::Err { id: Some(_), code, .. } => Some(Err(*code)),
        _ => None,
    });
    answer.expect("the command is answered")
}

#[test]
fn a_command_is_answered_before_it_is_told_to_everybody() {
    let mut house = House::new();
    let (studio, mentor) = (house.enter(1, Role::Engineer), house.enter(2, Role::Mentor));
    house.take(studio);
    house.take(mentor);
    house.command(studio, 1, open(1, StreamKind::Program));
    let [RelayFrame::Ok { seq, .. }, RelayFrame::Ev(told)] = &house.take(studio)[..] else { panic!("ok, then ev") };
    assert_eq!((told.recorded.seq, told.recorded.by), (*seq, Some(person(1))));
    assert!(matches!(&house.take(mentor)[..], [RelayFrame::Ev(heard)] if heard == told));
}

#[test]
fn a_repeated_command_gets_the_same_answer_and_changes_nothing() {
    let mut house = House::new();
    let studio = house.enter(1, Role::Engineer);
    house.command(studio, 1, open(1, StreamKind::Program));
    let first = answer(&house.take(studio));
    house.command(studio, 2, Command::StreamClose { stream: stream(1) });
    house.take(studio);
    let before = house.room.state().clone();
    house.command(studio, 1, open(1, StreamKind::Program));
    assert_eq!(answer(&house.take(studio)), first);
    assert_eq!(house.room.state(), &before);
}

#[test]
fn the_same_id_with_another_body_is_a_conflict() {
    let mut house = House::new();
    let studio = house.enter(1, Role::Engineer);
    house.command(studio, 1, open(1, StreamKind::Program));
    house.take(studio);
    house.command(studio, 1, open(2, StreamKind::Program));
    assert_eq!(answer(&house.take(studio)), Err(ErrorCode::Conflict));
    assert!(!house.is_open(2));
}

#[test]
fn a_refused_command_may_be_sent_again_under_its_id() {
    let mut house = House::new();
    let studio = house.enter(1, Role::Engineer);
    house.command(studio, 1, Command::StreamClose { stream: stream(1) });
    assert_eq!(answer(&house.take(studio)), Err(ErrorCode::Unknown));
    house.command(studio, 2, open(1, StreamKind::Program));
    house.take(studio);
    house.command(studio, 1, Command::StreamClose { stream: stream(1) });
    assert!(answer(&house.take(studio)).is_ok());
}

#[test]
fn a_burst_of_commands_passes_and_one_more_is_refused() {
    let mut house = House::new();
    let studio = house.enter(1, Role::Engineer);
    for n in 0..u128::from(COMMAND_BURST) {
        house.take(studio);
        house.command(studio, 1 + n, open(1, StreamKind::Program));
        assert!(answer(&house.take(studio)).is_ok(), "command {n}");
    }
    house.command(studio, 99, open(1, StreamKind::Program));
    assert_eq!(answer(&house.take(studio)), Err(ErrorCode::TooMany));
    house.pass(MS * 100);
    house.take(studio);
    house.command(studio, 99, open(1, StreamKind::Program));
    assert!(answer(&house.take(studio)).is_ok());
}

#[test]
fn what_is_saved_is_answered_however_fast_it_is_sent_again() {
    let mut house = House::new();
    let studio = house.enter(1, Role::Engineer);
    let burst = u128::from(COMMAND_BURST);
    let send = |house: &mut House, n| {
        house.take(studio);
        house.command(studio, n, open(1, StreamKind::Program));
        answer(&house.take(studio))
    };
    let first: Vec<_> = (0..burst).map(|n| send(&mut house, n)).collect();
    assert_eq!(send(&mut house, burst), Err(ErrorCode::TooMany), "no new one passes");
    let again: Vec<_> = (0..10 * burst).map(|n| send(&mut house, n % burst)).collect();
    assert!(again.chunks(first.len()).all(|answers| answers == first), "{again:?}");
    let many = (0..5_000).filter(|_| send(&mut house, 1).is_err()).count();
    assert!(many > 0, "repeats have a limit too");
}

#[test]
fn a_full_log_begins_nothing_new_and_lets_everything_end() {
    let mut house = House::new();
    let studio = house.enter(1, Role::Engineer);
    house.command(studio, 1, open(1, StreamKind::Program));
    house.fill(MAX_EVENTS - 1);
    house.take(studio);
    house.command(studio, 2, open(2, StreamKind::Mic));
    assert!(answer(&house.take(studio)).is_ok(), "the last one");
    house.command(studio, 3, open(3, StreamKind::Mic));
    assert_eq!(answer(&house.take(studio)), Err(ErrorCode::TooMany));
    let newcomer = house.enter(2, Role::Mentor);
    let told = house.take(newcomer);
    assert!(matches!(&told[..], [RelayFrame::Err { code: ErrorCode::TooMany, .. }]), "{told:?}");
    assert_eq!(house.closed, [(newcomer, Closing::Refused)]);
    house.command(studio, 4, Command::StreamClose { stream: stream(2) });
    assert!(answer(&house.take(studio)).is_ok());
    house.leave(studio);
    assert!(!house.is_open(1) && !house.is_present(1));
    let back = house.come_back(1, None);
    assert!(matches!(house.take(back)[0], RelayFrame::Welcome(_)), "who has been in comes back, there is much to end");
    house.lose(back);
    house.pass(GRACE);
    assert!(!house.is_present(1));
    house.come_back(1, None);
    assert!(house.is_present(1));
}

#[test]
fn who_has_been_in_comes_back_until_the_log_is_twice_as_long_and_no_further() {
    let mut house = House::new();
    let studio = house.enter(1, Role::Engineer);
    house.leave(studio);
    house.fill(2 * MAX_EVENTS - 1);
    let back = house.come_back(1, None);
    assert!(matches!(house.take(back)[0], RelayFrame::Welcome(_)));
    house.leave(back);
    let back = house.come_back(1, None);
    let told = house.take(back);
    assert!(matches!(&told[..], [RelayFrame::Err { code: ErrorCode::TooMany, .. }]), "{told:?}");
}

#[test]
fn the_end_of_the_log_is_kept_for_who_has_been_in() {
    let mut house = House::new();
    let (studio, mentor) = (house.enter(1, Role::Engineer), house.enter(2, Role::Mentor));
    house.leave(mentor);
    house.fill(MAX_EVENTS - RESERVE - 1);
    let last = house.enter(3, Role::Mentor);
    assert!(matches!(house.take(last)[0], RelayFrame::Welcome(_)), "there is room for one more");
    let newcomer = house.enter(4, Role::Mentor);
    let told = house.take(newcomer);
    assert!(matches!(&told[..], [RelayFrame::Err { code: ErrorCode::TooMany, .. }]), "{told:?}");
    let back = house.come_back(2, None);
    assert!(matches!(house.take(back)[0], RelayFrame::Welcome(_)));
    house.take(studio);
    house.command(studio, 1, open(1, StreamKind::Program));
    assert!(answer(&house.take(studio)).is_ok());
}

#[test]
fn one_person_cannot_fill_the_log() {
    let mut house = House::new();
    let (studio, mentor) = (house.enter(1, Role::Engineer), house.enter(2, Role::Mentor));
    for n in 0..u128::from(MAX_GRANTED) {
        house.inboxes.clear();
        house.command(studio, n, open(1, StreamKind::Program));
        house.pass(MS * 100);
        assert!(answer(&house.take(studio)).is_ok(), "command {n}");
    }
    house.command(studio, 1 << 32, open(2, StreamKind::Mic));
    assert_eq!(answer(&house.take(studio)), Err(ErrorCode::TooMany));
    house.command(studio, 2 << 32, Command::StreamClose { stream: stream(1) });
    assert!(answer(&house.take(studio)).is_ok(), "what has begun may end");
    house.command(studio, 7, open(1, StreamKind::Program));
    assert!(answer(&house.take(studio)).is_ok(), "an old command has its old answer");
    house.take(mentor);
    house.command(mentor, 2 << 32, open(2, StreamKind::Talkback));
    assert!(answer(&house.take(mentor)).is_ok());
}

#[test]
fn a_missing_grant_refuses_the_command() {
    let mut house = House::new();
    let mentor = house.enter(1, Role::Mentor);
    house.command(mentor, 1, open(1, StreamKind::Program));
    assert_eq!(answer(&house.take(mentor)), Err(ErrorCode::Forbidden));
    house.command(mentor, 2, open(1, StreamKind::Talkback));
    assert!(answer(&house.take(mentor)).is_ok());
}

#[test]
fn the_plan_follows_grants_and_puts_program_first() {
    let mut house = House::new();
    let studio = house.enter(1, Role::Engineer);
    house.enter(2, Role::Mentor);
    house.enter(3, Role::Listener);
    house.command(studio, 1, open(1, StreamKind::Mic));
    house.command(studio, 2, open(2, StreamKind::Talkback));
    house.command(studio, 3, open(3, StreamKind::Program));
    let plan = house.others.iter().rev().find_map(|output| match output {
        Output::SetPlan(plan) => Some(plan),
        _ => None,
    });
    let heard = |n: u128| plan.unwrap().listeners[&person(n)].iter().map(|one| one.stream).collect::<Vec<_>>();
    assert_eq!(heard(2), [stream(3), stream(2), stream(1)]);
    assert_eq!(heard(3), [stream(3), stream(1)]);
    assert_eq!(heard(1), []);
}

#[test]
fn going_down_tells_everybody_and_closes_every_link() {
    let mut house = House::new();
    let links = [house.enter(1, Role::Engineer), house.enter(2, Role::Mentor)];
    house.handle(Input::Drain);
    for link in links {
        let last = house.take(link).pop();
        assert!(matches!(last, Some(RelayFrame::Err { code: ErrorCode::Draining, .. })), "{last:?}");
    }
    assert_eq!(house.closed, links.map(|link| (link, Closing::Draining)));
}

#[test]
fn a_second_hello_is_refused_and_the_link_lives() {
    let mut house = House::new();
    let studio = house.enter(1, Role::Engineer);
    house.take(studio);
    let hello = protocol::wire::Hello { v: 1, client: ClientKind::Native, ticket: None, resume: None };
    house.frame(studio, ClientFrame::Hello(hello));
    assert!(matches!(&house.take(studio)[..], [RelayFrame::Err { id: None, code: ErrorCode::Invalid, .. }]));
    assert_eq!(house.closed, []);
}

use super::*;
use protocol::wire::MAX_PARTICIPANTS;

const NANO: Duration = Duration::from_nanos(1);

#[test]
fn a_welcome_is_the_state_with_oneself_in_it() {
    let mut house = House::new();
    let studio = house.enter(1, Role::Engineer);
    let frames = house.take(studio);
    let RelayFrame::Welcome(welcome) = &frames[0] else { panic!("welcome first: {frames:?}") };
    let state = welcome.state.as_deref().expect("a newcomer is told the whole");
    assert_eq!((state, welcome.seq), (house.room.state(), 2));
    assert!(state.participants[&person(1)].present);
    assert_eq!(welcome.resume, "hush");
}

#[test]
fn a_lost_link_counts_as_gone_at_the_end_of_its_grace_and_not_before() {
    let mut house = House::new();
    let studio = house.enter(1, Role::Engineer);
    house.command(studio, 1, open(1, StreamKind::Program));
    house.lose(studio);
    house.pass(GRACE - NANO);
    assert!(house.is_present(1) && house.is_open(1));
    house.pass(NANO);
    assert!(!house.is_present(1) && !house.is_open(1));
    assert_eq!(house.room.next_deadline(), None);
}

#[test]
fn who_comes_back_in_time_was_never_gone() {
    let mut house = House::new();
    let (studio, mentor) = (house.enter(1, Role::Engineer), house.enter(2, Role::Mentor));
    house.lose(studio);
    house.pass(GRACE - NANO);
    house.take(mentor);
    let back = house.enter(1, Role::Engineer);
    house.pass(GRACE * 2);
    assert!(house.is_present(1));
    assert!(matches!(house.take(back)[0], RelayFrame::Welcome(_)));
    assert!(!house.take(mentor).iter().any(|frame| matches!(frame, RelayFrame::Ev(_))));
}

#[test]
fn who_leaves_is_gone_at_once() {
    let mut house = House::new();
    let (studio, mentor) = (house.enter(1, Role::Engineer), house.enter(2, Role::Mentor));
    house.command(studio, 1, open(1, StreamKind::Program));
    house.take(mentor);
    house.leave(studio);
    assert!(!house.is_present(1) && !house.is_open(1));
    let kinds: Vec<_> = house.take(mentor);
    let is_ev =
        |frame: &RelayFrame, wanted: &Event| matches!(frame, RelayFrame::Ev(told) if told.recorded.event == *wanted);
    assert!(is_ev(&kinds[0], &Event::StreamClose { stream: stream(1) }));
    assert!(is_ev(&kinds[1], &Event::ParticipantLeave { participant: person(1) }));
}

#[test]
fn a_second_link_of_the_same_person_replaces_the_first() {
    let mut house = House::new();
    let first = house.enter(1, Role::Engineer);
    let second = house.enter(1, Role::Engineer);
    assert_eq!(house.closed, [(first, Closing::Replaced)]);
    house.lose(first);
    house.pass(GRACE * 2);
    assert!(house.is_present(1));
    house.take(second);
    house.command(first, 1, open(1, StreamKind::Program));
    assert!(!house.is_open(1));
}

#[test]
fn the_hundredth_person_comes_in_and_the_next_one_does_not() {
    let mut house = House::new();
    for n in 0..MAX_PARTICIPANTS as u128 {
        house.enter(n, Role::Listener);
    }
    assert_eq!((house.room.present(), &house.closed[..]), (MAX_PARTICIPANTS, &[][..]));
    let late = house.enter(500, Role::Listener);
    assert_eq!(house.closed, [(late, Closing::Refused)]);
    assert!(matches!(&house.take(late)[..], [RelayFrame::Err { code: ErrorCode::TooMany, .. }]));
    let back = house.enter(7, Role::Listener);
    assert!(matches!(house.take(back)[0], RelayFrame::Welcome(_)));
}

#[test]
fn presence_comes_at_once_and_then_at_most_ten_times_a_second() {
    let mut house = House::new();
    let studio = house.enter(1, Role::Engineer);
    assert_eq!(presence(&house.take(studio)).map(<[_]>::len), Some(1));
    for n in 0..50 {
        house.frame(studio, ClientFrame::Eph(Ephemeral::Talk { on: n % 2 == 0 }));
        house.pass(MS * 10);
    }
    let told = house.take(studio).iter().filter(|frame| matches!(frame, RelayFrame::Pres { .. })).count();
    assert!((4..=5).contains(&told), "{told} in half a second");
}

#[test]
fn talking_is_shown_and_ends_with_the_link() {
    let mut house = House::new();
    let (studio, mentor) = (house.enter(1, Role::Engineer), house.enter(2, Role::Mentor));
    house.frame(mentor, ClientFrame::Eph(Ephemeral::Talk { on: true }));
    house.pass(FLUSH_EVERY);
    let talks = |frames: &[RelayFrame]| presence(frames).map(|people| people[1].talking);
    assert_eq!(talks(&house.take(studio)), Some(true));
    house.lose(mentor);
    house.pass(FLUSH_EVERY);
    assert_eq!(talks(&house.take(studio)), Some(false));
}

#[test]
fn who_may_not_talk_is_told_so() {
    let mut house = House::new();
    let listener = house.enter(1, Role::Listener);
    house.take(listener);
    house.frame(listener, ClientFrame::Eph(Ephemeral::Talk { on: true }));
    assert!(matches!(&house.take(listener)[..], [RelayFrame::Err { code: ErrorCode::Forbidden, .. }]));
}

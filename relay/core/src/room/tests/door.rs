//! The lobby, sending away, and grants that are changed while people are in.

use super::*;
use protocol::session::people::{LobbyWhy, Policy};

/// An owner, and a lobby.
fn with_lobby() -> (House, LinkId) {
    let mut house = House::new();
    let owner = house.enter(1, Role::Owner);
    let policy = Policy { lobby: true, ..Policy::default() };
    house.command(owner, 1, Command::SessionPolicy { policy });
    house.take(owner);
    (house, owner)
}

fn refused(frames: &[RelayFrame]) -> Option<ErrorCode> {
    frames.iter().rev().find_map(|frame| match frame {
        RelayFrame::Err { id: None, code, .. } => Some(*code),
        _ => None,
    })
}

#[test]
fn who_knocks_waits_and_is_welcomed_when_somebody_admits_them() {
    let (mut house, owner) = with_lobby();
    let mentor = house.enter(2, Role::Mentor);
    let RelayFrame::Lobby { title, why } = &house.take(mentor)[0] else { panic!("they wait") };
    assert_eq!((title.as_str(), *why), ("Cello", Some(LobbyWhy::Policy)));
    assert!(!house.is_present(2) && house.room.state().lobby.contains_key(&person(2)));
    house.command(owner, 2, Command::LobbyAdmit { participant: person(2) });
    assert!(matches!(house.take(mentor)[0], RelayFrame::Welcome(_)));
    assert!(house.is_present(2) && house.room.state().lobby.is_empty());
    house.lose(mentor);
    let back = house.come_back(2, None);
    assert!(matches!(house.take(back)[0], RelayFrame::Welcome(_)), "nobody waits twice");
}

#[test]
fn who_is_denied_is_told_so_and_the_link_ends() {
    let (mut house, owner) = with_lobby();
    let mentor = house.enter(2, Role::Mentor);
    house.command(owner, 2, Command::LobbyDeny { participant: person(2) });
    assert_eq!(refused(&house.take(mentor)), Some(ErrorCode::Gone));
    assert_eq!(house.closed, [(mentor, Closing::SentAway)]);
}

#[test]
fn who_goes_while_waiting_does_not_wait_any_more_and_nor_does_anybody_after_a_restart() {
    let (mut house, _) = with_lobby();
    let mentor = house.enter(2, Role::Mentor);
    house.lose(mentor);
    assert!(house.room.state().lobby.is_empty());
    house.enter(3, Role::Mentor);
    assert_eq!(house.room.state().lobby.len(), 1);
    house.restart();
    assert!(house.room.state().lobby.is_empty());
}

#[test]
fn somebody_who_waits_sees_and_does_nothing() {
    let (mut house, owner) = with_lobby();
    let mentor = house.enter(2, Role::Mentor);
    house.take(mentor);
    house.command(mentor, 7, open(7, StreamKind::Talkback));
    house.command(owner, 2, open(1, StreamKind::Program));
    house.pass(FLUSH_EVERY * 2);
    assert_eq!(house.take(mentor), []);
    assert!(!house.is_open(7));
}

#[test]
fn who_is_sent_away_loses_link_peer_and_plan_at_once_and_the_way_back() {
    let mut house = House::new();
    let (owner, mentor) = (house.enter(1, Role::Owner), house.enter(2, Role::Mentor));
    house.command(owner, 1, open(1, StreamKind::Program));
    house.frame(mentor, ClientFrame::Sdp(protocol::wire::Offer { peer: 1, sdp: "v=0".into(), send: Vec::new() }));
    house.handle(Input::Media { participant: person(2), peer: 1, media: MediaInput::Answered(Ok("v=0".into())) });
    house.take(mentor);
    house.others.clear();
    house.command(owner, 2, Command::ParticipantKick { participant: person(2), reason: "noise".into() });
    let told = house.take(mentor);
    assert!(
        matches!(&told[..], [RelayFrame::Ev(_), RelayFrame::Err { code: ErrorCode::Gone, msg, .. }]
            if msg.contains("noise") && msg.contains("; ask its owner")),
        "{told:?}"
    );
    assert_eq!(house.closed, [(mentor, Closing::SentAway)]);
    assert!(house.others.iter().any(|output| matches!(output, Output::ClosePeer { peer: 1, .. })));
    let plan = house.others.iter().rev().find_map(|output| match output {
        Output::SetPlan(plan) => Some(plan),
        _ => None,
    });
    assert!(!plan.expect("a plan").hears(person(2), stream(1)));
    let back = house.come_back(2, None);
    assert_eq!(refused(&house.take(back)), Some(ErrorCode::Gone));
    house.restart();
    let back = house.come_back(2, None);
    assert_eq!(refused(&house.take(back)), Some(ErrorCode::Gone), "the journal remembers it");
}

#[test]
fn who_is_kept_out_knocks_as_a_newcomer_by_the_same_invitation_and_nobody_else_is_held_up() {
    let mut house = House::new();
    let owner = house.enter(1, Role::Owner);
    let eve = house.enter_by(2, Role::Engineer, &[9]);
    house.enter_by(3, Role::Engineer, &[9]);
    house.command(owner, 1, Command::ParticipantBan { participant: person(2), reason: "noise".into() });
    assert!(house.closed.contains(&(eve, Closing::SentAway)));
    house.restart();
    for (n, via) in [(4, &[9][..]), (5, &[10, 9])] {
        let anew = house.enter_by(n, Role::Engineer, via);
        let told = house.take(anew);
        assert!(matches!(told[..], [RelayFrame::Lobby { why: Some(LobbyWhy::Link), .. }]), "{told:?}");
        assert!(!house.is_present(n) && house.room.state().lobby.contains_key(&person(n)));
    }
    let by_another = house.enter_by(6, Role::Engineer, &[11]);
    assert!(matches!(house.take(by_another)[0], RelayFrame::Welcome(_)));
    house.pass(GRACE * 2);
    assert!(!house.is_present(3));
    let back = house.come_back(3, None);
    assert!(matches!(house.take(back)[0], RelayFrame::Welcome(_)), "who has been in is known");
    let invite = house.room.state().participants[&person(3)].invite;
    assert_eq!(invite, Some(InviteId(uuid::Uuid::from_u128(9))), "and known as who came by it");
}

#[test]
fn a_changed_grant_stays_changed_for_who_comes_back() {
    let mut house = House::new();
    let (owner, engineer) = (house.enter(1, Role::Owner), house.enter(2, Role::Engineer));
    let grants = Role::Listener.grants();
    house.command(owner, 1, Command::ParticipantGrant { participant: person(2), grants: grants.clone() });
    house.lose(engineer);
    for gone in [MS, GRACE * 2] {
        house.pass(gone);
        let back = house.come_back(2, None);
        let frames = house.take(back);
        let RelayFrame::Welcome(welcome) = &frames[0] else { panic!("{frames:?}") };
        assert_eq!((&welcome.grants, &house.room.state().participants[&person(2)].grants), (&grants, &grants));
        house.lose(back);
    }
}

#[test]
fn coming_and_going_fills_no_log() {
    let mut house = House::new();
    let studio = house.enter(1, Role::Engineer);
    for _ in 0..1_000 {
        let link = house.enter(2, Role::Listener);
        house.leave(link);
    }
    let told = refused(&house.take(LinkId(house.links)));
    assert_eq!(told, Some(ErrorCode::TooMany));
    assert!(house.log().len() < 200, "{} events", house.log().len());
    house.command(studio, 1, open(1, StreamKind::Program));
    assert!(house.is_open(1), "nobody else is held up");
    house.pass(Duration::from_secs(60));
    let link = house.enter(2, Role::Listener);
    assert!(matches!(house.take(link)[0], RelayFrame::Welcome(_)));
}

#[test]
fn coming_and_going_alone_fills_no_log_although_the_room_ends_each_time() {
    let mut house = House::new();
    for n in 1..300 {
        let link = house.enter(n, Role::Listener);
        house.leave(link);
        house.end_and_begin();
    }
    let newcomer = house.enter(2_000, Role::Listener);
    assert_eq!(refused(&house.take(newcomer)), Some(ErrorCode::TooMany));
    assert!(house.log().len() < 500, "{} events", house.log().len());
    let back = house.come_back(1, None);
    assert!(matches!(house.take(back)[0], RelayFrame::Welcome(_)), "who has been in comes back");
}

#[test]
fn the_whole_state_is_told_so_often_and_what_is_missing_for_ever() {
    let mut house = House::new();
    house.enter(1, Role::Engineer);
    house.enter(2, Role::Listener);
    let place = house.room.place();
    let welcomes = |house: &mut House, known: Option<Place>| {
        let come = |house: &mut House| {
            let back = house.come_back(2, known);
            matches!(house.take(back)[0], RelayFrame::Welcome(_))
        };
        (0..1_000).filter(|_| come(house)).count()
    };
    assert_eq!(welcomes(&mut house, Some(place)), 1_000);
    let whole = welcomes(&mut house, None);
    assert!((10..100).contains(&whole), "{whole} whole welcomes");
    let foreign = Place { log: LogId(uuid::Uuid::from_u128(77)), ..place };
    assert_eq!(welcomes(&mut house, Some(foreign)), 0);
    assert_eq!(welcomes(&mut house, Some(place)), 1_000, "it holds nobody up");
    house.pass(Duration::from_secs(30));
    assert_eq!(welcomes(&mut house, None), 1);
}

#[test]
fn who_is_refused_before_coming_in_leaves_nothing_in_the_log_and_costs_nothing_twice() {
    let (mut house, owner) = with_lobby();
    let before = house.log().len();
    let enter = |house: &mut House, n| {
        let link = house.enter(n, Role::Mentor);
        house.take(link).pop()
    };
    for n in 0..protocol::session::limits::MAX_WAITING as u128 {
        assert!(matches!(enter(&mut house, 10 + n), Some(RelayFrame::Lobby { .. })), "{n}");
    }
    let full = house.log().len();
    assert!(full > before);
    (0..500).for_each(|n| drop(enter(&mut house, 5_000 + n)));
    assert_eq!(house.log().len(), full);
    house.command(owner, 9, Command::LobbyAdmit { participant: person(10) });
    assert!(house.is_present(10), "who was let in was counted when they knocked");
    assert!(matches!(enter(&mut house, 9_000), Some(RelayFrame::Lobby { .. })), "the full lobby counted nobody");
}

#[test]
fn knocking_fills_no_log_and_keeps_no_other_role_out() {
    let (mut house, _) = with_lobby();
    for n in 10..1_010 {
        let link = house.enter(n, Role::Listener);
        house.lose(link);
    }
    assert_eq!(refused(&house.take(LinkId(house.links))), Some(ErrorCode::TooMany));
    assert!(house.log().len() < 500, "{} events", house.log().len());
    let mentor = house.enter(2, Role::Mentor);
    assert!(matches!(house.take(mentor)[0], RelayFrame::Lobby { .. }));
}

#[test]
fn a_noisy_guest_with_one_listeners_link_holds_up_nobody_who_comes_by_another_one() {
    for mut house in [House::new(), with_lobby().0] {
        let mut knocks = |n, via: &[u128]| {
            let link = house.enter_by(n, Role::Listener, via);
            let told = refused(&house.take(link));
            house.leave(link);
            told
        };
        let first = (10..1_010).find_map(|n| knocks(n, &[9]));
        assert_eq!(first, Some(ErrorCode::TooMany));
        assert_eq!(knocks(2_000, &[9]), Some(ErrorCode::TooMany));
        assert_eq!(knocks(2_001, &[8]), None, "another link");
        assert_eq!(knocks(2_002, &[7, 9]), None, "another link, made by the right of the noisy one");
    }
}

#[test]
fn a_wall_clock_that_jumps_by_an_hour_ends_no_more_than_a_lease() {
    let hour_ms = 3_600_000;
    let lease = Duration::from_millis(u64::from(protocol::session::limits::BATON_LEASE_MS));
    let mut house = House::new();
    let owner = house.enter(1, Role::Owner);
    house.command(owner, 1, open(1, StreamKind::Program));
    house.command(owner, 2, Command::BatonTake {});
    let before = house.log().len();
    house.jumped_ms = hour_ms;
    house.handle(Input::Deadline);
    house.pass(GRACE * 2);
    assert_eq!((house.log().len(), house.room.state().baton), (before + 1, None));
    house.command(owner, 3, Command::BatonTake {});
    house.pass(lease - MS);
    assert!(house.room.state().baton.is_some(), "it is lent by the clock as it goes now");

    house.jumped_ms = 0;
    let before = house.log().len();
    house.pass(lease * 2);
    assert_eq!(house.log().len(), before, "it is lent for longer, and nothing else happens");
    house.command(owner, 4, Command::BatonGive { to: None });
    house.command(owner, 5, Command::BatonTake {});
    house.pass(lease);
    assert!(house.room.state().baton.is_none(), "a new lease is as long as ever");
    assert!(house.is_open(1) && house.is_present(1) && house.closed.is_empty());
}

#[test]
fn the_baton_falls_back_when_its_time_is_over() {
    let mut house = House::new();
    let owner = house.enter(1, Role::Owner);
    house.command(owner, 1, Command::BatonTake {});
    let lease = Duration::from_millis(u64::from(protocol::session::limits::BATON_LEASE_MS));
    house.pass(lease - MS);
    assert!(house.room.state().baton.is_some());
    house.pass(MS);
    assert!(house.room.state().baton.is_none());
}

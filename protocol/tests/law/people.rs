//! People: the baton, the lobby, and who is sent away or kept out.

use super::scene::*;
use protocol::command::Command;
use protocol::event::Event;
use protocol::grants::{Grants, Role};
use protocol::ids::{InviteId, ParticipantId};
use protocol::session::people::{BatonWhy, LobbyWhy, Policy};
use protocol::session::{Entry, due};
use protocol::wire::ErrorCode;
use units::WallTime;
use uuid::Uuid;

#[test]
fn the_lease_of_the_baton_runs_out_unless_its_holder_uses_it_and_never_during_a_take() {
    let mut scene = Scene::empty(Role::Producer);
    scene.ask(ME, &Command::BatonTake {}).unwrap();
    let until = scene.state.baton.unwrap().until;
    assert_eq!(due(&scene.state, WallTime(until.0 - 1)), []);
    let back = Event::BatonPass { to: None, why: BatonWhy::Expired, lease_ms: 0 };
    assert_eq!(due(&scene.state, until), [back]);
    scene.ask(ME, &roll()).unwrap();
    assert!(scene.state.baton.unwrap().until > until);
    assert_eq!((scene.state.next_due(), due(&scene.state, WallTime(i64::MAX))), (None, vec![]));
    scene.ask(ME, &stop()).unwrap();
    assert!(scene.state.next_due().is_some());
}

#[test]
fn who_leaves_or_may_not_hold_it_any_more_loses_the_baton() {
    let mut scene = Scene::empty(Role::Producer);
    scene.ask(ME, &Command::BatonTake {}).unwrap();
    scene.record(None, Event::ParticipantLeave { participant: ME });
    assert_eq!(scene.state.baton, None);

    let mut scene = Scene::empty(Role::Owner);
    scene.ask(OTHER, &Command::BatonTake {}).unwrap();
    scene.ask(ME, &Command::ParticipantGrant { participant: OTHER, grants: Role::Artist.grants() }).unwrap();
    assert_eq!(scene.state.baton, None);
}

#[test]
fn newcomers_wait_in_the_lobby_and_who_may_admit_does_not() {
    let mut scene = Scene::empty(Role::Owner);
    let policy = Policy { lobby: true, ..Policy::default() };
    scene.ask(ME, &Command::SessionPolicy { policy }).unwrap();
    let (role, grants) = (Role::Mentor, Role::Mentor.grants());
    assert_eq!(scene.state.entry(WAITS, &grants, &[]), Entry::Wait(LobbyWhy::Policy));
    assert_eq!(scene.state.entry(WAITS, &Role::Producer.grants(), &[]), Entry::Open);
    let (name, invite) = ("Paul".to_owned(), None);
    scene.record(None, Event::LobbyKnock { participant: WAITS, name, role, grants: grants.clone(), invite });
    scene.ask(OTHER, &Command::LobbyAdmit { participant: WAITS }).unwrap();
    assert_eq!(scene.state.entry(WAITS, &grants, &[]), Entry::Open);
    assert_eq!(code(scene.ask(ME, &Command::LobbyAdmit { participant: WAITS })), ErrorCode::Stale);
    scene.ask(OTHER, &Command::ParticipantBan { participant: WAITS, reason: String::new() }).unwrap_err();
}

#[test]
fn who_is_kicked_leaves_with_their_streams_and_does_not_come_back_as_who_they_were() {
    let mut scene = rolling_scene();
    scene.record(
        None,
        Event::ParticipantGrant { participant: ME, grants: Role::Artist.grants(), was: Role::Owner.grants() },
    );
    scene.ask(OTHER, &Command::ParticipantKick { participant: ME, reason: "noise".into() }).unwrap();
    assert!(!scene.state.participants[&ME].present && !scene.state.streams[&MY_MIC].open);
    assert_eq!(scene.state.entry(ME, &Grants::default(), &[]), Entry::SentAway);
    assert_eq!(
        code(scene.ask(OTHER, &Command::ParticipantKick { participant: ME, reason: String::new() })),
        ErrorCode::Stale
    );
    scene.ask(OTHER, &Command::ParticipantBan { participant: ME, reason: String::new() }).unwrap();
    assert_eq!(scene.state.entry(ME, &Grants::default(), &[]), Entry::Banned);
}

#[test]
fn whoever_is_new_and_comes_by_the_way_of_somebody_who_is_kept_out_waits_until_the_ban_is_lifted() {
    let mut scene = Scene::empty(Role::Owner);
    let [theirs, other, made] = [1, 2, 3].map(|n| InviteId(Uuid::from_u128(n)));
    let [eve, ada, new] = [71, 72, 73].map(|n| ParticipantId(Uuid::from_u128(n)));
    let (role, engineer) = (Role::Mentor, Role::Engineer.grants());
    for participant in [eve, ada] {
        let (name, grants, invite) = ("Eve".to_owned(), role.grants(), Some(theirs));
        scene.record(None, Event::ParticipantJoin { participant, name, role, grants, invite });
    }
    scene.ask(ME, &Command::ParticipantKick { participant: eve, reason: String::new() }).unwrap();
    assert_eq!(scene.state.entry(new, &role.grants(), &[theirs]), Entry::Open, "a kick is not for good");
    scene.ask(ME, &Command::ParticipantBan { participant: eve, reason: String::new() }).unwrap();
    assert_eq!(scene.state.entry(new, &role.grants(), &[theirs]), Entry::Wait(LobbyWhy::Link));
    let also = scene.state.entry(new, &engineer, &[theirs]);
    assert_eq!(also, Entry::Wait(LobbyWhy::Link), "also where it lets people admit others");
    let made = scene.state.entry(new, &role.grants(), &[made, theirs]);
    assert_eq!(made, Entry::Wait(LobbyWhy::Link), "made by the right of that one");
    assert_eq!(scene.state.entry(new, &role.grants(), &[other]), Entry::Open, "nobody else is held up");
    assert_eq!(scene.state.entry(new, &role.grants(), &[]), Entry::Open);
    assert_eq!(scene.state.entry(ada, &role.grants(), &[theirs]), Entry::Open, "who has been in comes back");
    let policy = Policy { lobby: true, ..Policy::default() };
    scene.ask(ME, &Command::SessionPolicy { policy }).unwrap();
    let both = scene.state.entry(new, &role.grants(), &[theirs]);
    assert_eq!(both, Entry::Wait(LobbyWhy::Policy), "by another link they would wait too");
    let admits = scene.state.entry(new, &engineer, &[theirs]);
    assert_eq!(admits, Entry::Wait(LobbyWhy::Link), "who may admit others would not");
    scene.ask(ME, &Command::SessionPolicy { policy: Policy::default() }).unwrap();
    scene.ask(ME, &Command::ParticipantUnban { participant: eve }).unwrap();
    assert_eq!(scene.state.entry(new, &role.grants(), &[theirs]), Entry::Open);
}

#[test]
fn what_can_be_done_by_an_invitation_is_what_those_may_who_came_by_it_and_who_is_away_for_good_may_nothing() {
    let mut scene = Scene::empty(Role::Owner);
    let [theirs, other] = [1, 2].map(|n| InviteId(Uuid::from_u128(n)));
    let [ada, eve] = [71, 72].map(|n| ParticipantId(Uuid::from_u128(n)));
    for (participant, role) in [(ada, Role::Mentor), (eve, Role::Producer)] {
        let (name, grants, invite) = ("x".to_owned(), role.grants(), Some(theirs));
        scene.record(participant, Event::ParticipantJoin { participant, name, role, grants, invite });
    }
    let both = || Role::Mentor.grants().0.union(&Role::Producer.grants().0).copied().collect();
    assert_eq!(scene.state.grants_by(theirs), Some(Grants(both())));
    assert_eq!((scene.state.grants_by(other), scene.state.grants_of(eve)), (None, Role::Producer.grants()));
    scene.ask(ME, &Command::ParticipantBan { participant: eve, reason: String::new() }).unwrap();
    assert_eq!(scene.state.grants_by(theirs), Some(Role::Mentor.grants()));
    scene.ask(ME, &Command::ParticipantKick { participant: ada, reason: String::new() }).unwrap();
    assert_eq!([ada, eve, WAITS].map(|who| scene.state.grants_of(who)), [(); 3].map(|()| Grants::default()));
    assert_eq!(
        scene.state.grants_by(theirs),
        Some(Grants::default()),
        "who was sent away may nothing by the bare link"
    );
    let (name, role, invite) = ("x".to_owned(), Role::Mentor, Some(theirs));
    scene.record(None, Event::ParticipantJoin { participant: WAITS, name, role, grants: role.grants(), invite });
    assert_eq!(scene.state.grants_by(theirs), Some(role.grants()), "unless they come back by it as somebody new");
    scene.ask(ME, &Command::ParticipantBan { participant: WAITS, reason: String::new() }).unwrap();
    assert_eq!(scene.state.grants_by(theirs), Some(Grants::default()));
}

#[test]
fn while_somebody_is_kept_out_who_only_knocked_every_newcomer_waits() {
    let mut scene = Scene::empty(Role::Owner);
    let (name, role, invite) = ("Eve".to_owned(), Role::Mentor, Some(InviteId(Uuid::from_u128(1))));
    scene.record(None, Event::LobbyKnock { participant: WAITS, name, role, grants: role.grants(), invite });
    scene.ask(ME, &Command::ParticipantBan { participant: WAITS, reason: String::new() }).unwrap();
    let new = ParticipantId(Uuid::from_u128(73));
    assert_eq!(scene.state.entry(new, &role.grants(), &[]), Entry::Wait(LobbyWhy::Policy));
    assert_eq!(scene.state.entry(new, &Role::Engineer.grants(), &[]), Entry::Open);
    scene.ask(ME, &Command::ParticipantUnban { participant: WAITS }).unwrap();
    assert_eq!(scene.state.entry(new, &role.grants(), &[]), Entry::Open);
}

#[test]
fn an_engineer_sends_no_owner_away_and_the_last_owner_stays_one() {
    let mut scene = Scene::empty(Role::Owner);
    let kick = Command::ParticipantKick { participant: ME, reason: String::new() };
    assert_eq!(code(scene.ask(OTHER, &kick)), ErrorCode::Forbidden);
    assert_eq!(code(scene.ask(ME, &kick)), ErrorCode::Invalid);
    let less = Command::ParticipantGrant { participant: ME, grants: Role::Artist.grants() };
    assert_eq!(code(scene.ask(ME, &less)), ErrorCode::Invalid);
}

#[test]
fn an_owner_who_was_sent_away_or_is_kept_out_is_not_the_one_who_stays() {
    let less = Command::ParticipantGrant { participant: ME, grants: Role::Artist.grants() };
    let (participant, reason) = (OTHER, String::new());
    for away in [
        Command::ParticipantKick { participant, reason: reason.clone() },
        Command::ParticipantBan { participant, reason },
    ] {
        let mut scene = Scene::empty(Role::Owner);
        let grants = Role::Owner.grants();
        scene.record(None, Event::ParticipantGrant { participant, grants, was: Grants::default() });
        scene.ask(ME, &away).unwrap();
        assert_eq!(code(scene.ask(ME, &less)), ErrorCode::Invalid, "{away:?}");
        scene.ask(ME, &Command::ParticipantUnban { participant }).unwrap();
        assert_eq!(scene.ask(ME, &less).is_ok(), matches!(away, Command::ParticipantBan { .. }), "{away:?}");
    }
}

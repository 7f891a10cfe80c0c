//! Invitations: what the store has is in the log, and what the log revokes lets nobody in.

use super::*;
use protocol::ids::InviteId;

const LINK: InviteId = InviteId(uuid::Uuid::from_u128(0x1000));

fn known(revoked: bool) -> KnownInvite {
    KnownInvite { invite: LINK, role: Role::Mentor, once: false, revoked }
}

fn revokes(house: &House) -> usize {
    house.others.iter().filter(|output| matches!(output, Output::RevokeInvite(LINK))).count()
}

fn told(house: &House) -> Vec<Event> {
    let about = |event: &Event| matches!(event, Event::InviteMake { .. } | Event::InviteRevoke { .. });
    house.log().into_iter().map(|recorded| recorded.event).filter(about).collect()
}

fn made() -> Event {
    Event::InviteMake { invite: LINK, role: Role::Mentor, once: false }
}

#[test]
fn a_link_is_told_in_the_log_once_however_often_the_store_tells_of_it() {
    let mut house = House::new();
    house.handle(Input::Invites(vec![known(false)]));
    house.handle(Input::Invites(vec![known(false)]));
    house.restart();
    house.handle(Input::Invites(vec![known(false)]));
    assert_eq!((told(&house), revokes(&house)), (vec![made()], 0));
    house.handle(Input::Invites(vec![known(true)]));
    assert_eq!((told(&house), revokes(&house)), (vec![made(), Event::InviteRevoke { invite: LINK }], 0));
}

#[test]
fn what_is_revoked_in_the_session_is_revoked_in_the_store_once_that_is_durable() {
    let mut house = House::new();
    house.handle(Input::Invites(vec![known(false)]));
    let owner = house.enter(1, Role::Owner);
    house.prompt = false;
    house.command(owner, 1, Command::InviteRevoke { invite: LINK });
    assert_eq!(revokes(&house), 0);
    house.answer_all();
    assert_eq!(revokes(&house), 1);
    house.prompt = true;
    house.restart();
    house.handle(Input::Invites(vec![known(false)]));
    assert_eq!(revokes(&house), 1, "the relay died before the store knew");
    house.handle(Input::Invites(vec![known(true)]));
    assert_eq!((revokes(&house), told(&house).len()), (1, 2));
}

#[test]
fn a_link_that_could_not_be_told_is_told_later() {
    let mut house = House::new();
    house.prompt = false;
    house.handle(Input::Invites(vec![known(true)]));
    house.answer(false);
    assert_eq!(told(&house), []);
    house.prompt = true;
    house.pass(Duration::from_secs(2));
    assert_eq!(told(&house), [made(), Event::InviteRevoke { invite: LINK }]);
}

#[test]
fn an_invitation_without_a_link_is_not_made_and_one_that_has_it_is_so_already() {
    let mut house = House::new();
    let owner = house.enter(1, Role::Owner);
    let make = |house: &mut House, n, role| {
        house.take(owner);
        house.command(owner, n, Command::InviteMake { invite: LINK, role, once: false });
        match house.take(owner).into_iter().find(|frame| !matches!(frame, RelayFrame::Pres { .. })) {
            Some(RelayFrame::Err { code, msg, .. }) => Err((code, msg)),
            _ => Ok(()),
        }
    };
    let (code, msg) = make(&mut house, 1, Role::Mentor).unwrap_err();
    assert_eq!((code, msg.contains("make the link first")), (ErrorCode::Unknown, true), "{msg}");
    assert_eq!(told(&house), []);
    house.handle(Input::Invites(vec![known(false)]));
    assert_eq!(make(&mut house, 2, Role::Mentor), Ok(()));
    assert_eq!(make(&mut house, 3, Role::Listener).unwrap_err().0, ErrorCode::Conflict);
    assert_eq!(told(&house), [made()]);
}

#[test]
fn a_link_that_the_log_does_not_tell_yet_can_be_told_by_command_as_it_is() {
    let mut house = House::new();
    let owner = house.enter(1, Role::Owner);
    house.prompt = false;
    house.handle(Input::Invites(vec![known(false)]));
    house.answer(false);
    house.prompt = true;
    house.command(owner, 1, Command::InviteMake { invite: LINK, role: Role::Listener, once: false });
    house.command(owner, 2, Command::InviteMake { invite: LINK, role: Role::Mentor, once: false });
    assert_eq!(told(&house), [made()]);
    house.pass(Duration::from_secs(2));
    assert_eq!(told(&house), [made()], "and not once more by itself");
}

use crate::house::*;
use protocol::api::{InviteMade, Redeemed, SessionMade};
use protocol::command::Command;
use protocol::event::Event;
use protocol::grants::Role;
use protocol::ids::InviteId;
use protocol::link::InviteLink;
use protocol::session::people::Invitation;
use protocol::wire::RelayFrame;
use serde_json::json;
use std::collections::BTreeMap;
use uuid::Uuid;

fn authority(link: &str) -> serde_json::Value {
    let link: InviteLink = link.parse().unwrap();
    json!({ "invite": link.invite, "secret": link.secret })
}

async fn invite(house: &House, by: &str, role: Role, once: bool) -> Answer {
    post(house.addr(), "/api/v1/invites", &json!({ "by": authority(by), "role": role, "once": once })).await
}

async fn revoke(house: &House, by: &str, link: &str) -> Answer {
    let link: InviteLink = link.parse().unwrap();
    post(house.addr(), &format!("/api/v1/invites/{}/revoke", link.invite), &json!({ "by": authority(by) })).await
}

#[tokio::test]
async fn the_owners_key_makes_a_session_with_a_link_for_every_role() {
    let house = House::start().await;
    let made = house.session().await;
    assert_eq!(made.links.keys().copied().collect::<Vec<_>>(), Role::ALL);
    for (role, link) in &made.links {
        assert!(link.starts_with(&house.running.http_url()), "{link}");
        let opened: Redeemed = redeem(house.addr(), link, "Ada").await.read();
        assert_eq!((opened.session, opened.role, opened.title.as_str()), (made.session, *role, "Cello"));
    }
}

/// The invitations that somebody who comes in is told of.
async fn told(house: &House, made: &SessionMade) -> BTreeMap<InviteId, Invitation> {
    house.join(made, Role::Owner, "Olga").await.welcome().state.as_ref().unwrap().invites.clone()
}

fn id(link: &str) -> InviteId {
    link.parse::<InviteLink>().unwrap().invite
}

#[tokio::test]
async fn a_session_tells_of_every_link_that_lets_people_in() {
    let house = House::start().await;
    let made = house.session().await;
    let owner = &made.links[&Role::Owner];
    let known = told(&house, &made).await;
    assert_eq!(known.len(), Role::ALL.len());
    assert!(made.links.iter().all(|(role, link)| known[&id(link)].role == *role && !known[&id(link)].revoked));
    // While somebody is in, the news comes at once.
    let mut inside = house.join(&made, Role::Owner, "Olga").await;
    let once: InviteMade = invite(&house, owner, Role::Mentor, true).await.read();
    let new = inside.find(|frame| is_event(frame, |event| matches!(event, Event::InviteMake { .. }))).await;
    assert!(is_event(
        &new,
        |event| matches!(event, Event::InviteMake { invite, once: true, .. } if *invite == id(&once.link))
    ));
    assert_eq!(revoke(&house, owner, &once.link).await.status, 204);
    inside.find(|frame| is_event(frame, |event| matches!(event, Event::InviteRevoke { .. }))).await;
    assert!(told(&house, &made).await[&id(&once.link)].revoked);
}

#[tokio::test]
async fn a_link_that_is_revoked_in_the_session_lets_nobody_in() {
    let house = House::start().await;
    let made = house.session().await;
    let mut owner = house.join(&made, Role::Owner, "Olga").await;
    let mentor = &made.links[&Role::Mentor];
    assert_eq!(redeem(house.addr(), mentor, "Ada").await.status, 200);
    saved(&owner.command(Command::InviteRevoke { invite: id(mentor) }).await);
    let answer = redeem(house.addr(), mentor, "Ada").await;
    assert_eq!((answer.status, answer.error().0.as_str()), (410, "gone"));
    assert_eq!(redeem(house.addr(), &made.links[&Role::Listener], "Ada").await.status, 200);
}

fn is_event(frame: &RelayFrame, wanted: impl Fn(&Event) -> bool) -> bool {
    matches!(frame, RelayFrame::Ev(told) if wanted(&told.recorded.event))
}

#[tokio::test]
async fn links_are_made_for_the_public_url() {
    let house = House::start_with(|config| config.public_url = Some("https://studio.example".into())).await;
    let made = house.session().await;
    assert!(made.links[&Role::Mentor].starts_with("https://studio.example/i/"));
}

#[tokio::test]
async fn without_the_owners_key_nobody_makes_a_session() {
    let house = House::start().await;
    let body = json!({ "title": "Cello" });
    for headers in [&[][..], &[("authorization", "Bearer wrong")], &[("authorization", "Basic d3Jvbmc=")]] {
        let answer = post_as(house.addr(), "/api/v1/sessions", headers, &body).await;
        assert_eq!((answer.status, answer.error().0.as_str()), (401, "unauthorized"));
    }
}

#[tokio::test]
async fn a_wrong_or_unknown_link_is_told_apart() {
    let house = House::start().await;
    let made = house.session().await;
    let mut link: InviteLink = made.links[&Role::Mentor].parse().unwrap();
    link.secret = "A".repeat(22);
    let answer = redeem(house.addr(), &link.to_string(), "Ada").await;
    assert_eq!((answer.status, answer.error().0.as_str()), (401, "unauthorized"));
    link.invite = protocol::ids::InviteId(Uuid::new_v4());
    let answer = redeem(house.addr(), &link.to_string(), "Ada").await;
    assert_eq!((answer.status, answer.error().0.as_str()), (404, "unknown"));
    let body = json!({ "secret": link.secret, "name": "Ada" });
    assert_eq!(post(house.addr(), "/api/v1/invites/nonsense/redeem", &body).await.status, 404);
}

#[tokio::test]
async fn a_link_for_one_use_is_used_up_by_it() {
    let house = House::start().await;
    let made = house.session().await;
    let once: InviteMade = invite(&house, &made.links[&Role::Engineer], Role::Listener, true).await.read();
    assert_eq!(redeem(house.addr(), &once.link, "Ada").await.status, 200);
    let answer = redeem(house.addr(), &once.link, "Ada").await;
    assert_eq!((answer.status, answer.error().0.as_str()), (410, "gone"));
    assert!(answer.error().1.contains("used up"));
}

#[tokio::test]
async fn a_revoked_link_lets_nobody_in_and_throws_nobody_out() {
    let house = House::start().await;
    let made = house.session().await;
    let mentor = &made.links[&Role::Mentor];
    let mut inside = house.join(&made, Role::Mentor, "Ada").await;
    for _ in 0..2 {
        assert_eq!(revoke(&house, &made.links[&Role::Engineer], mentor).await.status, 204);
    }
    let answer = redeem(house.addr(), mentor, "Eve").await;
    assert_eq!((answer.status, answer.error().0.as_str()), (410, "gone"));
    assert!(answer.error().1.contains("revoked"));
    inside.is_alive().await;
}

#[tokio::test]
async fn a_link_that_may_not_invite_is_no_authority() {
    let house = House::start().await;
    let made = house.session().await;
    let answer = invite(&house, &made.links[&Role::Mentor], Role::Listener, false).await;
    assert_eq!((answer.status, answer.error().0.as_str()), (403, "forbidden"));
    let answer = invite(&house, &made.links[&Role::Engineer], Role::Owner, false).await;
    assert_eq!((answer.status, answer.error().0.as_str()), (403, "forbidden"));
    let answer = revoke(&house, &made.links[&Role::Listener], &made.links[&Role::Owner]).await;
    assert_eq!((answer.status, answer.error().0.as_str()), (403, "forbidden"));
}

#[tokio::test]
async fn a_body_that_cannot_be_read_is_told_what_is_wrong_with_it() {
    let house = House::start().await;
    let made = house.session().await;
    let link: InviteLink = made.links[&Role::Mentor].parse().unwrap();
    let path = format!("/api/v1/invites/{}/redeem", link.invite);
    let typo = json!({ "secret": link.secret, "name": "Ada", "nmae": "Eve" }).to_string();
    let long = json!({ "secret": link.secret, "name": "A".repeat(81) }).to_string();
    let empty = json!({ "secret": link.secret, "name": " " }).to_string();
    for (body, hint) in [(typo, "nmae"), ("{".into(), "JSON"), (long, "80"), (empty, "80"), ("{}".into(), "secret")] {
        let answer = request(house.addr(), "POST", &path, &[], &body).await;
        let (code, msg) = answer.error();
        assert_eq!((answer.status, code.as_str()), (400, "invalid"), "{msg}");
        assert!(msg.contains(hint) && !msg.contains(&link.secret), "{msg}");
    }
}

#[tokio::test]
async fn a_body_at_the_cap_is_read_and_one_over_it_is_not() {
    let house = House::start().await;
    let path = format!("/api/v1/invites/{}/redeem", Uuid::new_v4());
    let body = |len: usize| {
        let text = json!({ "secret": "s", "name": "Ada" }).to_string();
        format!("{text}{}", " ".repeat(len - text.len()))
    };
    let limit = relay::http::MAX_BODY_BYTES;
    assert_eq!(request(house.addr(), "POST", &path, &[], &body(limit)).await.status, 404);
    let answer = request(house.addr(), "POST", &path, &[], &body(limit + 1)).await;
    assert_eq!((answer.status, answer.error().0.as_str()), (413, "too_large"));
}

#[tokio::test]
async fn an_unknown_call_is_answered_in_the_same_form() {
    let house = House::start().await;
    assert_eq!(get(house.addr(), "/api/v1/nothing").await.error().0, "unknown");
    assert_eq!(get(house.addr(), "/api/v1/sessions").await.error().0, "invalid");
}

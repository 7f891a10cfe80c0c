//! Links are made and revoked by what the session lets people do now.

use crate::house::*;
use protocol::api::{InviteMade, SessionMade};
use protocol::command::Command;
use protocol::grants::{Grant, Grants, Role};
use protocol::ids::{InviteId, ParticipantId};
use protocol::link::InviteLink;
use protocol::wire::{ErrorCode, RelayFrame, Welcome};
use serde_json::json;
use uuid::Uuid;

/// Somebody who asks: by a link, and as who they are where they say so.
struct Asker<'a> {
    house: &'a House,
    link: &'a str,
    own: Option<String>,
}

impl<'a> Asker<'a> {
    fn outside(house: &'a House, link: &'a str) -> Asker<'a> {
        Asker { house, link, own: None }
    }

    fn inside(house: &'a House, link: &'a str, Welcome { participant, resume, .. }: &Welcome) -> Asker<'a> {
        Asker { house, link, own: Some(format!("Bearer {participant}.{resume}")) }
    }

    async fn ask(&self, path: &str, mut body: serde_json::Value) -> Answer {
        let InviteLink { invite, secret, .. } = self.link.parse().unwrap();
        body["by"] = json!({ "invite": invite, "secret": secret });
        let headers: Vec<_> = self.own.iter().map(|own| ("authorization", own.as_str())).collect();
        post_as(self.house.addr(), path, &headers, &body).await
    }

    async fn make(&self, role: Role) -> Answer {
        self.ask("/api/v1/invites", json!({ "role": role, "once": false })).await
    }

    async fn revoke(&self, link: &str) -> Answer {
        let link: InviteLink = link.parse().unwrap();
        self.ask(&format!("/api/v1/invites/{}/revoke", link.invite), json!({})).await
    }
}

fn assert_refused(answer: &Answer, hint: &str) {
    let (code, msg) = answer.error();
    assert_eq!((answer.status, code.as_str()), (403, "forbidden"), "{msg}");
    assert!(msg.contains(hint), "{msg}");
}

async fn granted(owner: &mut Link, participant: ParticipantId, grants: Grants) {
    done(owner, Command::ParticipantGrant { participant, grants }).await;
}

async fn done(owner: &mut Link, command: Command) {
    let answer = owner.command(command).await;
    assert!(matches!(answer, RelayFrame::Ok { .. }), "{answer:?}");
}

fn ban(participant: ParticipantId) -> Command {
    Command::ParticipantBan { participant, reason: "noise".into() }
}

/// A session with its owner and an engineer in it.
async fn studio(house: &House) -> (SessionMade, Link, Link) {
    let made = house.session().await;
    let owner = house.join(&made, Role::Owner, "Olga").await;
    let engineer = house.join(&made, Role::Engineer, "Nina").await;
    (made, owner, engineer)
}

#[tokio::test]
async fn who_may_invite_no_more_makes_revokes_and_notes_no_link() {
    let house = House::start().await;
    let (made, mut owner, mut engineer) = studio(&house).await;
    let (link, spare) = (&made.links[&Role::Engineer], &made.links[&Role::Listener]);
    let (me, before) = (engineer.welcome().participant, engineer.welcome().grants.clone());
    let (inside, outside) = (Asker::inside(&house, link, engineer.welcome()), Asker::outside(&house, link));
    assert_eq!((inside.make(Role::Artist).await.status, outside.make(Role::Artist).await.status), (200, 200));

    granted(&mut owner, me, Role::Artist.grants()).await;
    assert_refused(&inside.make(Role::Listener).await, "you may not make");
    assert_refused(&inside.revoke(spare).await, "you may not make");
    // Nobody else came by the link that could be asking.
    assert_refused(&outside.make(Role::Listener).await, "nobody who came in by this invitation");
    assert_refused(&outside.revoke(spare).await, "nobody who came in by this invitation");
    let (invite, role) = (InviteId(Uuid::new_v4()), Role::Listener);
    let noted = engineer.command(Command::InviteMake { invite, role, once: false }).await;
    assert!(matches!(noted, RelayFrame::Err { code: ErrorCode::Forbidden, .. }), "{noted:?}");
    assert_eq!(redeem(house.addr(), spare, "Ada").await.status, 200, "it is not revoked");
    let theirs = Asker::inside(&house, &made.links[&Role::Owner], owner.welcome());
    assert_eq!(theirs.make(Role::Owner).await.status, 200, "nobody else is held up");

    granted(&mut owner, me, before).await;
    assert_eq!((inside.make(Role::Artist).await.status, outside.revoke(spare).await.status), (200, 204));
}

#[tokio::test]
async fn who_may_invite_by_now_makes_links_although_they_came_by_one_for_less() {
    let house = House::start().await;
    let (made, mut owner, _engineer) = studio(&house).await;
    let by = Asker::inside(&house, &made.links[&Role::Owner], owner.welcome());
    let once = by.ask("/api/v1/invites", json!({ "role": Role::Mentor, "once": true })).await.read::<InviteMade>().link;
    let ada = join(house.addr(), &once, "Ada").await;
    let asker = Asker::inside(&house, &once, ada.welcome());
    assert_refused(&asker.make(Role::Listener).await, "you may not make");
    let mut grants = ada.welcome().grants.clone();
    grants.0.insert(Grant::Invite);
    granted(&mut owner, ada.welcome().participant, grants).await;
    assert_eq!(asker.make(Role::Listener).await.status, 200);
    assert_refused(&asker.make(Role::Owner).await, "you may not make");
    assert_eq!(Asker::outside(&house, &once).make(Role::Listener).await.status, 410, "from outside it is used up");
}

#[tokio::test]
async fn a_link_alone_is_good_until_everybody_who_came_by_it_is_kept_out() {
    let house = House::start().await;
    let (made, mut owner, nina) = studio(&house).await;
    let link = &made.links[&Role::Engineer];
    let outside = Asker::outside(&house, link);
    let other = join(house.addr(), link, "Finn").await;
    let [nina_id, finn_id] = [&nina, &other].map(|link| link.welcome().participant);
    let nina = Asker::inside(&house, link, nina.welcome());
    done(&mut owner, ban(nina_id)).await;
    assert_refused(&nina.make(Role::Listener).await, "you may not make");
    assert_eq!(outside.make(Role::Listener).await.status, 200, "the other one may");
    done(&mut owner, ban(finn_id)).await;
    assert_refused(&outside.make(Role::Listener).await, "nobody who came in by this invitation");
    let producer = Asker::outside(&house, &made.links[&Role::Producer]);
    assert_eq!(producer.make(Role::Listener).await.status, 200, "nobody came by that one");
    done(&mut owner, Command::ParticipantUnban { participant: finn_id }).await;
    assert_eq!(outside.make(Role::Listener).await.status, 200, "until a ban is lifted");
}

#[tokio::test]
async fn a_session_that_nobody_is_in_says_from_its_journal_who_may_invite() {
    let house = House::start().await;
    let (made, mut owner, engineer) = studio(&house).await;
    let link = &made.links[&Role::Engineer];
    let inside = Asker::inside(&house, link, engineer.welcome());
    granted(&mut owner, engineer.welcome().participant, Role::Artist.grants()).await;
    let welcome = engineer.welcome().clone();
    engineer.close(1000).await;
    owner.close(1000).await;
    assert_refused(&inside.make(Role::Listener).await, "you may not make");
    assert_refused(&Asker::outside(&house, link).make(Role::Listener).await, "nobody who came in");
    assert_eq!(Asker::outside(&house, &made.links[&Role::Owner]).make(Role::Listener).await.status, 200);
    let other = house.session().await;
    let elsewhere = Asker::inside(&house, &other.links[&Role::Owner], &welcome).make(Role::Listener).await;
    assert_eq!((elsewhere.status, elsewhere.error().0.as_str()), (401, "unauthorized"));
}

#[tokio::test]
async fn whoever_says_who_they_are_has_to_show_it() {
    let house = House::start().await;
    let (made, owner, _engineer) = studio(&house).await;
    let link = &made.links[&Role::Owner];
    let welcome = owner.welcome();
    let forged = Welcome { resume: "A".repeat(22), ..welcome.clone() };
    let ticket = ticket(house.addr(), link).await;
    let good = Asker::inside(&house, link, welcome);
    for own in [format!("Bearer {ticket}"), "Bearer".into(), Asker::inside(&house, link, &forged).own.unwrap()] {
        let answer = Asker { own: Some(own), ..Asker::outside(&house, link) }.make(Role::Listener).await;
        assert_eq!((answer.status, answer.error().0.as_str()), (401, "unauthorized"));
    }
    assert_eq!(good.make(Role::Listener).await.status, 200);
}

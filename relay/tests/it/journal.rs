//! What the relay has said is saved is there after every end of it, and whoever comes back is told what is missing.

use crate::house::*;
use crate::process::{program, start};
use protocol::api::InviteMade;
use protocol::command::Command;
use protocol::grants::Role;
use protocol::ids::CommandId;
use protocol::link::InviteLink;
use protocol::stream::StreamKind;
use protocol::wire::{ErrorCode, RelayFrame, close};
use serde_json::json;
use uuid::Uuid;

#[tokio::test]
async fn a_session_goes_on_where_it_was_after_its_relay_was_killed() {
    let data = tempfile::tempdir().unwrap();
    let relay = start(&mut program(data.path()));
    let made = new_session(relay.http(), data.path()).await;
    let mut studio = join(relay.http(), &made.links[&Role::Engineer], "Studio").await;
    let mut mentor = join(relay.http(), &made.links[&Role::Mentor], "Ada").await;
    let mut folded = Folded::new(&mentor);
    let early = folded.place;
    let (id, asked) = (CommandId(Uuid::now_v7()), open(stream(1), StreamKind::Program));
    let opened = saved(&studio.command_as(id, asked.clone()).await);
    let last = saved(&studio.command(Command::TakeArm { slate: "verse".into() }).await);
    folded.read_to(&mut mentor, last).await;
    let (studio_was, mentor_was) = (studio.welcome().clone(), mentor.welcome().clone());
    relay.end(libc::SIGKILL);

    let relay = start(&mut program(data.path()));
    let mut mentor = Link::enter(relay.http(), &resume_from(&mentor_was, early)).await;
    let back = mentor.welcome();
    assert_eq!((back.participant, back.place(), back.state.as_ref()), (mentor_was.participant, early, None));
    let mut again = Folded { place: early, state: *mentor_was.state.clone().unwrap() };
    again.read_to(&mut mentor, last).await;
    assert_eq!((&again.state, again.place), (&folded.state, folded.place), "the tail is all that was missing");

    let mut studio = Link::enter(relay.http(), &resume_from(&studio_was, folded.place)).await;
    assert_eq!((studio.welcome().state.as_ref(), studio.welcome().place()), (None, folded.place));
    assert_eq!(saved(&studio.command_as(id, asked).await), opened, "the same command has the same answer");
    let roll = Command::TakeRoll { take: None, slate: None, belief: None };
    assert_eq!(saved(&studio.command(roll).await), last + 1, "and the log goes on without a gap");
    let late = join(relay.http(), &made.links[&Role::Listener], "Late").await;
    again.read_to(&mut mentor, late.welcome().seq).await;
    assert_eq!(Folded::new(&late).state, again.state);
    relay.end(libc::SIGTERM);
}

#[tokio::test]
async fn a_relay_that_goes_down_saves_what_it_was_asked() {
    let data = tempfile::tempdir().unwrap();
    let relay = start(&mut program(data.path()));
    let made = new_session(relay.http(), data.path()).await;
    let mut studio = join(relay.http(), &made.links[&Role::Engineer], "Studio").await;
    let was = studio.welcome().clone();
    let mut acknowledged = 0;
    for n in 0..20 {
        acknowledged = saved(&studio.command(open(stream(n % 4), StreamKind::Mic)).await);
    }
    let (status, _, _) = relay.end(libc::SIGTERM);
    assert!(status.success());
    let (last, frame) = studio.until_closed().await;
    assert!(matches!(last, Some(RelayFrame::Err { code: ErrorCode::Draining, .. })), "{last:?}");
    assert_eq!(u16::from(frame.code), close::DRAINING);
    let relay = start(&mut program(data.path()));
    let back = Link::enter(relay.http(), &resume(&was)).await;
    assert_eq!((back.welcome().log, back.welcome().seq), (was.log, acknowledged));
    relay.end(libc::SIGKILL);
}

#[tokio::test]
async fn who_is_sent_away_is_out_at_once_and_does_not_come_back_as_who_they_were() {
    let house = House::start().await;
    let made = house.session().await;
    let mut owner = house.join(&made, Role::Owner, "Olga").await;
    let mut mentor = house.join(&made, Role::Mentor, "Ada").await;
    let participant = mentor.welcome().participant;
    saved(&owner.command(Command::ParticipantKick { participant, reason: "noise".into() }).await);
    let (last, frame) = mentor.until_closed().await;
    assert_eq!(u16::from(frame.code), close::SENT_AWAY);
    assert!(matches!(last, Some(RelayFrame::Err { code: ErrorCode::Gone, msg, .. }) if msg.contains("noise")));
    let mut back = Link::open(house.addr()).await;
    back.send(&protocol::wire::ClientFrame::Hello(resume(mentor.welcome()))).await;
    let (last, frame) = back.until_closed().await;
    assert!(matches!(last, Some(RelayFrame::Err { code: ErrorCode::Gone, .. })), "{last:?}");
    assert_eq!(u16::from(frame.code), close::REFUSED);
    let anew = house.join(&made, Role::Mentor, "Ada").await;
    assert_ne!(anew.welcome().participant, participant);
}

/// What the relay says first to whoever comes by a link.
async fn knock(house: &House, link: &str) -> RelayFrame {
    let mut socket = Link::open(house.addr()).await;
    let hello = hello(&ticket(house.addr(), link).await);
    socket.send(&protocol::wire::ClientFrame::Hello(hello)).await;
    socket.next().await
}

#[tokio::test]
async fn who_is_kept_out_gets_past_the_lobby_by_no_link_of_theirs_and_reads_nothing_from_outside() {
    let house = House::start().await;
    let made = house.session().await;
    let engineer = &made.links[&Role::Engineer];
    let by: InviteLink = engineer.parse().unwrap();
    let body = json!({ "by": { "invite": by.invite, "secret": by.secret }, "role": "listener", "once": false });
    let spare: InviteMade = post(house.addr(), "/api/v1/invites", &body).await.read();
    let mut owner = house.join(&made, Role::Owner, "Olga").await;
    let mut eve = house.join(&made, Role::Engineer, "Eve").await;
    let participant = eve.welcome().participant;
    saved(&owner.command(Command::ParticipantBan { participant, reason: "noise".into() }).await);
    assert_eq!(u16::from(eve.until_closed().await.1.code), close::SENT_AWAY);
    for link in [engineer, &spare.link] {
        assert!(matches!(knock(&house, link).await, RelayFrame::Lobby { .. }), "{link}");
    }
    let authority = format!("Bearer {}", ticket(house.addr(), engineer).await);
    let path = format!("/api/v1/sessions/{}/export?format=json", made.session);
    let answer = request(house.addr(), "GET", &path, &[("authorization", &authority)], "").await;
    assert_eq!((answer.status, answer.error().0.as_str()), (403, "forbidden"));
    assert!(matches!(knock(&house, &made.links[&Role::Mentor]).await, RelayFrame::Welcome(_)), "nobody else waits");
    saved(&owner.command(Command::ParticipantUnban { participant }).await);
    assert!(matches!(knock(&house, engineer).await, RelayFrame::Welcome(_)), "until the ban is lifted");
}

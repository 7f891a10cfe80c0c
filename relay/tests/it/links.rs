use crate::house::*;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::pkcs8::EncodePrivateKey;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use protocol::event::Event;
use protocol::grants::Role;
use protocol::ids::{ParticipantId, SessionId};
use protocol::stream::StreamKind;
use protocol::wire::*;
use relay::auth::{Claims, Keys, TICKET_S, Tickets};
use relay::clock::wall_us;
use serde_json::{Value, json};
use uuid::Uuid;

async fn is_refused(house: &House, hello: &Hello) -> (ErrorCode, String) {
    let mut link = Link::open(house.addr()).await;
    link.send(&ClientFrame::Hello(hello.clone())).await;
    let (last, frame) = link.until_closed().await;
    assert_eq!(u16::from(frame.code), close::REFUSED);
    let Some(RelayFrame::Err { id: None, code, msg, .. }) = last else { panic!("an error first: {last:?}") };
    (code, msg)
}

#[tokio::test]
async fn everybody_who_folds_the_events_holds_the_same_session() {
    let house = House::start().await;
    let made = house.session().await;
    let mut mentor = house.join(&made, Role::Mentor, "Ada").await;
    let mut folded = Folded::new(&mentor);
    let mut studio = house.join(&made, Role::Engineer, "Studio").await;
    let last = saved(&studio.command(open(stream(1), StreamKind::Program)).await);
    folded.read_to(&mut mentor, last).await;
    let late = house.join(&made, Role::Listener, "Late").await;
    let mut late_state = Folded::new(&late).state;
    late_state.participants.remove(&late.welcome().participant);
    assert_eq!(late_state, folded.state);
}

#[tokio::test]
async fn a_ticket_is_good_once() {
    let house = House::start().await;
    let made = house.session().await;
    let ticket = ticket(house.addr(), &made.links[&Role::Mentor]).await;
    let mut first = Link::enter(house.addr(), &hello(&ticket)).await;
    let (code, msg) = is_refused(&house, &hello(&ticket)).await;
    assert_eq!(code, ErrorCode::Unauthorized);
    assert!(msg.contains("used before"), "{msg}");
    first.is_alive().await;
}

#[tokio::test]
async fn a_ticket_for_a_session_of_another_relay_is_refused() {
    let house = House::start().await;
    let tickets = Tickets::new(&Keys::open_or_make(house.data.path()).unwrap().signing);
    let iat = (wall_us() / 1_000_000) as u64;
    let (aud, sub, jti) = (SessionId(Uuid::new_v4()), ParticipantId(Uuid::new_v4()), Uuid::new_v4());
    let (role, grants) = (Role::Owner, Role::Owner.grants());
    let (name, via) = ("Eve".to_owned(), Vec::new());
    let claims = Claims { aud, sub, jti, iat, exp: iat + TICKET_S, name, role, grants, via };
    let (code, msg) = is_refused(&house, &hello(&tickets.sign(&claims).unwrap())).await;
    assert_eq!(code, ErrorCode::Unauthorized);
    assert!(msg.contains("session"), "{msg}");
}

/// What a token says, which is its middle.
fn body_of(token: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap()).unwrap()
}

/// A token under the relay's own key.
fn signed(house: &House, typ: &str, body: &Value) -> String {
    let key = Keys::open_or_make(house.data.path()).unwrap().signing.to_pkcs8_der().unwrap();
    let header = Header { typ: Some(typ.to_owned()), ..Header::new(Algorithm::EdDSA) };
    encode(&header, body, &EncodingKey::from_ed_der(key.as_bytes())).unwrap()
}

/// A good ticket spoilt in one way each, and what is said then.
fn spoilt(house: &House, good: &str) -> [(&'static str, String, &'static str); 4] {
    let too_old = "the ticket is too old; open the invitation link again";
    let foreign = "the ticket is not one of this relay's; open the invitation link again";
    let (ticket, body) = ("farfield-join+jwt", body_of(good));
    let with = |name: &str, value: Value| {
        let mut changed = body.clone();
        changed[name] = value;
        changed
    };
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signature = good.rsplit('.').next().unwrap();
    let unsigned = format!("{}.{}.", part(&json!({ "alg": "none", "typ": ticket })), part(&body));
    let changed = format!("{}.{}.{signature}", good.split('.').next().unwrap(), part(&with("role", json!("owner"))));
    let now_s = wall_us() / 1_000_000;
    [
        ("expired", signed(house, ticket, &with("exp", json!(now_s - 1))), too_old),
        ("unsigned", unsigned, foreign),
        ("changed", changed, foreign),
        ("of another type", signed(house, "farfield-upload+jwt", &body), foreign),
    ]
}

#[tokio::test]
async fn a_ticket_that_is_spoilt_in_any_way_is_refused_in_words_and_harms_nobody() {
    let house = House::start().await;
    let made = house.session().await;
    let mut studio = house.join(&made, Role::Engineer, "Studio").await;
    let good = ticket(house.addr(), &made.links[&Role::Mentor]).await;
    for (how, spoilt, sentence) in spoilt(&house, &good) {
        assert_eq!(is_refused(&house, &hello(&spoilt)).await, (ErrorCode::Unauthorized, sentence.to_owned()), "{how}");
        studio.is_alive().await;
    }
    // Signed anew as it was it is good: what was refused was the one thing that was wrong.
    Link::enter(house.addr(), &hello(&signed(&house, "farfield-join+jwt", &body_of(&good)))).await;
}

#[tokio::test]
async fn a_hello_that_is_none_is_refused() {
    let house = House::start().await;
    let both = Hello { ticket: None, ..hello("") };
    assert_eq!(is_refused(&house, &both).await.0, ErrorCode::Invalid);
    assert_eq!(is_refused(&house, &hello("nonsense")).await.0, ErrorCode::Unauthorized);
    assert_eq!(is_refused(&house, &Hello { v: VERSION + 1, ..hello("x") }).await.0, ErrorCode::Version);
    for text in ["{", r#"{"t":"ping","n":1}"#, r#"{"t":"hullo"}"#] {
        let mut link = Link::open(house.addr()).await;
        link.send_text(text.into()).await;
        let (last, _) = link.until_closed().await;
        assert!(matches!(last, Some(RelayFrame::Err { code: ErrorCode::Invalid, .. })), "{text}: {last:?}");
    }
}

#[tokio::test]
async fn a_link_that_says_no_hello_in_time_is_closed_with_the_reason() {
    assert_eq!(relay::config::Config::default().hello_within, std::time::Duration::from_secs(5));
    let house = House::start_with(|config| config.hello_within = std::time::Duration::ZERO).await;
    let mut link = Link::open(house.addr()).await;
    let (last, frame) = link.until_closed().await;
    assert_eq!(u16::from(frame.code), close::SILENT);
    let Some(RelayFrame::Err { id: None, code: ErrorCode::Unauthorized, msg, .. }) = last else { panic!("{last:?}") };
    assert_eq!(msg, "no hello came within 0 s; open the link again");
}

#[tokio::test]
async fn the_way_back_keeps_the_person_and_is_good_until_they_have_the_next_one() {
    let house = House::start().await;
    let made = house.session().await;
    let first = house.join(&made, Role::Mentor, "Ada").await;
    let unread = Link::enter(house.addr(), &resume(first.welcome())).await;
    let mut back = Link::enter(house.addr(), &resume(first.welcome())).await;
    assert_eq!(is_refused(&house, &resume(unread.welcome())).await.0, ErrorCode::Unauthorized);
    assert_eq!(back.welcome().participant, first.welcome().participant);
    // Whoever speaks has read the welcome, with the next way back in it.
    back.is_alive().await;
    assert_eq!((back.welcome().log, back.welcome().seq), (first.welcome().log, first.welcome().seq));
    assert_eq!(is_refused(&house, &resume(first.welcome())).await.0, ErrorCode::Unauthorized);
    Link::enter(house.addr(), &resume(back.welcome())).await;
}

#[tokio::test]
async fn a_second_link_of_the_same_person_closes_the_first() {
    let house = House::start().await;
    let made = house.session().await;
    let mut first = house.join(&made, Role::Mentor, "Ada").await;
    let mut second = Link::enter(house.addr(), &resume(first.welcome())).await;
    let (last, frame) = first.until_closed().await;
    assert_eq!(u16::from(frame.code), close::REPLACED);
    assert!(matches!(last, Some(RelayFrame::Err { code: ErrorCode::Conflict, .. })));
    second.is_alive().await;
}

#[tokio::test]
async fn who_closes_with_1000_or_1001_has_left_and_who_is_cut_off_has_not() {
    let house = House::start().await;
    let made = house.session().await;
    let mut studio = house.join(&made, Role::Engineer, "Studio").await;
    let (ada, bob) = (house.join(&made, Role::Mentor, "Ada").await, house.join(&made, Role::Mentor, "Bob").await);
    let eve = house.join(&made, Role::Mentor, "Eve").await;
    let leavers = [ada.welcome().participant, bob.welcome().participant];
    let lost = eve.welcome().participant;
    drop(eve);
    ada.close(close::LEFT).await;
    bob.close(close::GOING_AWAY).await;
    for leaver in leavers {
        let left = studio
            .find(|frame| matches!(frame, RelayFrame::Ev(told) if matches!(told.recorded.event, Event::ParticipantLeave { .. })))
            .await;
        let RelayFrame::Ev(told) = left else { unreachable!() };
        assert_eq!(told.recorded.event, Event::ParticipantLeave { participant: leaver });
    }
    let here = |people: &[Presence]| people.iter().any(|person| person.participant == lost) && people.len() == 2;
    studio.find(|frame| matches!(frame, RelayFrame::Pres { people } if here(people))).await;
}

#[tokio::test]
async fn who_comes_and_goes_alone_is_refused_in_the_end_and_leaves_nothing_in_the_store_then() {
    let house = House::start().await;
    let made = house.session().await;
    let is_let_in = async || {
        let mut link = Link::open(house.addr()).await;
        link.send(&ClientFrame::Hello(hello(&ticket(house.addr(), &made.links[&Role::Listener]).await))).await;
        match link.next().await {
            RelayFrame::Welcome(_) => link.close(close::LEFT).await,
            RelayFrame::Err { code: ErrorCode::TooMany, .. } => return false,
            other => panic!("{other:?}"),
        }
        true
    };
    let mut visits = 0;
    while visits < 500 && is_let_in().await {
        visits += 1;
    }
    assert!((100..500).contains(&visits), "{visits} visits");
    assert!(!is_let_in().await && !is_let_in().await);
    let store = rusqlite::Connection::open(house.data.path().join(relay::store::FILE)).unwrap();
    let kept: u32 = store.query_row("SELECT count(*) FROM resume", [], |row| row.get(0)).unwrap();
    assert_eq!(kept, visits);
    house.join(&made, Role::Mentor, "Ada").await;
}

#[tokio::test]
async fn a_frame_that_cannot_be_read_is_refused_and_the_link_lives() {
    let house = House::start().await;
    let made = house.session().await;
    let mut link = house.join(&made, Role::Mentor, "Ada").await;
    for (text, hint) in [
        ("{", "JSON"),
        ("[]", "missing field"),
        (r#"{"t":"nonsense"}"#, "expected one of `hello`"),
        (r#"{"t":"cmd"}"#, "id"),
        (r#"{"t":"cmd","id":"018f4d3e-0000-7000-8000-000000000001","type":"stream.fly","data":{}}"#, "`stream.open`"),
        ("\u{0}", "JSON"),
    ] {
        link.send_text(text.into()).await;
        let told = link.find(|frame| matches!(frame, RelayFrame::Err { .. })).await;
        let RelayFrame::Err { id: None, code: ErrorCode::Invalid, msg, .. } = told else { panic!("{told:?}") };
        assert!(msg.contains(hint), "{text}: {msg}");
    }
    link.is_alive().await;
}

#[tokio::test]
async fn a_message_at_the_cap_is_read_and_one_over_it_closes_the_link() {
    let house = House::start().await;
    let made = house.session().await;
    let (head, tail) = (r#"{"t":"ping","n":5,"pad":""#, r#""}"#);
    let padded = |len: usize| format!("{head}{}{tail}", "x".repeat(len - head.len() - tail.len()));
    let emoji = format!("{head}{}{tail}", "🎸".repeat(64 * 1024 / 4));
    let over = [MAX_IN_BYTES + 1, 2 * MAX_IN_BYTES + 1, 40 * MAX_IN_BYTES].map(padded);
    let mut other = house.join(&made, Role::Engineer, "Studio").await;
    for over in over.into_iter().chain([emoji]) {
        let mut link = house.join(&made, Role::Mentor, "Ada").await;
        link.send_text(padded(MAX_IN_BYTES)).await;
        link.find(|frame| matches!(frame, RelayFrame::Pong { n: 5, .. })).await;
        // The relay may close before it has read all of it.
        let bytes = over.len();
        let _ = link.try_send_text(over).await;
        let (_, frame) = link.until_closed().await;
        assert_eq!(u16::from(frame.code), close::TOO_LARGE, "{bytes} bytes");
        assert!(frame.reason.contains("32 KiB"));
    }
    other.is_alive().await;
}

#[tokio::test]
async fn a_pong_carries_the_relays_clock() {
    let house = House::start().await;
    let made = house.session().await;
    let mut link = house.join(&made, Role::Mentor, "Ada").await;
    let before = wall_us();
    link.send(&ClientFrame::Ping { n: 3 }).await;
    let pong = link.find(|frame| matches!(frame, RelayFrame::Pong { .. })).await;
    let RelayFrame::Pong { n: 3, at_us } = pong else { panic!("{pong:?}") };
    assert!((before..=wall_us()).contains(&at_us));
}

#[tokio::test]
async fn a_link_needs_our_subprotocol_and_no_foreign_page() {
    let house = House::start().await;
    let status = async |headers: &[(&'static str, &str)]| match Link::open_with(house.addr(), headers).await {
        Ok(_) => 101,
        Err(tokio_tungstenite::tungstenite::Error::Http(answer)) => answer.status().as_u16(),
        Err(other) => panic!("{other}"),
    };
    let ours = format!("http://{}", house.addr());
    assert_eq!(status(&[("sec-websocket-protocol", SUBPROTOCOL), ("origin", &ours)]).await, 101);
    assert_eq!(status(&[("sec-websocket-protocol", SUBPROTOCOL), ("origin", "https://evil.example")]).await, 403);
    assert_eq!(status(&[("sec-websocket-protocol", "farfield.v0")]).await, 400);
    assert_eq!(status(&[]).await, 400);
    assert_eq!(get(house.addr(), "/ws").await.error().0, "invalid");
}

#[tokio::test]
async fn an_offer_that_cannot_be_read_fails_in_words_and_harms_nobody() {
    let house = House::start().await;
    let made = house.session().await;
    let mut studio = house.join(&made, Role::Engineer, "Studio").await;
    let mut mentor = house.join(&made, Role::Mentor, "Ada").await;
    studio.command(open(stream(1), StreamKind::Program)).await;
    for (peer, sdp) in (1..).zip(["", "nonsense", "v=0\r\n", "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 999999\r\n"]) {
        mentor.send(&ClientFrame::Sdp(Offer { peer, sdp: sdp.into(), send: vec![] })).await;
        let news = mentor.find(|frame| matches!(frame, RelayFrame::Sdp(_))).await;
        let RelayFrame::Sdp(PeerNews::Failed { peer: told, code, msg }) = news else { panic!("{sdp}: {news:?}") };
        assert_eq!((told, code), (peer, ErrorCode::Invalid), "{msg}");
    }
    let foreign = vec![SendSection { mid: "0".into(), stream: stream(1) }];
    mentor.send(&ClientFrame::Sdp(Offer { peer: 9, sdp: "v=0\r\n".into(), send: foreign })).await;
    let news = mentor.find(|frame| matches!(frame, RelayFrame::Sdp(_))).await;
    assert!(matches!(news, RelayFrame::Sdp(PeerNews::Failed { peer: 9, code: ErrorCode::Unknown, .. })), "{news:?}");
    studio.is_alive().await;
}

#[tokio::test]
async fn a_frame_in_fragments_of_one_byte_is_read_as_one() {
    let house = House::start().await;
    let made = house.session().await;
    let ticket = ticket(house.addr(), &made.links[&Role::Mentor]).await;
    let mut mentor = Link::open(house.addr()).await;
    mentor.send_in_bytes(&serde_json::to_string(&ClientFrame::Hello(hello(&ticket))).unwrap()).await;
    let frame = mentor.next().await;
    assert!(matches!(frame, RelayFrame::Welcome(_)), "{frame:?}");
    mentor.send_in_bytes(&serde_json::to_string(&ClientFrame::Ping { n: 7 }).unwrap()).await;
    mentor.find(|frame| matches!(frame, RelayFrame::Pong { n: 7, .. })).await;
    mentor.send_in_bytes("\u{1F3BB}, which is no frame").await;
    mentor.find(|frame| matches!(frame, RelayFrame::Err { code: ErrorCode::Invalid, .. })).await;
    mentor.is_alive().await;
}

#[tokio::test]
async fn sessions_do_not_hear_of_each_other() {
    let house = House::start().await;
    let (one, other) = (house.session().await, house.session().await);
    let mut here = house.join(&one, Role::Engineer, "Here").await;
    let mut there = house.join(&other, Role::Engineer, "There").await;
    there.command(open(stream(1), StreamKind::Program)).await;
    let before = here.welcome().seq;
    let answer = here.command(open(stream(2), StreamKind::Program)).await;
    assert!(matches!(answer, RelayFrame::Ok { seq, .. } if seq == before + 1), "{answer:?}");
    assert_eq!(there.welcome().state.as_ref().unwrap().participants.len(), 1);
}

#[tokio::test]
async fn the_end_tells_every_link_and_then_ends() {
    let house = House::start().await;
    let made = house.session().await;
    let mut inside = house.join(&made, Role::Mentor, "Ada").await;
    let mut waiting = Link::open(house.addr()).await;
    let House { running, stop, data: _data } = house;
    stop.send(()).unwrap();
    for link in [&mut inside, &mut waiting] {
        let (last, frame) = link.until_closed().await;
        assert_eq!(u16::from(frame.code), close::DRAINING);
        assert!(matches!(last, Some(RelayFrame::Err { code: ErrorCode::Draining, .. })), "{last:?}");
    }
    tokio::time::timeout(HANGS, running.finished()).await.expect("the relay ends");
}

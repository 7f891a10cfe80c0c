use crate::house::*;
use futures_util::future::join_all;
use protocol::api::SessionMade;
use protocol::command::Command;
use protocol::export::{Bundle, Format, Scope};
use protocol::grants::Role;
use protocol::wire::Welcome;
use relay::app::EXPORTS_AT_ONCE;

async fn export(house: &House, made: &SessionMade, query: &str, bearer: &str) -> Answer {
    let (path, bearer) = (format!("/api/v1/sessions/{}/export{query}", made.session), format!("Bearer {bearer}"));
    request(house.addr(), "GET", &path, &[("authorization", &bearer)], "").await
}

/// What somebody who has joined shows.
fn own(welcome: &Welcome) -> String {
    format!("{}.{}", welcome.participant, welcome.resume)
}

fn assert_refused(answer: &Answer, status: u16, code: &str) {
    let (told, msg) = answer.error();
    assert_eq!((answer.status, told.as_str()), (status, code), "{msg}");
}

#[tokio::test]
async fn a_ticket_is_good_for_one_export_and_nobody_joins_by_it() {
    let house = House::start().await;
    let made = house.session().await;
    let ticket = ticket(house.addr(), &made.links[&Role::Producer]).await;
    // The log begins when somebody comes in.
    let _owner = house.join(&made, Role::Owner, "Zoë").await;
    let answer = export(&house, &made, "?format=json", &ticket).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("content-disposition"), Some("attachment; filename*=UTF-8''cello.json"));
    let bundle = Bundle::read(&answer.body).unwrap();
    assert_eq!((bundle.session, bundle.scope, bundle.state.title.as_str()), (made.session, Scope::Session, "Cello"));
    assert_eq!(bundle.state.participants.len(), 1, "only who was there before");
    assert_refused(&export(&house, &made, "?format=json", &ticket).await, 401, "unauthorized");
}

#[tokio::test]
async fn whoever_has_joined_exports_as_themselves_and_as_often_as_they_like() {
    let house = House::start().await;
    let made = house.session().await;
    let mut owner = house.join(&made, Role::Owner, "Zoë").await;
    saved(&owner.command(Command::ChatSay { text: "hello".into() }).await);
    for format in Format::ALL {
        let answer = export(&house, &made, &format!("?format={format}"), &own(owner.welcome())).await;
        assert_eq!(answer.status, 200, "{format}: {}", answer.body);
    }
    let answer = export(&house, &made, "?format=md", &own(owner.welcome())).await;
    assert!(answer.body.contains("| Zoë | owner |"), "{}", answer.body);
}

#[tokio::test]
async fn who_is_turned_away_because_others_export_keeps_their_ticket() {
    let house = House::start().await;
    let made = house.session().await;
    let _owner = house.join(&made, Role::Owner, "Zoë").await;
    let mut tickets = Vec::new();
    for _ in 0..10 * EXPORTS_AT_ONCE {
        tickets.push(ticket(house.addr(), &made.links[&Role::Producer]).await);
    }
    let asked = join_all(tickets.iter().map(|ticket| export(&house, &made, "?format=json", ticket))).await;
    let turned_away: Vec<_> = asked.iter().zip(&tickets).filter(|(answer, _)| answer.status == 429).collect();
    assert!(!turned_away.is_empty() && turned_away.len() < tickets.len());
    for (_, ticket) in turned_away {
        let answer = export(&house, &made, "?format=json", ticket).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
}

#[tokio::test]
async fn only_roles_with_the_grant_may_export() {
    let house = House::start().await;
    let made = house.session().await;
    let _owner = house.join(&made, Role::Owner, "Zoë").await;
    for role in Role::ALL {
        let ticket = ticket(house.addr(), &made.links[&role]).await;
        let answer = export(&house, &made, "?format=csv", &ticket).await;
        match role {
            Role::Artist | Role::Listener => assert_refused(&answer, 403, "forbidden"),
            _ => assert_eq!(answer.status, 200, "{role}: {}", answer.body),
        }
    }
}

#[tokio::test]
async fn a_stranger_a_wrong_secret_and_another_sessions_ticket_get_nothing() {
    let house = House::start().await;
    let (made, other) = (house.session().await, house.session().await);
    let owner = house.join(&made, Role::Owner, "Ada").await;
    let foreign = ticket(house.addr(), &other.links[&Role::Owner]).await;
    let wrong = format!("{}.{}", owner.welcome().participant, "A".repeat(22));
    for bearer in ["", "nonsense", &wrong, &foreign] {
        assert_refused(&export(&house, &made, "?format=csv", bearer).await, 401, "unauthorized");
    }
    let path = format!("/api/v1/sessions/{}/export?format=csv", made.session);
    assert_refused(&get(house.addr(), &path).await, 401, "unauthorized");
    let taken = export(&house, &other, "?format=csv", &own(owner.welcome())).await;
    assert_refused(&taken, 401, "unauthorized");
}

#[tokio::test]
async fn what_is_asked_wrongly_is_told() {
    let house = House::start().await;
    let made = house.session().await;
    let owner = house.join(&made, Role::Owner, "Ada").await;
    let bearer = own(owner.welcome());
    for query in ["", "?format=xml", "?format=csv&take=x", "?format=csv&take=1&mix=1", "?format=csv&tale=1"] {
        assert_refused(&export(&house, &made, query, &bearer).await, 400, "invalid");
    }
    assert_refused(&export(&house, &made, "?format=csv&take=1", &bearer).await, 404, "unknown");
    assert_refused(&get(house.addr(), "/api/v1/sessions/x/export?format=csv").await, 404, "unknown");
    let posted =
        post(house.addr(), &format!("/api/v1/sessions/{}/export", made.session), &serde_json::Value::Null).await;
    assert_refused(&posted, 400, "invalid");
}

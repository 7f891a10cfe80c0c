//! What a broken link costs: nothing that is heard.

use serde_json::{Value, json};
use tests::programs::{Program, Relay, Session};
use tests::studio::{Studio, join};
use tests::wire::Wire;

fn received(line: &Value) -> u64 {
    let heard = line["heard"].as_array().into_iter().flatten();
    heard.filter_map(|stream| stream["received"].as_u64()).sum()
}

#[test]
fn a_client_whose_link_is_cut_goes_on_hearing_and_keeps_its_connection() {
    let studio = Studio::open("music", &[]).unwrap();
    let wire = Wire::to(&studio.relay.http).unwrap();
    let link = wire.by_way_of(studio.session.link("mentor"));
    let mut mentor = join(&link, &["--name", "Ada", "--output", "null"]).unwrap();
    mentor.wait_for_type("hearing").unwrap();
    wire.cut();
    mentor.is_cut_off().unwrap();
    // The first statistics may count what came before the cut.
    mentor.wait_for_type("stats").unwrap();
    mentor.wait_for("packets while the link is cut", |line| received(line) > 0).unwrap();
    wire.mend();
    mentor.wait_for_type("joined").unwrap();
    mentor.wait_for_type("stats").unwrap();
    mentor.wait_for("packets after the link is back", |line| received(line) > 0).unwrap();
    mentor.terminate();
    let (status, said) = mentor.finish().unwrap();
    assert!(status.success());
    let begun = said.iter().filter(|line| line["type"] == "hearing").count();
    assert_eq!(begun, 1, "the sound began anew: {said:?}");
}

#[test]
fn a_client_whose_relay_is_called_away_by_a_proxy_comes_back_by_itself() {
    let relay = Relay::start().unwrap();
    let session = relay.new_session("Blue hour").unwrap();
    let wire = Wire::to(&relay.http).unwrap();
    let link = wire.by_way_of(session.link("mentor"));
    let mut mentor = join(&link, &["--name", "Ada", "--input", "null", "--output", "null"]).unwrap();
    mentor.wait_for_type("joined").unwrap();
    wire.call_away();
    wire.wait_for_calls(2).unwrap();
    wire.mend();
    mentor.wait_for_type("joined").unwrap();
    mentor.terminate();
    assert!(mentor.finish().unwrap().0.success());
}

#[test]
fn who_talks_on_while_the_link_is_gone_dims_the_studio_again_when_it_is_back() {
    let mut studio = Studio::open("music", &[]).unwrap();
    let wire = Wire::to(&studio.relay.http).unwrap();
    let link = wire.by_way_of(studio.session.link("mentor"));
    let mut mentor = join(&link, &["--name", "Ada", "--input", "tone", "--output", "null"]).unwrap();
    mentor.wait_for_type("joined").unwrap();
    let mut dims = |dimmed: bool| studio.client.wait_for("monitors", |line| line["dimmed"] == dimmed).map(drop);
    dims(true).unwrap();
    wire.cut();
    dims(false).unwrap();
    wire.mend();
    mentor.wait_for_type("joined").unwrap();
    dims(true).unwrap();
}

/// Packets that left each shard.
fn packets_out(relay: &Relay) -> Vec<u64> {
    relay.figures("farfield_media_packets_out_total").unwrap()
}

/// A session whose id is even or odd, which is what chooses between two shards.
fn session_of_parity(relay: &Relay, odd: bool) -> Session {
    let is_odd = |id: &str| u8::from_str_radix(&id[id.len() - 1..], 16).unwrap() % 2 == 1;
    std::iter::repeat_with(|| relay.new_session("Blue hour").unwrap()).find(|s| is_odd(&s.id) == odd).unwrap()
}

#[test]
fn sessions_are_spread_over_the_shards_and_heard_on_each() {
    let relay = Relay::start_with(&["--shards", "2"]).unwrap();
    assert_eq!(relay.media.len(), 2);
    for shard in 0..2 {
        let before = packets_out(&relay);
        let session = session_of_parity(&relay, shard == 1);
        let studio = ["--input", "music", "--stream", "program", "--output", "null"];
        let _studio = join(session.link("engineer"), &studio).unwrap();
        let mut mentor = join(session.link("mentor"), &["--output", "null"]).unwrap();
        mentor.wait_for("packets", |line| received(line) > 0).unwrap();
        let after = packets_out(&relay);
        let grown: Vec<bool> = before.iter().zip(&after).map(|(before, after)| after > before).collect();
        assert_eq!(grown, [shard == 0, shard == 1], "{before:?} {after:?}");
    }
}

/// Asks the session for something, which is granted.
fn done(client: &mut Program, command: &Value) {
    let answer = client.ask(command).unwrap();
    assert_eq!(answer["ok"], true, "{answer}");
}

#[test]
fn who_is_kept_out_and_comes_again_by_the_same_link_waits_in_the_lobby() {
    let studio = Studio::open("music", &[]).unwrap();
    let come = |role: &str, name: &str| join(studio.session.link(role), &["--name", name, "--output", "null"]).unwrap();
    let mut owner = come("owner", "Ida");
    owner.wait_for_type("joined").unwrap();
    let mut listener = come("listener", "Mo");
    let who = listener.wait_for_type("joined").unwrap()["participant"].clone();
    done(&mut owner, &json!({"cmd": "participant.ban", "id": 1, "participant": who, "reason": "noise"}));
    assert!(!listener.finish().unwrap().0.success(), "whoever is sent away does not come back by themselves");

    let mut again = come("listener", "Somebody else");
    let lobby = again.wait_for_type("lobby").unwrap();
    assert_eq!((&lobby["title"], &lobby["why"]), (&json!("Blue hour"), &json!("link")));
    let knock = owner.wait_for("the knock", |line| line["event"]["type"] == "lobby.knock").unwrap();
    let invite = &knock["event"]["data"]["invite"];
    assert!(studio.session.link("listener").contains(invite.as_str().unwrap()), "the log says by which link: {knock}");
    come("mentor", "Ada").wait_for_type("joined").unwrap();
    let newcomer = &knock["event"]["data"]["participant"];
    done(&mut owner, &json!({"cmd": "lobby.admit", "id": 2, "participant": newcomer}));
    assert_eq!(again.wait_for_type("joined").unwrap()["participant"], *newcomer);
    let mut number = |kind: &str| {
        let theirs = |line: &Value| line["event"]["type"] == kind && line["event"]["data"]["participant"] == *newcomer;
        owner.find(kind, theirs).unwrap()["event"]["seq"].as_u64()
    };
    assert!(number("lobby.admit") < number("participant.join"), "nobody comes in before they are let in");
}

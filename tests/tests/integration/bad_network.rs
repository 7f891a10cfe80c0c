//! Connections come up although the network loses what they need to come up.

use serde_json::Value;
use tests::impair::{Cut, Impairment};
use tests::studio::{join, relay_behind};

const STUDIO: [&str; 6] = ["--input", "music", "--stream", "program", "--output", "null"];

fn first_sound_through(up: &str, down: &str) {
    let spec = |text: &str| text.parse::<Impairment>().unwrap();
    let (relay, _proxy) = relay_behind(spec(up), spec(down)).unwrap();
    let session = relay.new_session("Bad network").unwrap();
    let mut studio = join(session.link("engineer"), &STUDIO).unwrap();
    let mut listener = join(session.link("listener"), &["--output", "null"]).unwrap();
    studio.wait_for_type("joined").unwrap();
    let heard = listener.wait_for_type("hearing").unwrap();
    println!("up {up:?} down {down:?}: first sound after {} ms", heard["ms"]);
}

/// Lost for ever, a handshake outlasts all its repeats, while the way itself stays open: nothing but giving the connection
/// up and making another one helps. Only the watchdog warns.
#[test]
fn a_handshake_that_never_ends_is_given_up_for_a_new_connection() {
    let (relay, proxy) = relay_behind(Impairment::default(), Impairment::default()).unwrap();
    let session = relay.new_session("Blackout").unwrap();
    let mut studio = join(session.link("engineer"), &STUDIO).unwrap();
    studio.wait_for("sound sent", |line| count(line, "published", "sent") > 0).unwrap();

    proxy.set_cut(Cut::Handshakes);
    let mut listener = join(session.link("listener"), &["--output", "null"]).unwrap();
    let given_up = |line: &Value| line["message"].as_str().is_some_and(|text| text.contains("is tried anew"));
    listener.wait_for("that it makes another connection", given_up).unwrap();
    // The relay gives a connection up too, after half a minute.
    let seconds = (0..20).map(|_| listener.wait_for_type("stats").unwrap());
    assert!(seconds.map(|_| proxy.cut_off()).any(|connections| connections > 1), "another one was made");
    assert!(listener.said().iter().all(|line| line["type"] != "hearing"), "nothing came through");

    proxy.set_cut(Cut::Nothing);
    listener.wait_for_type("hearing").unwrap();
}

/// The number under `field` of the first stream in a list of a `stats` line.
fn count(line: &Value, list: &str, field: &str) -> u64 {
    line[list][0][field].as_u64().unwrap_or(0)
}

#[test]
fn loss_on_one_listener_s_way_raises_the_published_depth_and_is_hardly_heard() {
    let (relay, proxy) = relay_behind(Impairment::default(), Impairment::default()).unwrap();
    let session = relay.new_session("One poor line").unwrap();
    let mut studio = join(session.link("engineer"), &STUDIO).unwrap();
    let sends = studio.wait_for("sound sent", |line| count(line, "published", "sent") > 0).unwrap();
    assert_eq!(count(&sends, "published", "redundancy"), 1, "what the profile chooses");

    proxy.impair_newcomers(Impairment::default(), "seed=11 loss=0.2".parse().unwrap());
    let mut listener = join(session.link("listener"), &["--output", "null", "--profile", "safe"]).unwrap();
    listener.wait_for_type("hearing").unwrap();
    studio.wait_for("the depth for a poor line", |line| count(line, "published", "redundancy") == 3).unwrap();
    listener.wait_for("a copy played", |line| count(line, "heard", "redundant") > 0).unwrap();

    // A stall of this machine is concealed too, so whole seconds are judged: at depth 1 four packets a second are lost
    // with their copies and one second in fifty goes well, at depth 3 six of seven do.
    let seconds = (0..30).map(|_| listener.wait_for_type("stats").unwrap());
    let went_well = |stats: &Value| count(stats, "heard", "lost") > 0 && count(stats, "heard", "concealed") == 0;
    let well = seconds.filter(went_well).take(5).count();
    assert_eq!(well, 5, "seconds in which packets were lost and nothing was concealed, of 30");
}

#[test]
fn a_lost_handshake_datagram_does_not_keep_anybody_out() {
    for lost in ["drop=2", "drop=3+4", "drop=2+3+4+5+6+7"] {
        first_sound_through(lost, "");
        first_sound_through("", lost);
    }
}

#[test]
fn a_quarter_of_all_datagrams_lost_does_not_keep_anybody_out() {
    for seed in 1..=3 {
        first_sound_through(&format!("seed={seed} loss=0.25"), &format!("seed={} loss=0.25", seed + 100));
    }
}

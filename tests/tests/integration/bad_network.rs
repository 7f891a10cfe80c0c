//! Connections come up although the network loses what they need to come up.

use std::net::SocketAddr;
use tests::impair::{Impairment, Proxy};
use tests::programs::{Program, Relay};

/// A relay that is reached through a bad network: it says that its media port is on 127.0.0.1, where the proxy listens;
/// the port of the same number on 127.0.0.2 is its own.
fn relay_behind(up: &str, down: &str) -> (Relay, Proxy) {
    let spec = |text: &str| text.parse::<Impairment>().unwrap();
    let anywhere: SocketAddr = "127.0.0.1:0".parse().unwrap();
    // The proxy's port is only known once it is open, and so is the relay's.
    let reserved = std::net::UdpSocket::bind("127.0.0.2:0").unwrap();
    let target = reserved.local_addr().unwrap();
    let front = SocketAddr::new(anywhere.ip(), target.port());
    let proxy = Proxy::start(front, target, spec(up), spec(down)).unwrap();
    drop(reserved);
    let media = target.to_string();
    let relay = Relay::start_with(&["--media", &media, "--advertise", "127.0.0.1"]).unwrap();
    (relay, proxy)
}

fn first_sound_through(up: &str, down: &str) {
    let (relay, _proxy) = relay_behind(up, down);
    let session = relay.new_session("Bad network").unwrap();
    let studio =
        ["join", session.link("engineer"), "--input", "music", "--stream", "program", "--output", "null", "--json"];
    let mut studio = Program::start("farfield", &studio).unwrap();
    let listener = ["join", session.link("listener"), "--output", "null", "--json"];
    let mut listener = Program::start("farfield", &listener).unwrap();
    studio.wait_for_type("joined").unwrap();
    let heard = listener.wait_for_type("hearing").unwrap();
    println!("up {up:?} down {down:?}: first sound after {} ms", heard["ms"]);
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

//! Who may not hear any more is sent no sound: counted in datagrams on their way, by the second that the relay has.

use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tests::impair::{Impairment, Proxy};
use tests::programs::{Program, Relay};
use tests::studio::{join, relay_behind};

/// Grants act on sound within this time from the answer on.
const WITHIN: Duration = Duration::from_secs(1);

/// A studio that sounds, the owner who hears it all the time, and a listener whose datagrams are counted.
struct House {
    listener: Program,
    /// Who the listener is.
    who: Value,
    owner: Program,
    proxy: Proxy,
    /// Clients that the proxy had seen before the listener.
    others: usize,
    studio: Program,
    _relay: Relay,
}

fn hears(stats: &Value) -> bool {
    stats["heard"][0]["received"].as_u64() > Some(0)
}

impl House {
    fn open() -> House {
        let (relay, proxy) = relay_behind(Impairment::default(), Impairment::default()).unwrap();
        let session = relay.new_session("Blue hour").unwrap();
        let come = |role: &str, sound: &[&str]| join(session.link(role), &[sound, &["--output", "null"]].concat());
        let studio = come("engineer", &["--input", "music", "--stream", "program"]).unwrap();
        let mut owner = come("owner", &["--input", "null", "--stream", "talkback"]).unwrap();
        owner.wait_for("sound", hears).unwrap();
        let others = proxy.sound_to().len();
        let mut listener = come("listener", &[]).unwrap();
        let who = listener.wait_for_type("joined").unwrap()["participant"].clone();
        listener.wait_for("sound", hears).unwrap();
        House { listener, who, owner, proxy, others, studio, _relay: relay }
    }

    /// Datagrams of sound that the listener was sent so far.
    fn sent(&self) -> u64 {
        self.proxy.sound_to()[self.others..].iter().sum()
    }

    /// The owner asks for something, which is granted; when.
    fn done(&mut self, command: Value) -> Instant {
        let answer = self.owner.ask(&command).unwrap();
        assert_eq!(answer["ok"], true, "{answer}");
        Instant::now()
    }

    /// From a second after `done` on, over several seconds, nothing is sent to the listener; gives what the owner heard
    /// meanwhile.
    fn is_silent_after(&mut self, done: Instant) -> Vec<Value> {
        while done.elapsed() < WITHIN {
            self.owner.wait_for_type("stats").unwrap();
        }
        let sent = self.sent();
        assert!(sent > 0, "the listener was sent sound before");
        let heard = (0..3).map(|_| self.owner.wait_for_type("stats").unwrap()).collect();
        assert_eq!(self.sent(), sent, "datagrams of sound that were sent later than {WITHIN:?} after the answer");
        heard
    }

    /// The same, while the studio sounds on.
    fn is_silent_alone_after(&mut self, done: Instant) {
        let heard = self.is_silent_after(done);
        assert!(heard.iter().all(hears), "the studio sounds on: {heard:?}");
    }

    fn grant(&mut self, id: u32, grants: Value) -> Instant {
        let who = self.who.clone();
        self.grant_to(&who, id, grants)
    }

    fn grant_to(&mut self, who: &Value, id: u32, grants: Value) -> Instant {
        let done = self.done(json!({"cmd": "participant.grant", "id": id, "participant": who, "grants": grants}));
        let granted = |line: &Value| line["event"]["type"] == "participant.grant";
        self.listener.wait_for("what one may do", granted).unwrap();
        done
    }
}

#[test]
fn who_may_not_hear_the_program_any_more_is_sent_none_after_a_second_and_hears_it_when_they_may_again() {
    let mut house = House::open();
    let taken = house.grant(1, json!([]));
    house.is_silent_alone_after(taken);
    let sent = house.sent();
    house.grant(2, json!(["hear:program"]));
    house.listener.wait_for("sound again", hears).unwrap();
    assert!(house.sent() > sent);
}

#[test]
fn who_may_not_publish_any_more_is_passed_on_to_nobody_after_a_second() {
    let mut house = House::open();
    let studio = house.studio.find("who it is", |line| line["type"] == "joined").unwrap()["participant"].clone();
    let taken = house.grant_to(&studio, 1, json!(["hear:program"]));
    house.is_silent_after(taken);
}

#[test]
fn who_is_sent_away_is_sent_no_sound_after_a_second_though_they_hold_on_to_their_connection() {
    let mut house = House::open();
    // It neither reads that it was sent away nor closes anything: what ends, the relay ends.
    house.listener.signal(libc::SIGSTOP);
    let who = house.who.clone();
    let kicked = house.done(json!({"cmd": "participant.kick", "id": 1, "participant": who, "reason": "wrong room"}));
    house.is_silent_alone_after(kicked);
}

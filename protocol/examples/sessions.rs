//! Prints random sessions, one a line, each as its events, the state they add up to, and what the law answers to
//! questions on the way: `cargo run -p protocol --example sessions -- 2000 > sessions.jsonl`. The page's reducer and its
//! gate are held against them when `SESSIONS=sessions.jsonl npm test` runs in `client/web`.

#[path = "../tests/play/mod.rs"]
mod play;

use play::{Coverage, Play};
use serde_json::json;

fn main() {
    let sessions = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(2_000u64);
    let mut coverage = Coverage::default();
    for seed in 0..sessions {
        let mut play = Play::new(seed);
        let mut asks = Vec::new();
        for _ in 0..200 {
            play.step(&mut |_, answer| coverage.count(answer));
            asks.push(play.wonder().row());
        }
        coverage.count_log(&play.log);
        println!("{}", json!({ "seed": seed, "log": play.log, "state": play.state, "asks": asks }));
    }
    eprintln!("events: {:?}\nrejections: {:?}", coverage.events, coverage.codes);
}

//! A stored log adds up to the same state for as long as the fold has the same number.

mod play;

use play::{Coverage, Play};
use protocol::event::{Recorded, TYPES};
use protocol::session::{FOLD, SessionState, apply};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::path::PathBuf;

/// Logs that were written once and stay as they are, and what they added up to under a number.
#[derive(Serialize, Deserialize)]
struct Kept {
    fold: u32,
    /// SHA-256 over the JSON of the states, in order.
    states_sha256: String,
    logs: Vec<Vec<Recorded>>,
}

#[test]
fn a_log_that_adds_up_to_another_state_has_another_number_of_the_fold() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fold.json");
    let kept: Option<Kept> = std::fs::read_to_string(&path).ok().map(|text| serde_json::from_str(&text).unwrap());
    let (fold, kept_sha256) = kept.as_ref().map_or((0, String::new()), |kept| (kept.fold, kept.states_sha256.clone()));
    let logs = kept.map_or_else(all_types, |kept| kept.logs);
    let states_sha256 = digest(&logs);
    if fold != FOLD && std::env::var_os("UPDATE_PAGE").is_some() {
        let kept = Kept { fold: FOLD, states_sha256, logs };
        std::fs::write(&path, serde_json::to_string(&kept).unwrap() + "\n").unwrap();
        return;
    }
    let way_out = "raise `protocol::session::FOLD` and run `UPDATE_PAGE=1 cargo test -p protocol --test fold`";
    assert_eq!((fold, kept_sha256), (FOLD, states_sha256), "the fold gives another state: {way_out}");
}

fn digest(logs: &[Vec<Recorded>]) -> String {
    let mut hash = Sha256::new();
    for log in logs {
        let mut state = SessionState::default();
        log.iter().for_each(|recorded| apply(&mut state, recorded));
        hash.update(serde_json::to_vec(&state).unwrap());
    }
    hash.finalize().iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

/// Random sessions, as few as have every type of event.
fn all_types() -> Vec<Vec<Recorded>> {
    let mut seen = Coverage::default();
    let mut logs = Vec::new();
    for seed in 0.. {
        let mut play = Play::new(seed);
        (0..120).for_each(|_| play.step(&mut |_, _| {}));
        let before = seen.events.len();
        seen.count_log(&play.log);
        if seen.events.len() > before {
            logs.push(play.log);
        }
        if seen.events.len() == TYPES.len() {
            break;
        }
    }
    logs
}

//! What the program that started us asks, one JSON object a line on stdin (`--json`).

use serde::Deserialize;
use serde_json::Value;
use std::io::{BufRead, stdin};
use std::time::Instant;
use tokio::sync::mpsc;

/// Questions that may wait for the control task, which owns the queue. Overflow: reading stops, and with it whoever
/// writes.
const CAPACITY: usize = 64;

/// One question.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(tag = "cmd", rename_all = "snake_case")]
pub(super) enum Asked {
    /// What was in the ear.
    Heard {
        /// Given back with the answer.
        #[serde(default)]
        id: Option<Value>,
        /// At which moment, in microseconds of the system's monotonic clock; when the line was read, if absent.
        #[serde(default)]
        at_us: Option<u64>,
    },
}

/// Reads until stdin ends. What cannot be read comes as a sentence for people.
pub(super) fn read_stdin() -> mpsc::Receiver<(Result<Asked, String>, Instant)> {
    let (sender, receiver) = mpsc::channel(CAPACITY);
    // It cannot be woken from its wait for a line, so nobody waits for its end.
    std::thread::spawn(move || {
        for line in stdin().lock().lines().map_while(Result::ok).filter(|line| !line.trim().is_empty()) {
            if sender.blocking_send((read(&line), Instant::now())).is_err() {
                return;
            }
        }
    });
    receiver
}

fn read(line: &str) -> Result<Asked, String> {
    serde_json::from_str(line).map_err(|error| {
        format!("a line on stdin cannot be understood ({error}); write {{\"cmd\":\"heard\"}}, one object a line")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_read_with_and_without_its_moment() {
        let at = |at_us| Asked::Heard { id: Some(Value::from(7)), at_us };
        assert_eq!(read(r#"{"cmd":"heard","id":7}"#), Ok(at(None)));
        assert_eq!(read(r#"{"cmd":"heard","id":7,"at_us":12}"#), Ok(at(Some(12))));
    }

    #[test]
    fn what_is_no_question_is_answered_in_words() {
        for line in ["", "{", r#"{"cmd":"dance"}"#, r#"{"cmd":"heard","at_us":-1}"#] {
            assert!(read(line).unwrap_err().contains("write {\"cmd\":\"heard\"}"), "{line}");
        }
    }
}

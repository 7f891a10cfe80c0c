//! What the program that started us asks, one JSON object a line on stdin (`--json`).

use client_core::request::Request;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::io::{BufRead, Read, stdin};
use std::time::Instant;
use tokio::sync::mpsc;

/// Questions that may wait for the control task, which owns the queue. Overflow: reading stops, and with it whoever
/// writes.
const CAPACITY: usize = 64;
/// Longest line in bytes: what the relay takes in one message.
const MAX_LINE: u64 = protocol::wire::MAX_IN_BYTES as u64;

/// One line, and when it was read.
pub(super) type Line = (Result<Asked, Misread>, Instant);

/// One question.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Asked {
    /// What was in the ear.
    Heard {
        /// Given back with the answer.
        id: Option<Value>,
        /// At which moment, in microseconds of the system's monotonic clock; when the line was read, if absent.
        at_us: Option<u64>,
    },
    /// Something that the session shall do.
    Do {
        /// Given back with the answer; with it the question can be repeated.
        id: Option<Value>,
        /// The line as it was written.
        line: Value,
        /// What.
        request: Request,
    },
}

/// A line that is no question.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Misread {
    /// Its id, as far as it could be read.
    pub(super) id: Value,
    /// One sentence that says what to write instead.
    pub(super) msg: String,
}

/// Reads until stdin ends.
pub(super) fn read_stdin() -> mpsc::Receiver<Line> {
    let (sender, receiver) = mpsc::channel(CAPACITY);
    // It cannot be woken from its wait for a line, so nobody waits for its end.
    std::thread::spawn(move || {
        let mut input = stdin().lock();
        while let Some(line) = next_line(&mut input) {
            let asked = line.and_then(|line| read(&line));
            if sender.blocking_send((asked, Instant::now())).is_err() {
                return;
            }
        }
    });
    receiver
}

/// The next line that is not blank; none at the end. A line that is too long is read past.
fn next_line(input: &mut impl BufRead) -> Option<Result<String, Misread>> {
    loop {
        let mut bytes = Vec::new();
        input.by_ref().take(MAX_LINE + 1).read_until(b'\n', &mut bytes).ok().filter(|read| *read > 0)?;
        if bytes.len() as u64 > MAX_LINE && bytes.last() != Some(&b'\n') {
            input.skip_until(b'\n').ok()?;
            return Some(Err(Misread::new(Value::Null, format!("a line has at most {MAX_LINE} bytes; write less"))));
        }
        let line = String::from_utf8_lossy(&bytes);
        if !line.trim().is_empty() {
            return Some(Ok(line.into_owned()));
        }
    }
}

fn read(line: &str) -> Result<Asked, Misread> {
    let unread = |error| Misread::new(Value::Null, format!("the line is no JSON object ({error}); write {EXAMPLE}"));
    let mut fields: Map<String, Value> = serde_json::from_str(line).map_err(unread)?;
    let whole = Value::Object(fields.clone());
    let id = fields.remove("id").filter(|id| !id.is_null());
    let cmd = match fields.remove("cmd") {
        Some(Value::String(cmd)) => cmd,
        _ => return Err(Misread::new(id.unwrap_or_default(), format!("`cmd` says what to do; write {EXAMPLE}"))),
    };
    if cmd != "heard" {
        return Ok(Asked::Do { id, line: whole, request: Request { cmd, fields } });
    }
    let moment: Moment = serde_json::from_value(Value::Object(fields)).map_err(|error| {
        Misread::new(id.clone().unwrap_or_default(), format!("heard cannot be understood: {error}"))
    })?;
    Ok(Asked::Heard { id, at_us: moment.at_us })
}

const EXAMPLE: &str = "{\"cmd\":\"take.roll\",\"slate\":\"verse\"}, one object a line";

/// The fields of `heard`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Moment {
    #[serde(default)]
    at_us: Option<u64>,
}

impl Misread {
    fn new(id: Value, msg: String) -> Misread {
        Misread { id, msg }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn lines(text: &str) -> Vec<Result<String, Misread>> {
        let mut input = text.as_bytes();
        std::iter::from_fn(|| next_line(&mut input)).collect()
    }

    #[test]
    fn a_question_is_read_with_and_without_its_moment() {
        let at = |at_us| Asked::Heard { id: Some(Value::from(7)), at_us };
        assert_eq!(read(r#"{"cmd":"heard","id":7}"#), Ok(at(None)));
        assert_eq!(read(r#"{"cmd":"heard","id":7,"at_us":12}"#), Ok(at(Some(12))));
    }

    #[test]
    fn a_command_keeps_its_fields_and_gives_its_id_away() {
        let line = json!({"cmd": "take.roll", "id": "a", "slate": "verse"});
        let Ok(Asked::Do { id, line: whole, request }) = read(&line.to_string()) else { panic!("it is a command") };
        assert_eq!((id, whole), (Some(json!("a")), line));
        assert_eq!((request.cmd.as_str(), Value::Object(request.fields)), ("take.roll", json!({"slate": "verse"})));
    }

    #[test]
    fn what_is_no_question_is_answered_in_words_with_its_id() {
        for line in ["{", "7", "[]", r#"{"id":3}"#, r#"{"cmd":4}"#] {
            assert!(read(line).unwrap_err().msg.contains("write {\"cmd\":\"take.roll\""), "{line}");
        }
        assert_eq!(read(r#"{"id":3}"#).unwrap_err().id, json!(3));
        assert!(read(r#"{"cmd":"heard","at_us":-1}"#).unwrap_err().msg.contains("heard cannot be understood"));
    }

    #[test]
    fn blank_lines_are_passed_over_and_the_last_line_needs_no_end() {
        assert_eq!(lines("a\n\n  \r\nb"), [Ok("a\n".to_owned()), Ok("b".to_owned())]);
        assert!(lines("").is_empty());
    }

    #[test]
    fn any_bytes_on_stdin_are_questions_or_are_answered_in_words() {
        bolero::check!().for_each(|bytes: &[u8]| {
            let mut input = bytes;
            let mut lines = 0;
            while let Some(line) = next_line(&mut input) {
                lines += 1;
                if let Err(misread) = line.and_then(|line| read(&line)) {
                    assert!(!misread.msg.is_empty());
                }
            }
            assert!(lines <= bytes.iter().filter(|byte| **byte == b'\n').count() + 1);
        });
    }

    #[test]
    fn any_fields_are_a_question_or_are_answered_in_words() {
        let values =
            [json!(null), json!(-1), json!(1e300), json!(u64::MAX), json!("heard"), json!([]), json!({"id": 1})];
        bolero::check!().with_type::<(bool, Vec<(u8, u8)>)>().for_each(|(heard, fields)| {
            let mut line = Map::new();
            line.extend(heard.then(|| ("cmd".to_owned(), json!("heard"))));
            for (name, value) in fields.iter().take(5) {
                let name = ["cmd", "id", "at_us", "take", ""][usize::from(*name) % 5];
                line.insert(name.to_owned(), values[usize::from(*value) % values.len()].clone());
            }
            let whole = Value::Object(line.clone());
            match read(&whole.to_string()) {
                Ok(Asked::Do { line, .. }) => assert_eq!(line, whole),
                Ok(Asked::Heard { id, .. }) => assert_eq!(id.unwrap_or_default(), whole["id"]),
                Err(Misread { id, msg }) => assert!(!msg.is_empty() && (id.is_null() || id == whole["id"])),
            }
        });
    }

    #[test]
    fn a_line_over_the_cap_is_refused_alone_and_one_at_it_is_not() {
        let at_cap = "x".repeat(MAX_LINE as usize);
        let read = lines(&format!("{at_cap}\n{at_cap}y\nafter\n"));
        assert_eq!(read.len(), 3);
        assert_eq!(read[0].as_ref().unwrap().trim_end(), at_cap);
        assert!(read[1].as_ref().unwrap_err().msg.contains("at most 32768 bytes"));
        assert_eq!(read[2], Ok("after\n".to_owned()));
    }
}

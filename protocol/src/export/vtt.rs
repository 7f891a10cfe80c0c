//! Captions (WebVTT, W3C Candidate Recommendation of 2019). A marker is shown for three seconds, a range for as long as
//! it lasts.

use super::place::Place;
use super::sheet::Mark;

const SHOWN_MS: i64 = 3_000;

pub(super) fn write(marks: &[Mark], title: &str) -> String {
    let mut text = format!("WEBVTT\n\nNOTE\n{}\n", escaped(title));
    marks.iter().zip(1..).for_each(|(mark, n)| text.push_str(&cue(mark, n)));
    text
}

/// Times of a cue differ by a millisecond at least.
fn cue(mark: &Mark, n: usize) -> String {
    let end = mark.end.unwrap_or(mark.start + Place::from_ms(SHOWN_MS)).max(mark.start + Place::from_ms(1));
    let lines: Vec<String> = mark.caption.iter().map(|line| escaped(line)).collect();
    format!("\n{n}\n{} --> {}\n{}\n", mark.start.full_clock(), end.full_clock(), lines.join("\n"))
}

/// No tag, no entity of people's making, and no arrow.
fn escaped(line: &str) -> String {
    line.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

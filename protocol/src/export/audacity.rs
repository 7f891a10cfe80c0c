//! A label track for Audacity: start, end and name with tabs between, a label a line, in seconds with six digits. A
//! marker is a label whose end is its start.

use super::sheet::Mark;

pub(super) fn write(marks: &[Mark]) -> String {
    marks.iter().map(line).collect()
}

fn line(mark: &Mark) -> String {
    let end = mark.end.unwrap_or(mark.start);
    format!("{}\t{}\t{}\n", mark.start.seconds(6), end.seconds(6), mark.name)
}

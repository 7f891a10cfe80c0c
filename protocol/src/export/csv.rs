//! A table (RFC 4180: commas, CR LF, quotes doubled; UTF-8 with a byte order mark, without which Excel guesses): a row
//! for every take, note and reply. Seconds have nine digits.
//!
//! - `start_s`, `end_s`: where the mark stands on the timeline of the export, the reaction taken off.
//! - `heard_s`, `heard_end_s`: the same for what was heard.
//! - `take_start_s`, `mix_start_s`: where the mark stands in the take or the mix version.
//! - `since_roll_s`: how long after its take rolled the mark stands, with a minus in the pre-roll; of a take where it
//!   rolled stands in `roll_s`, on the timeline of the export. Both are empty where no recorder has told.
//! - `placed`: `samples` by counting them; `clock` on the take by the relay's clock, because the take has not recorded
//!   the stream that was heard; `written` where it was written; `whole` about the whole thing.
//! - `position`, `position_end`, `rate`: as stored; of live sound in ticks of 48 000 Hz since the epoch's first, of a
//!   take or a mix version in samples of the file.
//!
//! A text that a spreadsheet would take for a formula has an apostrophe before it.

use super::Scope;
use super::calendar;
use super::place::Place;
use super::plain;
use super::sheet::{Item, Sheet, Span, flag_name, status_name};
use crate::session::note::{Anchor, Note, Severity};
use crate::session::take::{Take, Verdict};
use units::TICK_RATE;

const COLUMNS: [&str; 34] = [
    "kind",
    "number",
    "start_s",
    "end_s",
    "roll_s",
    "heard_s",
    "heard_end_s",
    "reaction_ms",
    "uncertainty_ms",
    "concealed",
    "placed",
    "on",
    "take",
    "take_start_s",
    "since_roll_s",
    "mix",
    "mix_start_s",
    "text",
    "tag",
    "severity",
    "status",
    "assignee",
    "by",
    "at",
    "verdict",
    "reason",
    "flags",
    "stream",
    "epoch",
    "part",
    "position",
    "position_end",
    "rate",
    "id",
];
const DIGITS: u32 = 9;
const LINE_END: &str = "\r\n";

/// One row; what is not said of it is empty.
struct Row {
    cells: [String; COLUMNS.len()],
}

impl Default for Row {
    fn default() -> Row {
        Row { cells: std::array::from_fn(|_| String::new()) }
    }
}

pub(super) fn write(sheet: &Sheet<'_>, scope: Scope) -> String {
    let takes = sheet.takes(scope).map(|take| take_row(sheet, scope, take));
    let seated = sheet.seated(scope);
    let notes = seated.iter().flat_map(|(item, span)| note_rows(sheet, item, *span));
    let head = format!("\u{feff}{}{LINE_END}", COLUMNS.join(","));
    takes.chain(notes).fold(head, |text, row| text + &row.cells.join(",") + LINE_END)
}

fn take_row(sheet: &Sheet<'_>, scope: Scope, take: &Take) -> Row {
    let mut row = Row::default();
    if let Some(span) = sheet.timeline.take(take.number) {
        let (start, end) =
            if scope == Scope::Session { (span.start, span.end) } else { (Place::ZERO, span.end - span.start) };
        row.set("start_s", start.seconds(DIGITS));
        row.set("end_s", end.seconds(DIGITS));
    }
    row.place("roll_s", sheet.roll(take, scope));
    row.set("kind", "take");
    row.set("number", take.number);
    row.set("take", take.number);
    row.text("text", &take.slate);
    row.text("status", &take.phase.to_string());
    row.text("by", &sheet.name(take.rolled.unwrap_or(take.armed).by));
    row.set("at", calendar::stamp(take.rolled.unwrap_or(take.armed).at));
    if take.verdict != Verdict::None {
        row.text("verdict", &take.verdict.to_string());
        row.text("reason", &take.ruling().reason);
    }
    row.text("flags", &take.flags.iter().map(|flag| flag_name(*flag)).collect::<Vec<_>>().join(" "));
    row
}

fn note_rows<'a>(sheet: &'a Sheet<'_>, item: &'a Item<'_>, span: Option<Span>) -> impl Iterator<Item = Row> + 'a {
    let note = note_row(sheet, item, span);
    let reply = move |reply: &&Note| {
        let mut row = Row::default();
        row.set("kind", "reply");
        row.set("number", item.number);
        row.words(sheet, reply);
        row
    };
    std::iter::once(note).chain(item.replies.iter().map(reply))
}

fn note_row(sheet: &Sheet<'_>, item: &Item<'_>, span: Option<Span>) -> Row {
    let (mut row, note, seat) = (Row::default(), item.note, item.seat);
    row.set("kind", "note");
    row.set("number", item.number);
    if let Some(span) = span {
        row.place("start_s", Some(span.start()));
        row.place("end_s", span.end());
        row.place("heard_s", Some(span.heard));
        row.place("heard_end_s", span.heard_to);
    }
    row.set("reaction_ms", note.reaction_ms);
    row.set("uncertainty_ms", note.uncertainty_ms);
    row.set("concealed", if note.concealed { "yes" } else { "no" });
    row.set("placed", seat.placed.name());
    if let Some((take, span)) = seat.take {
        row.set("take", take);
        row.place("take_start_s", Some(span.start()));
        seat.since_roll().into_iter().for_each(|since| row.set("since_roll_s", since.signed_seconds(DIGITS)));
    }
    if let Some((mix, span)) = seat.mix {
        row.set("mix", mix);
        row.place("mix_start_s", Some(span.start()));
    }
    row.words(sheet, note);
    row.set("severity", severity_name(note.wording.severity));
    row.text("status", status_name(note.status));
    if note.assignee.is_some() {
        row.text("assignee", &sheet.name(note.assignee));
    }
    row.anchor(sheet, note);
    row
}

impl Row {
    /// Fills a cell with what is no text of people's.
    fn set(&mut self, column: &str, value: impl ToString) {
        let index = COLUMNS.iter().position(|name| *name == column);
        self.cells[index.expect("columns are named in this file")] = value.to_string();
    }

    fn text(&mut self, column: &str, text: &str) {
        self.set(column, cell(text));
    }

    fn place(&mut self, column: &str, place: Option<Place>) {
        place.into_iter().for_each(|place| self.set(column, place.seconds(DIGITS)));
    }

    fn words(&mut self, sheet: &Sheet<'_>, note: &Note) {
        self.text("text", &note.wording.text);
        note.wording.tag.iter().for_each(|tag| self.text("tag", tag));
        self.text("by", &sheet.name(note.made.by));
        self.set("at", calendar::stamp(note.made.at));
        self.set("id", note.id);
    }

    fn anchor(&mut self, sheet: &Sheet<'_>, note: &Note) {
        let (on, at, to, rate) = match note.wording.on {
            Anchor::Live { stream, epoch, at, to } => {
                self.set("stream", stream);
                self.set("epoch", epoch);
                ("live", Some(at.0), to.map(|to| to.0), Some(TICK_RATE))
            }
            Anchor::Take { take, part, at, to } => {
                let known = part.and_then(|part| sheet.state.take(take)?.part(part));
                part.iter().for_each(|part| self.set("part", part));
                ("take", at.map(|at| at.0), to.map(|to| to.0), known.map(|part| part.rate.0))
            }
            Anchor::Mix { mix, at, to } => {
                let rate = sheet.state.mix(mix).map(|mix| mix.file.rate.0);
                ("mix", at.map(|at| at.0), to.map(|to| to.0), rate)
            }
        };
        self.set("on", on);
        let numbers = [("position", at), ("position_end", to), ("rate", at.and(rate.map(i64::from)))];
        numbers.into_iter().for_each(|(column, number)| number.into_iter().for_each(|n| self.set(column, n)));
    }
}

/// A text as a cell: in quotes, no formula, its lines kept.
fn cell(text: &str) -> String {
    let text = plain::lines(text).collect::<Vec<_>>().join("\n").replace('"', "\"\"");
    if text.is_empty() {
        return text;
    }
    let apostrophe = if text.starts_with(is_formula) { "'" } else { "" };
    format!("\"{apostrophe}{text}\"")
}

/// What begins a formula, full-width forms included, which some spreadsheets take for the plain ones.
fn is_formula(c: char) -> bool {
    matches!(c, '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠')
}

fn severity_name(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "info",
        Severity::Minor => "minor",
        Severity::Major => "major",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_never_a_formula_and_never_ends_early() {
        assert_eq!(cell("=1+1"), "\"'=1+1\"");
        assert_eq!(cell("\t=cmd|' /C calc'!A0"), "\"'=cmd|' /C calc'!A0\"");
        assert_eq!(cell("@SUM(1)"), "\"'@SUM(1)\"");
        assert_eq!(cell("say \"a\",\r\n=b"), "\"say \"\"a\"\",\n=b\"");
        assert_eq!(cell(" \n"), "");
        assert_eq!(cell("3 = 4"), "\"3 = 4\"");
    }
}

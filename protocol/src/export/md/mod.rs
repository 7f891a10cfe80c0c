//! The session report and the producer's numbered list, to be read (CommonMark 0.31 with the usual tables). Times of
//! day are UTC.
//!
//! What people wrote stands there as they wrote it: whatever Markdown or HTML would make of it is escaped.

mod escape;
mod list;
mod report;

use super::Scope;
use super::sheet::Sheet;
use crate::event::Stored;

const MEANING: &str = "\
Positions are where the note's author means: what was heard at the moment of the key press, less the reaction time. \
Where the two differ, both are said. “±” is how far off a heard position can be. A time on a take counts from the \
first sample of the part that begins first; a time in the session counts from its first sound or first take.";

pub(super) fn write(sheet: &Sheet<'_>, scope: Scope, events: &[Stored]) -> String {
    let mut text = format!("# {}\n", escape::line(&sheet.title(scope)));
    if scope == Scope::Session {
        report::people(&mut text, sheet, events);
    }
    report::takes(&mut text, sheet, scope, events);
    report::decisions(&mut text, sheet, scope, events);
    list::notes(&mut text, sheet, scope);
    report::mixes(&mut text, sheet, scope);
    report::credits(&mut text, sheet);
    text + "\n---\n\n" + MEANING + "\n"
}

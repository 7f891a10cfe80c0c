use super::escape;
use crate::export::Scope;
use crate::export::place::Place;
use crate::export::sheet::{Item, Placed, Sheet, Span, status_name, take_name};
use crate::ids::{MixNumber, TakeNumber};
use crate::session::note::{NoteStatus, Severity};
use crate::session::take::Take;
use std::fmt::Write;

/// The numbered list: by take, then what was said outside of takes, then by mix version; in each by position.
pub(super) fn notes(text: &mut String, sheet: &Sheet<'_>, scope: Scope) {
    let seated = sheet.seated(scope);
    let open = seated.iter().filter(|(item, _)| item.note.is_open()).count();
    let _ = writeln!(text, "\n## Notes\n\n{} in all, {open} open.", seated.len());
    let mut groups: Vec<(Group, Vec<(&Item<'_>, Span)>)> = Vec::new();
    for (item, _) in seated {
        let Some((group, span)) = place(item, scope) else { continue };
        match groups.iter_mut().find(|(known, _)| *known == group) {
            Some((_, items)) => items.push((item, span)),
            None => groups.push((group, vec![(item, span)])),
        }
    }
    groups.sort_by_key(|(group, _)| *group);
    for (group, mut items) in groups {
        items.sort_by_key(|(item, span)| (span.start(), item.number));
        let _ = writeln!(text, "\n### {}\n", heading(sheet, group));
        items.iter().for_each(|(item, span)| note(text, sheet, item, *span));
    }
}

/// What notes stand under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Group {
    Take(TakeNumber),
    Between,
    Mix(MixNumber),
}

fn place(item: &Item<'_>, scope: Scope) -> Option<(Group, Span)> {
    let seat = item.seat;
    let take = seat.take.map(|(take, span)| (Group::Take(take), span));
    let mix = || seat.mix.map(|(mix, span)| (Group::Mix(mix), span));
    let between = || seat.session.map(|span| (Group::Between, span));
    match scope {
        Scope::Mix(_) => mix(),
        _ => take.or_else(mix).or_else(between),
    }
}

fn heading(sheet: &Sheet<'_>, group: Group) -> String {
    match group {
        Group::Take(take) => {
            sheet.state.take(take).map_or_else(|| format!("Take {take}"), |take: &Take| escape::line(&take_name(take)))
        }
        Group::Between => "Outside of takes (times in the session)".to_owned(),
        Group::Mix(mix) => match sheet.state.mix(mix) {
            Some(version) => format!("Mix {mix}: {}", escape::line(&version.file.title)),
            None => format!("Mix {mix}"),
        },
    }
}

/// `- **12.** 1:02.345 (heard 1:02.595) **pitch** flat on “hour”` and under it who, when and what else is to be said.
fn note(text: &mut String, sheet: &Sheet<'_>, item: &Item<'_>, span: Span) {
    let wording = &item.note.wording;
    let done = if item.note.status == NoteStatus::Open { "" } else { "~~" };
    let tag = wording.tag.as_deref().map(|tag| format!("**{}** ", escape::line(tag))).unwrap_or_default();
    let must = if wording.severity == Severity::Major { "**!** " } else { "" };
    let words = escape::lines(&wording.text, 2);
    let crossed = if words.contains('\n') { words } else { format!("{done}{words}{done}") };
    let _ = writeln!(text, "- **{}.** {} {must}{tag}{crossed}\\", item.number, when(item, span));
    let _ = writeln!(text, "  {}", remarks(sheet, item));
    for reply in &item.replies {
        let who = escape::line(&sheet.name(reply.made.by));
        let _ = writeln!(text, "  - {who}: {}", escape::lines(&reply.wording.text, 4));
    }
}

fn when(item: &Item<'_>, span: Span) -> String {
    if item.seat.placed == Placed::Whole {
        return "whole".to_owned();
    }
    let range = |from: Place, to: Option<Place>| match to {
        Some(to) => format!("{}–{}", from.clock(), to.clock()),
        None => from.clock(),
    };
    let meant = range(span.start(), span.end());
    if span.start() == span.heard { meant } else { format!("{meant} (heard {})", range(span.heard, span.heard_to)) }
}

fn remarks(sheet: &Sheet<'_>, item: &Item<'_>) -> String {
    let note = item.note;
    let mut words = vec![format!("*{}*", escape::line(&sheet.name(note.made.by)))];
    words.push(match note.settled {
        Some(stamp) if note.status != NoteStatus::Open => {
            format!("{} by {}", status_name(note.status), escape::line(&sheet.name(stamp.by)))
        }
        _ => status_name(note.status).to_owned(),
    });
    words.extend(note.assignee.map(|who| format!("for {}", escape::line(&sheet.name(Some(who))))));
    words.extend(item.seat.since_roll().map(since_roll));
    words.push(format!("± {} ms", note.uncertainty_ms));
    let taken_off = note.reaction_ms > 0 && item.seat.placed != Placed::Whole;
    words.extend(taken_off.then(|| format!("reaction {} ms taken off", note.reaction_ms)));
    words.extend(note.concealed.then(|| "heard through concealment".to_owned()));
    words.extend(match item.seat.placed {
        Placed::Clock => Some("placed on the take by the clock: the take has not recorded this stream".to_owned()),
        Placed::Written => Some("placed where it was written: its sound is not known".to_owned()),
        Placed::Samples | Placed::Whole => None,
    });
    words.extend(note.carried.map(|mix| format!("carried over to mix {mix}")));
    words.join(" · ")
}

/// `0:01.500 after the roll`.
fn since_roll(since: Place) -> String {
    let side = if since < Place::ZERO { "before" } else { "after" };
    format!("{} {side} the roll", since.distance().clock())
}

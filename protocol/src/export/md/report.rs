use super::escape;
use crate::event::{Event, Recorded, Stored};
use crate::export::history::{self, Visit};
use crate::export::place::Place;
use crate::export::sheet::{Sheet, flag_name, take_name};
use crate::export::{Scope, calendar};
use crate::ids::{ParticipantId, TakeNumber};
use crate::session::people::Song;
use crate::session::take::{CaptureGap, Part, PartPhase, Take, Verdict};
use std::fmt::Write;
use units::WallTime;

/// When it was, how long, on what, and who was here.
pub(super) fn people(text: &mut String, sheet: &Sheet<'_>, events: &[Stored]) {
    let visits = history::visits(events);
    let end = events.last().map_or(sheet.timeline.zero(), |last| last.recorded().at);
    let until = |visit: &Visit| visit.to.unwrap_or(end);
    let begin = visits.iter().map(|visit| visit.from).min();
    let over = visits.iter().map(until).max();
    if let (Some(begin), Some(over)) = (begin, over) {
        let (from, to) = (calendar::to_the_second(begin), calendar::to_the_second(over));
        let _ = writeln!(text, "\n{from} to {to}: {}.", calendar::duration(over.0.saturating_sub(begin.0)));
    }
    let _ = writeln!(text, "\nTimes in the session count from {}.", calendar::to_the_second(sheet.timeline.zero()));
    song(text, &sheet.state.song);
    text.push_str("\n## Who was here\n\n| Who | As | When (UTC) | How long |\n| --- | --- | --- | --- |\n");
    let mut seen: Vec<ParticipantId> = Vec::new();
    for who in visits.iter().map(|visit| visit.who) {
        if !seen.contains(&who) {
            seen.push(who);
            person(text, sheet, who, visits.iter().filter(|visit| visit.who == who), &until);
        }
    }
}

fn person<'a>(
    text: &mut String,
    sheet: &Sheet<'_>,
    who: ParticipantId,
    visits: impl Iterator<Item = &'a Visit> + Clone,
    until: &impl Fn(&Visit) -> WallTime,
) {
    let role = sheet.state.participants.get(&who).map_or("", |person| person.role.name());
    let leaves = |visit: &Visit| match visit.to {
        Some(to) => calendar::time_of_day(to),
        None => "still here".to_owned(),
    };
    let times = visits.clone().map(|visit| format!("{}–{}", calendar::time_of_day(visit.from), leaves(visit)));
    let times: Vec<String> = times.collect();
    let lengths = visits.map(|visit| until(visit).0.saturating_sub(visit.from.0).max(0));
    let length = lengths.fold(0, i64::saturating_add);
    let name = escape::line(&sheet.name(Some(who)));
    let _ = writeln!(text, "| {name} | {role} | {} | {} |", times.join(", "), calendar::duration(length));
}

fn song(text: &mut String, song: &Song) {
    let tempo = song.tempo_mbpm.map(|tempo| format!("{} beats a minute", f64::from(tempo) / 1e3));
    let metre = song.metre.map(|metre| format!("{}/{}", metre.beats, metre.unit));
    let key = song.key.as_deref().map(escape::line);
    let known: Vec<String> = [tempo, metre, key].into_iter().flatten().collect();
    if !known.is_empty() {
        let _ = writeln!(text, "\nSong: {}.", known.join(", "));
    }
}

/// Every take: how long, what it is marked as, and what the recorders have of it.
pub(super) fn takes(text: &mut String, sheet: &Sheet<'_>, scope: Scope, events: &[Stored]) {
    let takes: Vec<&Take> = sheet.takes(scope).collect();
    if takes.is_empty() {
        return;
    }
    let length = |take: &Take| sheet.timeline.take(take.number).map_or(Place::ZERO, |span| span.end - span.start);
    let all = takes.iter().fold(Place::ZERO, |all, take| all + length(take));
    let _ = writeln!(text, "\n## Takes\n\n{} in all, {} of sound.\n", takes.len(), all.clock());
    for take in takes {
        let start =
            sheet.timeline.take(take.number).map(|span| format!(", from {} in the session", span.start.clock()));
        let when = take.rolled.map_or_else(|| take.phase.to_string(), |stamp| calendar::to_the_second(stamp.at));
        let (name, length) = (escape::line(&take_name(take)), length(take).clock());
        let before = sheet.timeline.take(take.number).and_then(|span| span.roll);
        let before = before.map(|roll| format!(", of which {} before the roll", roll.clock())).unwrap_or_default();
        let _ = writeln!(text, "- **{name}**: {length}{before}, {when}{}", start.unwrap_or_default());
        take.parts.iter().for_each(|one| part(text, sheet, one, events));
    }
}

fn part(text: &mut String, sheet: &Sheet<'_>, part: &Part, events: &[Stored]) {
    let stream = sheet.state.streams.get(&part.stream);
    let label = stream.map(|stream| format!(" “{}”", escape::line(&stream.label))).unwrap_or_default();
    let who = escape::line(&sheet.name(Some(part.participant)));
    let length = match part.length() {
        Some(length) => format!("{} samples", length.0),
        None => "length not known yet".to_owned(),
    };
    let _ = write!(text, "  - {who}{label}: {length}, {} Hz, channels: {}", part.rate.0, part.channels);
    if !part.gaps.is_empty() {
        let missing: u64 = part.gaps.iter().map(|CaptureGap { samples, .. }| samples.0).sum();
        let _ = write!(text, ", capture gaps: {}, {missing} samples in all", part.gaps.len());
    }
    if part.phase == PartPhase::Interrupted {
        let _ = write!(text, ", **interrupted**{}", interruption(part, events));
    }
    let hash = part.pcm_hash.as_deref().map(|hash| format!(", PCM `{}`", escape::line(hash))).unwrap_or_default();
    let _ = writeln!(text, "{hash}");
}

/// Why, by the newest report about the part.
fn interruption(part: &Part, events: &[Stored]) -> String {
    let told = events.iter().rev().find_map(|stored| match &stored.recorded().event {
        Event::PartInterrupted { part: id, reason, .. } if *id == part.id => Some(reason),
        _ => None,
    });
    told.filter(|reason| !reason.is_empty()).map(|reason| format!(": {}", escape::line(reason))).unwrap_or_default()
}

/// What was decided about takes by whom and why, in order; what others thought after it.
pub(super) fn decisions(text: &mut String, sheet: &Sheet<'_>, scope: Scope, events: &[Stored]) {
    let about = |take: TakeNumber| scope == Scope::Session || scope == Scope::Take(take);
    let made = history::decisions(events).filter(|(take, _)| about(*take));
    let made: Vec<String> = made.filter_map(|(take, recorded)| decision(sheet, take, recorded)).collect();
    let votes: Vec<String> = sheet.takes(scope).flat_map(|take| votes(sheet, take)).collect();
    if made.is_empty() && votes.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n## Decisions\n\n{}", [made, votes].concat().join("\n"));
}

fn decision(sheet: &Sheet<'_>, take: TakeNumber, recorded: &Recorded) -> Option<String> {
    let because = |reason: &str| match escape::line(reason) {
        empty if empty.is_empty() => empty,
        reason => format!(": {reason}"),
    };
    let what = match &recorded.event {
        Event::TakeVerdict { verdict: Verdict::None, reason, .. } => format!("decision taken back{}", because(reason)),
        Event::TakeVerdict { verdict, reason, decided: Some(stamp), .. } => {
            let whose = escape::line(&sheet.name(stamp.by));
            format!("put back what {whose} decided: **{verdict}**{}", because(reason))
        }
        Event::TakeVerdict { verdict, reason, .. } => format!("**{verdict}**{}", because(reason)),
        Event::TakeVoid { .. } => "approval void, because the take's audio has changed since".to_owned(),
        Event::TakeReopen { reason, .. } => format!("reopened{}", because(reason)),
        Event::TakeFlag { flag, on: true, .. } => format!("marked as {}", flag_name(*flag)),
        Event::TakeFlag { flag, on: false, .. } => format!("no longer {}", flag_name(*flag)),
        _ => return None,
    };
    let (at, who) = (calendar::time_of_day(recorded.at), escape::line(&sheet.name(recorded.by)));
    Some(format!("- {at} take {take}, {who}: {what}"))
}

fn votes(sheet: &Sheet<'_>, take: &Take) -> Vec<String> {
    let vote = |(who, ruling): (&ParticipantId, &crate::session::take::Ruling)| {
        let reason = Some(escape::line(&ruling.reason)).filter(|reason| !reason.is_empty());
        let reason = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
        let who = escape::line(&sheet.name(Some(*who)));
        format!("- vote on take {}, {who}: {}{reason}", take.number, ruling.verdict)
    };
    take.votes.iter().map(vote).collect()
}

/// Every mix version.
pub(super) fn mixes(text: &mut String, sheet: &Sheet<'_>, scope: Scope) {
    let wanted = |number| scope == Scope::Session || scope == Scope::Mix(number);
    let mixes: Vec<_> = sheet.state.mixes.iter().filter(|mix| wanted(mix.number)).collect();
    if mixes.is_empty() {
        return;
    }
    text.push_str("\n## Mix versions\n\n");
    for mix in mixes {
        let samples = i64::try_from(mix.file.length.0).unwrap_or(i64::MAX);
        let length = Place::from_samples(samples, mix.file.rate).clock();
        let (title, hash) = (escape::line(&mix.file.title), escape::line(&mix.file.pcm_hash));
        let (who, at) = (escape::line(&sheet.name(mix.added.by)), calendar::to_the_second(mix.added.at));
        let _ = writeln!(
            text,
            "- **Mix {}: {title}**: {length}, {} Hz, by {who}, {at}, PCM `{hash}`",
            mix.number, mix.file.rate.0
        );
    }
}

/// Who did what.
pub(super) fn credits(text: &mut String, sheet: &Sheet<'_>) {
    if sheet.state.credits.is_empty() {
        return;
    }
    text.push_str("\n## Credits\n\n");
    for credit in sheet.state.credits.values() {
        let _ = writeln!(text, "- {}: {}", escape::line(&credit.name), escape::line(&credit.did));
    }
}

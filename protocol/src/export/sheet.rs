use super::Scope;
use super::place::Place;
use super::plain;
use super::tempo::{self, Beat};
use super::timeline::{TakeSpan, Timeline};
use crate::event::{Event, Stored};
use crate::ids::{MixNumber, NoteId, ParticipantId, TakeNumber};
use crate::session::SessionState;
use crate::session::note::{Anchor, Note, NoteStatus};
use crate::session::people::Song;
use crate::session::take::{Flag, Take, Verdict};
use units::{SampleTime, WallTime};

/// An uncertainty that is worth a word in a marker's name, in ms. `csv` and `md` say every one.
const NOTABLE_UNCERTAINTY_MS: u32 = 20;

/// The notes of a session, numbered and placed.
pub(super) struct Sheet<'a> {
    pub(super) state: &'a SessionState,
    pub(super) timeline: Timeline<'a>,
    /// What was said of the song, in order, on the session's timeline.
    songs: Vec<(Place, Song)>,
    /// In the order of the numbers. Notes that were taken back are not here; their numbers stay theirs.
    pub(super) items: Vec<Item<'a>>,
}

/// A note with its answers.
pub(super) struct Item<'a> {
    /// The how manieth note of the session it is, from 1, answers not counted: the same in every export.
    pub(super) number: usize,
    pub(super) note: &'a Note,
    /// In the order in which they were made.
    pub(super) replies: Vec<&'a Note>,
    pub(super) seat: Seat,
}

/// Where a note is, on each timeline that has it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Seat {
    pub(super) session: Option<Span>,
    pub(super) take: Option<(TakeNumber, Span)>,
    /// Where its take rolled, on the take's timeline.
    roll: Option<Place>,
    /// The version that it was made on; it is in the later ones too, up to `carried`.
    pub(super) mix: Option<(MixNumber, Span)>,
    carried: Option<MixNumber>,
    pub(super) placed: Placed,
}

/// How well a place is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Placed {
    /// By counting samples.
    #[default]
    Samples,
    /// On the take by the relay's clock, because the take has not recorded the stream that was heard.
    Clock,
    /// When it was written, because no clock map of the stream is known.
    Written,
    /// It is about the whole take or mix version, and stands at its beginning.
    Whole,
}

/// A heard position or range, and what its author means by it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub(super) heard: Place,
    pub(super) heard_to: Option<Place>,
    reaction: Place,
}

/// What formats with markers show: a marker, or a region when it has an end.
#[derive(Clone, Debug)]
pub(super) struct Mark {
    pub(super) start: Place,
    pub(super) end: Option<Place>,
    /// One line.
    pub(super) name: String,
    /// What a caption shows, in lines.
    pub(super) caption: Vec<String>,
}

impl Span {
    /// Where the mark stands.
    pub(super) fn start(&self) -> Place {
        (self.heard - self.reaction).max(Place::ZERO)
    }

    /// Where the range that is marked ends; none for a point.
    pub(super) fn end(&self) -> Option<Place> {
        let end = (self.heard_to? - self.reaction).max(Place::ZERO);
        Some(end).filter(|end| *end > self.start())
    }

    fn shifted(self, by: Place) -> Span {
        Span { heard: self.heard + by, heard_to: self.heard_to.map(|to| to + by), ..self }
    }
}

impl Placed {
    /// The word for it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Placed::Samples => "samples",
            Placed::Clock => "clock",
            Placed::Written => "written",
            Placed::Whole => "whole",
        }
    }
}

impl<'a> Sheet<'a> {
    pub(super) fn of(state: &'a SessionState, events: &[Stored]) -> Sheet<'a> {
        let timeline = Timeline::new(state, events);
        let mut notes: Vec<&Note> = state.notes.values().collect();
        notes.sort_by_key(|note| note.seq);
        let roots = notes.iter().copied().filter(|note| note.parent.is_none()).zip(1..);
        let items = roots.filter(|(note, _)| !note.retracted).map(|(note, number)| {
            let replies = notes.iter().copied().filter(|reply| reply.parent == Some(note.id) && !reply.retracted);
            Item { number, note, replies: replies.collect(), seat: seat(state, &timeline, note) }
        });
        let items = items.collect();
        let said = events.iter().map(Stored::recorded).filter_map(|recorded| match &recorded.event {
            Event::SessionSong { song, .. } => Some((timeline.moment(recorded.at), song.clone())),
            _ => None,
        });
        let songs = said.collect();
        Sheet { state, timeline, songs, items }
    }

    /// How the song goes on the timeline of an export: at least one beat, the first at the beginning.
    pub(super) fn beats(&self, scope: Scope) -> Vec<Beat> {
        let now = || vec![Beat { from: Place::ZERO, song: self.state.song.clone() }];
        match scope {
            Scope::Session => tempo::beats(&self.songs, Place::ZERO, None),
            Scope::Take(number) => {
                let take = self.timeline.take(number);
                take.map_or_else(now, |take| tempo::beats(&self.songs, take.start, Some(take.end)))
            }
            Scope::Mix(_) => now(),
        }
    }

    /// What a person is called.
    pub(super) fn name(&self, who: Option<ParticipantId>) -> String {
        let Some(id) = who else { return "the relay".to_owned() };
        let known = self.state.participants.get(&id).map(|person| plain::line(&person.name));
        known.filter(|name| !name.is_empty()).unwrap_or_else(|| "somebody".to_owned())
    }

    /// What the file is called inside, in one line.
    pub(super) fn title(&self, scope: Scope) -> String {
        let title = plain::line(&self.state.title);
        match scope {
            Scope::Session => title,
            Scope::Take(take) => format!("{title}, take {take}"),
            Scope::Mix(mix) => format!("{title}, mix {mix}"),
        }
    }

    /// The takes that an export is about, cancelled ones left out.
    pub(super) fn takes(&self, scope: Scope) -> impl Iterator<Item = &'a Take> {
        let wanted = move |take: &&Take| match scope {
            Scope::Session => take.rolled.is_some(),
            Scope::Take(number) => take.number == number,
            Scope::Mix(_) => false,
        };
        self.state.takes.iter().filter(wanted)
    }

    /// The notes that an export is about with where they are in it, by place; those without one come first.
    pub(super) fn seated(&self, scope: Scope) -> Vec<(&Item<'a>, Option<Span>)> {
        let mut seated: Vec<_> = self.items.iter().filter_map(|item| Some((item, item.seat.on(scope)?))).collect();
        seated.sort_by_key(|(item, span)| (span.map(|span| span.start()), item.number));
        seated
    }

    /// Everything that has a place on the timeline: takes and notes, in the order of their beginnings.
    pub(super) fn marks(&self, scope: Scope) -> Vec<Mark> {
        let takes = self.takes(scope).filter_map(|take| self.mark_take(take, scope));
        let rolls = self.takes(scope).filter_map(|take| self.mark_roll(take, scope));
        let notes = self.seated(scope);
        let notes = notes.into_iter().filter_map(|(item, span)| Some(self.mark_note(item, span?)));
        let mut marks: Vec<Mark> = takes.chain(rolls).chain(notes).collect();
        marks.sort_by_key(|mark| mark.start);
        marks
    }

    fn mark_take(&self, take: &Take, scope: Scope) -> Option<Mark> {
        let TakeSpan { start, end, .. } = *self.timeline.take(take.number)?;
        let (start, end) = if scope == Scope::Session { (start, end) } else { (Place::ZERO, end - start) };
        let name = take_name(take);
        Some(Mark { start, end: Some(end).filter(|end| *end > start), caption: vec![name.clone()], name })
    }

    /// Where a take rolled, as far as a recorder has told: people count its time from there.
    fn mark_roll(&self, take: &Take, scope: Scope) -> Option<Mark> {
        let (start, name) = (self.roll(take, scope)?, format!("Take {} rolls", take.number));
        Some(Mark { start, end: None, caption: vec![name.clone()], name })
    }

    /// Where a take rolled on the timeline of an export; none where no recorder has told.
    pub(super) fn roll(&self, take: &Take, scope: Scope) -> Option<Place> {
        let span = self.timeline.take(take.number)?;
        let begin = if scope == Scope::Session { span.start } else { Place::ZERO };
        Some(begin + span.roll?)
    }

    fn mark_note(&self, item: &Item<'_>, span: Span) -> Mark {
        let note = item.note;
        let tag = note.wording.tag.as_deref().map(|tag| format!("{}: ", plain::line(tag))).unwrap_or_default();
        let (head, who, remarks) = (format!("#{} {tag}", item.number), self.name(note.made.by), remarks(item));
        let tail = if remarks.is_empty() { format!(" ({who})") } else { format!(" ({who}) [{}]", remarks.join(", ")) };
        let name = format!("{head}{}{tail}", plain::line(&note.wording.text));
        let mut caption: Vec<String> = plain::lines(&note.wording.text).collect();
        let answers = item.replies.iter().flat_map(|reply| plain::lines(&reply.wording.text));
        caption.insert(0, format!("#{} {who}{}", item.number, tail.split_once(')').map_or("", |(_, rest)| rest)));
        caption.extend(answers.map(|line| format!("↳ {line}")));
        Mark { start: span.start(), end: span.end(), name, caption }
    }
}

impl Seat {
    /// How long after its take's roll the mark stands, below zero in the pre-roll; none where no recorder has told of the
    /// roll, and of what is about the whole take.
    pub(super) fn since_roll(&self) -> Option<Place> {
        let (_, span) = self.take.filter(|_| self.placed != Placed::Whole)?;
        Some(span.start() - self.roll?)
    }

    /// Where it is in an export: none when it is not in it at all, nothing inside when it has no place there.
    pub(super) fn on(&self, scope: Scope) -> Option<Option<Span>> {
        match scope {
            Scope::Session => Some(self.session),
            Scope::Take(take) => self.take.filter(|(number, _)| *number == take).map(|(_, span)| Some(span)),
            Scope::Mix(mix) => {
                let has = |number: MixNumber| (number..=self.carried.unwrap_or(number)).contains(&mix);
                self.mix.filter(|(number, _)| has(*number)).map(|(_, span)| Some(span))
            }
        }
    }
}

/// `Take 3: chorus (approved, circled)`.
pub(super) fn take_name(take: &Take) -> String {
    let slate = plain::line(&take.slate);
    let slate = if slate.is_empty() { slate } else { format!(": {slate}") };
    let marks = take_marks(take);
    let marks = if marks.is_empty() { String::new() } else { format!(" ({})", marks.join(", ")) };
    format!("Take {}{slate}{marks}", take.number)
}

/// What was decided about a take and what it is marked as, in words.
pub(super) fn take_marks(take: &Take) -> Vec<String> {
    let verdict = Some(take.verdict).filter(|verdict| *verdict != Verdict::None).map(|verdict| verdict.to_string());
    let voided = take.voided.is_some() && take.verdict == Verdict::None;
    let voided = voided.then(|| "approval void".to_owned());
    let flags = take.flags.iter().map(|flag| flag_name(*flag).to_owned());
    verdict.into_iter().chain(voided).chain(flags).collect()
}

/// The word for a flag.
pub(super) fn flag_name(flag: Flag) -> &'static str {
    match flag {
        Flag::Circled => "circled",
        Flag::Hero => "hero",
        Flag::FalseStart => "false start",
        Flag::Wild => "wild",
    }
}

/// The word for a status.
pub(super) fn status_name(status: NoteStatus) -> &'static str {
    match status {
        NoteStatus::Open => "open",
        NoteStatus::Done => "done",
        NoteStatus::WontFix => "won't fix",
    }
}

/// What a short form says of a note beside its text.
fn remarks(item: &Item<'_>) -> Vec<String> {
    let note = item.note;
    let settled = (note.status != NoteStatus::Open).then(|| status_name(note.status).to_owned());
    let vague = note.uncertainty_ms > NOTABLE_UNCERTAINTY_MS;
    let vague = vague.then(|| format!("± {} ms", note.uncertainty_ms));
    let concealed = note.concealed.then(|| "heard through concealment".to_owned());
    let placed = match item.seat.placed {
        Placed::Samples | Placed::Whole => None,
        Placed::Clock => Some("placed by the clock".to_owned()),
        Placed::Written => Some("placed where it was written".to_owned()),
    };
    settled.into_iter().chain(vague).chain(concealed).chain(placed).collect()
}

fn seat(state: &SessionState, timeline: &Timeline<'_>, note: &Note) -> Seat {
    let reaction = Place::from_ms(i64::from(note.reaction_ms));
    let span = |heard, heard_to| Span { heard, heard_to, reaction };
    match note.wording.on {
        Anchor::Live { stream, epoch, at, to } => {
            let Some(heard) = timeline.heard(stream, epoch, at) else { return written(timeline, note.made.at) };
            let to = to.and_then(|to| timeline.heard(stream, epoch, to)).map(|to| to.at);
            let session = span(heard.at, to);
            let found = timeline.take_of(heard);
            let placed = if found.is_none_or(|found| found.counted) { Placed::Samples } else { Placed::Clock };
            let take = found.map(|found| (found.number, session.shifted(found.at - heard.at)));
            let roll = found.and_then(|found| found.roll);
            Seat { session: Some(session), take, roll, placed, ..Seat::default() }
        }
        Anchor::Take { take: number, part, at, to } => {
            let Some(take) = state.take(number) else { return written(timeline, note.made.at) };
            let index = part.and_then(|id| take.parts.iter().position(|part| part.id == id));
            let known = timeline.take(number);
            let offset = known.zip(index).and_then(|(known, index)| known.parts.get(index)).map(|part| part.offset);
            let place = |at: SampleTime| {
                let begin = offset.unwrap_or_default();
                index.map_or(begin, |index| begin + Place::from_samples(at.0, take.parts[index].rate))
            };
            let (on_take, placed) = match at {
                Some(at) => (span(place(at), to.map(place)), Placed::Samples),
                None => (span(Place::ZERO, None), Placed::Whole),
            };
            let start = known.map(|known| known.start);
            let session =
                start.map(|start| Span { reaction: on_take.heard - on_take.start(), ..on_take.shifted(start) });
            let roll = known.and_then(|known| known.roll_of(index));
            Seat { session, take: Some((number, on_take)), roll, placed, ..Seat::default() }
        }
        Anchor::Mix { mix: number, at, to } => {
            let rate = state.mix(number).map(|mix| mix.file.rate);
            let place = |at: SampleTime| rate.map(|rate| Place::from_samples(at.0, rate));
            let placed = if at.is_some() { Placed::Samples } else { Placed::Whole };
            let on_mix = span(at.and_then(place).unwrap_or_default(), to.and_then(place));
            Seat { mix: Some((number, on_mix)), carried: note.carried, placed, ..Seat::default() }
        }
    }
}

/// Where a note is whose sound cannot be placed: when it was written.
fn written(timeline: &Timeline<'_>, at: WallTime) -> Seat {
    let heard = timeline.moment(at);
    let session = Span { heard, heard_to: None, reaction: Place::ZERO };
    let found = timeline.take_at(heard);
    let take = found.map(|found| (found.number, session.shifted(found.at - heard)));
    let roll = found.and_then(|found| found.roll);
    Seat { session: Some(session), take, roll, placed: Placed::Written, ..Seat::default() }
}

/// The note with this id and its answers.
pub(super) fn family(item: &Item<'_>) -> impl Iterator<Item = NoteId> {
    std::iter::once(item.note.id).chain(item.replies.iter().map(|reply| reply.id))
}

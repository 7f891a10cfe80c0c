use super::place::Place;
use crate::event::{Event, Stored};
use crate::ids::{StreamId, TakeNumber};
use crate::session::SessionState;
use crate::session::take::{Part, Phase, Take};
use crate::timeline::in_force;
use std::collections::BTreeMap;
use units::{Ssrc, Ticks, WallTime};

/// An unbroken run of one publisher's RTP clock: a stream from one process. Device restarts do not break it.
pub(super) type Run = (StreamId, Ssrc);

/// The session's timeline and where runs and takes lie on it.
pub(super) struct Timeline<'a> {
    state: &'a SessionState,
    zero: WallTime,
    end: WallTime,
    /// Where each run's first map begins: ticks of the run, and when the relay recorded it.
    runs: BTreeMap<Run, (Ticks, WallTime)>,
    takes: Vec<TakeSpan>,
}

/// A take on the session's timeline.
#[derive(Clone, Debug)]
pub(super) struct TakeSpan {
    pub(super) number: TakeNumber,
    pub(super) start: Place,
    /// Where it ends; for one that still rolls, where the log ends.
    pub(super) end: Place,
    /// From its beginning to when the first recorder had the roll; none where no recorder has told.
    pub(super) roll: Option<Place>,
    /// On the session's timeline: where it rolled, by the relay's clock where no recorder has told.
    rolled: Place,
    /// In the order of the take's parts.
    pub(super) parts: Vec<PartSpan>,
}

/// A part on the timelines of its run and of its take.
#[derive(Clone, Debug)]
pub(super) struct PartSpan {
    run: Option<Run>,
    in_run: Place,
    /// From the take's beginning.
    pub(super) offset: Place,
    /// From the take's beginning to when its own recorder had the roll.
    roll: Option<Place>,
    length: Option<Place>,
}

/// Where on a take something is.
#[derive(Clone, Copy, Debug)]
pub(super) struct OnTake {
    pub(super) number: TakeNumber,
    /// From the take's beginning.
    pub(super) at: Place,
    /// From the take's beginning to the roll; none where no recorder has told.
    pub(super) roll: Option<Place>,
    /// Whether that is known by counting samples.
    pub(super) counted: bool,
}

/// A position of live sound.
#[derive(Clone, Copy, Debug)]
pub(super) struct Heard {
    run: Run,
    in_run: Place,
    /// On the session's timeline.
    pub(super) at: Place,
}

impl<'a> Timeline<'a> {
    pub(super) fn new(state: &'a SessionState, events: &[Stored]) -> Timeline<'a> {
        let runs = runs(state, events);
        let recorded = |stored: Option<&Stored>| stored.map(|stored| stored.recorded().at);
        let first_take = state.takes.iter().filter_map(|take| take.rolled).map(|stamp| stamp.at).min();
        let first_sound = runs.values().map(|(_, at)| *at).min();
        let first = first_sound.into_iter().chain(first_take).min();
        let zero = first.or(recorded(events.first())).unwrap_or_default();
        let end = recorded(events.last()).unwrap_or_default();
        let mut timeline = Timeline { state, zero, end, runs, takes: Vec::new() };
        timeline.takes = state.takes.iter().filter_map(|take| timeline.span(take)).collect();
        timeline
    }

    /// The moment at which the timeline begins.
    pub(super) fn zero(&self) -> WallTime {
        self.zero
    }

    /// Where a moment by the relay's clock lies.
    pub(super) fn moment(&self, at: WallTime) -> Place {
        Place::from_ms(at.0.saturating_sub(self.zero.0)).max(Place::ZERO)
    }

    /// Where heard sound lies; none when no clock map of its stream is known.
    pub(super) fn heard(&self, stream: StreamId, epoch: u32, ticks: Ticks) -> Option<Heard> {
        let known = self.state.streams.get(&stream)?;
        let ssrc = known.epochs.get(epoch as usize)?.ssrc;
        let map = in_force(known, ssrc, ticks)?;
        let delay = Place::from_ticks(map.codec_delay) + Place::from_ticks(map.resampler_delay);
        let (run, in_run) = ((stream, ssrc), Place::from_ticks(ticks) - delay);
        Some(Heard { run, in_run, at: self.of_run(run, in_run)? })
    }

    /// Where what was heard lies on the take that recorded it.
    pub(super) fn take_of(&self, heard: Heard) -> Option<OnTake> {
        let counted = self.takes.iter().flat_map(|take| take.counted(heard));
        newest_rolling(counted).or_else(|| self.take_at(heard.at))
    }

    /// Where a place lies on the take that was being recorded there.
    pub(super) fn take_at(&self, at: Place) -> Option<OnTake> {
        let there = self.takes.iter().filter(|take| (take.start..=take.end).contains(&at));
        newest_rolling(there.map(|take| {
            let on = OnTake { number: take.number, at: at - take.start, roll: take.roll, counted: false };
            (at >= take.rolled, on)
        }))
    }

    /// Where a take lies; none when it never rolled.
    pub(super) fn take(&self, number: TakeNumber) -> Option<&TakeSpan> {
        self.takes.iter().find(|take| take.number == number)
    }

    fn of_run(&self, run: Run, in_run: Place) -> Option<Place> {
        let (from, at) = *self.runs.get(&run)?;
        Some(self.moment(at) + in_run - Place::from_ticks(from))
    }

    fn span(&self, take: &Take) -> Option<TakeSpan> {
        let rolled = self.moment(take.rolled?.at);
        let placed: Vec<_> = take.parts.iter().map(|part| (self.part(part), length(part))).collect();
        let begins = |(run, in_run): (Run, Place)| self.of_run(run, in_run);
        let starts: Vec<Place> = placed.iter().map(|(at, _)| at.and_then(begins).unwrap_or(rolled)).collect();
        let start = starts.iter().copied().min().unwrap_or(rolled);
        let stopped = match (take.stopped, take.phase) {
            (Some(stamp), _) => self.moment(stamp.at),
            (None, Phase::Rolling) => self.moment(self.end),
            (None, _) => start,
        };
        let ends = starts.iter().zip(&placed).filter_map(|(start, (_, length))| Some(*start + (*length)?));
        let end = ends.max().unwrap_or(stopped).max(start);
        let parts = take.parts.iter().zip(&starts).zip(&placed).map(|((part, begin), (at, length))| PartSpan {
            run: at.map(|(run, _)| run),
            in_run: at.map_or(Place::ZERO, |(_, in_run)| in_run),
            offset: *begin - start,
            roll: pre_roll(part).map(|pre_roll| *begin - start + pre_roll),
            length: *length,
        });
        let parts: Vec<PartSpan> = parts.collect();
        let roll = parts.iter().filter_map(|part| part.roll).min();
        let rolled = roll.map_or(rolled, |roll| start + roll);
        Some(TakeSpan { number: take.number, start, end, roll, rolled, parts })
    }

    /// The run that a part recorded, and where in it the part begins.
    fn part(&self, part: &Part) -> Option<(Run, Place)> {
        let map = self.state.streams.get(&part.stream)?.epochs.get(part.epoch as usize)?;
        let since = Place::from_samples(part.from.0.saturating_sub(map.sample0.0), map.rate);
        Some(((part.stream, map.ssrc), Place::from_ticks(map.from) + since))
    }
}

impl TakeSpan {
    /// From the take's beginning to the roll, as the recorder of the part at this index had it; the others' word where
    /// that one has not told.
    pub(super) fn roll_of(&self, part: Option<usize>) -> Option<Place> {
        part.and_then(|part| self.parts.get(part)?.roll).or(self.roll)
    }

    /// Where heard sound is on the take, for each of its parts that recorded just that, and whether that one had rolled.
    fn counted(&self, heard: Heard) -> impl Iterator<Item = (bool, OnTake)> {
        let holding = self.parts.iter().enumerate().filter(move |(_, part)| self.holds(part, heard));
        holding.map(move |(index, part)| {
            let at = part.offset + (heard.in_run - part.in_run);
            let on = OnTake { number: self.number, at, roll: self.roll_of(Some(index)), counted: true };
            (part.roll.is_none_or(|roll| at >= roll), on)
        })
    }

    /// Whether heard sound is in a part's file. One that nobody has told the end of lasts as long as the take.
    fn holds(&self, part: &PartSpan, heard: Heard) -> bool {
        let since = heard.in_run - part.in_run;
        let before_end = part.length.map_or(since <= self.end - self.start - part.offset, |length| since < length);
        part.run == Some(heard.run) && since >= Place::ZERO && before_end
    }
}

/// Of the takes that something may be on, each with whether it had rolled there, the newest that had. Takes overlap,
/// because a recorder's history goes on over a stop: what lies in the pre-roll of one belongs to the take before it that
/// still recorded, and to the first of several pre-rolls, so that no later take carries it off.
fn newest_rolling(takes: impl Iterator<Item = (bool, OnTake)>) -> Option<OnTake> {
    let (rolling, waiting): (Vec<_>, Vec<_>) = takes.partition(|(rolled, _)| *rolled);
    rolling.last().or(waiting.first()).map(|(_, on)| *on)
}

/// How long a part recorded before its recorder had the roll. A log of another make may say what cannot be.
fn pre_roll(part: &Part) -> Option<Place> {
    let samples = part.roll?.0.checked_sub(part.from.0).filter(|samples| *samples >= 0)?;
    Some(Place::from_samples(samples, part.rate))
}

fn length(part: &Part) -> Option<Place> {
    let samples = i64::try_from(part.length()?.0).ok()?;
    Some(Place::from_samples(samples, part.rate))
}

/// Where each run begins, by the first map of it that the log has.
fn runs(state: &SessionState, events: &[Stored]) -> BTreeMap<Run, (Ticks, WallTime)> {
    let mut runs = BTreeMap::new();
    for recorded in events.iter().map(Stored::recorded) {
        if let Event::StreamEpoch { stream, map } = &recorded.event
            && state.streams.contains_key(stream)
        {
            runs.entry((*stream, map.ssrc)).or_insert((map.from, recorded.at));
        }
    }
    runs
}

//! One stream at the recorder: what comes out of its ring goes into the pre-roll and, while a take rolls, into a part.

use super::history::History;
use super::part::{PartError, PartFile, Place};
use super::tap::TakeReader;
use super::{LONGEST_SILENCE, Piece, RecorderConfig};
use crate::pipeline::MonoClock;
use client_core::take::{Began, EpochName, LaneId, News, PartHead, Seat};
use protocol::ids::{PartId, TakeNumber};
use std::collections::BTreeMap;
use std::time::SystemTime;
use units::{SampleCount, SampleTime};
use uuid::Uuid;

/// One lane.
pub(super) struct Lane {
    pub(super) id: LaneId,
    label: &'static str,
    reader: Option<TakeReader>,
    store: Store,
}

/// Everything of a lane but its ring.
struct Store {
    lane: LaneId,
    label: &'static str,
    history: Option<History>,
    /// What the session calls the runs.
    names: BTreeMap<u32, EpochName>,
    /// What is to be recorded.
    wanted: Option<Wanted>,
    part: Option<PartFile>,
}

/// What a lane is to record.
#[derive(Clone, Copy)]
struct Wanted {
    take: TakeNumber,
    seat: Seat,
    /// The run and the sample that were next when the take rolled; none where that is not known.
    roll: Option<(u32, SampleTime)>,
}

/// What a lane needs to do its work.
pub(super) struct Desk<'a> {
    pub(super) config: &'a RecorderConfig,
    pub(super) clock: MonoClock,
    pub(super) news: &'a mut Vec<News>,
}

impl Lane {
    pub(super) fn new(id: LaneId, label: &'static str, reader: TakeReader) -> Lane {
        let store = Store { lane: id, label, history: None, names: BTreeMap::new(), wanted: None, part: None };
        Lane { id, label, reader: Some(reader), store }
    }

    /// Takes in everything that was captured. A stream that has ended ends its part.
    pub(super) fn turn(&mut self, desk: &mut Desk<'_>) {
        let Some(reader) = &mut self.reader else { return };
        let over = reader.is_over();
        while let Some((piece, sound)) = reader.next() {
            self.store.take_in(&piece, sound, desk);
        }
        self.store.begin(desk);
        self.store.flush(desk);
        if over {
            tracing::debug!(label = self.label, "the stream has ended");
            self.store.end(None, desk);
            self.reader = None;
        }
    }

    /// Records from now on, pre-roll included, as soon as the sound has a name. `prompt`: this is the moment of the roll.
    pub(super) fn roll(&mut self, (take, seat): (TakeNumber, Seat), prompt: bool, desk: &mut Desk<'_>) {
        if self.store.wanted.is_none_or(|wanted| (wanted.take, wanted.seat) != (take, seat)) {
            self.stop(desk);
            let roll = self.store.next_sample().filter(|_| prompt);
            self.store.wanted = Some(Wanted { take, seat, roll });
        }
        self.turn(desk);
    }

    /// Ends the part with what is captured by now.
    pub(super) fn stop(&mut self, desk: &mut Desk<'_>) {
        self.turn(desk);
        self.store.wanted = None;
        self.store.end(None, desk);
    }

    /// The device is gone: what came before is no pre-roll of what comes after it.
    pub(super) fn lose(&mut self, desk: &mut Desk<'_>) {
        self.turn(desk);
        self.store.end(Some("its device was lost".to_owned()), desk);
        self.store.history = None;
    }

    /// Learns what the session calls a run.
    pub(super) fn name(&mut self, run: u32, name: EpochName) {
        self.store.names.insert(run, name);
    }

    /// Names do not hold any more.
    pub(super) fn forget_names(&mut self) {
        self.store.names.clear();
    }
}

impl Store {
    fn take_in(&mut self, piece: &Piece, sound: &[f32], desk: &mut Desk<'_>) {
        if self.history.as_ref().is_some_and(|history| history.run != piece.run) {
            self.end(Some("its device was opened anew".to_owned()), desk);
            self.history = None;
        }
        self.catch_up(piece, desk);
        let history = self.history.get_or_insert_with(|| {
            let captured = SystemTime::now().checked_sub(desk.clock.now().saturating_since(piece.captured_at));
            History::new(piece, captured.unwrap_or(SystemTime::UNIX_EPOCH), desk.config.pre_roll)
        });
        history.push(sound);
        self.part.iter_mut().for_each(|part| part.push(sound));
    }

    /// Puts silence where something is missing before the piece, or ends the part where it is too much.
    fn catch_up(&mut self, piece: &Piece, desk: &mut Desk<'_>) {
        let Some(history) = &mut self.history else { return };
        let missing = SampleCount((piece.at.0 - history.end().0).max(0) as u64);
        let lost = piece.lost.min(missing);
        let hole = SampleCount(missing.0 - lost.0);
        if missing.duration(piece.rate) > LONGEST_SILENCE {
            let seconds = missing.duration(piece.rate).as_secs();
            self.end(Some(format!("its device gave no sound for {seconds} s; another part begins after that")), desk);
            self.history = None;
            return;
        }
        let mut done = Ok(());
        if hole.0 > 0 {
            history.push_hole(hole);
            self.alarm(hole, desk);
            done = self.part.as_mut().map_or(Ok(()), |part| part.push_hole(hole));
        }
        if lost.0 > 0 {
            self.history.iter_mut().for_each(|history| history.push_gap(lost));
            done = done.and_then(|()| self.part.as_mut().map_or(Ok(()), |part| part.push_gap(lost)));
        }
        self.give_up_on(done, desk);
    }

    /// Take audio may not be lost on the way to the disk: says so, once for each part.
    fn alarm(&self, hole: SampleCount, desk: &mut Desk<'_>) {
        if let Some(part) = self.part.as_ref().filter(|part| !part.is_damaged()) {
            let (take, label, samples) = (part.head().take, self.label, hole.0);
            let told = "samples were lost because the disk is too slow; the part is damaged, roll another take";
            desk.news.push(News::Trouble(format!("take {take}: {label}: {samples} {told}")));
        }
    }

    /// The run, and the sample after the last one that was captured; none before the first.
    fn next_sample(&self) -> Option<(u32, SampleTime)> {
        self.history.as_ref().map(|history| (history.run, history.end()))
    }

    /// Begins the part that is wanted, if there is sound whose run has a name.
    fn begin(&mut self, desk: &mut Desk<'_>) {
        let (Some(wanted), Some(history), None) = (self.wanted, &self.history, &self.part) else { return };
        let Wanted { take, seat, .. } = wanted;
        let Some(&name) = self.names.get(&history.run) else { return };
        let part = PartId(Uuid::now_v7());
        let (from, rate, channels) = (history.start(), history.rate, history.channels);
        let roll = wanted.roll.filter(|(run, at)| *run == history.run && *at >= from).map(|(_, at)| at);
        let head = PartHead { part, take, seat, name, from, rate, channels, roll };
        let (folder, reserve_bytes) = (desk.config.folder.as_path(), desk.config.reserve_bytes);
        let place = Place { folder, label: self.label, reserve_bytes, began: history.began };
        match PartFile::create(place, head.clone(), history.missing()) {
            Ok(mut part) => {
                let (earlier, later) = history.samples();
                part.push(earlier);
                part.push(later);
                desk.news.push(News::Began(Began { lane: self.lane, head }));
                desk.news.extend(part.warning().map(News::Trouble));
                self.part = Some(part);
            }
            Err(error) => {
                self.wanted = None;
                desk.news.push(News::Trouble(format!("take {take}: {} is not recorded: {error}", self.label)));
            }
        }
    }

    fn flush(&mut self, desk: &mut Desk<'_>) {
        let flushed = self.part.as_mut().map_or(Ok(()), PartFile::flush);
        self.give_up_on(flushed, desk);
    }

    /// A part that cannot be written on has ended; the take is not tried again.
    fn give_up_on(&mut self, done: Result<(), PartError>, desk: &mut Desk<'_>) {
        let Err(error) = done else { return };
        let take = self.wanted.take().map_or_else(String::new, |wanted| format!("take {}: ", wanted.take));
        desk.news.push(News::Trouble(format!("{take}{} is not recorded any more: {error}", self.label)));
        self.end(Some(error.to_string()), desk);
    }

    fn end(&mut self, reason: Option<String>, desk: &mut Desk<'_>) {
        let Some(part) = self.part.take() else { return };
        let (head, left, unsaved) = part.finish(reason);
        desk.news.push(News::Ended { part: head.part, left });
        desk.news.extend(unsaved.map(News::Trouble));
    }
}

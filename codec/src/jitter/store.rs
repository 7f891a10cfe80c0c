//! Packets that wait for their time, in slots found by their media time. Nothing is allocated after construction.

/// Slots are 2.5 ms of media time apart: the shortest frame, so no two frames of one stream share a slot.
pub(super) const CELL: i64 = 120;
/// Slots: 1.28 s of the shortest frames. Owner: the jitter buffer. Overflow: what lies furthest back is overwritten.
const CELLS: usize = 512;
/// Longest payload kept; an RTP packet on an Ethernet path is shorter.
pub(super) const MAX_BYTES: usize = 1_500;
/// The longest Opus packet: 120 ms (RFC 6716 section 3.2).
const MAX_SPAN: i64 = 5_760;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Empty,
    Waiting { redundant: bool },
    Played,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    start: i64,
    span: i64,
    bytes: usize,
    state: State,
}

/// What is waiting for a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    cell: usize,
    /// First tick and length in ticks.
    pub(super) start: i64,
    pub(super) span: i64,
    pub(super) redundant: bool,
}

/// What became of a packet that was offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kept {
    /// It waits.
    Stored,
    /// It was here already, as good as this or better.
    Duplicate,
    /// Longer than [`MAX_BYTES`].
    TooLong,
}

pub(super) struct Store {
    slots: Vec<Slot>,
    bytes: Vec<u8>,
    newest_end: i64,
}

impl Store {
    pub(super) fn new() -> Store {
        let empty = Slot { start: 0, span: 0, bytes: 0, state: State::Empty };
        Store { slots: vec![empty; CELLS], bytes: vec![0; CELLS * MAX_BYTES], newest_end: i64::MIN }
    }

    /// Keeps a packet that starts at tick `start`. A main copy replaces a redundant one.
    pub(super) fn offer_rt(&mut self, start: i64, span: i64, redundant: bool, payload: &[u8]) -> Kept {
        if payload.len() > MAX_BYTES {
            return Kept::TooLong;
        }
        let cell = cell_of(start);
        let slot = &mut self.slots[cell];
        if slot.start == start && (slot.state == State::Played || (slot.state != State::Empty && redundant)) {
            return Kept::Duplicate;
        }
        if slot.start == start && slot.state == (State::Waiting { redundant: false }) {
            return Kept::Duplicate;
        }
        *slot = Slot { start, span, bytes: payload.len(), state: State::Waiting { redundant } };
        self.bytes[cell * MAX_BYTES..][..payload.len()].copy_from_slice(payload);
        self.newest_end = self.newest_end.max(start + span);
        Kept::Stored
    }

    /// The packet that covers tick `at`: it starts there, or it started before and reaches beyond.
    pub(super) fn find_rt(&self, at: i64) -> Option<Found> {
        (0..=MAX_SPAN / CELL).find_map(|back| {
            self.waiting(cell_of(at - back * CELL), |slot| {
                slot.start <= at && slot.start + slot.span > at && slot.start > at - (back + 1) * CELL
            })
        })
    }

    /// Where the earliest waiting packet that starts at tick `at` or later begins.
    pub(super) fn first_from_rt(&self, at: i64) -> Option<i64> {
        (0..CELLS).filter_map(|cell| self.waiting(cell, |slot| slot.start >= at)).map(|found| found.start).min()
    }

    /// Whether something that ends after tick `at` has arrived, played or not.
    pub(super) fn reaches_beyond(&self, at: i64) -> bool {
        self.newest_end > at
    }

    /// The payload of what was found; it will not be found again.
    pub(super) fn take_rt(&mut self, found: Found) -> &[u8] {
        let slot = &mut self.slots[found.cell];
        slot.state = State::Played;
        &self.bytes[found.cell * MAX_BYTES..][..slot.bytes]
    }

    /// Whether the packet that starts at `start` was played.
    pub(super) fn was_played(&self, start: i64) -> bool {
        let slot = &self.slots[cell_of(start)];
        slot.start == start && slot.state == State::Played
    }

    pub(super) fn clear_rt(&mut self) {
        self.slots.iter_mut().for_each(|slot| slot.state = State::Empty);
        self.newest_end = i64::MIN;
    }

    fn waiting(&self, cell: usize, wanted: impl Fn(&Slot) -> bool) -> Option<Found> {
        let slot = &self.slots[cell];
        match slot.state {
            State::Waiting { redundant } if wanted(slot) => {
                Some(Found { cell, start: slot.start, span: slot.span, redundant })
            }
            _ => None,
        }
    }
}

fn cell_of(tick: i64) -> usize {
    tick.div_euclid(CELL).rem_euclid(CELLS as i64) as usize
}

//! Decoded sound on its way to the resampler, and what each part of it is and where it comes from.

use super::pulled::Kind;

/// Most stretches remembered at once: what lies between decoder and ear is at most 120 ms, in pieces of 2.5 ms or more.
const STRETCHES: usize = 128;

/// A run of frames (samples per channel) of one kind.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stretch {
    /// Number of its first frame since the start.
    from: i64,
    /// Tick of its first frame.
    tick: i64,
    /// Whether the ticks advance with the frames; a stretch that was put in stands still.
    pub(super) moves: bool,
    pub(super) kind: Kind,
    /// Whether the tick line was broken here by a resynchronisation.
    pub(super) resync: bool,
}

impl Stretch {
    /// The tick at frame `at + fraction`, as whole ticks and the rest.
    pub(super) fn tick_at(&self, at: i64, fraction: f64) -> (i64, f64) {
        if self.moves { (self.tick + (at - self.from), fraction) } else { (self.tick, 0.0) }
    }
}

/// Interleaved frames in order of time, written at one end and read at the other. Fixed capacity.
pub(super) struct Tape {
    pcm: Vec<f32>,
    channels: usize,
    head: usize,
    tail: usize,
    written: i64,
    stretches: [Stretch; STRETCHES],
    used: usize,
}

impl Tape {
    /// Room for `frames` waiting frames.
    pub(super) fn new(channels: usize, frames: usize) -> Tape {
        let silence = Stretch { from: i64::MIN / 2, tick: 0, moves: false, kind: Kind::Silence, resync: false };
        Tape {
            pcm: vec![0.0; frames * channels],
            channels,
            head: 0,
            tail: 0,
            written: 0,
            stretches: [silence; STRETCHES],
            used: 1,
        }
    }

    /// Frames written since the start.
    pub(super) fn written(&self) -> i64 {
        self.written
    }

    /// Frames waiting.
    pub(super) fn len(&self) -> usize {
        (self.tail - self.head) / self.channels
    }

    /// The first `frames` waiting frames, interleaved.
    pub(super) fn front(&self, frames: usize) -> &[f32] {
        &self.pcm[self.head..][..frames * self.channels]
    }

    /// Where the next `frames` frames are to be written before they are committed.
    pub(super) fn room_rt(&mut self, frames: usize) -> &mut [f32] {
        let values = frames * self.channels;
        if self.tail + values > self.pcm.len() {
            self.pcm.copy_within(self.head..self.tail, 0);
            self.tail -= self.head;
            self.head = 0;
        }
        &mut self.pcm[self.tail..][..values]
    }

    /// Appends the `frames` frames just written into [`room_rt`](Self::room_rt).
    pub(super) fn commit_rt(&mut self, frames: usize, tick: i64, moves: bool, kind: Kind, resync: bool) {
        let last = self.stretches[self.used - 1];
        let runs_on = last.moves == moves && last.kind == kind && last.tick_at(self.written, 0.0).0 == tick;
        if !runs_on || resync {
            self.used = (self.used + 1).min(STRETCHES);
            self.stretches[self.used - 1] = Stretch { from: self.written, tick, moves, kind, resync };
        }
        self.tail += frames * self.channels;
        self.written += frames as i64;
    }

    /// Takes the first `frames` frames off.
    pub(super) fn consume_rt(&mut self, frames: usize) {
        self.head += frames * self.channels;
    }

    /// Forgets stretches that end before frame `at`.
    pub(super) fn forget_before_rt(&mut self, at: i64) {
        let gone = self.stretches[1..self.used].iter().take_while(|next| next.from <= at).count();
        self.stretches.copy_within(gone..self.used, 0);
        self.used -= gone;
    }

    /// The stretch that holds frame `at`, and the frame where the next one begins.
    pub(super) fn stretch_at(&self, at: i64) -> (Stretch, i64) {
        let next = self.stretches[1..self.used].iter().position(|next| next.from > at).map_or(self.used, |n| n + 1);
        let until = if next < self.used { self.stretches[next].from } else { i64::MAX };
        (self.stretches[next - 1], until)
    }
}

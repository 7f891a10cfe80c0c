//! From slots to sound: decode, conceal, splice, resample, and keep the books.

use super::pulled::{Kind, Position, Pulled, Span};
use super::stats::Stats;
use super::steer::{Steer, TICKS_PER_MS};
use super::store::{CELL, Found, Store};
use super::tape::Tape;
use crate::opus::FrameDecoder;
use crate::resample::DriftResampler;
use packets::MAX_PACKET_TICKS;
use units::{SampleCount, SampleRate};

/// Most output frames resampled at once.
pub(super) const MAX_CHUNK: usize = 128;
/// One piece of concealment in frames, 2.5 ms; also the length of a crossfade.
const PIECE: usize = CELL as usize;
/// Most frames of one packet.
const MAX_SPAN: usize = MAX_PACKET_TICKS.0 as usize;
/// Frames that may wait between decoder and resampler: one packet of 120 ms and what a chunk at 8 kHz needs.
const TAPE_FRAMES: usize = 2 * MAX_SPAN;

/// The playing side.
pub(super) struct Playout<D> {
    decoder: D,
    resampler: DriftResampler,
    output_rate: SampleRate,
    tape: Tape,
    /// A piece of concealment to fade from, and a packet to fade to.
    tail: Vec<f32>,
    head: Vec<f32>,
    /// Next tick to decode; `None` while waiting for an epoch to begin.
    cursor: Option<i64>,
    /// Where the books stand while waiting.
    resting_tick: i64,
    /// Sound has been played before, so what comes next is faded to.
    has_played: bool,
    /// The next packet is not the continuation of what was decoded last.
    broken: bool,
    /// The cursor was moved: what is written next does not follow on the tick line.
    jumped: bool,
    counts: [u64; 4],
    undecodable: u64,
    resyncs: u64,
    buffering_ms: f64,
}

impl<D> Playout<D> {
    /// The next tick to decode.
    pub(super) fn cursor(&self) -> Option<i64> {
        self.cursor
    }

    /// What waits is of an older epoch: fade out, then begin again.
    pub(super) fn begin_epoch(&mut self) {
        if let Some(cursor) = self.cursor.take() {
            self.resting_tick = cursor;
        }
    }

    pub(super) fn output_rate(&self) -> SampleRate {
        self.output_rate
    }

    pub(super) fn reach(&self) -> usize {
        self.resampler.reach()
    }

    pub(super) fn stats(&self, steer: &Steer) -> Stats {
        let count = |kind: Kind| SampleCount(self.counts[kind as usize]);
        Stats {
            target_ms: steer.target_ms(),
            buffering_ms: self.buffering_ms,
            drift: steer.drift(),
            slew: steer.slew(),
            real: count(Kind::Real),
            redundant: count(Kind::Redundant),
            concealed: count(Kind::Concealed),
            silence: count(Kind::Silence),
            undecodable: self.undecodable,
            resyncs: self.resyncs,
            ..Stats::default()
        }
    }
}

impl<D: FrameDecoder> Playout<D> {
    pub(super) fn new(decoder: D, resampler: DriftResampler, output_rate: SampleRate) -> Playout<D> {
        let channels = resampler.channels();
        Playout {
            decoder,
            output_rate,
            tape: Tape::new(channels, TAPE_FRAMES),
            tail: vec![0.0; PIECE * channels],
            head: vec![0.0; MAX_SPAN * channels],
            resampler,
            cursor: None,
            resting_tick: 0,
            has_played: false,
            broken: false,
            jumped: false,
            counts: [0; 4],
            undecodable: 0,
            resyncs: 0,
            buffering_ms: 0.0,
        }
    }

    /// Fills `out` for a callback at `at_ms`.
    pub(super) fn pull_rt(&mut self, at_ms: f64, out: &mut [f32], steer: &mut Steer, store: &mut Store) -> Pulled {
        let channels = self.resampler.channels();
        let frames = out.len() / channels;
        let due_ms = steer.handle_call_rt(at_ms, frames);
        self.set_speed_rt(due_ms, steer);
        let mut pulled = Pulled::new(self.resampler.step());
        let mut done = 0;
        for chunk in out.chunks_mut(MAX_CHUNK * channels) {
            let frames = chunk.len() / channels;
            let chunk_ms = due_ms + steer.output_ms(SampleCount(done));
            self.render_rt(chunk_ms, &mut chunk[..frames * channels], steer, store, &mut pulled);
            done += frames as u64;
        }
        out[frames * channels..].fill(0.0);
        pulled
    }

    /// Steers by what is buffered now; jumps if that is far too much.
    fn set_speed_rt(&mut self, due_ms: f64, steer: &mut Steer) {
        let Some(cursor) = self.cursor else {
            self.resampler.set_speed_rt(steer.idle_speed_rt());
            return;
        };
        let lag_ms = steer.lag_ms(due_ms + self.pending_ms(), cursor);
        self.buffering_ms = lag_ms;
        if let Some(excess_ms) = steer.excess_ms(lag_ms) {
            self.cursor = Some(cursor + (excess_ms * TICKS_PER_MS) as i64);
            (self.broken, self.jumped) = (true, true);
        }
        self.resampler.set_speed_rt(steer.decide_speed_rt(due_ms, lag_ms));
    }

    /// Resamples one chunk, decoding as much as that needs.
    fn render_rt(&mut self, at_ms: f64, out: &mut [f32], steer: &Steer, store: &mut Store, pulled: &mut Pulled) {
        let frames = out.len() / self.resampler.channels();
        if frames == 0 {
            return;
        }
        let needed = self.resampler.needed_rt(frames);
        while self.tape.len() < needed {
            self.produce_rt(at_ms, steer, store);
        }
        self.describe_rt(frames, pulled);
        self.resampler.process_rt(self.tape.front(needed), frames, out);
        self.tape.consume_rt(needed);
    }

    /// Notes what the next `frames` output frames carry.
    fn describe_rt(&mut self, frames: usize, pulled: &mut Pulled) {
        let step = self.resampler.step();
        let (mut at, mut fraction) = self.resampler.position();
        self.tape.forget_before_rt(at);
        let mut left = frames;
        while left > 0 {
            let (stretch, until) = self.tape.stretch_at(at);
            let here = (((until.saturating_sub(at)) as f64 - fraction) / step).ceil().max(1.0);
            let len = if here < left as f64 { here as usize } else { left };
            let (tick, part) = stretch.tick_at(at, fraction);
            let heard = stretch.kind != Kind::Silence;
            pulled.resynced |= stretch.resync;
            pulled.add(Span {
                len: SampleCount(len as u64),
                kind: stretch.kind,
                position: heard.then(|| Position::new(tick, part)),
                ticks_per_sample: if stretch.moves { step } else { 0.0 },
            });
            self.counts[stretch.kind as usize] += len as u64;
            let moved = fraction + len as f64 * step;
            (at, fraction) = (at + moved.floor() as i64, moved - moved.floor());
            left -= len;
        }
    }

    /// Puts the next stretch of sound on the tape.
    fn produce_rt(&mut self, at_ms: f64, steer: &Steer, store: &mut Store) {
        let due_ms = at_ms + self.pending_ms();
        let Some(cursor) = self.cursor else {
            return self.wait_rt(due_ms, steer, store);
        };
        match store.find_rt(cursor) {
            Some(found) if found.start == cursor && !self.broken => self.play_rt(found, store),
            Some(found) => self.splice_rt(found, cursor, store),
            None => {
                let starved = !store.reaches_beyond(cursor);
                let grows = steer.may_grow(due_ms, steer.lag_ms(due_ms, cursor), starved);
                self.conceal_rt(cursor, PIECE, grows);
            }
        }
    }

    /// Before an epoch: silence (or the fading end of the old one) until its first packet is due.
    fn wait_rt(&mut self, due_ms: f64, steer: &Steer, store: &Store) {
        let mut lead = PIECE as i64;
        if let Some(ideal) = steer.ideal_tick(due_ms)
            && let Some(start) = store.first_from_rt(ideal)
            && start <= ideal.saturating_add(lead)
        {
            lead = start - ideal;
            self.cursor = Some(start);
            (self.jumped, self.broken) = (self.has_played, self.has_played);
        }
        if lead > 0 && self.has_played {
            self.make_up_rt(lead as usize);
            self.tape.commit_rt(lead as usize, self.resting_tick, false, Kind::Concealed, false);
        } else if lead > 0 {
            self.tape.room_rt(lead as usize).fill(0.0);
            self.tape.commit_rt(lead as usize, 0, false, Kind::Silence, false);
        }
    }

    /// Decodes a packet that continues the last one.
    fn play_rt(&mut self, found: Found, store: &mut Store) {
        let span = found.span as usize;
        let room = self.tape.room_rt(span);
        match self.decoder.decode_rt(store.take_rt(found), room) {
            Ok(samples) if samples.0 == span as u64 => {
                let jump = self.take_jump();
                self.tape.commit_rt(span, found.start, true, kind_of(found), jump);
                self.cursor = Some(found.start + found.span);
                self.has_played = true;
            }
            _ => self.refuse_rt(found.start),
        }
    }

    /// Fades from concealment into a packet that does not continue it: its start is past already, or the line was
    /// broken. Up to the middle of the fade the sound counts as concealed.
    fn splice_rt(&mut self, found: Found, cursor: i64, store: &mut Store) {
        let span = found.span as usize;
        let channels = self.resampler.channels();
        if self.decoder.conceal_rt(&mut self.tail).is_err() {
            self.tail.fill(0.0);
        }
        let head = &mut self.head[..span * channels];
        if !matches!(self.decoder.decode_rt(store.take_rt(found), head), Ok(samples) if samples.0 == span as u64) {
            return self.refuse_rt(cursor);
        }
        let skip = (cursor - found.start).clamp(0, found.span) as usize;
        let rest = &mut head[skip * channels..];
        let fade = PIECE.min(span - skip);
        crossfade_rt(&self.tail, rest, fade, channels);
        self.tape.room_rt(span - skip).copy_from_slice(rest);
        (self.broken, self.has_played) = (false, true);
        let jump = self.take_jump();
        self.tape.commit_rt(fade / 2, cursor, true, Kind::Concealed, jump);
        self.tape.commit_rt(span - skip - fade / 2, cursor + (fade / 2) as i64, true, kind_of(found), false);
        self.cursor = Some(found.start + found.span);
    }

    /// A packet that the decoder does not take is a missing one.
    fn refuse_rt(&mut self, cursor: i64) {
        self.undecodable += 1;
        self.conceal_rt(cursor, PIECE, false);
    }

    /// Conceals `frames` frames (at most one piece), moving on or, to grow, standing still.
    fn conceal_rt(&mut self, tick: i64, frames: usize, stands: bool) {
        self.make_up_rt(frames);
        let jump = self.take_jump();
        self.tape.commit_rt(frames, tick, !stands, Kind::Concealed, jump);
        if !stands {
            self.cursor = Some(tick + frames as i64);
        }
    }

    /// Writes the beginning of a piece of made-up sound onto the tape; it is to be committed.
    fn make_up_rt(&mut self, frames: usize) {
        if self.decoder.conceal_rt(&mut self.tail).is_err() {
            self.tail.fill(0.0);
        }
        let values = frames * self.resampler.channels();
        self.tape.room_rt(frames).copy_from_slice(&self.tail[..values]);
    }

    /// Whether the tick line is broken here; counts it.
    fn take_jump(&mut self) -> bool {
        self.resyncs += u64::from(self.jumped);
        core::mem::take(&mut self.jumped)
    }

    /// How long it takes until what is written next will be heard, ms.
    fn pending_ms(&self) -> f64 {
        let (at, fraction) = self.resampler.position();
        ((self.tape.written() - at) as f64 - fraction) / TICKS_PER_MS
    }
}

fn kind_of(found: Found) -> Kind {
    if found.redundant { Kind::Redundant } else { Kind::Real }
}

/// Fades the first `frames` frames of `to` in over `from`.
fn crossfade_rt(from: &[f32], to: &mut [f32], frames: usize, channels: usize) {
    for n in 0..frames * channels {
        let x = ((n / channels) as f32 + 0.5) / frames as f32;
        let weight = x * x * (3.0 - 2.0 * x);
        to[n] = from[n] + weight * (to[n] - from[n]);
    }
}

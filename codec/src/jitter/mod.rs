//! The adaptive jitter buffer: packets in as they come, sound out at the device's pace, and the truth about both.
//!
//! Packets wait in slots by media time. Two [`Envelope`](crate::drift::Envelope)s, over arrivals and over calls, give
//! the skew of the sender's clock against the output device's; a forgetting quantile of the delays gives the target. The
//! buffer moves towards it by fractional resampling only: it never stretches, never drops for drift, and fills up with
//! concealment only while sound is missing anyway. What it reports with every block ([`Pulled`]) is where each output
//! sample came from.
//!
//! *Absent*: a clock (every call is told the time), a network, retransmission, threads. One thread owns the buffer and
//! both pushes and pulls; nothing allocates after construction, and no bytes or times make it panic.
//!
//! ```
//! use codec::jitter::{Config, JitterBuffer, Kind, Payload, Profile};
//! use codec::opus::{Decoder, Encoder, EncoderSettings, FrameDuration};
//! use units::{Bitrate, MonoTime, RtpTimestamp, SampleCount, Seq};
//!
//! let frame = FrameDuration::Us5000;
//! let mut encoder = Encoder::new(&EncoderSettings::program(2, frame, Bitrate(256_000)))?;
//! let config = Config::listener(Profile::Default, frame, 0, SampleCount(128));
//! let mut buffer = JitterBuffer::new(config, Decoder::new(2)?)?;
//!
//! let (mut packet, mut heard) = ([0; 1276], [0.0; 2 * 240]);
//! for n in 0..100u32 {
//!     let now = MonoTime(u64::from(n) * 5_000_000);
//!     let len = encoder.encode_rt(&[0.1; 2 * 240], &mut packet)?;
//!     buffer.push_rt(now, Seq(n as u16), RtpTimestamp(n * 240), Payload::Opus(&packet[..len]));
//!     let pulled = buffer.pull_rt(now, &mut heard);
//!     assert_eq!(pulled.spans().iter().map(|span| span.len.0).sum::<u64>(), 240);
//! }
//! assert!(buffer.stats().real.0 > 0 && buffer.stats().concealed.0 == 0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod config;
mod intake;
mod playout;
mod pulled;
mod stats;
mod steer;
mod store;
mod tape;
mod target;

pub use config::{Config, Profile, UnknownProfile};
pub use intake::{Payload, Pushed};
pub use pulled::{Kind, Position, Pulled, Span};
pub use stats::Stats;

use crate::opus::FrameDecoder;
use crate::resample::{DriftResampler, ResampleError};
use intake::Intake;
use playout::Playout;
use steer::Steer;
use units::{MonoTime, RtpTimestamp, SampleCount, SampleRate, Seq};

/// The jitter buffer of one stream at one listener, around the stream's decoder.
pub struct JitterBuffer<D> {
    intake: Intake,
    steer: Steer,
    playout: Playout<D>,
    /// The reading that counts as 0 ms, so that floating-point times stay small.
    origin: Option<MonoTime>,
}

impl<D: FrameDecoder> JitterBuffer<D> {
    /// An empty buffer. Allocates about 1 MB; nothing later does.
    ///
    /// # Errors
    /// If the output rate or the decoder's channel count cannot be resampled.
    pub fn new(config: Config, decoder: D) -> Result<JitterBuffer<D>, ResampleError> {
        let channels = usize::from(decoder.channels());
        let resampler = DriftResampler::new(SampleRate::HZ_48000, config.output_rate, channels, playout::MAX_CHUNK)?;
        Ok(JitterBuffer {
            intake: Intake::new(),
            steer: Steer::new(&config),
            playout: Playout::new(decoder, resampler, config.output_rate),
            origin: None,
        })
    }

    /// Takes one RTP packet that arrived at `arrived`. Packets may come late, twice, in any order, with any bytes.
    pub fn push_rt(&mut self, arrived: MonoTime, seq: Seq, rtp: RtpTimestamp, payload: Payload<'_>) -> Pushed {
        let at_ms = self.millis(arrived);
        self.intake.push_rt(at_ms, seq, rtp, payload, &mut self.steer, &mut self.playout)
    }

    /// Fills `out` (interleaved, the decoder's channels, any length) for a callback that runs at `now`.
    pub fn pull_rt(&mut self, now: MonoTime, out: &mut [f32]) -> Pulled {
        let at_ms = self.millis(now);
        self.playout.pull_rt(at_ms, out, &mut self.steer, &mut self.intake.store)
    }

    /// The output has stood still for so many samples: the next ones are due so much later, and what would have been
    /// heard meanwhile is left out by a jump, which is counted if it is longer than the buffer may be out.
    pub fn leave_out_rt(&mut self, samples: SampleCount) {
        self.steer.leave_out_rt(samples);
    }

    /// The next packet begins another epoch, whose timestamps mean nothing on the old line: call it when the SSRC has
    /// changed. The sound fades over and the position jumps, which is counted.
    pub fn resync_rt(&mut self) {
        self.intake.begin_epoch_rt(&mut self.steer, &mut self.playout);
    }

    /// Buffers at least so much, margin excluded: a round trip and 20 ms where lost packets are asked for again.
    pub fn set_min_target_rt(&mut self, target: core::time::Duration) {
        self.steer.set_min_target(target);
    }

    /// Counters since the start and the present state. Cheap: a copy.
    pub fn stats(&self) -> Stats {
        let mut stats = self.playout.stats(&self.steer);
        self.intake.add_to(&mut stats);
        stats
    }

    /// The rate that [`pull_rt`](Self::pull_rt) puts out.
    pub fn output_rate(&self) -> SampleRate {
        self.playout.output_rate()
    }

    /// Source samples that are decoded ahead of the sample being heard, because the resampler looks at them.
    pub fn lookahead(&self) -> SampleCount {
        SampleCount(self.playout.reach() as u64)
    }

    fn millis(&mut self, at: MonoTime) -> f64 {
        let origin = self.origin.get_or_insert(at);
        at.0.wrapping_sub(origin.0) as i64 as f64 / 1e6
    }
}

#[cfg(test)]
mod tests;

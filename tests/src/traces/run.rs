//! The jitter buffer over a trace in virtual time, and the figures of merit.
//!
//! Measured per callback of 128 samples at 48 kHz after 60 s of warm-up:
//! - *buffering*: mean of (receiver time − media time being played) − (lower envelope of arrival − media time), margin
//!   and resampler included. The envelope is the truth: the smallest delay of each second, the known skew taken off.
//! - *concealed*: share of the sound that was made up, which is the mean over callbacks of whether the frame under a
//!   sample was there. *late*: the part whose frame came later. *touched*: share of callbacks with any such sample.
//! - *ratio error*: applied ratio − true skew, in ppm; *lock*: the first time that it is within 30 ppm.

use super::{Arrival, SEED, Trace};
use codec::jitter::{Config, JitterBuffer, Kind, Payload, Profile, Pulled};
use codec::opus::{FrameDecoder, FrameDuration};
use packets::{PayloadType, red};
use units::{MonoTime, RtpTimestamp, SampleCount, Seq, Ticks};

const CALLBACK: u64 = 128;
const CALLBACK_MS: f64 = CALLBACK as f64 / 48.0;
const WARM_UP_MS: f64 = 60_000.0;
/// The stream's first timestamp: it wraps ten seconds in.
const FIRST_RTP: u32 = (1u64 << 32).wrapping_sub(480_000) as u32;

/// One run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Setup {
    /// The network.
    pub trace: Trace,
    /// The frame.
    pub frame: FrameDuration,
    /// The sender's clock against the receiver's, ppm.
    pub skew_ppm: f64,
    /// RED depth.
    pub depth: u8,
    /// How long, s.
    pub seconds: f64,
    /// The target's quantile.
    pub quantile: f64,
}

impl Setup {
    /// As in the design study: 5 ms frames, q 0.995.
    pub fn study(trace: Trace, skew_ppm: f64, depth: u8, seconds: f64) -> Setup {
        Setup { trace, frame: FrameDuration::Us5000, skew_ppm, depth, seconds, quantile: 0.995 }
    }
}

/// What the design study reached on a trace in 30 min with 5 ms frames, q 0.995, no redundancy, at +200 ppm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Study {
    /// Mean buffering, ms, as it was rounded.
    pub buffering_ms: f64,
    /// Percent concealed, as it was rounded.
    pub concealed_percent: f64,
}

impl Study {
    /// The result for the trace of that name.
    pub fn of(name: &str) -> Option<Study> {
        let (buffering_ms, concealed_percent) = match name {
            "lan" => (5.2, 0.0),
            "fibre" => (8.1, 0.20),
            "cable" => (13.1, 0.71),
            "wifi" => (56.0, 1.5),
            "4g" => (44.0, 1.3),
            "route" => (8.5, 0.14),
            _ => return None,
        };
        Some(Study { buffering_ms, concealed_percent })
    }
}

/// Figures of merit, see the [module](self).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Figures {
    /// Mean, ms.
    pub buffering_ms: f64,
    /// Percent of the sound.
    pub concealed_percent: f64,
    /// Percent of the sound.
    pub late_percent: f64,
    /// Percent of the sound that a redundant copy saved.
    pub redundant_percent: f64,
    /// Percent of the callbacks.
    pub touched_percent: f64,
    /// Root of the mean square over all callbacks, those that move towards a new target included, ppm.
    pub ratio_rms_ppm: f64,
    /// Largest, ppm.
    pub ratio_max_ppm: f64,
    /// Seconds; infinite if never.
    pub lock_s: f64,
}

/// A decoder that makes nothing: the figures need positions and kinds only.
struct NullDecoder;

impl FrameDecoder for NullDecoder {
    type Error = core::convert::Infallible;

    fn decode_rt(&mut self, frame: &[u8], out: &mut [f32]) -> Result<SampleCount, Self::Error> {
        let ticks = packets::split(frame).map_or(0, |packet| packet.duration().0 as usize).min(out.len());
        out[..ticks].fill(0.0);
        Ok(SampleCount(ticks as u64))
    }

    fn conceal_rt(&mut self, out: &mut [f32]) -> Result<SampleCount, Self::Error> {
        out.fill(0.0);
        Ok(SampleCount(out.len() as u64))
    }

    fn channels(&self) -> u8 {
        1
    }
}

/// Runs one setup.
pub fn run(setup: &Setup) -> Figures {
    let frame_ms = f64::from(setup.frame.micros()) / 1_000.0;
    let mut arrivals = setup.trace.arrivals(frame_ms, setup.seconds, setup.skew_ppm, SEED);
    let mut tally = Tally::new(setup, &arrivals);
    arrivals.sort_by(|a, b| a.at_ms.total_cmp(&b.at_ms));
    let mut config = Config::listener(Profile::Default, setup.frame, setup.depth, SampleCount(CALLBACK));
    config.quantile = setup.quantile;
    let Ok(mut buffer) = JitterBuffer::new(config, NullDecoder) else { return Figures::default() };
    let mut out = [0.0; CALLBACK as usize];
    let mut waiting = arrivals.iter().peekable();
    let end_ms = arrivals.last().map_or(0.0, |last| last.at_ms);
    for call in 0..(end_ms / CALLBACK_MS) as u64 {
        let now_ms = call as f64 * CALLBACK_MS;
        while let Some(arrival) = waiting.next_if(|arrival| arrival.at_ms <= now_ms) {
            push(&mut buffer, setup, arrival);
        }
        let pulled = buffer.pull_rt(mono(now_ms), &mut out);
        tally.note(now_ms, &pulled);
    }
    tally.figures()
}

fn mono(ms: f64) -> MonoTime {
    MonoTime((ms * 1e6) as u64)
}

/// The TOC of one stereo full-band CELT frame (RFC 6716 table 2).
fn toc(frame: FrameDuration) -> u8 {
    match frame {
        FrameDuration::Us2500 => 0xE4,
        FrameDuration::Us5000 => 0xEC,
        FrameDuration::Us10000 => 0xF4,
        FrameDuration::Us20000 => 0xFC,
    }
}

/// One packet: frames are three bytes here, with as many redundant ones before as the depth says.
fn push(buffer: &mut JitterBuffer<NullDecoder>, setup: &Setup, arrival: &Arrival) {
    let frame = [toc(setup.frame), 1, 2];
    let ticks = setup.frame.ticks().0;
    let depth = i64::from(setup.depth).min(arrival.frame as i64);
    let block = |back| red::Block { pt: PayloadType::OPUS, offset: Ticks(back * ticks), payload: &frame };
    let blocks: Vec<_> = (1..=depth).rev().map(block).collect();
    let mut payload = [0; 64];
    let built = red::build(&blocks, PayloadType::OPUS, &frame, &mut payload);
    let rtp = RtpTimestamp(FIRST_RTP).wrapping_add(Ticks(arrival.frame as i64 * ticks));
    let seq = Seq(arrival.frame as u16);
    match built {
        Ok(len) if setup.depth > 0 => buffer.push_rt(mono(arrival.at_ms), seq, rtp, Payload::Red(&payload[..len])),
        _ => buffer.push_rt(mono(arrival.at_ms), seq, rtp, Payload::Opus(&frame)),
    };
}

/// Sums for the figures.
struct Tally {
    speed: f64,
    frame_ticks: f64,
    /// Lowest delay of each second, skew taken off, ms.
    envelope: Vec<f64>,
    came: Vec<bool>,
    calls: f64,
    samples: f64,
    buffering: f64,
    concealed: f64,
    late: f64,
    redundant: f64,
    touched: f64,
    square: f64,
    max: f64,
    lock_s: f64,
}

impl Tally {
    fn new(setup: &Setup, arrivals: &[Arrival]) -> Tally {
        let speed = 1.0 + setup.skew_ppm * 1e-6;
        let frame_ms = f64::from(setup.frame.micros()) / 1_000.0;
        let mut envelope = vec![f64::INFINITY; setup.seconds as usize + 2];
        let mut came = vec![false; arrivals.last().map_or(0, |last| last.frame as usize + 1)];
        for arrival in arrivals {
            let second = (arrival.at_ms / 1_000.0) as usize;
            let delay_ms = arrival.at_ms - arrival.frame as f64 * frame_ms / speed;
            if let Some(lowest) = envelope.get_mut(second) {
                *lowest = lowest.min(delay_ms);
            }
            came[arrival.frame as usize] = true;
        }
        Tally {
            speed,
            frame_ticks: setup.frame.ticks().0 as f64,
            envelope,
            came,
            calls: 0.0,
            samples: 0.0,
            buffering: 0.0,
            concealed: 0.0,
            late: 0.0,
            redundant: 0.0,
            touched: 0.0,
            square: 0.0,
            max: 0.0,
            lock_s: f64::INFINITY,
        }
    }

    fn note(&mut self, now_ms: f64, pulled: &Pulled) {
        let error_ppm = (pulled.ratio - self.speed) * 1e6;
        let Some(position) = pulled.position() else { return };
        if error_ppm.abs() <= 30.0 {
            self.lock_s = self.lock_s.min(now_ms / 1_000.0);
        }
        if now_ms < WARM_UP_MS {
            return;
        }
        let played_ms = position.ticks_since(Ticks(i64::from(FIRST_RTP))) / 48.0;
        let lowest_ms = self.envelope[(now_ms / 1_000.0) as usize];
        self.calls += 1.0;
        self.buffering += (now_ms - lowest_ms) * self.speed - played_ms;
        self.touched += f64::from(u8::from(pulled.count(Kind::Concealed).0 > 0));
        self.square += error_ppm * error_ppm;
        self.max = self.max.max(error_ppm.abs());
        self.note_spans(pulled);
    }

    fn note_spans(&mut self, pulled: &Pulled) {
        for span in pulled.spans() {
            let len = span.len.0 as f64;
            self.samples += len;
            match span.kind {
                Kind::Redundant => self.redundant += len,
                Kind::Concealed => {
                    self.concealed += len;
                    let middle = span.position.map_or(0.0, |at| at.ticks_since(Ticks(i64::from(FIRST_RTP))))
                        + len / 2.0 * span.ticks_per_sample;
                    let frame = (middle / self.frame_ticks) as usize;
                    self.late += if self.came.get(frame) == Some(&true) { len } else { 0.0 };
                }
                Kind::Silence | Kind::Real => {}
            }
        }
    }

    fn figures(&self) -> Figures {
        let percent = |samples: f64| 100.0 * samples / self.samples;
        Figures {
            buffering_ms: self.buffering / self.calls,
            concealed_percent: percent(self.concealed),
            late_percent: percent(self.late),
            redundant_percent: percent(self.redundant),
            touched_percent: 100.0 * self.touched / self.calls,
            ratio_rms_ppm: (self.square / self.calls).sqrt(),
            ratio_max_ppm: self.max,
            lock_s: self.lock_s,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three minutes after a minute of warm-up. The half hour that compares with the study is `cargo xtask bench
    /// jitter`; a stall more or less makes a slice differ from it, so the bounds are those of this very slice.
    fn slice(name: &str, skew_ppm: f64) -> Figures {
        run(&Setup::study(Trace::named(name).unwrap(), skew_ppm, 0, 240.0))
    }

    fn assert_at_most(name: &str, buffering_ms: f64, concealed_percent: f64) {
        for skew_ppm in [200.0, -200.0] {
            let figures = slice(name, skew_ppm);
            assert!(figures.buffering_ms <= buffering_ms, "{name} {skew_ppm}: {figures:?}");
            assert!(figures.concealed_percent <= concealed_percent, "{name} {skew_ppm}: {figures:?}");
            if !["wifi", "4g"].contains(&name) {
                assert!(figures.ratio_rms_ppm <= 2.0 && figures.lock_s <= 60.0, "{name} {skew_ppm}: {figures:?}");
            }
        }
    }

    #[test]
    fn wires_need_little_and_keep_the_pitch_within_two_ppm() {
        assert_at_most("lan", 5.25, 0.0);
        assert_at_most("fibre", 8.1, 0.2);
        assert_at_most("cable", 13.2, 0.56);
    }

    #[test]
    fn radio_is_neither_overbuffered_nor_starved() {
        assert_at_most("wifi", 52.0, 1.19);
        assert_at_most("4g", 57.5, 1.01);
    }

    #[test]
    fn each_redundant_copy_saves_more_of_what_is_lost() {
        let cable = |depth| run(&Setup::study(Trace::named("cable").unwrap(), 200.0, depth, 180.0));
        let (none, one, two) = (cable(0), cable(1), cable(2));
        assert!(one.concealed_percent < 0.6 * none.concealed_percent, "{none:?} {one:?}");
        assert!(two.concealed_percent < 0.7 * one.concealed_percent, "{one:?} {two:?}");
        assert!(two.redundant_percent > one.redundant_percent && none.redundant_percent == 0.0);
    }

    #[test]
    fn a_longer_route_costs_one_short_gap() {
        let mut trace = Trace::named("route").unwrap();
        trace.step = Some((120.0, 15.0));
        let figures = run(&Setup::study(trace, 200.0, 0, 240.0));
        assert!(figures.late_percent * 1_800.0 < 600.0, "more than 0.6 s late: {figures:?}");
        assert!(figures.buffering_ms < 9.0, "{figures:?}");
    }
}

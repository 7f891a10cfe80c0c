//! The mixer in virtual time, fed with real Opus.

use super::PipelineError;
use super::engine::{Engine, MAX_SOURCES, PLACES, PlayerControl, Slot};
use super::playout::{PositionRecord, SourceId};
use super::queue::{QueueReceiver, queue};
use super::sources::{NewSource, Sources};
use super::tap::tap;
use codec::jitter::{Config, JitterBuffer, Kind, Payload, Profile};
use codec::opus::{Decoder, FrameDuration};
use codec::publish::{MAX_PAYLOAD_BYTES, StreamEncoder, StreamSettings};
use protocol::stream::StreamKind;
use rtrb::RingBuffer;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use units::{Bitrate, MonoTime, RtpTimestamp, SampleCount, Seq, Ticks};

struct Bench {
    engine: Engine,
    sources: Sources,
    positions: QueueReceiver<PositionRecord>,
    control: Arc<PlayerControl>,
    period: u64,
}

const PERIOD: usize = 240;
/// From pulling to the outlet.
const LATENCY: Duration = Duration::from_millis(7);

impl Bench {
    fn new() -> Bench {
        let control = Arc::new(PlayerControl::default());
        let (coming, coming_out) = RingBuffer::new(PLACES);
        let (retired_in, retired) = RingBuffer::<Box<Slot>>::new(PLACES);
        let (log, positions) = queue(10_000);
        let engine = Engine::new(coming_out, retired_in, Some(log), tap(480, 2).0, control.clone());
        Bench { engine, sources: Sources::new(coming, retired), positions, control, period: 0 }
    }

    fn add(&mut self, id: u32, kind: StreamKind) {
        self.try_add(id, kind).unwrap();
    }

    fn try_add(&mut self, id: u32, kind: StreamKind) -> Result<(), PipelineError> {
        drop(self.sources.take_removed());
        self.sources.insert(NewSource::new(SourceId(id), kind, config()).unwrap())
    }

    /// Hands the next frame of a source over and plays one period.
    fn play(&mut self, frames: &[(u32, &[u8])]) -> Vec<f32> {
        let now = MonoTime(1_000_000_000 + self.period * 5_000_000);
        let (seq, rtp) = (Seq(self.period as u16), RtpTimestamp(self.period as u32 * 240));
        for (id, payload) in frames {
            assert!(self.sources.push(SourceId(*id), now, seq, rtp, false, payload));
        }
        self.period += 1;
        let mut out = vec![9.0; 2 * PERIOD];
        self.engine.render_rt(now, now + LATENCY, &mut out);
        out
    }
}

fn config() -> Config {
    Config::listener(Profile::Default, FrameDuration::Us5000, 0, SampleCount(PERIOD as u64))
}

/// A tone, one 5 ms payload at a time.
fn payloads(count: usize, hz: f32) -> Vec<Vec<u8>> {
    let settings = StreamSettings::program(2, FrameDuration::Us5000, Bitrate(256_000), 0);
    let mut encoder = StreamEncoder::new(settings).unwrap();
    let mut frame = |n: usize| {
        let sample = |i: usize| 0.5 * (std::f32::consts::TAU * hz * (240 * n + i / 2) as f32 / 48_000.0).sin();
        let pcm: Vec<f32> = (0..480).map(sample).collect();
        let mut out = [0; MAX_PAYLOAD_BYTES];
        let len = encoder.encode_rt(&pcm, &mut out).unwrap().len;
        out[..len].to_vec()
    };
    (0..count).map(&mut frame).collect()
}

fn rms(pcm: &[f32]) -> f32 {
    (pcm.iter().map(|s| s * s).sum::<f32>() / pcm.len() as f32).sqrt()
}

#[test]
fn one_source_at_unity_leaves_the_mix_bit_for_bit() {
    let mut bench = Bench::new();
    bench.add(1, StreamKind::Program);
    let mut alone = JitterBuffer::new(config(), Decoder::new(2).unwrap()).unwrap();
    for (n, payload) in payloads(100, 440.0).iter().enumerate() {
        let now = MonoTime(1_000_000_000 + n as u64 * 5_000_000);
        alone.push_rt(now, Seq(n as u16), RtpTimestamp(n as u32 * 240), Payload::Opus(payload));
        let mut expected = vec![0.0; 2 * PERIOD];
        alone.pull_rt(now, &mut expected);
        assert_eq!(bench.play(&[(1, payload)]), expected, "period {n}");
    }
    let stats = bench.sources.stats(SourceId(1)).unwrap();
    assert_eq!(stats.jitter, alone.stats());
    assert!(stats.jitter.real.0 > 15_000 && stats.overflowed == 0, "{stats:?}");
}

#[test]
fn dim_lowers_the_program_by_twenty_decibels_and_leaves_talkback() {
    let (program, talk) = (payloads(120, 440.0), payloads(120, 1_000.0));
    let level = |kind: StreamKind, sound: &[Vec<u8>]| {
        let mut bench = Bench::new();
        bench.add(1, kind);
        let before = sound[..60].iter().map(|p| bench.play(&[(1, p)])).last().unwrap();
        bench.control.dimmed.store(true, Relaxed);
        let after = sound[60..].iter().map(|p| bench.play(&[(1, p)])).last().unwrap();
        20.0 * (rms(&after) / rms(&before)).log10()
    };
    assert!((level(StreamKind::Program, &program) + 20.0).abs() < 0.1);
    assert!(level(StreamKind::Talkback, &talk).abs() < 0.1);
}

#[test]
fn two_sources_add_up_and_a_removed_one_fades_and_is_freed() {
    let (one, two) = (payloads(200, 440.0), payloads(200, 1_000.0));
    let mut bench = Bench::new();
    bench.add(1, StreamKind::Program);
    bench.add(2, StreamKind::Mic);
    let both: Vec<f32> = (0..80).map(|n| bench.play(&[(1, &one[n]), (2, &two[n])])).skip(60).flatten().collect();
    assert!((rms(&both) - 0.5).abs() < 0.02, "two sines of 0.354 are 0.5 together: {}", rms(&both));
    bench.sources.remove(SourceId(2));
    let alone: Vec<f32> = (80..120).map(|n| bench.play(&[(1, &one[n])])).skip(20).flatten().collect();
    assert!((rms(&alone) - 0.3535).abs() < 0.01, "{}", rms(&alone));
    assert!(bench.sources.stats(SourceId(2)).is_none());
}

#[test]
fn positions_are_told_for_every_output_sample() {
    let mut bench = Bench::new();
    bench.add(7, StreamKind::Program);
    payloads(100, 440.0).iter().for_each(|payload| drop(bench.play(&[(7, payload)])));
    let records: Vec<PositionRecord> = std::iter::from_fn(|| bench.positions.try_recv()).collect();
    assert_eq!(records.len(), 100);
    for (n, record) in records.iter().enumerate() {
        assert_eq!((record.source, record.at.0), (SourceId(7), (n * PERIOD) as i64));
        assert_eq!(record.leaves_at, record.pulled_at + LATENCY);
        assert_eq!(record.pulled.spans().iter().map(|span| span.len.0).sum::<u64>(), PERIOD as u64);
    }
    let last = records.last().unwrap().pulled;
    assert_eq!(last.count(Kind::Real), SampleCount(PERIOD as u64));
    let behind = 99.0 * 240.0 - last.position().unwrap().ticks_since(Ticks(0));
    assert!((0.0..2_000.0).contains(&behind), "{behind}");
}

#[test]
fn an_output_that_stood_still_counts_that_time_and_every_source_leaves_it_out() {
    const STOOD: u64 = 400;
    let sound = payloads(200, 440.0);
    let mut bench = Bench::new();
    bench.add(1, StreamKind::Program);
    sound[..100].iter().for_each(|payload| drop(bench.play(&[(1, payload)])));
    bench.engine.stand_still_rt(SampleCount(STOOD * PERIOD as u64));
    bench.period += STOOD;
    sound[100..].iter().for_each(|payload| drop(bench.play(&[(1, payload)])));
    let records: Vec<PositionRecord> = std::iter::from_fn(|| bench.positions.try_recv()).collect();
    assert_eq!(records[100].at.0 - records[99].at.0, ((STOOD + 1) * PERIOD as u64) as i64);
    let source_of = |n: usize| records[n].pulled.position().unwrap().ticks_since(Ticks(0));
    let left_out = source_of(199) - source_of(99) - ((100 + STOOD) * PERIOD as u64) as f64;
    assert!(left_out.abs() < 48.0, "heard {left_out} ticks from where it belongs");
    assert_eq!(records[199].pulled.count(Kind::Real), SampleCount(PERIOD as u64));
    assert_eq!(bench.control.skipped_frames.load(Relaxed), STOOD * PERIOD as u64);
}

#[test]
fn seventeen_sources_are_refused_and_a_removed_one_makes_room_at_once() {
    let mut bench = Bench::new();
    (0..MAX_SOURCES as u32).for_each(|id| bench.add(id, StreamKind::Mic));
    assert!(matches!(bench.try_add(99, StreamKind::Mic), Err(PipelineError::TooManySources(MAX_SOURCES))));
    bench.play(&[]);
    bench.sources.remove(SourceId(3));
    bench.add(99, StreamKind::Mic);
}

#[test]
fn as_many_may_fade_out_as_play_and_all_of_them_are_given_back() {
    let mut bench = Bench::new();
    let ids = |round: u32| (round * 100..).take(MAX_SOURCES);
    ids(0).for_each(|id| bench.add(id, StreamKind::Mic));
    bench.play(&[]);
    ids(0).for_each(|id| bench.sources.remove(SourceId(id)));
    ids(1).for_each(|id| bench.add(id, StreamKind::Mic));
    ids(1).for_each(|id| bench.sources.remove(SourceId(id)));
    assert!(matches!(bench.try_add(7, StreamKind::Mic), Err(PipelineError::Stalled)), "nobody takes them");
    (0..3).for_each(|_| drop(bench.play(&[])));
    ids(2).for_each(|id| bench.add(id, StreamKind::Mic));
}

#[test]
fn what_exceeds_full_scale_is_counted_and_not_bent() {
    let loud = payloads(100, 440.0);
    let mut bench = Bench::new();
    (0..3).for_each(|id| bench.add(id, StreamKind::Mic));
    let out = (0..80).map(|n| bench.play(&[(0, &loud[n]), (1, &loud[n]), (2, &loud[n])])).last().unwrap();
    assert!(out.iter().fold(0f32, |peak, s| peak.max(s.abs())) > 1.4);
    assert!(bench.control.clipped.load(Relaxed) > 0);
}

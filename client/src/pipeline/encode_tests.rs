//! The encode thread's loop, turned by hand: a simulated device on one side, packets on the other.

use super::MonoClock;
use super::capture::{CaptureFormat, CaptureWriter, Counting, MAX_BLOCK, capture_ring};
use super::convert::Converter;
use super::encode::{EncodeLoop, SEGMENT_SLOTS, Segment};
use super::events::{EventReceiver, Gap, PublisherEvent, event_queue};
use super::outlet::{Outlet, PublisherControl};
use super::packet::OutPacket;
use super::queue::{QueueReceiver, queue};
use super::tap::{TapReader, tap};
use crate::recorder::{Piece, TakeReader, take_tap};
use codec::opus::FrameDuration;
use codec::publish::StreamSettings;
use proptest::prelude::*;
use rtrb::{Consumer, Producer, RingBuffer};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use units::{Bitrate, MonoTime, RtpTimestamp, SampleCount, SampleRate, SampleTime, Ticks};

struct Bench {
    looping: EncodeLoop,
    segments: Producer<Box<Segment>>,
    retired: Consumer<Box<Segment>>,
    packets: QueueReceiver<OutPacket>,
    events: EventReceiver,
    tap: TapReader,
    control: Arc<PublisherControl>,
    taken: TakeReader,
}

const RTP0: RtpTimestamp = RtpTimestamp(u32::MAX - 1_000);

impl Bench {
    fn new(frame: FrameDuration) -> Bench {
        let settings = StreamSettings::program(2, frame, Bitrate(128_000), 0);
        let (packets_in, packets) = queue(4_000);
        let (tap_in, tap) = tap(480_000, 2);
        let (events_in, events) = event_queue();
        let control = Arc::new(PublisherControl::default());
        let outlet = Outlet::new(settings, RTP0, MonoClock::start(), packets_in, tap_in, control.clone()).unwrap();
        let (segments, segments_out) = RingBuffer::new(SEGMENT_SLOTS);
        let (retired_in, retired) = RingBuffer::new(SEGMENT_SLOTS);
        let (take, taken) = take_tap();
        let this = std::thread::current();
        let looping = EncodeLoop::new(outlet, segments_out, retired_in, events_in, control.clone(), this, Some(take));
        Bench { looping, segments, retired, packets, events, tap, control, taken }
    }

    /// Opens a simulated device.
    fn open(&mut self, rate: u32, channels: usize) -> CaptureWriter {
        let format = CaptureFormat { rate: SampleRate(rate), channels, counting: Counting::Exact };
        let (writer, reader) = capture_ring(format, std::thread::current());
        let converter = Converter::new(format, 2).unwrap();
        self.segments.push(Box::new(Segment { reader, converter, format })).map_err(|_| ()).unwrap();
        writer
    }

    fn sent(&mut self) -> Vec<OutPacket> {
        std::iter::from_fn(|| self.packets.try_recv()).collect()
    }

    fn told(&mut self) -> Vec<PublisherEvent> {
        std::iter::from_fn(|| self.events.try_recv()).collect()
    }
}

fn nanos(samples: u64, rate: u32) -> MonoTime {
    MonoTime(1_000_000_000 + samples * 1_000_000_000 / u64::from(rate))
}

#[test]
fn packets_carry_the_tick_and_time_of_their_first_sample() {
    let mut bench = Bench::new(FrameDuration::Us2500);
    let mut device = bench.open(48_000, 2);
    for period in 0..60u64 {
        device.write_rt(5_000 + 64 * period, nanos(64 * period, 48_000), 64, |_, _| 0.1);
        bench.looping.turn();
    }
    let packets = bench.sent();
    assert_eq!(packets.len(), 60 * 64 / 120);
    for (n, packet) in packets.iter().enumerate() {
        let ticks = 120 * n as i64;
        assert_eq!((packet.ticks, packet.rtp), (Ticks(ticks), RTP0.wrapping_add(Ticks(ticks))));
        assert!(packet.captured_at.0.abs_diff(nanos(ticks as u64, 48_000).0) < 100_000, "{packet:?}");
    }
    let PublisherEvent::Epoch(start) = bench.told()[0] else { panic!("the first event is no epoch") };
    assert_eq!((start.from, start.sample0, start.codec_delay), (Ticks(0), SampleTime(0), Ticks(120)));
}

#[test]
fn a_gap_is_declared_and_filled_with_silence_of_its_length() {
    let mut bench = Bench::new(FrameDuration::Us10000);
    let mut device = bench.open(48_000, 1);
    device.write_rt(0, nanos(0, 48_000), 480, |_, _| 0.5);
    device.write_rt(480 + 960, nanos(1_440, 48_000), 480, |_, _| 0.25);
    bench.looping.turn();
    let gap = Gap { epoch: 0, at: SampleTime(480), samples: SampleCount(960), uncertainty: SampleCount(0) };
    assert_eq!(bench.told()[1], PublisherEvent::Gap(gap));
    let heard: Vec<f32> = bench.tap.read().iter().step_by(2).copied().collect();
    let expected = [vec![0.5; 480], vec![0.0; 960], vec![0.25; 480]].concat();
    assert_eq!(heard, expected);
    assert_eq!(bench.control.lost_samples.load(Relaxed), 960);
}

#[test]
fn mute_is_silence_that_goes_on_counting() {
    let mut bench = Bench::new(FrameDuration::Us10000);
    let mut device = bench.open(48_000, 1);
    bench.control.muted.store(true, Relaxed);
    device.write_rt(0, nanos(0, 48_000), 960, |_, _| 0.5);
    bench.looping.turn();
    let heard = bench.tap.read();
    assert!(heard[..480].iter().any(|s| *s != 0.0) && heard[480..].iter().all(|s| *s == 0.0), "faded in 5 ms");
    assert_eq!(bench.sent().iter().map(|packet| packet.ticks.0).collect::<Vec<_>>(), [0, 480]);
}

#[test]
fn takes_are_recorded_as_the_device_gave_them_muted_or_not_and_every_gap_is_known() {
    let mut bench = Bench::new(FrameDuration::Us10000);
    let mut first = bench.open(44_100, 1);
    bench.control.muted.store(true, Relaxed);
    first.write_rt(700, nanos(0, 44_100), 3, |frame, _| frame as f32);
    first.write_rt(703 + 40, nanos(43, 44_100), 2, |frame, _| 0.5 + frame as f32);
    bench.looping.turn();
    let mut second = bench.open(48_000, 2);
    second.write_rt(0, nanos(48_000, 48_000), 1, |_, channel| channel as f32);
    bench.looping.turn();
    let taken: Vec<(Piece, Vec<f32>)> =
        std::iter::from_fn(|| bench.taken.next().map(|(piece, samples)| (piece, samples.to_vec()))).collect();
    let places: Vec<(u32, i64, u64, u32, u8)> =
        taken.iter().map(|(piece, _)| (piece.run, piece.at.0, piece.lost.0, piece.rate.0, piece.channels)).collect();
    assert_eq!(places, [(0, 0, 0, 44_100, 1), (0, 43, 40, 44_100, 1), (1, 0, 0, 48_000, 2)]);
    let sound: Vec<&[f32]> = taken.iter().map(|(_, samples)| &samples[..]).collect();
    assert_eq!(sound, [&[0.0, 1.0, 2.0][..], &[0.5, 1.5], &[0.0, 1.0]]);
}

#[test]
fn a_restarted_device_begins_an_epoch_at_elapsed_host_time() {
    let mut bench = Bench::new(FrameDuration::Us5000);
    let mut first = bench.open(48_000, 1);
    first.write_rt(0, nanos(0, 48_000), 500, |_, _| 0.5);
    bench.looping.turn();
    let mut second = bench.open(44_100, 1);
    second.write_rt(70_000, nanos(48_000 * 3, 48_000), 441, |_, _| 0.5);
    bench.looping.turn();
    assert!(bench.retired.pop().is_ok(), "the old device's end is given back to be freed");
    let PublisherEvent::Epoch(start) = bench.told()[1] else { panic!("no second epoch") };
    assert_eq!((start.epoch, start.from, start.rate), (1, Ticks(144_000), SampleRate(44_100)));
    assert!(start.resampler_delay.0 > 0);
    let ticks: Vec<i64> = bench.sent().iter().map(|packet| packet.ticks.0).collect();
    assert!(ticks.len() < 60 && ticks.iter().all(|t| t % 240 == 0), "{ticks:?}");
    assert!(*ticks.last().unwrap() >= 144_000, "{ticks:?}");
}

#[test]
fn a_jack_server_that_counts_from_zero_again_does_not_bend_the_epoch() {
    let mut bench = Bench::new(FrameDuration::Us10000);
    let mut device = bench.open(48_000, 1);
    device.write_rt(90_000, nanos(0, 48_000), 480, |_, _| 0.5);
    device.write_rt(0, nanos(480, 48_000), 480, |_, _| 0.5);
    bench.looping.turn();
    assert_eq!(bench.sent().len(), 2);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    /// Invariant 2: whatever the device does, ticks sent and left out span exactly the device's time.
    #[test]
    fn encoded_ticks_span_the_device_time(
        rate in prop::sample::select(vec![44_100u32, 48_000, 96_000, 88_200, 32_000]),
        channels in 1usize..=2,
        blocks in prop::collection::vec((1usize..1_500, prop::sample::select(vec![0u64, 0, 0, 0, 64, 5_000, 60_000])), 1..40),
    ) {
        let mut bench = Bench::new(FrameDuration::Us5000);
        let mut device = bench.open(rate, channels);
        let mut position = 0u64;
        for (frames, gap) in &blocks {
            device.write_rt(position, nanos(position, rate), *frames, |_, _| 0.1);
            bench.looping.turn();
            position += *frames as u64 + gap;
        }
        device.write_rt(position, nanos(position, rate), MAX_BLOCK, |_, _| 0.1);
        bench.looping.turn();
        let span = (position + MAX_BLOCK as u64) as i64 * 48_000 / i64::from(rate);
        let last = bench.sent().last().map_or(0, |packet| packet.ticks.0 + 240);
        // The resampler holds its look-ahead back, and a frame may be open.
        prop_assert!((span - 400..=span).contains(&last), "{last} of {span}");
    }
}

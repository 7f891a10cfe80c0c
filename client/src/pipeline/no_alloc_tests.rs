//! Nothing on the sound path allocates after its start. This test binary's allocator aborts where it is forbidden.

use super::MonoClock;
use super::capture::{CaptureFormat, Counting, capture_ring};
use super::convert::Converter;
use super::drive::{DeviceDriver, DeviceEnd};
use super::encode::{EncodeLoop, SEGMENT_SLOTS, Segment};
use super::engine::{Engine, PLACES, PlayerControl};
use super::events::event_queue;
use super::outlet::{Outlet, PublisherControl};
use super::playback::{PlaybackFormat, playback_ring};
use super::playout::SourceId;
use super::queue::queue;
use super::sources::{NewSource, Sources};
use super::tap::tap;
use crate::recorder::take_tap;
use assert_no_alloc::{AllocDisabler, assert_no_alloc};
use codec::jitter::{Config, Profile};
use codec::opus::FrameDuration;
use codec::publish::StreamSettings;
use protocol::stream::StreamKind;
use rtrb::RingBuffer;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use units::{Bitrate, MonoTime, RtpTimestamp, SampleCount, SampleRate, Seq};

#[global_allocator]
static ALLOCATOR: AllocDisabler = AllocDisabler;

/// A device at 44.1 kHz with xruns: callback, resampler, gap, mute and RED all take part.
#[test]
fn capture_and_encoding_do_not_allocate() {
    let settings = StreamSettings::program(2, FrameDuration::Us2500, Bitrate(256_000), 1);
    let (packets_in, mut packets) = queue(4_000);
    let (events_in, _events) = event_queue();
    let control = Arc::new(PublisherControl::default());
    let tap_in = tap(4_800, 2).0;
    let outlet =
        Outlet::new(settings, RtpTimestamp(0), MonoClock::start(), packets_in, tap_in, control.clone()).unwrap();
    let (mut segments, segments_out) = RingBuffer::new(SEGMENT_SLOTS);
    let (retired_in, _retired) = RingBuffer::new(SEGMENT_SLOTS);
    let (take, mut taken) = take_tap();
    let this = std::thread::current();
    let mut looping =
        EncodeLoop::new(outlet, segments_out, retired_in, events_in, control.clone(), this.clone(), Some(take));
    let format = CaptureFormat { rate: SampleRate(44_100), channels: 2, counting: Counting::Estimated };
    let (mut device, reader) = capture_ring(format, this);
    let converter = Converter::new(format, 2).unwrap();
    segments.push(Box::new(Segment { reader, converter, format })).map_err(|_| ()).unwrap();
    let notice = device.notice();
    assert_no_alloc(|| {
        for period in 0..400u64 {
            if period % 50 == 49 {
                notice.xrun_rt();
                control.muted.store(period % 100 == 99, Relaxed);
                control.redundancy.store((period / 100) as u8, Relaxed);
            }
            let captured_at = MonoTime(period * 64_000_000 / 44_100 * 1_000 + (period + 1) / 50 * 3_000_000);
            device.write_rt(64 * period, captured_at, 64, |frame, _| (frame as f32).sin());
            looping.turn();
        }
    });
    assert!(std::iter::from_fn(|| packets.try_recv()).count() > 200);
    let lost: u64 = std::iter::from_fn(|| taken.next().map(|(piece, _)| piece.lost.0)).sum();
    assert!(lost > 100, "the xruns were counted");
    assert_eq!(control.lost_samples.load(Relaxed), lost, "and the recorder knows of each");
}

/// A device with 64-sample callbacks and an underrun; sources come, are dimmed and go.
#[test]
fn playout_and_the_playback_callback_do_not_allocate() {
    let control = Arc::new(PlayerControl::default());
    let (coming, coming_out) = RingBuffer::new(PLACES);
    let (retired_in, retired) = RingBuffer::new(PLACES);
    let (log, _positions) = queue(64);
    let engine = Engine::new(coming_out, retired_in, Some(log), tap(480, 2).0, control.clone());
    let mut sources = Sources::new(coming, retired);
    let (mut devices, devices_out) = RingBuffer::new(2);
    let (ends_in, _ends) = RingBuffer::new(2);
    let this = std::thread::current();
    let mut driver = DeviceDriver::new(engine, MonoClock::start(), control.clone(), this.clone(), devices_out, ends_in);
    let format = PlaybackFormat { rate: SampleRate(44_100), period: 64, counting: Counting::Exact };
    let (writer, mut device) = playback_ring(format, this);
    devices.push(Box::new(DeviceEnd { writer, format })).map_err(|_| ()).unwrap();
    let config = Config::listener(Profile::Lowest, FrameDuration::Us2500, 0, SampleCount(64));
    let config = Config { output_rate: format.rate, ..config };
    let made = [0, 1].map(|id| NewSource::new(SourceId(id), StreamKind::Program, config).unwrap());
    // Their locks are shared with the network thread, so that putting them in is as quick as the rest.
    assert_no_alloc(|| made.into_iter().for_each(|new| sources.insert(new).unwrap()));
    // A silent stereo frame of 2.5 ms (RFC 6716: configuration 28, code 0).
    let payload = [0xe4, 0xff, 0xfe];
    let mut sent = 0u32;
    for period in 0..600u64 {
        let now = MonoTime(1_000_000_000 + period * 64_000_000 / 44_100 * 1_000);
        while u64::from(sent) * 120 * 44_100 < period * 64 * 48_000 {
            let (seq, rtp) = (Seq(sent as u16), RtpTimestamp(sent * 120));
            for id in 0..2 {
                let known = sources.push(SourceId(id), now, seq, rtp, false, &payload);
                assert_eq!(known, id == 0 || period <= 590);
            }
            sent += 1;
        }
        control.dimmed.store(period > 300, Relaxed);
        if period == 590 {
            sources.remove(SourceId(1));
        }
        let (driver, device) = (&mut driver, &mut device);
        assert_no_alloc(|| {
            let mut out = [[0.0; 2]; 64];
            device.read_rt(64 * period, now, Duration::ZERO, 64, |frame, pair| out[frame] = pair);
            if period % 97 != 96 {
                driver.turn();
            }
        });
    }
    assert!(control.rendered.load(Relaxed) > 590 * 64);
    assert!(control.underruns.load(Relaxed) > 0);
}

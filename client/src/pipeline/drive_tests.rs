//! A playout thread whose device is away, in virtual time.

use super::MonoClock;
use super::capture::Counting;
use super::drive::{DeviceDriver, DeviceEnd};
use super::engine::{Engine, MAX_SOURCES, PLACES, PlayerControl};
use super::playback::{PlaybackFormat, PlaybackReader, playback_ring};
use super::playout::SourceId;
use super::sources::{NewSource, Sources};
use super::tap::tap;
use codec::jitter::{Config, Profile};
use codec::opus::FrameDuration;
use protocol::stream::StreamKind;
use rtrb::{Consumer, Producer, RingBuffer};
use std::sync::Arc;
use std::sync::atomic::Ordering::{AcqRel, Relaxed};
use std::time::Duration;
use units::{MonoTime, SampleCount, SampleRate};

struct Bench {
    driver: DeviceDriver,
    sources: Sources,
    devices: Producer<Box<DeviceEnd>>,
    control: Arc<PlayerControl>,
    clock: MonoClock,
    _gone: Consumer<Box<DeviceEnd>>,
}

impl Bench {
    fn new() -> Bench {
        let (control, clock) = (Arc::new(PlayerControl::default()), MonoClock::start());
        let (coming, coming_out) = RingBuffer::new(PLACES);
        let (retired_in, retired) = RingBuffer::new(PLACES);
        let engine = Engine::new(coming_out, retired_in, None, tap(480, 2).0, control.clone());
        let (devices, devices_out) = RingBuffer::new(2);
        let (gone_in, _gone) = RingBuffer::new(2);
        let this = std::thread::current();
        let driver = DeviceDriver::new(engine, clock, control.clone(), this, devices_out, gone_in);
        Bench { driver, sources: Sources::new(coming, retired), devices, control, clock, _gone }
    }

    fn open_device(&mut self) -> PlaybackReader {
        let format = PlaybackFormat { rate: SampleRate::HZ_48000, period: 64, counting: Counting::Exact };
        let (writer, reader) = playback_ring(format, std::thread::current());
        self.devices.push(Box::new(DeviceEnd { writer, format })).map_err(|_| ()).unwrap();
        reader
    }

    /// All sources that there may be come, and go again, one turn each.
    fn everybody_comes_and_goes(&mut self, at: MonoTime) {
        drop(self.sources.take_removed());
        let config = Config::listener(Profile::Default, FrameDuration::Us5000, 0, SampleCount(64));
        for id in 0..MAX_SOURCES as u32 {
            self.sources.insert(NewSource::new(SourceId(id), StreamKind::Program, config).unwrap()).unwrap();
        }
        self.driver.turn_at(at);
        (0..MAX_SOURCES as u32).for_each(|id| self.sources.remove(SourceId(id)));
        self.driver.turn_at(at);
    }

    fn shown_lost(&self) -> bool {
        self.control.device_lost.load(Relaxed)
    }

    /// Takes the wish for another device, as who opens it does.
    fn device_wanted(&self) -> bool {
        self.control.device_wanted.swap(false, AcqRel)
    }
}

/// So often that any queue on the way would be full.
const ROUNDS: usize = 5;

#[test]
fn sources_come_and_go_before_there_is_a_device_and_after_it_has_failed() {
    let mut bench = Bench::new();
    let now = bench.clock.now();
    (0..ROUNDS).for_each(|_| bench.everybody_comes_and_goes(now));
    let device = bench.open_device();
    bench.driver.turn();
    device.notice().failed_rt();
    bench.driver.turn();
    let now = bench.clock.now();
    (0..ROUNDS).for_each(|_| bench.everybody_comes_and_goes(now));
}

#[test]
fn sources_come_and_go_while_a_device_does_not_call_without_saying_why() {
    let mut bench = Bench::new();
    let mut device = bench.open_device();
    bench.driver.turn();
    device.read_rt(0, bench.clock.now(), Duration::ZERO, 64, |_, _| ());
    bench.driver.turn();
    let later = bench.clock.now() + Duration::from_secs(1);
    (0..ROUNDS).for_each(|_| bench.everybody_comes_and_goes(later));
}

#[test]
fn what_leaves_a_playing_device_fades_out_before_it_is_given_back() {
    let mut bench = Bench::new();
    let mut device = bench.open_device();
    bench.driver.turn();
    let now = bench.clock.now();
    bench.everybody_comes_and_goes(now);
    assert_eq!(bench.sources.take_removed().count(), 0, "they are still heard");
    for period in 0..5 {
        device.read_rt(64 * period, bench.clock.now(), Duration::ZERO, 64, |_, _| ());
        bench.driver.turn_at(now);
    }
    assert_eq!(bench.sources.take_removed().count(), MAX_SOURCES, "the fade is over after 240 samples");
}

#[test]
fn a_device_that_died_before_it_was_served_is_asked_for_again_and_shown_as_lost_until_one_is() {
    let mut bench = Bench::new();
    let dead = bench.open_device();
    dead.notice().failed_rt();
    bench.driver.turn();
    assert!(bench.shown_lost() && bench.device_wanted());
    bench.driver.turn();
    assert!(bench.shown_lost() && !bench.device_wanted(), "it is asked for once");
    let _alive = bench.open_device();
    bench.driver.turn();
    assert!(!bench.shown_lost() && !bench.device_wanted());
}

#[test]
fn what_is_made_ready_anew_after_underruns_is_pulled_in_periods_and_lengthens_no_buffer() {
    let mut bench = Bench::new();
    let config = Config::listener(Profile::Lowest, FrameDuration::Us2500, 0, SampleCount(64));
    bench.sources.insert(NewSource::new(SourceId(0), StreamKind::Program, config).unwrap()).unwrap();
    let mut device = bench.open_device();
    bench.driver.turn();
    let target_ms = |bench: &Bench| bench.sources.stats(SourceId(0)).unwrap().jitter.target_ms;
    let before = target_ms(&bench);
    for period in 0..80 {
        device.read_rt(64 * period, bench.clock.now(), Duration::ZERO, 64, |_, _| ());
        if period % 8 == 7 {
            bench.driver.turn();
        }
    }
    assert!(bench.control.underruns.load(Relaxed) > 0, "seven of eight callbacks find too little");
    assert_eq!(target_ms(&bench), before);
}

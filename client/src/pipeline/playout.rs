//! Playing what others publish: packets → jitter buffers → mix → device or file.

use super::capture::Counting;
use super::drive::{PACED_PERIOD, PacedDriver};
use super::engine::{Engine, PLACES, PlayerControl};
use super::events::OutputEvent;
use super::playback::PlaybackFormat;
use super::queue::{QueueReceiver, queue};
use super::sources::Sources;
pub use super::sources::{NewSource, Removed, SourceMaker};
use super::supervisor::start_device;
use super::tap::{TapReader, tap};
use super::thread::{Priority, spawn};
use super::wav_out::{WavThread, wav_out};
use super::{MonoClock, PipelineError};
use crate::spec::OutputSpec;
use codec::jitter::{Profile, Pulled};
use protocol::stream::{StreamFormat, StreamKind};
use rtrb::RingBuffer;
use std::sync::atomic::Ordering::{Relaxed, Release};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use units::{Dbfs, MonoTime, RtpTimestamp, SampleCount, SampleRate, SampleTime, Seq};

/// How sound is played.
#[derive(Clone, Debug)]
pub struct PlayerConfig {
    /// Where it goes.
    pub output: OutputSpec,
    /// The listener's trade of delay for safety.
    pub profile: Profile,
    /// Whether to tell for every output block where it came from ([`Player::take_positions`]).
    pub positions: bool,
}

/// A source within one player; the caller chooses the number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(pub u32);

/// Where one output block of one source came from.
#[derive(Clone, Copy, Debug)]
pub struct PositionRecord {
    /// The source.
    pub source: SourceId,
    /// Output sample at which the block begins, counted from the player's start (a file's first sample is 0).
    pub at: SampleTime,
    /// When it was pulled from the jitter buffer.
    pub pulled_at: MonoTime,
    /// When its first sample leaves the outlet, as far as the device tells its latency; a file's when it is due.
    pub leaves_at: MonoTime,
    /// What was played, span by span.
    pub pulled: Pulled,
}

/// How one source is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PlayoutStats {
    /// The jitter buffer's own account.
    pub jitter: codec::jitter::Stats,
    /// Packets that did not reach it: longer than a datagram, or the playout thread stalled.
    pub overflowed: u64,
}

/// How the output is doing, counted since its start.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OutputStats {
    /// Frames mixed.
    pub rendered: SampleCount,
    /// Values beyond full scale in the mix.
    pub clipped: u64,
    /// Callbacks that found less than they asked for.
    pub underruns: u64,
    /// Frames of silence that they played instead.
    pub underrun_frames: SampleCount,
    /// Frames left out because the device had lost that time: sound stays as late as it was.
    pub skipped: SampleCount,
    /// Delay between the jitter buffers and the device's callback, by the frames kept ready; zero for a file.
    pub ahead: Duration,
    /// Delay from the device's callback to its outlet, as the device reports it; zero for a file.
    pub device: Duration,
    /// Longest time that mixing one block took.
    pub render_max: Duration,
    /// Position records that nobody took in time.
    pub unlogged: u64,
    /// Whether the device is gone; it is being tried again.
    pub device_lost: bool,
    /// What the playout thread may count on.
    pub priority: Priority,
}

/// Plays sources through one output. Dropping it stops it; a file then is complete.
///
/// All methods but [`add`](Self::add) and [`finish`](Self::finish) return at once; any thread may call them.
pub struct Player {
    control: Arc<PlayerControl>,
    sources: Mutex<Sources>,
    maker: SourceMaker,
    format: PlaybackFormat,
    positions: Option<QueueReceiver<PositionRecord>>,
    events: Option<QueueReceiver<OutputEvent>>,
    tap: Mutex<TapReader>,
    thread: Option<JoinHandle<()>>,
    wav: Option<WavThread>,
}

/// Position records that may wait: two seconds of two sources at 2.5 ms. Owner: the playout thread. Overflow: the newest
/// is dropped and counted.
const POSITION_SLOTS: usize = 1_600;
/// Events that may wait. Owner: the thread that holds the device, which tells at most two each half second. Overflow: the
/// newest is dropped; [`OutputStats::device_lost`] still says how it is.
const EVENT_SLOTS: usize = 64;

/// Opens the output and starts playing silence. Blocks until the device runs or has refused: milliseconds.
///
/// # Errors
/// If the output cannot be opened or no thread can be started.
pub fn start_player(config: PlayerConfig, clock: MonoClock) -> Result<Player, PipelineError> {
    let control = Arc::new(PlayerControl::default());
    let (coming, coming_out) = RingBuffer::new(PLACES);
    let (retired_in, retired) = RingBuffer::new(PLACES);
    let (log, positions) = if config.positions { Some(queue(POSITION_SLOTS)).unzip() } else { (None, None) };
    let (events_in, events) = queue(EVENT_SLOTS);
    let (tap_in, tap) = tap(SampleRate::HZ_48000.0 as usize, 2);
    let engine = Engine::new(coming_out, retired_in, log, tap_in, control.clone());
    let (thread, format, wav) = match &config.output {
        OutputSpec::Device(_) | OutputSpec::Jack(_) => {
            let (thread, format) = start_device(config.output, clock, engine, control.clone(), events_in)?;
            (thread, format, None)
        }
        OutputSpec::File(path) => {
            let (feed, wav) = wav_out(path)?;
            let driver = PacedDriver { engine, clock, control: control.clone(), file: Some(feed) };
            (spawn("playout", move || driver.run())?, PACED, Some(wav))
        }
        OutputSpec::Null => {
            let driver = PacedDriver { engine, clock, control: control.clone(), file: None };
            (spawn("playout", move || driver.run())?, PACED, None)
        }
    };
    let sources = Mutex::new(Sources::new(coming, retired));
    let (maker, tap) = (SourceMaker::new(config.profile, format), Mutex::new(tap));
    let (events, thread) = (Some(events), Some(thread));
    Ok(Player { control, sources, maker, format, positions, events, tap, thread, wav })
}

const PACED: PlaybackFormat =
    PlaybackFormat { rate: SampleRate::HZ_48000, period: PACED_PERIOD, counting: Counting::Exact };

impl Player {
    /// Adds a source, or replaces the one of the same id. Allocates about 1.5 MB and takes a millisecond: whoever holds a
    /// lock uses [`maker`](Self::maker), [`take_removed`](Self::take_removed) and [`insert`](Self::insert).
    ///
    /// # Errors
    /// If 16 sources play already, or the playout thread has not answered for seconds.
    pub fn add(&self, source: SourceId, kind: StreamKind, format: &StreamFormat) -> Result<(), PipelineError> {
        let new = self.maker.make(source, kind, format)?;
        drop(self.take_removed());
        self.insert(new)
    }

    /// What makes sources for this player, as long as it lives.
    pub fn maker(&self) -> SourceMaker {
        self.maker
    }

    /// Adds a source that was made before, or replaces the one of the same id: microseconds.
    ///
    /// # Errors
    /// As [`add`](Self::add).
    pub fn insert(&self, new: NewSource) -> Result<(), PipelineError> {
        self.sources().insert(new)
    }

    /// What has faded out since the last call, to be dropped where nobody waits.
    pub fn take_removed(&self) -> Removed {
        self.sources().take_removed()
    }

    /// Fades a source out within 5 ms and forgets it.
    pub fn remove(&self, source: SourceId) {
        self.sources().remove(source);
    }

    /// Hands over one RTP payload that arrived at `arrived`. False if it cannot be played: the source is unknown, the
    /// payload is longer than a datagram, or the playout thread has stalled for half a second.
    pub fn push(
        &self,
        source: SourceId,
        arrived: MonoTime,
        seq: Seq,
        rtp: RtpTimestamp,
        red: bool,
        payload: &[u8],
    ) -> bool {
        self.sources().push(source, arrived, seq, rtp, red, payload)
    }

    /// Lowers all sources but talkback by 20 dB, or raises them again, within 5 ms.
    pub fn set_dim(&self, dimmed: bool) {
        self.control.dimmed.store(dimmed, Relaxed);
    }

    /// Sets the level of the whole mix; 0 dB changes no bit of it.
    pub fn set_volume(&self, level: Dbfs) {
        let gain = if level.0 == 0.0 { 1.0 } else { level.amplitude() };
        self.control.volume.store(gain.to_bits(), Relaxed);
    }

    /// How a source is doing; `None` if it is unknown.
    pub fn stats(&self, source: SourceId) -> Option<PlayoutStats> {
        self.sources().stats(source)
    }

    /// How the output is doing. Fields are read one by one while the playout thread goes on.
    pub fn output_stats(&self) -> OutputStats {
        let control = &self.control;
        let ahead = SampleCount(control.ahead_frames.load(Relaxed));
        OutputStats {
            rendered: SampleCount(control.rendered.load(Relaxed)),
            clipped: control.clipped.load(Relaxed),
            underruns: control.underruns.load(Relaxed),
            underrun_frames: SampleCount(control.underrun_frames.load(Relaxed)),
            skipped: SampleCount(control.skipped_frames.load(Relaxed)),
            ahead: ahead.duration(self.format.rate),
            device: Duration::from_nanos(control.device_latency_ns.load(Relaxed)),
            render_max: Duration::from_nanos(control.render_ns_max.load(Relaxed)),
            unlogged: control.unlogged.load(Relaxed),
            device_lost: control.device_lost.load(Relaxed),
            priority: Priority::from_level(control.real_time.load(Relaxed)),
        }
    }

    /// Why nothing more is written to the output file, one sentence; told once. Playing goes on, into nothing.
    pub fn poll_file_failure(&self) -> Option<String> {
        self.wav.as_ref()?.poll_failure()
    }

    /// Rate of the output.
    pub fn rate(&self) -> SampleRate {
        self.format.rate
    }

    /// Where every output block came from, if the player was started with `positions`; once.
    pub fn take_positions(&mut self) -> Option<QueueReceiver<PositionRecord>> {
        self.positions.take()
    }

    /// What becomes of the device while it is played to; once. Of a file or nothing there is nothing to tell.
    pub fn take_events(&mut self) -> Option<QueueReceiver<OutputEvent>> {
        self.events.take()
    }

    /// Appends what was played since the last call (at most the last second), interleaved stereo: for meters.
    pub fn tapped(&self, into: &mut Vec<f32>) {
        into.extend_from_slice(self.tap.lock().unwrap_or_else(PoisonError::into_inner).read());
    }

    /// Stops. For a file, waits for the disk and tells its length.
    ///
    /// # Errors
    /// If the file could not be written to its end; what it holds is valid.
    pub fn finish(mut self) -> Result<Option<SampleCount>, PipelineError> {
        self.halt();
        self.wav.take().map(WavThread::finish).transpose()
    }

    fn sources(&self) -> MutexGuard<'_, Sources> {
        self.sources.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn halt(&mut self) {
        self.control.stop.store(true, Release);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            let _ = thread.join();
        }
    }
}

impl Drop for Player {
    fn drop(&mut self) {
        self.halt();
        if let Some(wav) = self.wav.take() {
            let _ = wav.finish();
        }
    }
}

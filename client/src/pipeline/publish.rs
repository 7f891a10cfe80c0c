//! Publishing one stream: device → encode thread → packets.

use super::capture::capture_ring;
use super::convert::Converter;
use super::encode::{EncodeLoop, SEGMENT_SLOTS, Segment};
use super::events::{EventReceiver, EventSender, PublisherEvent, event_queue};
use super::outlet::{Outlet, PublisherControl};
use super::packet::OutPacket;
use super::queue::{QueueReceiver, queue};
use super::tap::{TapReader, tap};
use super::thread::{Priority, spawn};
use super::{MonoClock, PipelineError};
use crate::device::{self, CaptureStream, DeviceError};
use crate::recorder::TakeTap;
use crate::spec::InputSpec;
use codec::publish::{MAX_REDUNDANCY, StreamSettings};
use protocol::stream::StreamFormat;
use rtrb::{Consumer, Producer, RingBuffer};
use std::sync::Arc;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
use std::sync::mpsc;
use std::thread::{JoinHandle, park_timeout};
use std::time::Duration;
use units::{RtpTimestamp, SampleCount, SampleRate};

/// What is published and how.
#[derive(Clone, Debug)]
pub struct PublishConfig {
    /// Where the sound comes from.
    pub input: InputSpec,
    /// How it is encoded.
    pub settings: StreamSettings,
    /// RTP timestamp of tick 0: chosen at random once per process.
    pub rtp0: RtpTimestamp,
}

/// A stream that is being published, with what comes out of it.
pub struct Started {
    /// The stream's handle.
    pub publisher: Publisher,
    /// Its packets.
    pub packets: PacketReceiver,
    /// What the session must know of it; the first is an epoch.
    pub events: EventReceiver,
}

/// A stream that is being published. Dropping it stops it.
pub struct Publisher {
    control: Arc<PublisherControl>,
    supervisor: Option<JoinHandle<()>>,
    format: StreamFormat,
    tap: TapReader,
}

/// Packets of one stream in the order of their ticks.
///
/// Capacity one second, owner the encode thread. When the reader falls half a second behind, it skips the oldest;
/// when it takes nothing for a second, the newest is dropped. Both are counted.
pub struct PacketReceiver {
    inner: QueueReceiver<OutPacket>,
    high_water: usize,
    control: Arc<PublisherControl>,
}

/// How a publisher is doing, counted since its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublisherStats {
    /// Frames encoded.
    pub frames: u64,
    /// Packets that nobody took in time.
    pub dropped: u64,
    /// Frames that the encoder refused: zero, or the program has a defect.
    pub refused: u64,
    /// Samples that the device lost, at its own rate.
    pub lost: SampleCount,
    /// Samples lost because this machine was too busy to encode; they are part of `lost`.
    pub overflowed: SampleCount,
    /// Xruns that the device reported since it was opened last.
    pub xruns: u32,
    /// Longest time that one frame took to encode.
    pub encode_max: Duration,
    /// What the encode thread may count on.
    pub priority: Priority,
}

/// How often a device that is gone is tried again.
const REOPEN: Duration = Duration::from_millis(500);

/// Opens the input and starts encoding; takes can be recorded where there is a tap for them. Blocks until the device
/// runs or has refused: milliseconds.
///
/// # Errors
/// If the input cannot be opened, the settings cannot be encoded or no thread can be started.
pub fn start_publisher(
    config: PublishConfig,
    clock: MonoClock,
    take: Option<TakeTap>,
) -> Result<Started, PipelineError> {
    let settings = config.settings;
    let per_second = 1_000_000 / settings.frame.micros() as usize;
    let (packets_in, packets) = queue(per_second);
    let (tap_in, tap) = tap(SampleRate::HZ_48000.0 as usize, usize::from(settings.channels));
    let (events_in, events) = event_queue();
    let control = Arc::new(PublisherControl::default());
    control.redundancy.store(settings.redundancy.min(MAX_REDUNDANCY), Relaxed);
    let outlet = Outlet::new(settings, config.rtp0, clock, packets_in, tap_in, control.clone())?;
    let (started_in, started) = mpsc::channel();
    let (for_thread, input) = (control.clone(), config.input);
    let start = move || Supervisor::start(input, clock, outlet, events_in, for_thread, take);
    let supervisor = spawn("capture", move || match start() {
        Ok((supervisor, rate)) => {
            let _ = started_in.send(Ok(rate));
            supervisor.run();
        }
        Err(error) => drop(started_in.send(Err(error))),
    })?;
    let rate = started.recv().map_err(|_| PipelineError::ThreadDied)??;
    let format = StreamFormat {
        channels: settings.channels,
        frame_us: settings.frame.micros(),
        bitrate: settings.bitrate.0,
        redundancy: settings.redundancy,
        rate,
    };
    let publisher = Publisher { control: control.clone(), supervisor: Some(supervisor), format, tap };
    let packets = PacketReceiver { inner: packets, high_water: (per_second / 2).max(1), control };
    Ok(Started { publisher, packets, events })
}

impl Publisher {
    /// How the stream is encoded and at what rate its first device runs.
    pub fn format(&self) -> &StreamFormat {
        &self.format
    }

    /// Sends silence instead of sound, or sound again; the clock goes on. Fades over 5 ms.
    pub fn set_mute(&self, muted: bool) {
        self.control.muted.store(muted, Relaxed);
    }

    /// Sets how many earlier frames each packet repeats (RED depth), from the next frame on.
    pub fn set_redundancy(&self, depth: u8) {
        self.control.redundancy.store(depth.min(MAX_REDUNDANCY), Relaxed);
    }

    /// How it is doing. Fields are read one by one while the encode thread goes on.
    pub fn stats(&self) -> PublisherStats {
        let control = &self.control;
        PublisherStats {
            frames: control.frames.load(Relaxed),
            dropped: control.dropped.load(Relaxed),
            refused: control.refused.load(Relaxed),
            lost: SampleCount(control.lost_samples.load(Relaxed)),
            overflowed: SampleCount(control.overflowed.load(Relaxed)),
            xruns: control.xruns.load(Relaxed),
            encode_max: Duration::from_nanos(control.encode_ns_max.load(Relaxed)),
            priority: Priority::from_level(control.real_time.load(Relaxed)),
        }
    }

    /// What was encoded since the last call (at most the last second), interleaved at 48 kHz: for meters.
    pub fn tapped(&mut self) -> &[f32] {
        self.tap.read()
    }

    /// Stops; the last frame is filled up and sent. Blocks until the device is closed.
    pub fn stop(self) {}
}

impl Drop for Publisher {
    fn drop(&mut self) {
        self.control.stop.store(true, Release);
        if let Some(supervisor) = self.supervisor.take() {
            supervisor.thread().unpark();
            let _ = supervisor.join();
        }
    }
}

impl PacketReceiver {
    /// The next packet, awaited; `None` once the publisher has stopped and everything was taken. Cancel-safe.
    pub async fn recv(&mut self) -> Option<OutPacket> {
        self.skip_old();
        self.inner.recv().await
    }

    /// The next packet if there is one.
    pub fn try_recv(&mut self) -> Option<OutPacket> {
        self.skip_old();
        self.inner.try_recv()
    }

    fn skip_old(&mut self) {
        while self.inner.len() > self.high_water && self.inner.try_recv().is_some() {
            self.control.dropped.fetch_add(1, Relaxed);
        }
    }
}

/// Opens the device, keeps it, and opens it again when it went away: all that may block.
struct Supervisor {
    input: InputSpec,
    clock: MonoClock,
    channels: usize,
    segments: Producer<Box<Segment>>,
    retired: Consumer<Box<Segment>>,
    events: EventSender,
    control: Arc<PublisherControl>,
    encoder: JoinHandle<()>,
    stream: Option<CaptureStream>,
}

impl Supervisor {
    /// Starts the encode thread and the device; tells the device's rate.
    fn start(
        input: InputSpec,
        clock: MonoClock,
        outlet: Outlet,
        events: EventSender,
        control: Arc<PublisherControl>,
        take: Option<TakeTap>,
    ) -> Result<(Supervisor, SampleRate), PipelineError> {
        let (segments, segments_out) = RingBuffer::new(SEGMENT_SLOTS);
        let (retired_in, retired) = RingBuffer::new(SEGMENT_SLOTS);
        let channels = outlet.channels();
        let this = std::thread::current();
        let looping = EncodeLoop::new(outlet, segments_out, retired_in, events.clone(), control.clone(), this, take);
        let encoder = spawn("encode", move || looping.run())?;
        let mut supervisor =
            Supervisor { input, clock, channels, segments, retired, events, control, encoder, stream: None };
        match supervisor.open() {
            Ok(rate) => Ok((supervisor, rate)),
            Err(error) => {
                supervisor.close();
                Err(error.into())
            }
        }
    }

    fn run(mut self) {
        while !self.stopping() {
            while self.retired.pop().is_ok() {}
            if self.control.device_lost.swap(false, AcqRel) {
                self.reopen();
            }
            park_timeout(REOPEN);
        }
        self.close();
    }

    /// Opens the device and hands it to the encode thread.
    fn open(&mut self) -> Result<SampleRate, DeviceError> {
        let (encoder, channels) = (self.encoder.thread().clone(), self.channels);
        let (mut opened, events) = (None, self.events.clone());
        let warn = move |text| events.send(PublisherEvent::Warning(text));
        let stream = device::open_capture(&self.input, self.clock, warn, |format| {
            let converter = Converter::new(format, channels)?;
            let (writer, reader) = capture_ring(format, encoder);
            opened = Some(Segment { reader, converter, format });
            Ok(writer)
        })?;
        self.stream = Some(stream);
        let segment = opened.ok_or(DeviceError::NoDefault("input"))?;
        let rate = segment.format.rate;
        let _ = self.segments.push(Box::new(segment));
        self.encoder.thread().unpark();
        Ok(rate)
    }

    /// Tries until the device is back or the publisher stops; says why not, once per cause.
    fn reopen(&mut self) {
        self.stream = None;
        self.events.send(PublisherEvent::DeviceLost(None));
        let mut said = None;
        while !self.stopping() {
            let Err(error) = self.open() else { return };
            let cause = Some(error.to_string());
            if cause != said {
                self.events.send(PublisherEvent::DeviceLost(cause.clone()));
                said = cause;
            }
            park_timeout(REOPEN);
        }
    }

    fn stopping(&self) -> bool {
        self.control.stop.load(Acquire)
    }

    fn close(mut self) {
        self.stream = None;
        self.control.stop.store(true, Release);
        self.encoder.thread().unpark();
        let _ = self.encoder.join();
    }
}

//! The end of the publishing chain: mute, meter tap, encoder, packet queue.

use super::MonoClock;
use super::framer::Frame;
use super::gain::Ramp;
use super::packet::{OutPacket, PacketBytes};
use super::queue::QueueSender;
use super::tap::TapWriter;
use codec::opus::OpusError;
use codec::publish::{StreamEncoder, StreamSettings};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64};
use units::{RtpTimestamp, Ticks};

/// What the control side sets and reads without waiting.
#[derive(Debug, Default)]
pub(crate) struct PublisherControl {
    pub(crate) stop: AtomicBool,
    pub(crate) muted: AtomicBool,
    pub(crate) redundancy: AtomicU8,
    /// The device is gone; the supervisor opens it again.
    pub(crate) device_lost: AtomicBool,
    /// Level of real-time priority; 0 when there is none.
    pub(crate) real_time: AtomicU8,
    pub(crate) frames: AtomicU64,
    pub(crate) dropped: AtomicU64,
    pub(crate) refused: AtomicU64,
    pub(crate) lost_samples: AtomicU64,
    pub(crate) overflowed: AtomicU64,
    pub(crate) xruns: AtomicU32,
    pub(crate) encode_ns_max: AtomicU64,
}

/// Where full frames go.
pub(crate) struct Outlet {
    encoder: StreamEncoder,
    settings: StreamSettings,
    rtp0: RtpTimestamp,
    clock: MonoClock,
    packets: QueueSender<OutPacket>,
    tap: TapWriter,
    mute: Ramp,
    pcm: Box<[f32]>,
    /// The tick at which the next frame begins if nothing is left out.
    due: Ticks,
    control: Arc<PublisherControl>,
}

impl Outlet {
    pub(crate) fn new(
        settings: StreamSettings,
        rtp0: RtpTimestamp,
        clock: MonoClock,
        packets: QueueSender<OutPacket>,
        tap: TapWriter,
        control: Arc<PublisherControl>,
    ) -> Result<Outlet, OpusError> {
        let encoder = StreamEncoder::new(settings)?;
        let pcm = vec![0.0; settings.frame.samples().0 as usize * usize::from(settings.channels)].into();
        Ok(Outlet { encoder, settings, rtp0, clock, packets, tap, mute: Ramp::at(1.0), pcm, due: Ticks(0), control })
    }

    pub(crate) fn channels(&self) -> usize {
        usize::from(self.settings.channels)
    }

    pub(crate) fn frame_ticks(&self) -> usize {
        self.settings.frame.samples().0 as usize
    }

    pub(crate) fn codec_delay(&self) -> Ticks {
        Ticks(self.encoder.lookahead().0 as i64)
    }

    /// Encodes one frame and queues its packet. Muted sound is silence that goes on counting.
    pub(crate) fn send(&mut self, frame: &Frame<'_>) {
        let begun = self.clock.now();
        self.mute.set(if self.control.muted.load(Relaxed) { 0.0 } else { 1.0 });
        self.pcm.copy_from_slice(frame.pcm);
        self.mute.apply(&mut self.pcm, usize::from(self.settings.channels));
        self.tap.write_rt(&self.pcm);
        self.prepare(frame.ticks);
        let mut payload = PacketBytes::EMPTY;
        let Ok(encoded) = self.encoder.encode_rt(&self.pcm, payload.room()) else {
            self.control.refused.fetch_add(1, Relaxed);
            return;
        };
        payload.set_length(encoded.len);
        let encoded_at = self.clock.now();
        let took_ns = encoded_at.saturating_since(begun).as_nanos() as u64;
        self.control.encode_ns_max.fetch_max(took_ns, Relaxed);
        let rtp = self.rtp0.wrapping_add(frame.ticks);
        let (ticks, captured_at) = (frame.ticks, frame.captured_at);
        self.queue(OutPacket { rtp, ticks, red: encoded.red, captured_at, encoded_at, payload });
    }

    /// Tells the encoder of a jump, and of the redundancy that is wanted now.
    fn prepare(&mut self, ticks: Ticks) {
        if ticks != self.due {
            self.encoder.skip_rt();
        }
        self.due = ticks + self.settings.frame.ticks();
        let depth = self.control.redundancy.load(Relaxed);
        if depth != self.encoder.settings().redundancy && self.encoder.set_redundancy_rt(depth).is_err() {
            self.control.refused.fetch_add(1, Relaxed);
        }
    }

    fn queue(&mut self, packet: OutPacket) {
        self.control.frames.fetch_add(1, Relaxed);
        if self.packets.try_send(packet).is_err() {
            self.control.dropped.fetch_add(1, Relaxed);
        }
    }
}

use super::settings::Purpose;
use super::{EncoderSettings, OpusError};
use ::opus::{Application, Bandwidth, Channels, Signal};
use units::{Bitrate, SampleCount, SampleRate};

/// What the encoder expects the network to lose, in percent: it then leans less on the frames before.
const EXPECTED_LOSS_PERCENT: i32 = 10;

/// An Opus encoder at 48 kHz that takes exactly one frame at a time. Encoding does not allocate.
#[derive(Debug)]
pub struct Encoder {
    inner: ::opus::Encoder,
    settings: EncoderSettings,
    lookahead: SampleCount,
}

impl Encoder {
    /// Makes an encoder. Allocates.
    ///
    /// # Errors
    /// [`OpusError::Channels`] or [`OpusError::Bitrate`] outside of what Opus codes, [`OpusError::Library`] otherwise.
    pub fn new(settings: &EncoderSettings) -> Result<Encoder, OpusError> {
        let channels = channels(settings.channels)?;
        let mut inner = ::opus::Encoder::new(SampleRate::HZ_48000.0, channels, Application::LowDelay)?;
        inner.set_complexity(10)?;
        inner.set_signal(if settings.purpose == Purpose::Talkback { Signal::Voice } else { Signal::Music })?;
        inner.set_bitrate(bitrate(settings.bitrate)?)?;
        inner.set_vbr(true)?;
        inner.set_packet_loss_perc(EXPECTED_LOSS_PERCENT)?;
        inner.set_inband_fec(false)?;
        inner.set_dtx(false)?;
        inner.set_force_channels(Some(channels))?;
        inner.set_bandwidth(Bandwidth::Fullband)?;
        inner.set_prediction_disabled(settings.purpose == Purpose::Lite)?;
        let lookahead = SampleCount(inner.get_lookahead()? as u64);
        Ok(Encoder { inner, settings: *settings, lookahead })
    }

    /// Encodes one frame of interleaved samples (full scale ±1.0) into `out` and returns the packet's length in bytes.
    /// The packet fits whatever room `out` has: pass [`MAX_FRAME_BYTES`](super::MAX_FRAME_BYTES) for no limit.
    ///
    /// # Errors
    /// [`OpusError::FrameLength`] unless `pcm` is exactly one frame; [`OpusError::Library`] if `out` is empty.
    pub fn encode_rt(&mut self, pcm: &[f32], out: &mut [u8]) -> Result<usize, OpusError> {
        if pcm.len() != self.settings.values() {
            return Err(OpusError::FrameLength { expected: self.settings.values(), given: pcm.len() });
        }
        Ok(self.inner.encode_float(pcm, out)?)
    }

    /// How much later than its frame a captured sample comes out of the decoder: 120 samples (2.5 ms) in low delay,
    /// whatever the frame. It belongs in every clock map.
    pub fn lookahead(&self) -> SampleCount {
        self.lookahead
    }

    /// How the encoder is set up; the bit rate is the one set last.
    pub fn settings(&self) -> &EncoderSettings {
        &self.settings
    }

    /// Changes the target bit rate from the next frame on.
    ///
    /// # Errors
    /// [`OpusError::Bitrate`] outside of 6 000 to 510 000 bit/s; the old rate then stays.
    pub fn set_bitrate_rt(&mut self, target: Bitrate) -> Result<(), OpusError> {
        self.inner.set_bitrate(bitrate(target)?)?;
        self.settings.bitrate = target;
        Ok(())
    }

    /// Forgets all sound heard so far; the settings stay.
    ///
    /// # Errors
    /// [`OpusError::Library`].
    pub fn reset_rt(&mut self) -> Result<(), OpusError> {
        Ok(self.inner.reset_state()?)
    }
}

pub(super) fn channels(count: u8) -> Result<Channels, OpusError> {
    match count {
        1 => Ok(Channels::Mono),
        2 => Ok(Channels::Stereo),
        other => Err(OpusError::Channels(other)),
    }
}

fn bitrate(target: Bitrate) -> Result<::opus::Bitrate, OpusError> {
    match target.0 {
        bits @ 6_000..=510_000 => Ok(::opus::Bitrate::Bits(bits as i32)),
        _ => Err(OpusError::Bitrate(target)),
    }
}

use super::OpusError;
use super::encoder::channels;
use units::{SampleCount, SampleRate};

/// What turns frames into sound, one after the other; the jitter buffer is generic over it.
pub trait FrameDecoder {
    /// Why a frame could not be decoded.
    type Error: core::fmt::Debug;

    /// Decodes one packet into interleaved samples at 48 kHz and returns samples per channel. Does not allocate.
    ///
    /// # Errors
    /// If the bytes are no packet, or if `out` is too short for them. The decoder stays usable.
    fn decode_rt(&mut self, frame: &[u8], out: &mut [f32]) -> Result<SampleCount, Self::Error>;

    /// Fills all of `out` (interleaved, a multiple of 2.5 ms) with a guess at the sound that is missing, and returns
    /// samples per channel. Does not allocate.
    ///
    /// # Errors
    /// If `out` is not a multiple of 2.5 ms or longer than 120 ms. The decoder stays usable.
    fn conceal_rt(&mut self, out: &mut [f32]) -> Result<SampleCount, Self::Error>;

    /// Interleaved channels of the output.
    fn channels(&self) -> u8;
}

/// libopus as a [`FrameDecoder`]: any Opus packet to mono or stereo at 48 kHz.
#[derive(Debug)]
pub struct Decoder {
    inner: ::opus::Decoder,
    channels: u8,
}

impl Decoder {
    /// Makes a decoder with 1 or 2 output channels. Allocates.
    ///
    /// # Errors
    /// [`OpusError::Channels`] for any other count, [`OpusError::Library`] if libopus cannot allocate.
    pub fn new(channels_out: u8) -> Result<Decoder, OpusError> {
        let inner = ::opus::Decoder::new(SampleRate::HZ_48000.0, channels(channels_out)?)?;
        Ok(Decoder { inner, channels: channels_out })
    }
}

impl FrameDecoder for Decoder {
    type Error = OpusError;

    fn decode_rt(&mut self, frame: &[u8], out: &mut [f32]) -> Result<SampleCount, OpusError> {
        // libopus takes an empty packet for a lost one.
        if frame.is_empty() {
            return Err(OpusError::Malformed("empty packet"));
        }
        match self.inner.decode_float(frame, out, false) {
            Ok(samples) => Ok(SampleCount(samples as u64)),
            Err(error) if error.code() == ::opus::ErrorCode::BufferTooSmall => {
                Err(OpusError::OutputTooShort { needed: SampleCount(self.inner.get_nb_samples(frame)? as u64) })
            }
            Err(error) => Err(error.into()),
        }
    }

    fn conceal_rt(&mut self, out: &mut [f32]) -> Result<SampleCount, OpusError> {
        Ok(SampleCount(self.inner.decode_float(&[], out, false)? as u64))
    }

    fn channels(&self) -> u8 {
        self.channels
    }
}

use units::{Bitrate, SampleCount};

/// Why Opus did not encode or decode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OpusError {
    /// Only mono and stereo are coded.
    #[error("Opus codes 1 or 2 channels, not {0}: pick one or two channels of the input")]
    Channels(u8),
    /// Outside of what Opus can do.
    #[error("Opus cannot encode at {} bit/s: choose 6 000 to 510 000", .0.0)]
    Bitrate(Bitrate),
    /// The caller did not hand in exactly one frame.
    #[error("this encoder takes {expected} interleaved values at a time, not {given}: cut the sound into frames first")]
    FrameLength {
        /// Interleaved values of one frame.
        expected: usize,
        /// Interleaved values handed in.
        given: usize,
    },
    /// The output cannot hold what the frame decodes to.
    #[error("the frame decodes to {} samples per channel, more than the output holds: pass a longer buffer", needed.0)]
    OutputTooShort {
        /// Samples per channel of the frame.
        needed: SampleCount,
    },
    /// The bytes are not an Opus packet.
    #[error("the frame is not Opus ({0}): conceal it instead")]
    Malformed(&'static str),
    /// libopus refused.
    #[error("libopus failed in {call} ({reason}): make a new encoder or decoder")]
    Library {
        /// The function of libopus.
        call: &'static str,
        /// Its own words.
        reason: &'static str,
    },
}

impl From<::opus::Error> for OpusError {
    fn from(error: ::opus::Error) -> OpusError {
        match error.code() {
            ::opus::ErrorCode::InvalidPacket => OpusError::Malformed(error.description()),
            code => OpusError::Library { call: error.function(), reason: code.description() },
        }
    }
}

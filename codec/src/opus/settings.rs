use units::{Bitrate, SampleCount, Ticks};

/// Length of one Opus frame. Sound always runs at 48 kHz here, so samples per channel and ticks are the same number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FrameDuration {
    /// 2.5 ms, 120 samples.
    Us2500,
    /// 5 ms, 240 samples.
    Us5000,
    /// 10 ms, 480 samples.
    Us10000,
    /// 20 ms, 960 samples.
    Us20000,
}

impl FrameDuration {
    /// All of them, the shortest first.
    pub const ALL: [FrameDuration; 4] =
        [FrameDuration::Us2500, FrameDuration::Us5000, FrameDuration::Us10000, FrameDuration::Us20000];

    /// The duration of so many microseconds, if frames of that length are used.
    pub const fn from_micros(us: u32) -> Option<FrameDuration> {
        match us {
            2_500 => Some(FrameDuration::Us2500),
            5_000 => Some(FrameDuration::Us5000),
            10_000 => Some(FrameDuration::Us10000),
            20_000 => Some(FrameDuration::Us20000),
            _ => None,
        }
    }

    /// Microseconds.
    pub const fn micros(self) -> u32 {
        match self {
            FrameDuration::Us2500 => 2_500,
            FrameDuration::Us5000 => 5_000,
            FrameDuration::Us10000 => 10_000,
            FrameDuration::Us20000 => 20_000,
        }
    }

    /// Samples per channel at 48 kHz.
    pub const fn samples(self) -> SampleCount {
        SampleCount(self.micros() as u64 * 48 / 1_000)
    }

    /// Ticks of the RTP clock.
    pub const fn ticks(self) -> Ticks {
        Ticks(self.micros() as i64 * 48 / 1_000)
    }
}

/// What an encoder is for, which fixes everything but its channels, frame and bit rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Program,
    Lite,
    Talkback,
}

/// How an [`Encoder`](super::Encoder) is set up. The settings of each purpose were measured (design section 7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EncoderSettings {
    pub(super) purpose: Purpose,
    pub(super) channels: u8,
    pub(super) frame: FrameDuration,
    pub(super) bitrate: Bitrate,
}

impl EncoderSettings {
    /// Music, undamaged: restricted low delay (2.5 ms of look-ahead), complexity 10, music signal, constrained VBR,
    /// expected loss 10 %, in-band FEC off (it turned music into hybrid SILK: segmental SNR 18 → 5 dB), channels forced
    /// and full band, so that every frame has one TOC. Usual bit rates: 256 kb/s, 128 on a weak link, 510 at most.
    pub fn program(channels: u8, frame: FrameDuration, bitrate: Bitrate) -> EncoderSettings {
        EncoderSettings { purpose: Purpose::Program, channels, frame, bitrate }
    }

    /// The cheap second encoding of a program that travels as its redundancy: as [`program`](Self::program) with
    /// prediction disabled, so that each frame stands alone and decodes in the main frames' decoder. 64 to 96 kb/s.
    pub fn lite(channels: u8, frame: FrameDuration, bitrate: Bitrate) -> EncoderSettings {
        EncoderSettings { purpose: Purpose::Lite, channels, frame, bitrate }
    }

    /// One voice, mono: as [`program`](Self::program) but with the voice signal hint. It stays with the low-delay
    /// (CELT) mode, because a conversation across the glass is judged by its delay and SILK frames start at 10 ms;
    /// 48 to 64 kb/s are clean for speech there. No DTX: pauses are sent, so that the far end's buffer keeps its lock.
    pub fn talkback(frame: FrameDuration, bitrate: Bitrate) -> EncoderSettings {
        EncoderSettings { purpose: Purpose::Talkback, channels: 1, frame, bitrate }
    }

    /// Interleaved channels: 1 or 2.
    pub fn channels(&self) -> u8 {
        self.channels
    }

    /// Length of one frame.
    pub fn frame(&self) -> FrameDuration {
        self.frame
    }

    /// Target bit rate.
    pub fn bitrate(&self) -> Bitrate {
        self.bitrate
    }

    /// Interleaved values of one frame.
    pub fn values(&self) -> usize {
        usize::from(self.channels) * self.frame.samples().0 as usize
    }
}

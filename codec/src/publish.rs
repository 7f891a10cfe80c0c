//! From captured frames to RTP payloads: the main encoding, and before it, as RED, cheap copies of the frames before.
//!
//! *Absent*: RTP headers and clocks; the caller stamps each payload with the tick of its frame.

use crate::opus::{Encoder, EncoderSettings, FrameDuration, OpusError};
use packets::{PayloadType, red};
use units::{Bitrate, SampleCount, Ticks};

/// The longest payload in bytes; with the headers of SRTP, UDP and IPv6 it stays below every usual path MTU. Copies
/// that would exceed it are left out, the oldest first. A main frame alone reaches it only at 20 ms from 480 kb/s on:
/// there the encoder is held to it.
pub const MAX_PAYLOAD_BYTES: usize = 1_200;

/// The most copies of earlier frames in one payload.
pub const MAX_REDUNDANCY: u8 = 3;

/// The bit rate of copies that [`StreamSettings::program`] chooses.
pub const LITE_BITRATE: Bitrate = Bitrate(96_000);

/// Where a payload is written.
pub type PayloadBuf = [u8; MAX_PAYLOAD_BYTES];

/// What a stream carries, as far as its encoder minds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// Program and microphones: [`EncoderSettings::program`].
    Music,
    /// Talkback: [`EncoderSettings::talkback`], one channel.
    Voice,
}

/// How a stream is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamSettings {
    /// Music or voice.
    pub content: Content,
    /// Interleaved channels: 1 or 2; 1 for voice.
    pub channels: u8,
    /// Length of one frame.
    pub frame: FrameDuration,
    /// Target of the main encoding.
    pub bitrate: Bitrate,
    /// How many earlier frames travel with each one: 0 to [`MAX_REDUNDANCY`]; more counts as that.
    pub redundancy: u8,
    /// Target of the copies, 64 to 96 kb/s for stereo music.
    pub lite_bitrate: Bitrate,
}

impl StreamSettings {
    /// Music with copies at [`LITE_BITRATE`].
    pub fn program(channels: u8, frame: FrameDuration, bitrate: Bitrate, redundancy: u8) -> StreamSettings {
        let content = Content::Music;
        StreamSettings { content, channels, frame, bitrate, redundancy, lite_bitrate: LITE_BITRATE }
    }

    /// One voice; its copies have half the bit rate, at least 32 kb/s.
    pub fn talkback(frame: FrameDuration, bitrate: Bitrate, redundancy: u8) -> StreamSettings {
        let lite_bitrate = Bitrate((bitrate.0 / 2).max(32_000));
        StreamSettings { content: Content::Voice, channels: 1, frame, bitrate, redundancy, lite_bitrate }
    }

    fn main(&self) -> EncoderSettings {
        match self.content {
            Content::Music => EncoderSettings::program(self.channels, self.frame, self.bitrate),
            Content::Voice => EncoderSettings::talkback(self.frame, self.bitrate),
        }
    }

    fn lite(&self) -> EncoderSettings {
        EncoderSettings::lite(self.channels, self.frame, self.lite_bitrate)
    }
}

/// What [`StreamEncoder::encode_rt`] wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EncodedPayload {
    /// Whether the payload is RED; else it is a plain Opus packet.
    pub red: bool,
    /// Its length in bytes.
    pub len: usize,
}

impl EncodedPayload {
    /// The payload type to send it under when the peer took our numbers.
    pub fn pt(&self) -> PayloadType {
        if self.red { PayloadType::RED } else { PayloadType::OPUS }
    }
}

/// Encodes one stream. Nothing allocates after construction.
///
/// ```
/// use codec::publish::{MAX_PAYLOAD_BYTES, StreamEncoder, StreamSettings};
/// use codec::opus::FrameDuration;
/// use units::Bitrate;
///
/// let settings = StreamSettings::program(2, FrameDuration::Us5000, Bitrate(256_000), 1);
/// let mut encoder = StreamEncoder::new(settings)?;
/// let mut out = [0; MAX_PAYLOAD_BYTES];
/// encoder.encode_rt(&[0.1; 480], &mut out)?;
/// let second = encoder.encode_rt(&[0.2; 480], &mut out)?;
/// let red = packets::red::Red::parse(&out[..second.len])?;
/// assert_eq!(red.depth(), 1); // a copy of the first frame
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct StreamEncoder {
    settings: StreamSettings,
    main: Encoder,
    lite: Encoder,
    copies: Copies,
    /// The frame last encoded: the copies' encoder warms up on it when it is switched on.
    last: Box<[f32]>,
    main_frame: PayloadBuf,
}

impl StreamEncoder {
    /// Makes the encoders. Allocates.
    ///
    /// # Errors
    /// [`OpusError`] if the channels (voice has one) or a bit rate are outside of what Opus codes.
    pub fn new(settings: StreamSettings) -> Result<StreamEncoder, OpusError> {
        if settings.content == Content::Voice && settings.channels != 1 {
            return Err(OpusError::Channels(settings.channels));
        }
        let (main, lite) = (Encoder::new(&settings.main())?, Encoder::new(&settings.lite())?);
        let last = vec![0.0; settings.main().values()].into_boxed_slice();
        let settings = StreamSettings { redundancy: settings.redundancy.min(MAX_REDUNDANCY), ..settings };
        Ok(StreamEncoder { settings, main, lite, copies: Copies::new(), last, main_frame: [0; MAX_PAYLOAD_BYTES] })
    }

    /// Encodes exactly one frame of interleaved samples (full scale ±1.0) into a payload: plain Opus without
    /// redundancy, else RED with the copies of as many frames before as there are, are wanted and fit.
    ///
    /// # Errors
    /// [`OpusError::FrameLength`] unless `pcm` is exactly one frame; [`OpusError::Library`] if libopus fails.
    pub fn encode_rt(&mut self, pcm: &[f32], out: &mut PayloadBuf) -> Result<EncodedPayload, OpusError> {
        let red = self.settings.redundancy > 0;
        let len = if red { self.encode_red(pcm, out)? } else { self.main.encode_rt(pcm, out)? };
        self.last.copy_from_slice(pcm);
        Ok(EncodedPayload { red, len })
    }

    /// Sets how many earlier frames travel with each one, from the next frame on; more than [`MAX_REDUNDANCY`] counts
    /// as that. The copies' encoder runs only while there is redundancy; switched on, it first encodes the last frame
    /// in vain, so that its first copy is as good as any.
    ///
    /// # Errors
    /// [`OpusError::Library`] if libopus fails; the old redundancy then stays.
    pub fn set_redundancy_rt(&mut self, depth: u8) -> Result<(), OpusError> {
        if self.settings.redundancy == 0 && depth > 0 {
            self.copies.clear();
            self.lite.reset_rt()?;
            self.lite.encode_rt(&self.last, &mut self.main_frame)?;
        }
        self.settings.redundancy = depth.min(MAX_REDUNDANCY);
        Ok(())
    }

    /// Changes the target bit rate of the main encoding from the next frame on.
    ///
    /// # Errors
    /// [`OpusError::Bitrate`] outside of 6 000 to 510 000 bit/s; the old rate then stays.
    pub fn set_bitrate_rt(&mut self, target: Bitrate) -> Result<(), OpusError> {
        self.main.set_bitrate_rt(target)?;
        self.settings.bitrate = target;
        Ok(())
    }

    /// Tells that the next frame does not follow the last one (a capture gap, a new epoch): frames before the gap no
    /// longer lie whole frames back, so their copies are dropped.
    pub fn skip_rt(&mut self) {
        self.copies.clear();
    }

    /// How much later than its frame a captured sample comes out of the decoder; belongs in the epoch map.
    pub fn lookahead(&self) -> SampleCount {
        self.main.lookahead()
    }

    /// How the stream is encoded now.
    pub fn settings(&self) -> &StreamSettings {
        &self.settings
    }

    fn encode_red(&mut self, pcm: &[f32], out: &mut PayloadBuf) -> Result<usize, OpusError> {
        let len = self.main.encode_rt(pcm, &mut self.main_frame[..MAX_PAYLOAD_BYTES - 1])?;
        let main = &self.main_frame[..len];
        let mut blocks = [NO_BLOCK; MAX_REDUNDANCY as usize];
        let depth = self.copies.fitting(usize::from(self.settings.redundancy), len);
        for (block, back) in blocks.iter_mut().zip((1..=depth).rev()) {
            let offset = Ticks(self.settings.frame.ticks().0 * back as i64);
            *block = red::Block { pt: PayloadType::OPUS, offset, payload: self.copies.back(back) };
        }
        let len = red::build(&blocks[..depth], PayloadType::OPUS, main, out).expect("what fits was chosen");
        self.copies.push(|bytes| self.lite.encode_rt(pcm, bytes))?;
        Ok(len)
    }
}

const NO_BLOCK: red::Block<'static> = red::Block { pt: PayloadType::OPUS, offset: Ticks(0), payload: &[] };

/// The copies of the last frames: a ring of [`MAX_REDUNDANCY`], the oldest overwritten.
#[derive(Debug)]
struct Copies {
    ring: [LiteFrame; MAX_REDUNDANCY as usize],
    /// Copies made since the start or the last gap; the next one goes to this place, wrapped.
    made: usize,
}

#[derive(Clone, Copy, Debug)]
struct LiteFrame {
    bytes: [u8; red::MAX_BLOCK_BYTES],
    len: usize,
}

impl Copies {
    fn new() -> Copies {
        Copies { ring: [LiteFrame { bytes: [0; red::MAX_BLOCK_BYTES], len: 0 }; MAX_REDUNDANCY as usize], made: 0 }
    }

    fn clear(&mut self) {
        self.made = 0;
    }

    /// The copy of the frame `back` frames ago, 1 to what was made.
    fn back(&self, back: usize) -> &[u8] {
        let copy = &self.ring[(self.made - back) % self.ring.len()];
        &copy.bytes[..copy.len]
    }

    /// How many of the newest `wanted` copies fit in a payload beside a main frame of `main` bytes.
    fn fitting(&self, wanted: usize, main: usize) -> usize {
        let len = |depth| red::payload_len((1..=depth).map(|back| self.back(back).len()), main);
        (1..=wanted.min(self.made)).take_while(|&depth| len(depth) <= MAX_PAYLOAD_BYTES).count()
    }

    /// Adds the copy that `encode` writes; its room is that of a RED block, so no copy is ever too long for one.
    fn push(&mut self, encode: impl FnOnce(&mut [u8]) -> Result<usize, OpusError>) -> Result<(), OpusError> {
        let place = self.made % self.ring.len();
        let copy = &mut self.ring[place];
        copy.len = encode(&mut copy.bytes)?;
        self.made += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests;

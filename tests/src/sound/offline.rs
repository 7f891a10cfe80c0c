//! The same encoder settings with no network in between.

use super::stereo::Stereo;
use codec::opus::{Decoder, Encoder, EncoderSettings, FrameDecoder, MAX_FRAME_BYTES, OpusError};
use units::Bitrate;

/// How a frame reaches the decoder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// As encoded.
    Main,
    /// Only its cheap copy did.
    Lite,
    /// Not at all: it is concealed.
    Lost,
}

/// What is heard of stereo `music` when nothing is lost, the encoder's look-ahead taken off, so that each sample lies
/// where it did. Half a frame at the end and the look-ahead's length are missing there.
///
/// # Errors
/// [`OpusError`] for settings that are not stereo or that libopus refuses.
pub fn offline_run(settings: &EncoderSettings, music: &Stereo) -> Result<Stereo, OpusError> {
    through_opus(settings, Bitrate(96_000), music, |_| Delivery::Main)
}

/// As [`offline_run`], each frame reaching the decoder as `delivery` says of its number; copies are made at `lite`.
///
/// # Errors
/// [`OpusError`] for settings that are not stereo or that libopus refuses.
pub fn through_opus(
    settings: &EncoderSettings,
    lite: Bitrate,
    music: &Stereo,
    mut delivery: impl FnMut(usize) -> Delivery,
) -> Result<Stereo, OpusError> {
    if settings.channels() != 2 {
        return Err(OpusError::Channels(settings.channels()));
    }
    let mut main = Encoder::new(settings)?;
    let mut lite = Encoder::new(&EncoderSettings::lite(2, settings.frame(), lite))?;
    let mut decoder = Decoder::new(2)?;
    let (mut packet, mut copy) = ([0; MAX_FRAME_BYTES], [0; MAX_FRAME_BYTES]);
    let mut heard = vec![0.0; 2 * music.len()];
    let pcm = music.interleaved();
    let frames = pcm.chunks_exact(settings.values()).zip(heard.chunks_exact_mut(settings.values()));
    for (k, (pcm, out)) in frames.enumerate() {
        let main_len = main.encode_rt(pcm, &mut packet)?;
        let copy_len = lite.encode_rt(pcm, &mut copy)?;
        match delivery(k) {
            Delivery::Main => decoder.decode_rt(&packet[..main_len], out)?,
            Delivery::Lite => decoder.decode_rt(&copy[..copy_len], out)?,
            Delivery::Lost => decoder.conceal_rt(out)?,
        };
    }
    let whole = heard.len() - heard.len() % settings.values();
    let lookahead = 2 * main.lookahead().0 as usize;
    Ok(Stereo::from_interleaved(&heard[lookahead.min(whole)..whole]))
}

//! Everything before the samples, as one run of bytes whose length never changes during a file's life.

use crate::{Bext, WavSpec};

/// `WAVE_FORMAT_EXTENSIBLE` (mmreg.h).
pub(crate) const EXTENSIBLE: u16 = 0xFFFE;
/// The tail of `KSDATAFORMAT_SUBTYPE_PCM` and `…_IEEE_FLOAT`, after the two bytes of the plain format tag.
pub(crate) const SUBTYPE_TAIL: [u8; 14] =
    [0x00, 0x00, 0x00, 0x00, 0x10, 0x00, 0x80, 0x00, 0x00, 0xAA, 0x00, 0x38, 0x9B, 0x71];
/// Body of the `ds64` chunk without a table (EBU Tech 3306), and of the `JUNK` that keeps its place.
const DS64_BYTES: u32 = 28;

/// A header for a file whose samples take `data_bytes` so far. From `limit` bytes of file on it is RF64: the reserved
/// `JUNK` becomes `ds64`, and the 32-bit sizes are −1.
pub(crate) fn header(spec: &WavSpec, bext: Option<&Bext>, data_bytes: u64, limit: u64) -> Vec<u8> {
    let middle = middle(spec, bext, data_bytes);
    let head = 12 + 8 + u64::from(DS64_BYTES);
    let riff_bytes = head - 8 + middle.len() as u64 + 8 + data_bytes + (data_bytes & 1);
    let large = riff_bytes >= limit;
    let short = |size: u64| if large { u32::MAX } else { size as u32 };
    let mut out = Vec::with_capacity(head as usize + middle.len() + 8);
    out.extend_from_slice(if large { b"RF64" } else { b"RIFF" });
    out.extend_from_slice(&short(riff_bytes).to_le_bytes());
    out.extend_from_slice(b"WAVE");
    reserve(&mut out, large.then(|| [riff_bytes, data_bytes, spec.frames_in(data_bytes).0]));
    out.extend_from_slice(&middle);
    out.extend_from_slice(b"data");
    out.extend_from_slice(&short(data_bytes).to_le_bytes());
    out
}

fn reserve(out: &mut Vec<u8>, sizes: Option<[u64; 3]>) {
    out.extend_from_slice(if sizes.is_some() { b"ds64" } else { b"JUNK" });
    out.extend_from_slice(&DS64_BYTES.to_le_bytes());
    for size in sizes.unwrap_or_default() {
        out.extend_from_slice(&size.to_le_bytes());
    }
    out.extend_from_slice(&0u32.to_le_bytes());
}

fn middle(spec: &WavSpec, bext: Option<&Bext>, data_bytes: u64) -> Vec<u8> {
    let mut out = Vec::new();
    if let Some(bext) = bext {
        chunk(&mut out, b"bext", &bext.to_bytes());
    }
    chunk(&mut out, b"fmt ", &format_chunk(spec));
    if spec.format.is_float() {
        let frames = u32::try_from(spec.frames_in(data_bytes).0).unwrap_or(u32::MAX);
        chunk(&mut out, b"fact", &frames.to_le_bytes());
    }
    out
}

fn chunk(out: &mut Vec<u8>, id: &[u8; 4], body: &[u8]) {
    out.extend_from_slice(id);
    out.extend_from_slice(&(body.len() as u32).to_le_bytes());
    out.extend_from_slice(body);
}

/// `PCMWAVEFORMAT`, or `WAVEFORMATEXTENSIBLE` above 16 bits or two channels.
fn format_chunk(spec: &WavSpec) -> Vec<u8> {
    let bits = spec.format.bytes() as u16 * 8;
    let plain: u16 = if spec.format.is_float() { 3 } else { 1 };
    let extensible = bits > 16 || spec.channels > 2;
    let frame = spec.frame_bytes() as u16;
    let mut out = Vec::with_capacity(40);
    out.extend_from_slice(&(if extensible { EXTENSIBLE } else { plain }).to_le_bytes());
    out.extend_from_slice(&spec.channels.to_le_bytes());
    out.extend_from_slice(&spec.rate.0.to_le_bytes());
    out.extend_from_slice(&spec.rate.0.wrapping_mul(u32::from(frame)).to_le_bytes());
    out.extend_from_slice(&frame.to_le_bytes());
    out.extend_from_slice(&bits.to_le_bytes());
    if extensible {
        out.extend_from_slice(&22u16.to_le_bytes());
        out.extend_from_slice(&bits.to_le_bytes());
        out.extend_from_slice(&speakers(spec.channels).to_le_bytes());
        out.extend_from_slice(&plain.to_le_bytes());
        out.extend_from_slice(&SUBTYPE_TAIL);
    }
    out
}

/// Front centre for one channel, front left and right for two, no places for more (tracks, not loudspeakers).
fn speakers(channels: u16) -> u32 {
    match channels {
        1 => 0x4,
        2 => 0x3,
        _ => 0,
    }
}

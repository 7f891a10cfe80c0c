//! Finds the format, the samples and the broadcast extension among a file's chunks.

use crate::bext::BEXT_BYTES;
use crate::header::{EXTENSIBLE, SUBTYPE_TAIL};
use crate::{Bext, ReadError, SampleFormat, WavSpec};
use std::io::{self, Read, Seek, SeekFrom};
use units::SampleRate;

/// Where the samples lie.
pub(crate) struct Layout {
    pub(crate) spec: WavSpec,
    pub(crate) bext: Option<Bext>,
    pub(crate) data_at: u64,
    /// What the header says; `None` when its writer never came back to fill it in.
    pub(crate) declared_bytes: Option<u64>,
    pub(crate) present_bytes: u64,
}

/// A file with more chunks than this is not looked through to the end.
const MAX_CHUNKS: usize = 4_096;

#[derive(Default)]
struct Found {
    spec: Option<WavSpec>,
    bext: Option<Bext>,
    long_data_bytes: Option<u64>,
    data: Option<(u64, u32)>,
}

pub(crate) fn layout<R: Read + Seek>(input: &mut R) -> Result<Layout, ReadError> {
    let file_bytes = input.seek(SeekFrom::End(0))?;
    let riff_bytes = riff_header(input, file_bytes)?;
    let mut found = Found::default();
    let mut at = 12;
    for _ in 0..MAX_CHUNKS {
        let Some(next) = take_chunk(input, at, file_bytes, &mut found)? else { break };
        at = next;
        if found.data.is_some() && found.spec.is_some() {
            break;
        }
    }
    let spec = found.spec.ok_or(ReadError::NoFormat)?;
    let (data_at, short_bytes) = found.data.ok_or(ReadError::NoData)?;
    let unfinished = short_bytes == 0 && riff_bytes == 0;
    let declared_bytes = match (short_bytes, found.long_data_bytes) {
        (u32::MAX, long) => long,
        _ if unfinished => None,
        (bytes, _) => Some(u64::from(bytes)),
    };
    let present_bytes = (file_bytes - data_at).min(declared_bytes.unwrap_or(u64::MAX));
    Ok(Layout { spec, bext: found.bext, data_at, declared_bytes, present_bytes })
}

/// Checks the first twelve bytes and returns the size that they declare.
fn riff_header<R: Read + Seek>(input: &mut R, file_bytes: u64) -> Result<u32, ReadError> {
    if file_bytes == 0 {
        return Err(ReadError::Empty);
    }
    let head = body(input, 0, 12, file_bytes)?;
    match (head.get(..4), head.get(8..12)) {
        (Some(b"RIFF" | b"RF64" | b"BW64"), Some(b"WAVE")) => Ok(u32_at(&head, 4).unwrap_or(0)),
        _ => Err(ReadError::NotWav),
    }
}

/// Looks at the chunk at `at` and returns where the next one begins; `None` when there is none.
fn take_chunk<R: Read + Seek>(
    input: &mut R,
    at: u64,
    file_bytes: u64,
    found: &mut Found,
) -> Result<Option<u64>, ReadError> {
    let head = body(input, at, 8, file_bytes)?;
    let (Some(id), Some(size)) = (head.get(..4), u32_at(&head, 4)) else { return Ok(None) };
    let (start, long) = (at + 8, u64::from(size));
    match id {
        b"fmt " => found.spec = Some(parse_format(&body(input, start, long.min(40), file_bytes)?)?),
        b"bext" => found.bext = Bext::from_bytes(&body(input, start, long.min(BEXT_BYTES as u64), file_bytes)?),
        b"ds64" => found.long_data_bytes = u64_at(&body(input, start, long.min(24), file_bytes)?, 8),
        b"data" => found.data = Some((start, size)),
        _ => {}
    }
    let next = start + long + (long & 1);
    Ok((next < file_bytes).then_some(next))
}

/// Up to `length` bytes from `at`; fewer at the end of the file.
fn body<R: Read + Seek>(input: &mut R, at: u64, length: u64, file_bytes: u64) -> io::Result<Vec<u8>> {
    let there = length.min(file_bytes.saturating_sub(at));
    let mut out = vec![0; there as usize];
    input.seek(SeekFrom::Start(at))?;
    input.read_exact(&mut out)?;
    Ok(out)
}

fn parse_format(bytes: &[u8]) -> Result<WavSpec, ReadError> {
    let field = |at| u16_at(bytes, at).ok_or(ReadError::NoFormat);
    let (tag, channels, frame_bytes) = (field(0)?, field(2)?, field(12)?);
    let rate = u32_at(bytes, 4).ok_or(ReadError::NoFormat)?;
    let tag = if tag == EXTENSIBLE { subtype(bytes)? } else { tag };
    let sample_bytes = frame_bytes.checked_div(channels).unwrap_or(0);
    let format = match (tag, sample_bytes) {
        (1, 1) => SampleFormat::U8,
        (1, 2) => SampleFormat::I16,
        (1, 3) => SampleFormat::I24,
        (1, 4) => SampleFormat::I32,
        (3, 4) => SampleFormat::F32,
        (3, 8) => SampleFormat::F64,
        _ => return Err(ReadError::Coding { tag, bits: u16_at(bytes, 14).unwrap_or(0) }),
    };
    let spec = WavSpec { rate: SampleRate(rate), channels, format };
    if rate == 0 || spec.frame_bytes() != usize::from(frame_bytes) { Err(ReadError::NoFormat) } else { Ok(spec) }
}

/// The plain format tag inside an extensible format.
fn subtype(bytes: &[u8]) -> Result<u16, ReadError> {
    let (tag, tail) = u16_at(bytes, 24).zip(bytes.get(26..40)).ok_or(ReadError::NoFormat)?;
    if tail == SUBTYPE_TAIL { Ok(tag) } else { Err(ReadError::Coding { tag: EXTENSIBLE, bits: 0 }) }
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}

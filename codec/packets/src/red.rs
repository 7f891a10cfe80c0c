//! RED, redundant audio data (RFC 2198): a main block and, before it, older ones that the receiver may have lost.
//!
//! Each redundant block has a header of four bytes (`1`, payload type in 7 bits, timestamp offset in 14, length in 10),
//! the main block one (`0`, payload type); then the blocks follow in the same order, the main one to the end.

use crate::PayloadType;
use units::Ticks;

/// The longest redundant block in bytes: its length has 10 bits.
pub const MAX_BLOCK_BYTES: usize = 1_023;

/// The oldest redundant block: its offset has 14 bits, 341 ms.
pub const MAX_OFFSET: Ticks = Ticks(16_383);

/// The most redundant blocks that are read or written. Nobody sends more than a few; a payload that claims more is
/// hostile.
pub const MAX_REDUNDANT: usize = 16;

const HEADER: usize = 4;

/// One block of a RED payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block<'a> {
    /// What the bytes are.
    pub pt: PayloadType,
    /// How much earlier than the packet's timestamp its sound begins; 0 for the main block.
    pub offset: Ticks,
    /// The bytes; for Opus, a whole packet with its TOC.
    pub payload: &'a [u8],
}

/// Why bytes are not a RED payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RedError {
    /// The main block's header never comes.
    #[error("the RED payload ends inside its headers: drop the packet")]
    HeaderTruncated,
    /// The blocks are longer than the payload.
    #[error("the RED payload ends inside its redundant blocks: drop the packet")]
    BlockTruncated,
    /// More than [`MAX_REDUNDANT`].
    #[error("the RED payload claims more than 16 redundant blocks: drop the packet")]
    TooManyBlocks,
}

/// Why a RED payload was not built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// More than [`MAX_REDUNDANT`].
    #[error("RED takes 16 redundant blocks at most, not {0}: leave the oldest out")]
    TooManyBlocks(usize),
    /// Longer than [`MAX_BLOCK_BYTES`].
    #[error("a redundant block has at most 1023 bytes, this has {0}: leave it out")]
    BlockTooLong(usize),
    /// Negative or more than [`MAX_OFFSET`].
    #[error("a redundant block begins 0 to 16383 ticks before the main one, not {}: leave it out", .0.0)]
    Offset(Ticks),
    /// The output is too short.
    #[error("the RED payload takes {needed} bytes, more than the output holds: pass a longer buffer or fewer blocks")]
    OutputTooShort {
        /// Length of the payload in bytes.
        needed: usize,
    },
}

/// A RED payload whose headers were read and found consistent. Borrows the payload; nothing is copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Red<'a> {
    headers: &'a [u8],
    redundant: &'a [u8],
    main: Block<'a>,
}

impl<'a> Red<'a> {
    /// Reads the headers.
    ///
    /// # Errors
    /// [`RedError`] for a payload that is cut short or claims too many blocks.
    pub fn parse(payload: &'a [u8]) -> Result<Red<'a>, RedError> {
        let (mut at, mut blocks_len) = (0, 0);
        let main_pt = loop {
            match payload.get(at..).unwrap_or_default() {
                [pt @ 0..=0x7F, ..] => break PayloadType(*pt),
                [_, _, high, low, ..] => blocks_len += block_len(*high, *low),
                _ => return Err(RedError::HeaderTruncated),
            }
            at += HEADER;
            if at > MAX_REDUNDANT * HEADER {
                return Err(RedError::TooManyBlocks);
            }
        };
        let blocks = &payload[at + 1..];
        let (redundant, main) = blocks.split_at_checked(blocks_len).ok_or(RedError::BlockTruncated)?;
        let main = Block { pt: main_pt, offset: Ticks(0), payload: main };
        Ok(Red { headers: &payload[..at], redundant, main })
    }

    /// How many redundant blocks there are.
    pub fn depth(&self) -> usize {
        self.headers.len() / HEADER
    }

    /// The redundant blocks in the order of the payload, by custom the oldest first.
    pub fn redundant(&self) -> Redundant<'a> {
        Redundant { headers: self.headers, blocks: self.redundant }
    }

    /// The main block.
    pub fn main(&self) -> Block<'a> {
        self.main
    }

    /// Writes the payload without its first redundant blocks, so that at most the last `depth` remain, and returns its
    /// length. Bytes are moved as they are: nothing is decoded.
    ///
    /// # Errors
    /// [`BuildError::OutputTooShort`]; `out` is then untouched.
    pub fn trim(&self, depth: usize, out: &mut [u8]) -> Result<usize, BuildError> {
        let drop = self.depth().saturating_sub(depth);
        let dropped: usize = self.redundant().take(drop).map(|block| block.payload.len()).sum();
        let parts = [&self.headers[drop * HEADER..], &[self.main.pt.0], &self.redundant[dropped..], self.main.payload];
        write_all(&parts, out)
    }
}

/// The redundant blocks of a RED payload, see [`Red::redundant`].
#[derive(Clone, Debug)]
pub struct Redundant<'a> {
    headers: &'a [u8],
    blocks: &'a [u8],
}

impl<'a> Iterator for Redundant<'a> {
    type Item = Block<'a>;

    fn next(&mut self) -> Option<Block<'a>> {
        let (&[pt, offset, middle, low], headers) = self.headers.split_first_chunk::<HEADER>()?;
        let (payload, blocks) = self.blocks.split_at_checked(block_len(middle, low))?;
        *self = Redundant { headers, blocks };
        let offset = Ticks(i64::from(offset) << 6 | i64::from(middle) >> 2);
        Some(Block { pt: PayloadType(pt & 0x7F), offset, payload })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.headers.len() / HEADER;
        (left, Some(left))
    }
}

impl ExactSizeIterator for Redundant<'_> {}

/// Writes a RED payload from redundant blocks (by custom the oldest first) and the main one, and returns its length.
///
/// # Errors
/// [`BuildError`] beyond the limits of the format; `out` is then untouched.
pub fn build(redundant: &[Block<'_>], pt: PayloadType, main: &[u8], out: &mut [u8]) -> Result<usize, BuildError> {
    if redundant.len() > MAX_REDUNDANT {
        return Err(BuildError::TooManyBlocks(redundant.len()));
    }
    redundant.iter().try_for_each(check)?;
    let needed = payload_len(redundant.iter().map(|block| block.payload.len()), main.len());
    let out = out.get_mut(..needed).ok_or(BuildError::OutputTooShort { needed })?;
    let (headers, mut rest) = out.split_at_mut(redundant.len() * HEADER);
    for (header, block) in headers.chunks_exact_mut(HEADER).zip(redundant) {
        header.copy_from_slice(&header_of(block));
    }
    let main = Block { pt, offset: Ticks(0), payload: main };
    rest[0] = pt.0 & 0x7F;
    rest = &mut rest[1..];
    for block in redundant.iter().chain([&main]) {
        let (place, after) = rest.split_at_mut(block.payload.len());
        place.copy_from_slice(block.payload);
        rest = after;
    }
    Ok(needed)
}

/// The length of a RED payload in bytes, from those of its redundant blocks and its main one.
pub fn payload_len(redundant: impl IntoIterator<Item = usize>, main: usize) -> usize {
    1 + main + redundant.into_iter().map(|len| HEADER + len).sum::<usize>()
}

/// Gives every block the payload type `pt`, in place: a leg that negotiated another number for Opus needs its own.
///
/// # Errors
/// [`RedError`] as [`Red::parse`]; the payload is then untouched.
pub fn rewrite_pts(payload: &mut [u8], pt: PayloadType) -> Result<(), RedError> {
    let depth = Red::parse(payload)?.depth();
    for block in 0..depth {
        payload[block * HEADER] = 0x80 | pt.0 & 0x7F;
    }
    payload[depth * HEADER] = pt.0 & 0x7F;
    Ok(())
}

fn block_len(middle: u8, low: u8) -> usize {
    usize::from(middle & 0b11) << 8 | usize::from(low)
}

fn check(block: &Block<'_>) -> Result<(), BuildError> {
    match block {
        Block { payload, .. } if payload.len() > MAX_BLOCK_BYTES => Err(BuildError::BlockTooLong(payload.len())),
        Block { offset, .. } if !(0..=MAX_OFFSET.0).contains(&offset.0) => Err(BuildError::Offset(*offset)),
        _ => Ok(()),
    }
}

/// The header of a block that [`check`] passed.
fn header_of(block: &Block<'_>) -> [u8; HEADER] {
    let (offset, len) = (block.offset.0 as u16, block.payload.len() as u16);
    [0x80 | block.pt.0 & 0x7F, (offset >> 6) as u8, (offset << 2) as u8 | (len >> 8) as u8, len as u8]
}

fn write_all(parts: &[&[u8]], out: &mut [u8]) -> Result<usize, BuildError> {
    let needed = parts.iter().map(|part| part.len()).sum();
    let mut rest = out.get_mut(..needed).ok_or(BuildError::OutputTooShort { needed })?;
    for part in parts {
        let (place, after) = rest.split_at_mut(part.len());
        place.copy_from_slice(part);
        rest = after;
    }
    Ok(needed)
}

#[cfg(test)]
mod tests;

use crate::{MAX_FRAME_BYTES, MAX_FRAMES, MAX_PACKET_TICKS, Toc};
use units::Ticks;

/// Why bytes are not an Opus packet; the requirements are those of RFC 6716 section 3.4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SplitError {
    /// R1.
    #[error("an Opus packet has at least one byte, this has none: drop it")]
    Empty,
    /// R2.
    #[error("an Opus frame has at most 1275 bytes, this has {0}: drop the packet")]
    FrameTooLong(usize),
    /// R3, R6.
    #[error("the packet does not divide into its {0} equal frames: drop it")]
    Uneven(usize),
    /// R4, R7.
    #[error("the packet ends inside its frames or their lengths: drop it")]
    Truncated,
    /// R5.
    #[error("a packet holds 1 to 48 frames and at most 120 ms, this claims {0} frames: drop it")]
    FrameCount(usize),
}

/// An Opus packet taken into its frames. Each frame is without TOC, and may be empty (a frame the encoder left out).
#[derive(Clone, Debug)]
pub struct Packet<'a> {
    toc: Toc,
    frames: [&'a [u8]; MAX_FRAMES],
    count: usize,
}

impl<'a> Packet<'a> {
    /// The TOC byte as received, framing code included.
    pub fn toc(&self) -> Toc {
        self.toc
    }

    /// The frames in the order of their sound: 1 to 48.
    pub fn frames(&self) -> &[&'a [u8]] {
        &self.frames[..self.count]
    }

    /// How much sound the packet carries.
    pub fn duration(&self) -> Ticks {
        Ticks(self.toc.frame_ticks().0 * self.count as i64)
    }
}

/// Takes an Opus packet into its frames (RFC 6716 section 3.2). Copies no sound.
///
/// # Errors
/// [`SplitError`] for everything that section 3.4 calls malformed.
pub fn split(packet: &[u8]) -> Result<Packet<'_>, SplitError> {
    let (&first, rest) = packet.split_first().ok_or(SplitError::Empty)?;
    let mut packet = Packet { toc: Toc(first), frames: [&[]; MAX_FRAMES], count: 0 };
    match packet.toc.code() {
        0 => packet.push(rest)?,
        1 => packet.push_equal(rest, 2)?,
        2 => packet.push_with_lengths(rest, 2)?,
        _ => packet.push_any_number(rest)?,
    }
    Ok(packet)
}

impl<'a> Packet<'a> {
    fn push(&mut self, frame: &'a [u8]) -> Result<(), SplitError> {
        if frame.len() > MAX_FRAME_BYTES {
            return Err(SplitError::FrameTooLong(frame.len()));
        }
        self.frames[self.count] = frame;
        self.count += 1;
        Ok(())
    }

    fn push_equal(&mut self, bytes: &'a [u8], count: usize) -> Result<(), SplitError> {
        if !bytes.len().is_multiple_of(count) {
            return Err(SplitError::Uneven(count));
        }
        let len = bytes.len() / count;
        (0..count).try_for_each(|i| self.push(&bytes[i * len..(i + 1) * len]))
    }

    /// All lengths but the last frame's come first.
    fn push_with_lengths(&mut self, bytes: &'a [u8], count: usize) -> Result<(), SplitError> {
        let mut lengths = [0; MAX_FRAMES];
        let mut rest = bytes;
        for length in &mut lengths[..count - 1] {
            (*length, rest) = read_length(rest)?;
        }
        for &length in &lengths[..count - 1] {
            let (frame, after) = rest.split_at_checked(length).ok_or(SplitError::Truncated)?;
            self.push(frame)?;
            rest = after;
        }
        self.push(rest)
    }

    /// Code 3: a byte with the count, whether lengths differ and whether padding follows; then padding lengths.
    fn push_any_number(&mut self, bytes: &'a [u8]) -> Result<(), SplitError> {
        let (&header, mut rest) = bytes.split_first().ok_or(SplitError::Truncated)?;
        let count = usize::from(header & 0x3F);
        if count == 0 || count as i64 * self.toc.frame_ticks().0 > MAX_PACKET_TICKS.0 {
            return Err(SplitError::FrameCount(count));
        }
        if header & 0x40 != 0 {
            rest = without_padding(rest)?;
        }
        if header & 0x80 != 0 { self.push_with_lengths(rest, count) } else { self.push_equal(rest, count) }
    }
}

/// One or two bytes of frame length (RFC 6716 section 3.2.1).
fn read_length(bytes: &[u8]) -> Result<(usize, &[u8]), SplitError> {
    match *bytes {
        [short @ 0..=251, ref rest @ ..] => Ok((usize::from(short), rest)),
        [low, high, ref rest @ ..] => Ok((usize::from(high) * 4 + usize::from(low), rest)),
        _ => Err(SplitError::Truncated),
    }
}

/// Takes the padding lengths from the front (255 means 254 and another length byte) and the padding off the end.
fn without_padding(mut bytes: &[u8]) -> Result<&[u8], SplitError> {
    let mut padding = 0;
    loop {
        let (&length, rest) = bytes.split_first().ok_or(SplitError::Truncated)?;
        bytes = rest;
        padding += usize::from(length).min(254);
        if length < 255 {
            break;
        }
    }
    let kept = bytes.len().checked_sub(padding).ok_or(SplitError::Truncated)?;
    Ok(&bytes[..kept])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Full-band stereo, 5 ms.
    const TOC: u8 = 0xEC;

    fn lengths(packet: &[u8]) -> Result<Vec<usize>, SplitError> {
        split(packet).map(|p| p.frames().iter().map(|f| f.len()).collect())
    }

    fn with(head: &[u8], body: usize) -> Vec<u8> {
        [head, &vec![7; body]].concat()
    }

    #[test]
    fn r1_a_packet_has_a_byte() {
        assert_eq!(lengths(&[]), Err(SplitError::Empty));
        assert_eq!(lengths(&[TOC]), Ok(vec![0]));
    }

    #[test]
    fn r2_a_frame_has_1275_bytes_at_most() {
        assert_eq!(lengths(&with(&[TOC], 1275)), Ok(vec![1275]));
        assert_eq!(lengths(&with(&[TOC], 1276)), Err(SplitError::FrameTooLong(1276)));
        assert_eq!(lengths(&with(&[TOC | 2, 0], 1276)), Err(SplitError::FrameTooLong(1276)));
    }

    #[test]
    fn r3_two_equal_frames_share_an_even_number_of_bytes() {
        assert_eq!(lengths(&with(&[TOC | 1], 6)), Ok(vec![3, 3]));
        assert_eq!(lengths(&with(&[TOC | 1], 7)), Err(SplitError::Uneven(2)));
    }

    #[test]
    fn r4_the_first_of_two_frames_ends_within_the_packet() {
        assert_eq!(lengths(&with(&[TOC | 2, 5], 5)), Ok(vec![5, 0]));
        assert_eq!(lengths(&with(&[TOC | 2, 5], 4)), Err(SplitError::Truncated));
        assert_eq!(lengths(&with(&[TOC | 2, 252, 1], 300)), Ok(vec![256, 44]));
        assert_eq!(lengths(&[TOC | 2]), Err(SplitError::Truncated));
        assert_eq!(lengths(&[TOC | 2, 252]), Err(SplitError::Truncated));
    }

    #[test]
    fn r5_a_packet_holds_a_frame_and_at_most_120_ms() {
        assert_eq!(lengths(&[TOC | 3]), Err(SplitError::Truncated));
        assert_eq!(lengths(&[TOC | 3, 0]), Err(SplitError::FrameCount(0)));
        assert_eq!(lengths(&with(&[TOC | 3, 24], 48)), Ok(vec![2; 24]));
        assert_eq!(lengths(&with(&[TOC | 3, 25], 50)), Err(SplitError::FrameCount(25)));
        assert_eq!(lengths(&with(&[0xE4 | 3, 48], 48)), Ok(vec![1; 48]));
        assert_eq!(lengths(&with(&[0xE4 | 3, 49], 49)), Err(SplitError::FrameCount(49)));
    }

    #[test]
    fn r6_equal_frames_divide_what_padding_leaves() {
        assert_eq!(lengths(&with(&[TOC | 3, 3], 9)), Ok(vec![3; 3]));
        assert_eq!(lengths(&with(&[TOC | 3, 3], 10)), Err(SplitError::Uneven(3)));
        assert_eq!(lengths(&with(&[TOC | 3, 0x40 | 3, 1], 10)), Ok(vec![3; 3]));
        assert_eq!(lengths(&with(&[TOC | 3, 0x40 | 3, 255, 1], 6 + 255)), Ok(vec![2; 3]));
        assert_eq!(lengths(&with(&[TOC | 3, 0x40 | 3, 11], 10)), Err(SplitError::Truncated));
        assert_eq!(lengths(&[TOC | 3, 0x40 | 3, 255]), Err(SplitError::Truncated));
    }

    #[test]
    fn r7_frames_of_different_lengths_and_their_headers_fit() {
        assert_eq!(lengths(&with(&[TOC | 3, 0x80 | 3, 2, 3], 9)), Ok(vec![2, 3, 4]));
        assert_eq!(lengths(&with(&[TOC | 3, 0x80 | 3, 2, 3], 5)), Ok(vec![2, 3, 0]));
        assert_eq!(lengths(&with(&[TOC | 3, 0x80 | 3, 2, 3], 4)), Err(SplitError::Truncated));
        assert_eq!(lengths(&[TOC | 3, 0x80 | 3, 2]), Err(SplitError::Truncated));
        assert_eq!(lengths(&with(&[TOC | 3, 0xC0 | 2, 4, 3], 12)), Ok(vec![3, 5]));
    }

    #[test]
    fn duration_counts_all_frames() {
        assert_eq!(split(&with(&[TOC | 3, 3], 9)).unwrap().duration(), Ticks(720));
        assert_eq!(split(&with(&[0xFC], 9)).unwrap().duration(), Ticks(960));
    }
}

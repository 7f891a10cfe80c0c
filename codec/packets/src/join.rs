use crate::{MAX_FRAME_BYTES, MAX_FRAMES, MAX_PACKET_TICKS, SplitError, Toc, split};

/// Why frames were not joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JoinError {
    /// Nothing to join.
    #[error("there is no frame to join: wait for one")]
    NoFrames,
    /// RFC 6716 section 3.4, R5.
    #[error("{0} frames are more than the 120 ms of one packet: join fewer")]
    TooManyFrames(usize),
    /// RFC 6716 section 3.4, R2.
    #[error("an Opus frame has at most 1275 bytes, this has {0}: drop it")]
    FrameTooLong(usize),
    /// The output is too short.
    #[error("the joined packet takes {needed} bytes, more than the output holds: pass a longer buffer or fewer frames")]
    OutputTooShort {
        /// Length of the joined packet in bytes.
        needed: usize,
    },
}

/// Why packets were not joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JoinPacketsError {
    /// One of them is malformed.
    #[error(transparent)]
    Split(#[from] SplitError),
    /// They differ in configuration or channels.
    #[error("TOC {:#04x} and {:#04x} cannot share a packet: send them apart", .0.0, .1.0)]
    Mixed(Toc, Toc),
    /// Their frames do not fit together.
    #[error(transparent)]
    Join(#[from] JoinError),
}

/// Joins frames (without TOC) into one packet in `out` and returns its length. The shortest framing is chosen: code 0
/// for one frame, 1 or 2 for two, 3 without padding for more. The framing code in `toc` does not matter.
///
/// # Errors
/// [`JoinError`]; `out` is then untouched.
pub fn join(toc: Toc, frames: &[&[u8]], out: &mut [u8]) -> Result<usize, JoinError> {
    check(toc, frames)?;
    let equal = frames.windows(2).all(|pair| pair[0].len() == pair[1].len());
    let code = match frames.len() {
        1 => 0,
        2 if equal => 1,
        2 => 2,
        _ => 3,
    };
    let lengths = if equal { &[][..] } else { &frames[..frames.len() - 1] };
    let needed = 1 + usize::from(code == 3) + length_bytes(lengths) + frames.iter().map(|f| f.len()).sum::<usize>();
    let mut out = Cursor { out: out.get_mut(..needed).ok_or(JoinError::OutputTooShort { needed })?, at: 0 };
    out.put(&[toc.with_code(code).0]);
    if code == 3 {
        out.put(&[if equal { 0 } else { 0x80 } | frames.len() as u8]);
    }
    lengths.iter().for_each(|frame| out.put_length(frame.len()));
    frames.iter().for_each(|frame| out.put(frame));
    Ok(needed)
}

/// Joins the frames of several packets, as [`join`] does. A single packet is framed anew, its padding dropped.
///
/// # Errors
/// [`JoinPacketsError`]; `out` is then untouched.
pub fn join_packets(packets: &[&[u8]], out: &mut [u8]) -> Result<usize, JoinPacketsError> {
    let mut frames: [&[u8]; MAX_FRAMES] = [&[]; MAX_FRAMES];
    let mut count = 0;
    let mut toc = None;
    for packet in packets {
        let packet = split(packet)?;
        let first = *toc.get_or_insert(packet.toc());
        if !first.is_compatible_with(packet.toc()) {
            return Err(JoinPacketsError::Mixed(first, packet.toc()));
        }
        let end = count + packet.frames().len();
        frames.get_mut(count..end).ok_or(JoinError::TooManyFrames(end))?.copy_from_slice(packet.frames());
        count = end;
    }
    Ok(join(toc.ok_or(JoinError::NoFrames)?, &frames[..count], out)?)
}

fn check(toc: Toc, frames: &[&[u8]]) -> Result<(), JoinError> {
    if frames.is_empty() {
        return Err(JoinError::NoFrames);
    }
    if frames.len() as i64 > MAX_PACKET_TICKS.0 / toc.frame_ticks().0 {
        return Err(JoinError::TooManyFrames(frames.len()));
    }
    match frames.iter().find(|frame| frame.len() > MAX_FRAME_BYTES) {
        Some(frame) => Err(JoinError::FrameTooLong(frame.len())),
        None => Ok(()),
    }
}

fn length_bytes(frames: &[&[u8]]) -> usize {
    frames.iter().map(|frame| if frame.len() < 252 { 1 } else { 2 }).sum()
}

/// A writer into a buffer whose length was computed before.
struct Cursor<'a> {
    out: &'a mut [u8],
    at: usize,
}

impl Cursor<'_> {
    fn put(&mut self, bytes: &[u8]) {
        self.out[self.at..self.at + bytes.len()].copy_from_slice(bytes);
        self.at += bytes.len();
    }

    /// RFC 6716 section 3.2.1: from 252 on, the first byte keeps the low two bits.
    fn put_length(&mut self, len: usize) {
        match len {
            0..=251 => self.put(&[len as u8]),
            _ => {
                let low = 252 + (len & 0b11);
                self.put(&[low as u8, ((len - low) / 4) as u8]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TOC: Toc = Toc(0xEC);

    fn joined(frames: &[&[u8]]) -> Result<Vec<u8>, JoinError> {
        let mut out = vec![0; 70_000];
        join(TOC, frames, &mut out).map(|len| out[..len].to_vec())
    }

    #[test]
    fn the_shortest_framing_is_chosen() {
        assert_eq!(joined(&[&[1, 2]]).unwrap(), [0xEC, 1, 2]);
        assert_eq!(joined(&[&[1, 2], &[3, 4]]).unwrap(), [0xED, 1, 2, 3, 4]);
        assert_eq!(joined(&[&[1], &[3, 4]]).unwrap(), [0xEE, 1, 1, 3, 4]);
        assert_eq!(joined(&[&[1], &[2], &[3]]).unwrap(), [0xEF, 3, 1, 2, 3]);
        assert_eq!(joined(&[&[1], &[], &[2, 3]]).unwrap(), [0xEF, 0x83, 1, 0, 1, 2, 3]);
    }

    #[test]
    fn a_packet_ends_at_120_ms() {
        assert_eq!(joined(&[]), Err(JoinError::NoFrames));
        assert!(joined(&[&[1][..]; 24]).is_ok());
        assert_eq!(joined(&[&[1][..]; 25]), Err(JoinError::TooManyFrames(25)));
    }

    #[test]
    fn a_frame_ends_at_1275_bytes() {
        assert!(joined(&[&[1; 1275], &[1]]).is_ok());
        assert_eq!(joined(&[&[1; 1276], &[1]]), Err(JoinError::FrameTooLong(1276)));
    }

    #[test]
    fn the_output_may_be_exactly_long_enough() {
        assert_eq!(join(TOC, &[&[1, 2]], &mut [0; 3]), Ok(3));
        assert_eq!(join(TOC, &[&[1, 2]], &mut [0; 2]), Err(JoinError::OutputTooShort { needed: 3 }));
    }

    #[test]
    fn mono_and_stereo_do_not_share_a_packet() {
        let mixed = join_packets(&[&[0xEC, 1], &[0xE8, 1]], &mut [0; 9]);
        assert_eq!(mixed, Err(JoinPacketsError::Mixed(Toc(0xEC), Toc(0xE8))));
    }

    #[test]
    fn packets_of_too_many_frames_are_refused_not_cut() {
        let long = joined(&[&[1][..]; 20]).unwrap();
        let refused = join_packets(&[&long, &long, &long], &mut [0; 99]);
        assert_eq!(refused, Err(JoinPacketsError::Join(JoinError::TooManyFrames(60))));
    }

    proptest! {
        #[test]
        fn what_is_joined_splits_into_the_same_frames(
            frames in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..1276), 1..25), toc in any::<u8>(),
        ) {
            let frames: Vec<&[u8]> = frames.iter().map(|f| &f[..]).collect();
            let mut out = vec![0; 40_000];
            let toc = Toc(toc);
            match join(toc, &frames, &mut out) {
                Ok(len) => {
                    let packet = split(&out[..len]).unwrap();
                    prop_assert_eq!(packet.frames(), &frames[..]);
                    prop_assert!(packet.toc().is_compatible_with(toc));
                }
                Err(error) => {
                    prop_assert_eq!(error, JoinError::TooManyFrames(frames.len()));
                    prop_assert!(frames.len() as i64 * toc.frame_ticks().0 > 5760);
                }
            }
        }
    }
}

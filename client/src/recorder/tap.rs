//! From the encode thread to the recorder: what the device gave, and where it stands in its run.

use rtrb::{Consumer, Producer, RingBuffer};
use units::{MonoTime, SampleCount, SampleRate, SampleTime};

/// Samples on their way to the recorder: 22 s of stereo at 48 kHz, 5 s at 192 kHz. Owner: the encode thread. Overflow:
/// the piece is left out whole; the recorder sees the hole, raises the alarm and marks the part as damaged.
const VALUES: usize = 1 << 21;
/// Pieces on their way: 22 s of 64 samples each at 48 kHz.
const PIECES: usize = 1 << 14;
/// Most values of one piece.
const MAX_VALUES: usize = 2 * crate::pipeline::capture::MAX_BLOCK;

/// One block as it was captured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    /// Which run of samples since the program's start: one for each time the device was opened.
    pub(crate) run: u32,
    /// Samples per second.
    pub(crate) rate: SampleRate,
    /// Channels, interleaved.
    pub(crate) channels: u8,
    /// Its first sample, every lost one counted.
    pub(crate) at: SampleTime,
    /// Samples that the source lost right before it.
    pub(crate) lost: SampleCount,
    /// Samples per channel.
    pub(crate) frames: u32,
    /// When its first sample was captured.
    pub(crate) captured_at: MonoTime,
}

/// The encode thread's end.
pub struct TakeTap {
    samples: Producer<f32>,
    pieces: Producer<Piece>,
}

/// The recorder's end.
pub(crate) struct TakeReader {
    samples: Consumer<f32>,
    pieces: Consumer<Piece>,
    scratch: Box<[f32]>,
}

/// Makes the pair.
pub(crate) fn take_tap() -> (TakeTap, TakeReader) {
    let (samples_in, samples) = RingBuffer::new(VALUES);
    let (pieces_in, pieces) = RingBuffer::new(PIECES);
    let scratch = vec![0.0; MAX_VALUES].into();
    (TakeTap { samples: samples_in, pieces: pieces_in }, TakeReader { samples, pieces, scratch })
}

impl TakeTap {
    /// Copies a piece aside, all of it or none; `samples` has `frames × channels` values. Neither blocks nor allocates.
    /// Whether there was room.
    pub(crate) fn write_rt(&mut self, piece: Piece, samples: &[f32]) -> bool {
        !self.pieces.is_full() && self.samples.push_entire_slice(samples).is_ok() && self.pieces.push(piece).is_ok()
    }
}

impl TakeReader {
    /// The next piece and its samples.
    pub(crate) fn next(&mut self) -> Option<(Piece, &[f32])> {
        let piece = self.pieces.pop().ok()?;
        let samples = self.scratch.get_mut(..piece.frames as usize * usize::from(piece.channels))?;
        self.samples.pop_entire_slice(samples).ok()?;
        Some((piece, samples))
    }

    /// Whether nothing will come any more: the stream has ended and everything was taken.
    pub(crate) fn is_over(&self) -> bool {
        self.pieces.is_abandoned() && self.pieces.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_for_which_there_is_no_room_is_left_out_whole() {
        let (mut tap, mut reader) = take_tap();
        let piece = |at| Piece {
            run: 0,
            rate: SampleRate(48_000),
            channels: 2,
            at: SampleTime(at),
            lost: SampleCount(0),
            frames: 2_048,
            captured_at: MonoTime(0),
        };
        let fits = (VALUES / MAX_VALUES) as i64;
        let sound = vec![0.5; MAX_VALUES];
        assert!((0..fits).all(|n| tap.write_rt(piece(n * 2_048), &sound)));
        assert!(!tap.write_rt(piece(fits * 2_048), &sound));
        assert_eq!(reader.next().unwrap(), (piece(0), &sound[..]));
        assert!(tap.write_rt(piece((fits + 1) * 2_048), &sound));
        drop(tap);
        assert!(!reader.is_over());
        let last = std::iter::from_fn(|| reader.next().map(|(piece, _)| piece)).last();
        assert_eq!((last, reader.is_over()), (Some(piece((fits + 1) * 2_048)), true));
    }
}

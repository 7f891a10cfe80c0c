//! A listener on a sound thread: what it hears, copied aside for meters.

use rtrb::{Consumer, Producer, RingBuffer};

/// Makes a tap that holds `frames` frames. Overflow: what does not fit is left out, so meters show a gap, sound does not.
pub(crate) fn tap(frames: usize, channels: usize) -> (TapWriter, TapReader) {
    let (producer, consumer) = RingBuffer::new(frames * channels);
    (TapWriter { producer }, TapReader { consumer, scratch: vec![0.0; frames * channels] })
}

/// The sound thread's end.
pub(crate) struct TapWriter {
    producer: Producer<f32>,
}

/// The reader's end.
pub(crate) struct TapReader {
    consumer: Consumer<f32>,
    scratch: Vec<f32>,
}

impl TapWriter {
    /// Copies interleaved frames aside, all of them or none.
    pub(crate) fn write_rt(&mut self, pcm: &[f32]) {
        let _ = self.producer.push_entire_slice(pcm);
    }
}

impl TapReader {
    /// Everything heard since the last call, interleaved.
    pub(crate) fn read(&mut self) -> &[f32] {
        let (filled, _) = self.consumer.pop_partial_slice(&mut self.scratch);
        filled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_is_read_once_and_in_order() {
        let (mut writer, mut reader) = tap(2, 2);
        writer.write_rt(&[1.0, 2.0]);
        writer.write_rt(&[3.0, 4.0]);
        writer.write_rt(&[5.0, 6.0]);
        assert_eq!(reader.read(), [1.0, 2.0, 3.0, 4.0]);
        assert!(reader.read().is_empty());
    }
}

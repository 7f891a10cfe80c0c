/// The lowest and the highest sample of one stretch of one channel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Peak {
    /// The lowest sample, ≤ `max`.
    pub min: f32,
    /// The highest sample.
    pub max: f32,
}

/// The outline of a piece of audio for drawing: one [`Peak`] per channel for every so many frames.
#[derive(Clone, Debug)]
pub struct Peaks {
    channels: usize,
    frames_per_peak: usize,
    done: Vec<Peak>,
    open: Vec<Peak>,
    frames_in_open: usize,
}

const NOTHING: Peak = Peak { min: f32::INFINITY, max: f32::NEG_INFINITY };

impl Peaks {
    /// An outline with one peak per `frames_per_peak` frames; both numbers ≥ 1.
    pub fn new(channels: usize, frames_per_peak: usize) -> Peaks {
        let (channels, frames_per_peak) = (channels.max(1), frames_per_peak.max(1));
        Peaks { channels, frames_per_peak, done: Vec::new(), open: vec![NOTHING; channels], frames_in_open: 0 }
    }

    /// Adds interleaved frames; a part of a frame at the end is left out, as is not-a-number. Allocates as it grows.
    pub fn push(&mut self, samples: &[f32]) {
        for frame in samples.chunks_exact(self.channels) {
            for (peak, sample) in self.open.iter_mut().zip(frame) {
                *peak = Peak { min: peak.min.min(*sample), max: peak.max.max(*sample) };
            }
            self.frames_in_open += 1;
            if self.frames_in_open == self.frames_per_peak {
                self.close();
            }
        }
    }

    /// The finished outline, channels interleaved; the last peak may span fewer frames.
    pub fn finish(mut self) -> Vec<Peak> {
        if self.frames_in_open > 0 {
            self.close();
        }
        self.done
    }

    fn close(&mut self) {
        let silent = |peak: &Peak| if peak.min > peak.max { Peak { min: 0.0, max: 0.0 } } else { *peak };
        self.done.extend(self.open.iter().map(silent));
        self.open.fill(NOTHING);
        self.frames_in_open = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_last_short_stretch_counts() {
        let mut peaks = Peaks::new(2, 2);
        peaks.push(&[0.1, -0.1, 0.2, -0.3, 0.9, f32::NAN]);
        let peak = |min, max| Peak { min, max };
        assert_eq!(peaks.finish(), [peak(0.1, 0.2), peak(-0.3, -0.1), peak(0.9, 0.9), peak(0.0, 0.0)]);
    }

    proptest! {
        #[test]
        fn every_sample_lies_within_its_peak_and_touches_it(
            samples in proptest::collection::vec(-1.0f32..1.0, 1..400), per in 1usize..50, cut in 1usize..60,
        ) {
            let mut peaks = Peaks::new(1, per);
            samples.chunks(cut).for_each(|block| peaks.push(block));
            let peaks = peaks.finish();
            prop_assert_eq!(peaks.len(), samples.len().div_ceil(per));
            for (stretch, peak) in samples.chunks(per).zip(peaks) {
                prop_assert_eq!(stretch.iter().copied().fold(f32::INFINITY, f32::min), peak.min);
                prop_assert_eq!(stretch.iter().copied().fold(f32::NEG_INFINITY, f32::max), peak.max);
            }
        }
    }
}

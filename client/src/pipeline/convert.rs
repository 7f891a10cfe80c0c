//! From a device's rate and picked channels to 48 kHz and a stream's channels.

use super::capture::{CaptureFormat, MAX_BLOCK};
use codec::resample::{FixedResampler, ResampleError};
use units::{SampleRate, Ticks};

/// Maps channels, then resamples at the exact ratio of the rates. Equal rates and channels pass bit for bit.
pub(crate) struct Converter {
    channels_in: usize,
    channels_out: usize,
    resampler: FixedResampler,
    mapped: Vec<f32>,
    out: Vec<f32>,
}

impl Converter {
    /// For blocks of at most [`MAX_BLOCK`] frames of `format`. Allocates.
    pub(crate) fn new(format: CaptureFormat, channels: usize) -> Result<Converter, ResampleError> {
        let resampler = FixedResampler::new(format.rate, SampleRate::HZ_48000, channels)?;
        let mapped = vec![0.0; MAX_BLOCK * channels];
        Ok(Converter {
            channels_in: format.channels,
            channels_out: channels,
            resampler,
            mapped,
            out: vec![0.0; 1_024 * channels],
        })
    }

    /// How much later than its input the output is, to the nearest tick.
    pub(crate) fn delay(&self) -> Ticks {
        Ticks(self.resampler.delay().round() as i64)
    }

    /// Converts one block, handing over pieces at 48 kHz as they come out.
    pub(crate) fn push(&mut self, block: &[f32], emit: impl FnMut(&[f32])) {
        let frames = block.len() / self.channels_in;
        let mapped = &mut self.mapped[..frames * self.channels_out];
        map_channels(block, self.channels_in, mapped, self.channels_out);
        resample(&mut self.resampler, mapped, &mut self.out, self.channels_out, emit);
    }

    /// Converts so many frames of silence.
    pub(crate) fn push_silence(&mut self, frames: u64, mut emit: impl FnMut(&[f32])) {
        self.mapped.fill(0.0);
        let mut left = frames as usize;
        while left > 0 {
            let piece = left.min(MAX_BLOCK);
            let silence = &self.mapped[..piece * self.channels_out];
            resample(&mut self.resampler, silence, &mut self.out, self.channels_out, &mut emit);
            left -= piece;
        }
    }
}

fn resample(
    resampler: &mut FixedResampler,
    input: &[f32],
    out: &mut [f32],
    channels: usize,
    mut emit: impl FnMut(&[f32]),
) {
    let mut rest = input;
    loop {
        let done = resampler.process_rt(rest, out);
        rest = &rest[done.read * channels..];
        if done.written > 0 {
            emit(&out[..done.written * channels]);
        }
        if rest.is_empty() && done.written * channels < out.len() {
            return;
        }
    }
}

/// Mono goes to both sides; two channels become one at half level each, so that nothing clips.
fn map_channels(from: &[f32], channels_in: usize, to: &mut [f32], channels_out: usize) {
    let frames = from.chunks_exact(channels_in).zip(to.chunks_exact_mut(channels_out));
    match (channels_in, channels_out) {
        (1, 2) => frames.for_each(|(from, to)| to.fill(from[0])),
        (2, 1) => frames.for_each(|(from, to)| to[0] = 0.5 * (from[0] + from[1])),
        _ => frames.for_each(|(from, to)| to.copy_from_slice(from)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::capture::Counting;
    use super::*;

    fn converted(rate: u32, channels_in: usize, channels: usize, block: &[f32]) -> Vec<f32> {
        let format = CaptureFormat { rate: SampleRate(rate), channels: channels_in, counting: Counting::Exact };
        let mut converter = Converter::new(format, channels).unwrap();
        let mut out = Vec::new();
        for part in block.chunks(MAX_BLOCK * channels_in) {
            converter.push(part, |pcm| out.extend_from_slice(pcm));
        }
        out
    }

    #[test]
    fn equal_formats_pass_bit_for_bit() {
        let block: Vec<f32> = (0..2 * 5_000).map(|i| (i as f32).sin()).collect();
        assert_eq!(converted(48_000, 2, 2, &block), block);
    }

    #[test]
    fn one_channel_reaches_both_sides_and_two_meet_in_the_middle() {
        assert_eq!(converted(48_000, 1, 2, &[0.5, -0.5]), [0.5, 0.5, -0.5, -0.5]);
        assert_eq!(converted(48_000, 2, 1, &[0.5, -0.5, 1.0, 0.5]), [0.0, 0.75]);
    }

    #[test]
    fn every_rate_yields_as_many_ticks_as_its_samples_span() {
        for rate in [44_100u32, 88_200, 96_000, 192_000, 22_050, 8_000] {
            let out = converted(rate, 1, 2, &vec![0.1; 2 * rate as usize]);
            let behind = 2 * 48_000 - out.len() as i64 / 2;
            assert!((0..400).contains(&behind), "{rate} Hz is {behind} ticks behind");
        }
    }
}

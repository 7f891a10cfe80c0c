use super::{DriftResampler, ResampleError, check};
use units::SampleRate;

/// Most output frames computed at once; it bounds the scratch memory, not the delay.
const MAX_BLOCK: usize = 256;

/// One rate to another at the exact ratio, for a publisher: any number of frames in, as many out as they allow.
///
/// Its delay is that of the filter alone (0.65 ms at 48 kHz): no block has to fill up. Equal rates pass through
/// unchanged and without delay.
pub struct FixedResampler {
    /// `None` passes through.
    sinc: Option<DriftResampler>,
    /// Interleaved input not yet consumed: less than one block needs.
    pending: Vec<f32>,
    filled: usize,
    channels: usize,
    nominal_step: f64,
}

/// What one call of [`FixedResampler::process_rt`] did, in frames (samples per channel).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Input frames taken.
    pub read: usize,
    /// Output frames written.
    pub written: usize,
}

impl FixedResampler {
    /// A resampler of interleaved sound. Allocates.
    ///
    /// # Errors
    /// [`ResampleError`] if a rate is outside 8 to 384 kHz or there are not 1 to 64 channels.
    pub fn new(input: SampleRate, output: SampleRate, channels: usize) -> Result<FixedResampler, ResampleError> {
        check(input, channels)?;
        check(output, channels)?;
        let nominal_step = f64::from(input.0) / f64::from(output.0);
        if input == output {
            return Ok(FixedResampler { sinc: None, pending: Vec::new(), filled: 0, channels, nominal_step });
        }
        let mut sinc = DriftResampler::new(input, output, channels, MAX_BLOCK)?;
        let room = sinc.needed_rt(MAX_BLOCK) + 2 * sinc.reach();
        Ok(FixedResampler { sinc: Some(sinc), pending: vec![0.0; room * channels], filled: 0, channels, nominal_step })
    }

    /// How much later than the input the output is, in output frames (ticks, if the output runs at 48 kHz): output
    /// frame `n` carries the input position `(n − delay) · input rate / output rate`.
    pub fn delay(&self) -> f64 {
        match &self.sinc {
            Some(sinc) => sinc.filter_delay() / self.nominal_step - 1.0,
            None => 0.0,
        }
    }

    /// Resamples until `input` is used up or `out` is full (both interleaved). Keeps what it read; call again with the
    /// rest of `input` if `out` was too short. Does not allocate.
    pub fn process_rt(&mut self, input: &[f32], out: &mut [f32]) -> Progress {
        let Some(sinc) = &mut self.sinc else {
            let values = input.len().min(out.len()) / self.channels * self.channels;
            out[..values].copy_from_slice(&input[..values]);
            return Progress { read: values / self.channels, written: values / self.channels };
        };
        let (mut read, mut written) = (0, 0);
        loop {
            let take = (input.len() - read).min(self.pending.len() - self.filled) / self.channels * self.channels;
            self.pending[self.filled..self.filled + take].copy_from_slice(&input[read..read + take]);
            self.filled += take;
            read += take;
            let room = ((out.len() - written) / self.channels).min(MAX_BLOCK);
            let frames = sinc.affordable_rt(self.filled / self.channels, room);
            if frames == 0 {
                return Progress { read: read / self.channels, written: written / self.channels };
            }
            let needed = sinc.needed_rt(frames) * self.channels;
            sinc.process_rt(&self.pending[..needed], frames, &mut out[written..written + frames * self.channels]);
            self.pending.copy_within(needed..self.filled, 0);
            self.filled -= needed;
            written += frames * self.channels;
        }
    }
}

/// Resamples a whole piece of interleaved sound, aligned so that the first frame of the result carries the first frame
/// of the input to within 1/100 sample. Allocates; for files and tests.
///
/// # Errors
/// As [`FixedResampler::new`].
pub fn resample_whole(
    input: &[f32],
    from: SampleRate,
    to: SampleRate,
    channels: usize,
) -> Result<Vec<f32>, ResampleError> {
    let mut resampler = FixedResampler::new(from, to, channels)?;
    let frames = input.len() / channels;
    let wanted = (frames as u64 * u64::from(to.0)).div_ceil(u64::from(from.0)) as usize;
    let (skipped, lead) = alignment(&resampler);
    let tail = 4 * (lead + MAX_BLOCK) + skipped * from.0.div_ceil(to.0) as usize;
    let mut out = vec![0.0; (skipped + wanted) * channels];
    let mut written = 0;
    for part in [&vec![0.0; lead * channels], &input[..frames * channels], &vec![0.0; tail * channels]] {
        written += resampler.process_rt(part, &mut out[written * channels..]).written;
    }
    out.drain(..skipped * channels);
    Ok(out)
}

/// Output frames to drop and silent input frames to prepend, so that what follows starts on the first input frame.
fn alignment(resampler: &FixedResampler) -> (usize, usize) {
    let position = |n: usize| (n as f64 - resampler.delay()) * resampler.nominal_step;
    let off = |n: &usize| (position(*n) - position(*n).round()).abs();
    let first = resampler.delay().ceil() as usize;
    let best = (first..first + 320).min_by(|a, b| off(a).total_cmp(&off(b))).unwrap_or(first);
    (best, position(best).round().max(0.0) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sine(rate: f64, hz: f64, frames: usize, shift: f64) -> Vec<f32> {
        (0..frames).map(|n| (std::f64::consts::TAU * hz * (n as f64 - shift) / rate).sin() as f32).collect()
    }

    fn worst(a: &[f32], b: &[f32]) -> f32 {
        a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
    }

    #[test]
    fn output_is_the_input_delayed_by_what_is_reported() {
        for rate in [44_100u32, 88_200, 96_000, 192_000, 32_000] {
            let mut resampler = FixedResampler::new(SampleRate(rate), SampleRate::HZ_48000, 1).unwrap();
            let input = sine(f64::from(rate), 3_000.0, 20_000, 0.0);
            let mut out = vec![0.0; 40_000];
            let done = resampler.process_rt(&input, &mut out);
            let expected = sine(48_000.0, 3_000.0, done.written, resampler.delay());
            assert_eq!(done.read, 20_000);
            let error = worst(&out[200..done.written], &expected[200..]);
            assert!(error < 1e-4, "{rate} Hz: off by {error}");
        }
    }

    #[test]
    fn odd_portions_give_the_same_sound_as_one() {
        let input = sine(44_100.0, 1_000.0, 9_000, 0.0);
        let (mut whole, mut parts) = (vec![0.0; 12_000], vec![0.0; 12_000]);
        let make = || FixedResampler::new(SampleRate(44_100), SampleRate::HZ_48000, 1).unwrap();
        let length = make().process_rt(&input, &mut whole).written;
        let (mut resampler, mut written) = (make(), 0);
        for part in input.chunks(37) {
            written += resampler.process_rt(part, &mut parts[written..]).written;
        }
        assert_eq!(written, length);
        assert!(worst(&whole[..length], &parts[..length]) < 1e-6);
    }

    #[test]
    fn a_short_output_takes_the_rest_later() {
        let mut resampler = FixedResampler::new(SampleRate(96_000), SampleRate::HZ_48000, 2).unwrap();
        let input = vec![0.25; 2 * 5_000];
        let (mut read, mut written, mut out) = (0, 0, [0.0; 2 * 50]);
        loop {
            let done = resampler.process_rt(&input[2 * read..], &mut out);
            (read, written) = (read + done.read, written + done.written);
            if done.written == 0 {
                break;
            }
        }
        assert_eq!(read, 5_000);
        assert!((2_490..=2_500).contains(&written), "{written}");
    }

    #[test]
    fn equal_rates_are_untouched() {
        let mut resampler = FixedResampler::new(SampleRate::HZ_48000, SampleRate::HZ_48000, 2).unwrap();
        let mut out = [0.0; 6];
        assert_eq!(resampler.process_rt(&[1.0, 2.0, 3.0, 4.0], &mut out), Progress { read: 2, written: 2 });
        assert_eq!((out, resampler.delay()), ([1.0, 2.0, 3.0, 4.0, 0.0, 0.0], 0.0));
    }

    #[test]
    fn a_whole_file_keeps_its_start_and_length() {
        for rate in [44_100u32, 96_000, 22_050] {
            let input = sine(f64::from(rate), 500.0, rate as usize, 0.0);
            let out = resample_whole(&input, SampleRate(rate), SampleRate::HZ_48000, 1).unwrap();
            assert_eq!(out.len(), 48_000);
            let error = worst(&out[200..47_800], &sine(48_000.0, 500.0, 48_000, 0.0)[200..47_800]);
            assert!(error < 1e-3, "{rate} Hz: off by {error}");
        }
    }

    #[test]
    fn a_file_of_music_passes_18_khz_within_a_tenth_of_a_decibel() {
        let input = sine(44_100.0, 18_000.0, 44_100, 0.0);
        let out = resample_whole(&input, SampleRate(44_100), SampleRate::HZ_48000, 1).unwrap();
        let power = out[4_000..44_000].iter().map(|v| f64::from(v * v)).sum::<f64>() / 40_000.0;
        assert!((10.0 * (2.0 * power).log10()).abs() < 0.1, "{power}");
    }

    #[test]
    fn impossible_rates_and_channels_are_refused() {
        assert!(FixedResampler::new(SampleRate(0), SampleRate::HZ_48000, 2).is_err());
        assert!(FixedResampler::new(SampleRate::HZ_48000, SampleRate(44_100), 0).is_err());
    }
}

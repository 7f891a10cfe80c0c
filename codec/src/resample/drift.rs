use super::{ResampleError, check};
use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{Adjustable, Async, FixedAsync, Resampler, Resizable, SincInterpolationParameters, WindowFunction};
use units::SampleRate;

/// Points that rubato computes between two input samples; its sinc is centred one such point after the half of its taps.
const OVERSAMPLING: usize = 128;
/// How far the speed may leave one: ± 9 000 ppm, well beyond the jitter buffer's authority.
const MAX_SPEED_OFF: f64 = 0.009;
/// What rubato reserves memory for; a little more.
const MAX_RELATIVE: f64 = 1.01;
/// Taps of a resampler between rates of at most 48 kHz.
const TAPS: usize = 64;

/// An asynchronous sinc resampler whose speed can change with every block and whose read position is always known: it
/// mirrors rubato's own index, operation by operation.
///
/// One thread reads, decides the speed and writes; nothing here allocates after construction.
pub struct DriftResampler {
    inner: Async<f32>,
    channels: usize,
    taps: usize,
    nominal_step: f64,
    step: f64,
    /// Input frames handed over so far.
    consumed: i64,
    /// rubato's `last_index`: where the last output sample was read, relative to `consumed`.
    index: f64,
}

impl DriftResampler {
    /// A resampler that reads `input / output` frames per frame it writes, at most `max_frames` of these at a time.
    /// Allocates.
    ///
    /// # Errors
    /// [`ResampleError`] if a rate is outside 8 to 384 kHz or there are not 1 to 64 channels.
    pub fn new(
        input: SampleRate,
        output: SampleRate,
        channels: usize,
        max_frames: usize,
    ) -> Result<DriftResampler, ResampleError> {
        check(input, channels)?;
        check(output, channels)?;
        // A filter that cuts below the input's own Nyquist frequency is longer in input samples.
        let taps = TAPS * (input.0.div_ceil(output.0.max(48_000)) as usize);
        let ratio = f64::from(output.0) / f64::from(input.0);
        let parameters = SincInterpolationParameters::new(taps, WindowFunction::BlackmanHarris2)
            .f_cutoff(0.95)
            .oversampling_factor(OVERSAMPLING);
        let inner = Async::new_sinc(ratio, MAX_RELATIVE, &parameters, max_frames.max(1), channels, FixedAsync::Output)
            .map_err(|_| ResampleError::Rate(output))?;
        let step = 1.0 / ratio;
        Ok(DriftResampler { inner, channels, taps, nominal_step: step, step, consumed: 0, index: 1.0 - taps as f64 })
    }

    /// Sets the input frames read per output frame, relative to the nominal ratio of the rates; 1.0 is no drift, and
    /// anything beyond ± 9 000 ppm is limited to that.
    pub fn set_speed_rt(&mut self, speed: f64) {
        let ratio = 1.0 / (self.nominal_step * speed.clamp(1.0 - MAX_SPEED_OFF, 1.0 + MAX_SPEED_OFF));
        if self.inner.set_resample_ratio(ratio, false).is_ok() {
            self.step = 1.0 / ratio;
        }
    }

    /// How many input frames the next `frames` output frames need. Call it before every block: the count varies.
    pub fn needed_rt(&mut self, frames: usize) -> usize {
        if self.inner.output_frames_next() != frames {
            let _ = self.inner.set_chunk_size(frames);
        }
        self.inner.input_frames_next()
    }

    /// Writes `frames` frames from exactly [`needed_rt`](Self::needed_rt) input frames, both interleaved. Writes nothing
    /// if `input` or `out` is too short.
    pub fn process_rt(&mut self, input: &[f32], frames: usize, out: &mut [f32]) {
        let needed = self.needed_rt(frames);
        let adapters = InterleavedSlice::new(input, self.channels, needed)
            .and_then(|input| Ok((input, InterleavedSlice::new_mut(out, self.channels, frames)?)));
        if let Ok((input, mut out)) = adapters
            && self.inner.process_into_buffer(&input, &mut out, None).is_ok()
        {
            (0..frames).for_each(|_| self.index += self.step);
            self.index -= needed as f64;
            self.consumed += needed as i64;
        }
    }

    /// The input position that the next output frame carries, as whole frames since the first one and the rest in
    /// [0, 1): the filter's delay is taken off.
    pub fn position(&self) -> (i64, f64) {
        let centre = self.index + self.step + (self.taps / 2) as f64 - 1.0 + 1.0 / OVERSAMPLING as f64;
        (self.consumed + centre.floor() as i64, centre - centre.floor())
    }

    /// How many output frames, at most `room`, can be made from `available` input frames.
    pub fn affordable_rt(&mut self, available: usize, room: usize) -> usize {
        let guess = ((available as f64 - self.index - self.taps as f64) / self.step).floor().max(0.0) as usize;
        let mut frames = (guess + 2).min(room);
        while frames > 0 && self.needed_rt(frames) > available {
            frames -= 1;
        }
        frames
    }

    /// Input frames by which the output lags, not counting the one step that is always read ahead.
    pub(super) fn filter_delay(&self) -> f64 {
        (self.taps / 2) as f64 - 1.0 / OVERSAMPLING as f64
    }

    /// Input frames per output frame now in force.
    pub fn step(&self) -> f64 {
        self.step
    }

    /// Input frames per output frame of the bare rates.
    pub fn nominal_step(&self) -> f64 {
        self.nominal_step
    }

    /// Input frames that have to be there beyond the position being read.
    pub fn reach(&self) -> usize {
        self.taps / 2
    }

    /// Interleaved channels.
    pub fn channels(&self) -> usize {
        self.channels
    }
}

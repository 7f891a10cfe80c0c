//! A recording of which it is known when each sample left the output.

use crate::clicks;

/// One channel at 48 kHz, with what is known of its time.
#[derive(Clone, Debug, Default)]
pub struct Timed {
    /// The sound.
    pub samples: Vec<f32>,
    /// Samples and when they left, in microseconds of one clock; in order.
    pub stamps: Vec<(usize, f64)>,
}

/// A click that was heard.
#[derive(Clone, Copy, Debug)]
pub struct HeardClick {
    /// When it left the output, in microseconds.
    pub left_us: f64,
    /// Where it lies in what was played, in samples.
    pub source: f64,
}

const US_PER_SAMPLE: f64 = 1e6 / clicks::RATE;

impl Timed {
    /// Puts a block to the recording that began to leave at `us`.
    pub fn push(&mut self, us: f64, block: &[f32]) {
        self.stamps.push((self.samples.len(), us));
        self.samples.extend_from_slice(block);
    }

    /// The clicks that are recognised among the `known` ones. `may(left_us, source)`: whether what left then may be what
    /// lies there.
    pub fn clicks(&self, known: &[f64], may: impl Fn(f64, f64) -> bool) -> Vec<HeardClick> {
        let heard = clicks::find(&self.samples);
        let left_us: Vec<f64> = heard.iter().map(|at| self.time_us(*at)).collect();
        let told = clicks::recognise(known, &heard, |i, k| may(left_us[i], known[k]));
        let placed = left_us.iter().zip(told).filter_map(|(left_us, k)| Some((*left_us, known[k?])));
        placed.map(|(left_us, source)| HeardClick { left_us, source }).collect()
    }

    fn time_us(&self, sample: f64) -> f64 {
        let after = self.stamps.partition_point(|(at, _)| *at as f64 <= sample);
        let (at, us) = self.stamps[after.max(1) - 1];
        us + (sample - at as f64) * US_PER_SAMPLE
    }
}

/// What was heard at `us`, in samples of what was played, by the nearest click; none when that is further than `within_us`.
pub fn truth(clicks: &[HeardClick], us: f64, within_us: f64) -> Option<f64> {
    let nearest = clicks.iter().min_by(|a, b| (a.left_us - us).abs().total_cmp(&(b.left_us - us).abs()))?;
    let off_us = us - nearest.left_us;
    (off_us.abs() <= within_us).then_some(nearest.source + off_us / US_PER_SAMPLE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recording_in_blocks_tells_what_was_heard_when() {
        let played = clicks::left(&clicks::sound(5, 20));
        let known = clicks::find(&played);
        let mut timed = Timed::default();
        // From the fifth second on, two periods of the device lost on the way.
        for (n, block) in played[240_000..].chunks(64).enumerate() {
            let lost = if n > 2_000 { 2.0 } else { 0.0 };
            timed.push(9e6 + (n as f64 + lost) * 64.0 * US_PER_SAMPLE, block);
        }
        let heard = timed.clicks(&known, |_, _| true);
        assert!((truth(&heard, 10e6, 2e5).unwrap() - 288_000.0).abs() < 1.0);
        assert!((truth(&heard, 14e6, 2e5).unwrap() - (480_000.0 - 128.0)).abs() < 1.0);
        assert_eq!(truth(&heard, 60e6, 2e5), None);
    }
}

//! How much has to be buffered: a quantile of the delays above their envelope.

/// Width of one bucket, ms.
const BUCKET_MS: f64 = 0.5;
/// Buckets; the last one takes everything above 512 ms.
const BUCKETS: usize = 1024;
/// What a delay's weight falls to 1/e in, ms.
const MEMORY_MS: f64 = 20_000.0;
/// Time constant of the release, ms. Attack is immediate. (10 s, as once planned, only made the buffer longer on lines
/// with stalls: 4g 44.7 ms instead of 43.5 for the same concealment.)
const RELEASE_MS: f64 = 5_000.0;

/// A forgetting histogram with a quantile that is followed at once upwards and slowly downwards.
pub(super) struct Target {
    weights: Box<[f32; BUCKETS]>,
    quantile: f64,
    held_ms: f64,
}

impl Target {
    pub(super) fn new(quantile: f64) -> Target {
        Target { weights: Box::new([0.0; BUCKETS]), quantile, held_ms: 0.0 }
    }

    /// Takes the delay of a packet that spans `span_ms`, in ms above the envelope.
    pub(super) fn observe_rt(&mut self, delay_ms: f64, span_ms: f64) {
        let keep = (1.0 - span_ms / MEMORY_MS).max(0.5) as f32;
        self.weights.iter_mut().for_each(|weight| *weight *= keep);
        self.weights[bucket(delay_ms)] += 1.0;
        let now_ms = self.quantile_ms();
        let release = (span_ms / RELEASE_MS).min(1.0);
        self.held_ms = now_ms.max(self.held_ms + (now_ms - self.held_ms) * release);
    }

    /// The envelope has jumped up (or down) by so much: the delays seen so far lie lower (or higher) above it.
    pub(super) fn shift_rt(&mut self, jump_ms: f64) {
        let by = (jump_ms / BUCKET_MS).round() as isize;
        let old = *self.weights;
        self.weights.fill(0.0);
        for (n, weight) in old.iter().enumerate() {
            self.weights[(n as isize - by).clamp(0, BUCKETS as isize - 1) as usize] += weight;
        }
        self.held_ms = (self.held_ms - jump_ms).max(self.quantile_ms());
    }

    /// What to buffer above the envelope, ms, margin and redundancy excluded.
    pub(super) fn held_ms(&self) -> f64 {
        self.held_ms
    }

    /// The quantile, interpolated within its bucket.
    fn quantile_ms(&self) -> f64 {
        let total: f32 = self.weights.iter().sum();
        let mut above = f64::from(total) * (1.0 - self.quantile);
        for (n, weight) in self.weights.iter().enumerate().rev() {
            let weight = f64::from(*weight);
            if weight > above {
                return BUCKET_MS * (n as f64 + 1.0 - above / weight);
            }
            above -= weight;
        }
        0.0
    }
}

fn bucket(delay_ms: f64) -> usize {
    ((delay_ms / BUCKET_MS).max(0.0) as usize).min(BUCKETS - 1)
}

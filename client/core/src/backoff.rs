//! How long to wait before trying the relay again.

use std::time::Duration;

/// First wait, before jitter.
const FIRST: Duration = Duration::from_millis(250);
/// Longest wait, before jitter.
const LONGEST: Duration = Duration::from_secs(5);

/// Doubling waits between 0.25 and 5 s, each shortened by up to half at random, so that many clients do not return
/// at once.
#[derive(Clone, Debug, Default)]
pub struct Backoff {
    tries: u32,
}

impl Backoff {
    /// The next wait. `random` is between 0 and 1.
    pub fn next_wait(&mut self, random: f64) -> Duration {
        let whole = FIRST.saturating_mul(1 << self.tries.min(16)).min(LONGEST);
        self.tries = self.tries.saturating_add(1);
        whole.mul_f64(1.0 - 0.5 * random.clamp(0.0, 1.0))
    }

    /// Starts again: a link held.
    pub fn reset(&mut self) {
        self.tries = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_five_seconds_and_start_again_after_success() {
        let mut backoff = Backoff::default();
        let waits: Vec<u128> = (0..7).map(|_| backoff.next_wait(0.0).as_millis()).collect();
        assert_eq!(waits, [250, 500, 1_000, 2_000, 4_000, 5_000, 5_000]);
        backoff.reset();
        assert_eq!(backoff.next_wait(1.0).as_millis(), 125);
    }
}

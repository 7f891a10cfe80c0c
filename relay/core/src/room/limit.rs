use std::time::Duration;
use units::MonoTime;

/// A token bucket: so many a second for long, so many at once.
#[derive(Clone, Debug)]
pub struct Bucket {
    every: Duration,
    burst: u32,
    /// When the bucket is full again; this far ahead of now lie the tokens taken.
    full_at: MonoTime,
}

impl Bucket {
    /// A full bucket of `burst` tokens that gains `per_s` a second. Both are at least 1.
    pub fn new(per_s: u32, burst: u32) -> Bucket {
        Bucket::every(Duration::from_secs(1) / per_s, burst)
    }

    /// A full bucket of `burst` tokens, at least 1, that gains one in such a time.
    pub fn every(every: Duration, burst: u32) -> Bucket {
        Bucket { every, burst, full_at: MonoTime::default() }
    }

    /// Whether no token is missing.
    pub fn is_full(&self, now: MonoTime) -> bool {
        self.full_at <= now
    }

    /// When no token is missing any more, if none is taken until then.
    pub fn full_at(&self) -> MonoTime {
        self.full_at
    }

    /// Takes a token if there is one.
    pub fn try_take(&mut self, now: MonoTime) -> bool {
        let free = self.wait(now).is_zero();
        if free {
            self.full_at = self.full_at.max(now) + self.every;
        }
        free
    }

    /// How long until there is a token.
    pub fn wait(&self, now: MonoTime) -> Duration {
        let taken = self.full_at.saturating_since(now);
        taken.saturating_sub(self.every * (self.burst - 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_and_one_more_does_not() {
        let mut bucket = Bucket::new(10, 30);
        let now = MonoTime(7_000_000_000);
        assert!((0..30).all(|_| bucket.try_take(now)));
        assert!(!bucket.try_take(now));
    }

    #[test]
    fn the_steady_rate_passes_for_ever_and_a_little_more_does_not() {
        let passed = |every_ms: u64| {
            let mut bucket = Bucket::new(10, 30);
            (0..1_000).filter(|n| bucket.try_take(MonoTime(n * every_ms * 1_000_000))).count()
        };
        assert_eq!(passed(100), 1_000);
        assert!(passed(90) < 1_000);
    }

    #[test]
    fn the_wait_ends_exactly_when_a_token_is_there() {
        let mut bucket = Bucket::new(10, 1);
        assert!(bucket.try_take(MonoTime(0)));
        assert_eq!(bucket.wait(MonoTime(0)), Duration::from_millis(100));
        assert!(!bucket.try_take(MonoTime(99_999_999)));
        assert!(bucket.try_take(MonoTime(100_000_000)));
    }
}

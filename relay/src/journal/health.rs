use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// For so long what the store took is evidence that it takes more.
const FRESH: Duration = Duration::from_secs(1);

/// When the store took something for the last time; none when it has refused since. Cloning is cheap and gives the same.
#[derive(Clone, Debug, Default)]
pub(super) struct Health(Arc<Mutex<Option<Instant>>>);

impl Health {
    /// The store took something, or did not.
    pub(super) fn tell(&self, took: bool) {
        *self.lock() = took.then(Instant::now);
    }

    /// Whether, at `now`, there is evidence enough that the store takes what is written.
    pub(super) fn is_fresh(&self, now: Instant) -> bool {
        self.lock().is_some_and(|last| now.saturating_duration_since(last) < FRESH)
    }

    fn lock(&self) -> MutexGuard<'_, Option<Instant>> {
        // What is in it is always whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

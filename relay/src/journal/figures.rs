use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;
use std::time::Duration;

/// What the journal's thread has counted since it started. Cloning is cheap and gives the same figures.
#[derive(Clone, Debug)]
pub struct Figures {
    /// Events that are durable.
    pub events: Counter,
    /// Groups that were committed.
    pub commits: Counter,
    /// Batches that did not fit their log.
    pub refused: Counter,
    /// Batches that are not durable because the store failed.
    pub failed: Counter,
    /// Batches that were turned away because too many waited, or none was taken any more.
    pub turned_away: Counter,
    /// How long commits took, in seconds.
    pub commit_s: Histogram,
}

impl Default for Figures {
    fn default() -> Figures {
        // From a quarter of a millisecond to half a second.
        let commit_s = Histogram::new(exponential_buckets(0.000_25, 2.0, 12));
        let zero = Counter::default;
        Figures { events: zero(), commits: zero(), refused: zero(), failed: zero(), turned_away: zero(), commit_s }
    }
}

impl Figures {
    /// Shows the figures among those of the relay.
    pub fn register(&self, registry: &mut Registry) {
        let Figures { events, commits, refused, failed, turned_away, commit_s } = self.clone();
        registry.register("journal_events", "Events that are durable", events);
        registry.register("journal_commits", "Groups of batches committed", commits);
        registry.register("journal_refused", "Batches that did not fit their log", refused);
        registry.register("journal_failed", "Batches not durable because the store failed", failed);
        registry.register("journal_turned_away", "Batches that were not taken in", turned_away);
        registry.register("journal_commit_seconds", "How long a commit took", commit_s);
    }

    pub(super) fn committed(&self, events: usize, took: Duration) {
        self.commits.inc();
        self.events.inc_by(events as u64);
        self.commit_s.observe(took.as_secs_f64());
    }
}

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// What one shard has counted since it started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ShardStats {
    /// Peers, connected or not.
    pub peers: u64,
    /// Datagrams received.
    pub datagrams_in: u64,
    /// Datagrams that no peer was found for, dropped without work.
    pub datagrams_refused: u64,
    /// Media packets taken from publishers.
    pub packets_in: u64,
    /// Media packets whose RED or Opus framing was broken, or that no section had declared; dropped.
    pub packets_malformed: u64,
    /// Media packets sent to listeners.
    pub packets_out: u64,
    /// Those of them that were sealed without going through the WebRTC library.
    pub packets_direct: u64,
    /// Datagrams that the system did not take; dropped.
    pub send_errors: u64,
    /// Time spent forwarding packets, sealing and sending included, in microseconds.
    pub forward_us: u64,
    /// CPU time of the shard's thread in microseconds, as of its last turn.
    pub cpu_us: u64,
}

/// The shard's side: it alone writes, anybody reads.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) peers: Counter,
    pub(crate) datagrams_in: Counter,
    pub(crate) datagrams_refused: Counter,
    pub(crate) packets_in: Counter,
    pub(crate) packets_malformed: Counter,
    pub(crate) packets_out: Counter,
    pub(crate) packets_direct: Counter,
    pub(crate) send_errors: Counter,
    pub(crate) forward_ns: Counter,
    pub(crate) cpu_ns: Counter,
}

/// A number with one writer.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self, n: u64) {
        self.0.store(self.get().wrapping_add(n), Relaxed);
    }

    pub(crate) fn set(&self, n: u64) {
        self.0.store(n, Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

impl Counters {
    pub(crate) fn read(&self) -> ShardStats {
        ShardStats {
            peers: self.peers.get(),
            datagrams_in: self.datagrams_in.get(),
            datagrams_refused: self.datagrams_refused.get(),
            packets_in: self.packets_in.get(),
            packets_malformed: self.packets_malformed.get(),
            packets_out: self.packets_out.get(),
            packets_direct: self.packets_direct.get(),
            send_errors: self.send_errors.get(),
            forward_us: self.forward_ns.get() / 1_000,
            cpu_us: self.cpu_ns.get() / 1_000,
        }
    }
}

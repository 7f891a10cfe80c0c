use super::Impairment;
use crate::rng::Rng;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;
use units::MonoTime;

/// Datagrams that may be on the wire at once; more are lost, as in a full router.
const CAPACITY: usize = 4096;
/// How late a reordered datagram comes.
const REORDER: Duration = Duration::from_millis(5);
/// How long after a datagram its double comes.
const DUPLICATE: Duration = Duration::from_millis(1);

/// One direction of a bad network. No IO and no clock: it is told the time.
pub struct Impairer {
    spec: Impairment,
    rng: Rng,
    in_burst: bool,
    seen: u64,
    begun: Option<MonoTime>,
    last_due: MonoTime,
    wire: BinaryHeap<Reverse<(MonoTime, u64, Vec<u8>)>>,
}

impl Impairer {
    /// A network as described.
    pub fn new(spec: Impairment) -> Impairer {
        let rng = Rng::new(spec.seed);
        Impairer { spec, rng, in_burst: false, seen: 0, begun: None, last_due: MonoTime(0), wire: BinaryHeap::new() }
    }

    /// Takes a datagram that was sent at `now`.
    pub fn handle_datagram(&mut self, now: MonoTime, datagram: &[u8]) {
        let place = self.seen;
        self.seen += 1;
        // Every datagram draws the same numbers, so that one parameter does not change the fate under another.
        let lost = self.is_lost();
        let jitter = self.rng.gamma2(1.0) * self.spec.jitter_ms;
        let reordered = self.rng.uniform() < self.spec.reorder;
        let doubled = self.rng.uniform() < self.spec.duplicate;
        if lost || self.spec.drop.contains(&place) || self.wire.len() >= CAPACITY {
            return;
        }
        let begun = *self.begun.get_or_insert(now);
        let gained_ms = now.saturating_since(begun).as_secs_f64() * self.spec.skew_ppm * 1e-3;
        let due = now + Duration::from_secs_f64((self.spec.delay_ms + jitter - gained_ms).max(0.0) / 1e3);
        let due = if reordered { due + REORDER } else { self.in_order(due) };
        self.wire.push(Reverse((due, place, datagram.to_vec())));
        if doubled {
            self.wire.push(Reverse((due + DUPLICATE, place, datagram.to_vec())));
        }
    }

    /// The next datagram that has arrived by `now`.
    pub fn poll_output(&mut self, now: MonoTime) -> Option<Vec<u8>> {
        self.next_deadline().filter(|due| *due <= now)?;
        self.wire.pop().map(|Reverse((_, _, datagram))| datagram)
    }

    /// When the next datagram arrives.
    pub fn next_deadline(&self) -> Option<MonoTime> {
        self.wire.peek().map(|Reverse((due, _, _))| *due)
    }

    fn is_lost(&mut self) -> bool {
        let draw = self.rng.uniform();
        let Impairment { loss, burst, .. } = self.spec;
        self.in_burst = if loss >= 1.0 {
            true
        } else if self.in_burst {
            draw > 1.0 / burst
        } else {
            draw < loss / (burst * (1.0 - loss))
        };
        self.in_burst
    }

    fn in_order(&mut self, due: MonoTime) -> MonoTime {
        self.last_due = due.max(self.last_due);
        self.last_due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fates(spec: &str, datagrams: u64) -> Vec<(u64, u64)> {
        let mut impairer = Impairer::new(spec.parse().unwrap());
        let mut out = Vec::new();
        let mut take_until = |impairer: &mut Impairer, end: MonoTime| {
            while let Some(due) = impairer.next_deadline().filter(|due| *due <= end) {
                let datagram = impairer.poll_output(due).unwrap();
                out.push((u64::from_be_bytes(datagram.try_into().unwrap()), due.0));
            }
        };
        for k in 0..datagrams {
            let now = MonoTime(k * 1_000_000);
            take_until(&mut impairer, now);
            impairer.handle_datagram(now, &k.to_be_bytes());
        }
        take_until(&mut impairer, MonoTime(u64::MAX));
        out
    }

    #[test]
    fn a_perfect_wire_passes_everything_at_once_and_in_order() {
        assert_eq!(fates("", 100), (0..100).map(|k| (k, k * 1_000_000)).collect::<Vec<_>>());
    }

    #[test]
    fn the_same_seed_brings_the_same_network_back_and_another_does_not() {
        let spec = "seed=9 delay=5 jitter=4 loss=0.1 burst=3 reorder=0.05 duplicate=0.05";
        assert_eq!(fates(spec, 500), fates(spec, 500));
        assert_ne!(fates(spec, 500), fates(&spec.replace("seed=9", "seed=10"), 500));
    }

    #[test]
    fn a_fast_clock_catches_up_with_its_delay_and_a_slow_one_falls_behind() {
        let last = |spec| fates(spec, 60_001).last().copied().unwrap();
        assert_eq!(last("delay=100 skew=300"), (60_000, 60_000_000_000 + 82_000_000));
        assert_eq!(last("delay=100 skew=-300"), (60_000, 60_000_000_000 + 118_000_000));
        assert_eq!(last("delay=1 skew=300"), (60_000, 60_000_000_000), "never before it was sent");
    }

    #[test]
    fn loss_is_as_much_and_as_bursty_as_described() {
        let arrived: Vec<u64> = fates("seed=3 loss=0.1 burst=4", 4000).into_iter().map(|(k, _)| k).collect();
        let lost = 4000 - arrived.len();
        assert!((300..=500).contains(&lost), "{lost} of 4000 were lost");
        let bursts = arrived.windows(2).filter(|pair| pair[1] > pair[0] + 1).count();
        let mean = lost as f64 / bursts as f64;
        assert!((3.0..5.0).contains(&mean), "bursts are {mean} long");
    }

    #[test]
    fn named_datagrams_are_lost_and_no_others() {
        let arrived: Vec<u64> = fates("drop=0+3", 5).into_iter().map(|(k, _)| k).collect();
        assert_eq!(arrived, [1, 2, 4]);
    }

    #[test]
    fn jitter_keeps_the_order_and_reordering_breaks_it() {
        let in_order = |fates: &[(u64, u64)]| fates.windows(2).all(|pair| pair[0].0 < pair[1].0);
        assert!(in_order(&fates("jitter=10", 500)));
        assert!(!in_order(&fates("reorder=0.1", 500)));
    }
}

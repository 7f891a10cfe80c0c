//! How fast commands may go out, so that the relay's limit on them is never met: who asks for more waits, in order.

use protocol::wire::{COMMAND_BURST, COMMANDS_PER_S};
use units::MonoTime;

/// Half of what the relay allows at once, so that offers and a link that was just lost find room as well.
const BURST: u64 = COMMAND_BURST as u64 / 2;
/// Nanoseconds that one command costs; a tenth more than the relay's own count, whose clock is another.
const COST_NS: u64 = 1_100_000_000 / COMMANDS_PER_S as u64;

/// A leaky bucket, told the time.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pace {
    /// When the bucket would be empty of what was let through.
    free_at: MonoTime,
}

impl Pace {
    /// Whether another command may go out at `now`; if so, it counts.
    pub fn try_take(&mut self, now: MonoTime) -> bool {
        let from = self.free_at.max(now);
        if from.0 - now.0 > (BURST - 1) * COST_NS {
            return false;
        }
        self.free_at = MonoTime(from.0 + COST_NS);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: u64 = 1_000_000_000;

    #[test]
    fn a_burst_passes_and_the_rest_goes_at_the_relays_pace() {
        let mut pace = Pace::default();
        let now = MonoTime(5 * S);
        assert_eq!((0..100).filter(|_| pace.try_take(now)).count() as u64, BURST);
        let passed = (1..=1_000).filter(|ms| pace.try_take(MonoTime(5 * S + ms * S / 1_000))).count();
        assert!((9..=COMMANDS_PER_S as usize).contains(&passed), "{passed}");
    }

    #[test]
    fn after_a_pause_the_whole_burst_is_there_again() {
        let mut pace = Pace::default();
        while pace.try_take(MonoTime(0)) {}
        let later = MonoTime(100 * S);
        assert_eq!((0..100).filter(|_| pace.try_take(later)).count() as u64, BURST);
    }
}

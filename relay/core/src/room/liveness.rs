use std::time::Duration;
use units::MonoTime;

/// The relay pings a link at least so often.
pub const PING_EVERY: Duration = Duration::from_secs(15);
/// A link is dead after so long a silence.
pub const SILENCE: Duration = Duration::from_secs(45);

/// Whether a link still lives: when to ping it and when to give it up.
#[derive(Clone, Debug)]
pub struct Liveness {
    heard: MonoTime,
    pinged: MonoTime,
    pings: u32,
}

/// What is due on a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pulse {
    /// Nothing before this time.
    Wait(MonoTime),
    /// Send a ping with this number.
    Ping(u32),
    /// Give the link up.
    Dead,
}

impl Liveness {
    /// A link that was heard just now.
    pub fn new(now: MonoTime) -> Liveness {
        Liveness { heard: now, pinged: now, pings: 0 }
    }

    /// Something came in.
    pub fn handle_heard(&mut self, now: MonoTime) {
        self.heard = now;
    }

    /// What is due now.
    pub fn poll(&mut self, now: MonoTime) -> Pulse {
        let (dead_at, ping_at) = (self.heard + SILENCE, self.pinged + PING_EVERY);
        if now >= dead_at {
            return Pulse::Dead;
        }
        if now < ping_at {
            return Pulse::Wait(ping_at.min(dead_at));
        }
        self.pinged = now;
        self.pings = self.pings.wrapping_add(1);
        Pulse::Ping(self.pings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: MonoTime = MonoTime(5_000_000_000);
    const NANO: Duration = Duration::from_nanos(1);

    #[test]
    fn a_link_is_pinged_every_15_s_however_lively_it_is() {
        let mut link = Liveness::new(START);
        assert_eq!(link.poll(START), Pulse::Wait(START + PING_EVERY));
        link.handle_heard(START + (PING_EVERY - NANO));
        assert_eq!(link.poll(START + PING_EVERY), Pulse::Ping(1));
        assert_eq!(link.poll(START + PING_EVERY), Pulse::Wait(START + PING_EVERY * 2));
    }

    #[test]
    fn silence_kills_at_45_s_and_not_before() {
        let mut link = Liveness::new(START);
        assert_ne!(link.poll(START + (SILENCE - NANO)), Pulse::Dead);
        assert_eq!(link.poll(START + SILENCE), Pulse::Dead);
        link.handle_heard(START + NANO);
        assert_ne!(link.poll(START + SILENCE), Pulse::Dead);
    }
}

//! DTLS handshake flights, repeated until the other side has answered them.
//!
//! The library disarms its own retransmission timer when anything of the handshake comes in and does not arm it again
//! (`rtc-dtls` 0.21.1, `handshaker.rs`, `wait()`), so one lost datagram can hang a handshake for ever. A repeated
//! datagram is byte for byte the same: the other side's fragment buffer and replay window make of it what RFC 6347,
//! section 4.2.4 wants of a retransmission, and its answer to a repeat repeats what we have lost.

use std::time::{Duration, Instant};

/// First wait for an answer; doubled with every repeat. A round trip that is longer costs a few datagrams.
const FIRST_WAIT: Duration = Duration::from_millis(250);
const LONGEST_WAIT: Duration = Duration::from_secs(1);
/// A flight is repeated so often; after that the watchdog has long made a new peer.
const REPEATS: u32 = 8;
/// Datagrams of a flight that are kept; a client's longest has three or four.
const CAPACITY: usize = 16;

/// The newest flight of one peer. `D` is a datagram with all that sending it again takes.
#[derive(Debug)]
pub(super) struct Flight<D> {
    datagrams: Vec<D>,
    answered: bool,
    repeats: u32,
    due: Option<Instant>,
    over: bool,
}

impl<D> Default for Flight<D> {
    fn default() -> Flight<D> {
        Flight { datagrams: Vec::new(), answered: false, repeats: 0, due: None, over: false }
    }
}

impl<D: Clone> Flight<D> {
    /// Notes a handshake datagram that has been sent. One beyond the capacity is not repeated.
    pub(super) fn handle_sent(&mut self, now: Instant, datagram: D) {
        if self.over {
            return;
        }
        if self.answered {
            self.datagrams.clear();
            self.answered = false;
        }
        if self.datagrams.len() < CAPACITY {
            self.datagrams.push(datagram);
        }
        self.repeats = 0;
        self.due = Some(now + FIRST_WAIT);
    }

    /// Notes a handshake datagram from the other side. What is sent next is a new flight; until then the old one goes
    /// on being repeated, because the other side may only have said again what it said before.
    pub(super) fn handle_received(&mut self) {
        self.answered = true;
    }

    /// The connection stands: nothing is repeated any more.
    pub(super) fn finish(&mut self) {
        *self = Flight { over: true, ..Flight::default() };
    }

    /// When to ask again.
    pub(super) fn due(&self) -> Option<Instant> {
        self.due
    }

    /// What is to be sent again by now.
    pub(super) fn handle_timeout(&mut self, now: Instant) -> Vec<D> {
        if self.due.is_none_or(|due| now < due) {
            return Vec::new();
        }
        self.repeats += 1;
        let wait = (FIRST_WAIT * (1 << self.repeats.min(4))).min(LONGEST_WAIT);
        self.due = (self.repeats < REPEATS).then_some(now + wait);
        self.datagrams.clone()
    }
}

/// Whether a datagram is one of DTLS rather than STUN or SRTP (RFC 7983).
pub(super) fn is_dtls(datagram: &[u8]) -> bool {
    matches!(datagram.first(), Some(20..=63))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(start: Instant, ms: u64) -> Instant {
        start + Duration::from_millis(ms)
    }

    #[test]
    fn an_unanswered_flight_is_repeated_whole_ever_less_often_and_not_for_ever() {
        let start = Instant::now();
        let mut flight = Flight::<u8>::default();
        flight.handle_sent(start, 1);
        flight.handle_sent(start, 2);
        assert!(flight.handle_timeout(at(start, 249)).is_empty());
        let mut repeated = Vec::new();
        while let Some(due) = flight.due() {
            assert_eq!(flight.handle_timeout(due), [1, 2]);
            repeated.push((due - start).as_millis());
        }
        assert_eq!(repeated, [250, 750, 1_750, 2_750, 3_750, 4_750, 5_750, 6_750]);
    }

    #[test]
    fn the_first_datagram_after_an_answer_begins_a_new_flight() {
        let start = Instant::now();
        let mut flight = Flight::<u8>::default();
        flight.handle_sent(start, 1);
        flight.handle_received();
        assert_eq!(flight.handle_timeout(at(start, 250)), [1], "the answer may have been an old one");
        flight.handle_sent(at(start, 300), 2);
        flight.handle_sent(at(start, 300), 3);
        assert!(flight.handle_timeout(at(start, 549)).is_empty());
        assert_eq!(flight.handle_timeout(at(start, 550)), [2, 3]);
    }

    #[test]
    fn nothing_is_repeated_once_the_connection_stands() {
        let start = Instant::now();
        let mut flight = Flight::<u8>::default();
        flight.handle_sent(start, 1);
        flight.finish();
        flight.handle_sent(start, 2);
        assert_eq!((flight.due(), flight.handle_timeout(at(start, 9_000))), (None, Vec::new()));
    }

    #[test]
    fn dtls_is_told_from_stun_and_srtp_by_its_first_byte() {
        let first_bytes: Vec<u8> = (0..=255).filter(|byte| is_dtls(&[*byte, 0])).collect();
        assert_eq!(first_bytes, (20..=63).collect::<Vec<u8>>());
        assert!(!is_dtls(&[]));
    }
}

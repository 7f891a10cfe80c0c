//! Redundancy follows what is lost, for each listener and for the publisher.

use super::*;

/// Earlier frames that a payload repeats.
fn depth(payload: &[u8]) -> usize {
    red::Red::parse(payload).unwrap().depth()
}

/// A stream of 5 ms frames at depth 3 in virtual time, whose listeners report every second.
struct Wire {
    bench: Bench,
    second: u64,
    sent: u64,
}

impl Wire {
    const PER_SECOND: u64 = 200;

    fn new(legs: &[LegPackets]) -> Wire {
        Wire { bench: Bench::with_legs(legs, 1, &[(1, StreamKind::Program)]), second: 0, sent: 0 }
    }

    /// Sends a second of packets without those whose place in it `lost` names.
    fn send(&mut self, lost: impl Fn(u64) -> bool) {
        for k in 0..Self::PER_SECOND {
            let n = self.sent + k;
            if !lost(k) {
                let copies: [(i64, &[u8]); 3] = [(720, &lite(1)), (480, &lite(2)), (240, &lite(3))];
                let payload = red_payload(PayloadType::OPUS, &copies, &frame(4));
                let place = (7, n as u16, (240 * n) as u32);
                self.bench.send(1_000 * self.second + 5 * k, 1, place, (Packing::Red, &payload)).unwrap();
            }
        }
        self.sent += Self::PER_SECOND;
        self.second += 1;
    }

    /// Leg `of` has received all but `lost` of what was sent in all.
    fn report(&mut self, of: u32, lost: u32) {
        let (now, seen) = (MonoTime(self.second * 1_000_000_000), &mut self.bench.seen);
        let reception = Reception { mid: "0", highest: 1_000 + self.sent, lost };
        self.bench.forwarder.handle_reception(now, LegId(of), reception, &mut |out| seen.push(super::seen(out)));
    }

    /// So many seconds in which every leg loses as many packets a second as said.
    fn seconds(&mut self, seconds: u64, lost: &[u32], counted: &mut [u32]) {
        for _ in 0..seconds {
            self.send(|_| false);
            for (n, (lost, counted)) in (1..).zip(lost.iter().zip(&mut *counted)) {
                *counted += lost;
                self.report(n, *counted);
            }
        }
    }

    /// Depth of the newest packet that a leg got.
    fn passed(&self, of: u32) -> usize {
        depth(&self.bench.packets(of).last().unwrap().3)
    }

    fn asked(&self) -> Vec<u8> {
        let depth = |one: &Seen| match one {
            Seen::Redundancy(of, depth) if *of == stream(1) => Some(*depth),
            _ => None,
        };
        self.bench.seen.iter().filter_map(depth).collect()
    }
}

#[test]
fn a_listener_who_loses_gets_more_and_the_publisher_is_asked_for_it_at_once() {
    let mut wire = Wire::new(&[RED, RED]);
    wire.seconds(2, &[0, 0], &mut [0, 0]);
    assert_eq!((wire.passed(1), wire.passed(2), wire.asked()), (1, 1, vec![]));
    wire.report(2, 12);
    wire.report(2, 12);
    wire.send(|_| false);
    wire.report(2, 12 + 14);
    assert_eq!(wire.asked(), [2], "7 % lost");
    wire.send(|_| false);
    assert_eq!((wire.passed(1), wire.passed(2)), (1, 2), "only the one who loses gets more");
}

#[test]
fn the_worst_listener_decides_and_when_it_is_gone_the_next_one_does() {
    let (mut wire, mut counted) = (Wire::new(&[RED, RED]), [0, 0]);
    wire.seconds(3, &[1, 30], &mut counted);
    assert_eq!(wire.asked(), [1, 3]);
    wire.bench.forwarder.remove_leg(LegId(2));
    wire.send(|_| false);
    assert_eq!(wire.asked(), [1, 3, 1]);
}

#[test]
fn a_clean_wire_gets_no_copies_until_it_loses_again() {
    let (mut wire, mut counted) = (Wire::new(&[RED]), [0]);
    wire.seconds(130, &[0], &mut counted);
    assert_eq!((wire.passed(1), wire.asked()), (0, vec![]));
    wire.seconds(1, &[1], &mut counted);
    wire.send(|_| false);
    assert_eq!((wire.passed(1), wire.asked()), (1, vec![1]));
}

#[test]
fn a_publisher_who_chose_safety_is_passed_with_it_on_a_clean_wire() {
    let (mut wire, mut counted) = (Wire::new(&[RED]), [0]);
    wire.bench.plan(safe(1));
    wire.seconds(130, &[0], &mut counted);
    assert_eq!(wire.passed(1), 2);
}

#[test]
fn loss_on_the_way_up_asks_for_more_without_any_listener_s_report() {
    let mut wire = Wire::new(&[JOINED]);
    wire.send(|_| false);
    wire.send(|k| k % 12 == 5);
    wire.send(|_| false);
    assert_eq!(wire.asked(), [3], "8.5 % lost");
    for _ in 0..70 {
        wire.send(|_| false);
    }
    assert_eq!(wire.asked(), [3, 2, 1, 0]);
}

#[test]
fn a_restart_of_the_publisher_is_not_taken_for_loss() {
    let mut wire = Wire::new(&[RED]);
    wire.send(|_| false);
    wire.sent += 5_000;
    wire.bench.send_opus(1_000 * wire.second, 1, (8, 9, 55));
    for k in 0..3u16 {
        wire.bench.send_opus(1_000 * (wire.second + u64::from(k)), 1, (8, 10 + k, 55));
    }
    assert!(wire.asked().is_empty());
}

#[test]
fn a_listener_without_red_asks_for_nothing_that_it_cannot_use() {
    let (mut wire, mut counted) = (Wire::new(&[JOINED, PLAIN]), [0, 0]);
    wire.seconds(5, &[40, 40], &mut counted);
    assert!(wire.asked().is_empty());
}

#[test]
fn a_report_of_nobody_or_of_no_section_is_nothing() {
    let mut wire = Wire::new(&[RED]);
    wire.send(|_| false);
    wire.report(9, 0);
    let mut never = |_: Outgoing<'_>| panic!("nothing follows");
    for lost in [0, 100] {
        let reception = Reception { mid: "x", highest: 1_000 + u64::from(lost), lost };
        wire.bench.forwarder.handle_reception(MonoTime(0), LegId(1), reception, &mut never);
    }
}

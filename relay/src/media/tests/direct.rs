//! Packets that go past the WebRTC library.

use super::failing::{FATAL, failing_crypto};
use super::house::*;
use crate::media::offer::Identity;
use crate::media::{GoneReason, MediaEvent};
use packets::PayloadType;
use protocol::wire::ClientKind;
use units::Seq;

#[test]
fn what_goes_past_the_library_is_what_the_library_would_have_sent() {
    let mut house = House::new();
    let publisher = house.publisher();
    let listener = house.join(key(1, 1), ClientKind::Native, (0, 2, true));
    let step = 4_096;
    for k in 0..40 {
        let wanted = house.clients[listener].heard.len() + 1;
        let level = Some((-(k as i8), k % 3 == 0));
        let pt = if k % 5 == 0 { PayloadType::OPUS } else { PayloadType::RED };
        let payload = if k % 5 == 0 { frame(k).to_vec() } else { red_payload(k) };
        house.clients[publisher].publish_at(0, (step * u64::from(k), 240 * u32::from(k)), pt, &payload, level);
        house.until(|house| house.clients[listener].heard.len() == wanted);
        let heard = house.clients[listener].heard.last().unwrap();
        assert_eq!((heard.pt, &heard.payload, heard.level, heard.at), (pt.0, &payload, level, 240 * u32::from(k)));
    }
    let stats = house.handle.stats()[0];
    assert_eq!(stats.packets_out, 40);
    assert!(stats.packets_direct > 0, "{stats:?}");
    let numbers = house.clients[listener].heard.iter().map(|one| Seq(one.seq)).collect::<Vec<_>>();
    assert!(numbers.windows(2).all(|two| two[1].distance_from(two[0]) == 4_096), "{numbers:?}: over two wraps");
    let one = &house.clients[listener].heard[0];
    assert!(house.clients[listener].heard.iter().all(|other| (other.ssrc, &other.mid) == (one.ssrc, &one.mid)));
}

#[test]
fn a_listener_who_publishes_too_is_sent_to_as_cheaply() {
    let mut house = House::new();
    let publisher = house.publisher();
    let listener = house.join(key(1, 1), ClientKind::Native, (1, 1, true));
    for k in 0..40 {
        house.clients[listener].publish(0, (k, 240 * k as u32), PayloadType::OPUS, &frame(2));
        house.until(|house| house.handle.stats()[0].packets_in == 2 * k + 1);
        house.publish_heard(publisher, (k, 240 * k as u32), PayloadType::OPUS, &frame(1), &[(listener, 1)]);
    }
    assert!(house.handle.stats()[0].packets_direct > 0);
}

#[test]
fn a_level_that_comes_and_goes_reaches_the_listener_so() {
    let mut house = House::new();
    let publisher = house.publisher();
    let listener = house.join(key(1, 1), ClientKind::Native, (0, 1, true));
    let levels = [None, None, Some((-3, true)), Some((-4, false)), None, Some((-127, false))];
    for (k, level) in (0..).zip(levels) {
        house.clients[publisher].publish_at(0, (k, 240 * k as u32), PayloadType::OPUS, &frame(1), level);
        house.until(|house| house.clients[listener].heard.len() == k as usize + 1);
    }
    assert_eq!(house.clients[listener].heard.iter().map(|one| one.level).collect::<Vec<_>>(), levels);
}

#[test]
fn a_panic_while_a_packet_is_sealed_for_one_listener_costs_that_listener_only() {
    let mut house = House::of(Identity::with(failing_crypto()));
    let publisher = house.publisher();
    for n in 1..=3 {
        house.join(key(n, 1), ClientKind::Native, (0, 1, true));
    }
    house.publish_heard(publisher, (1, 0), PayloadType::OPUS, &frame(1), &[(1, 1), (2, 1), (3, 1)]);
    house.clients[publisher].publish(0, (2, 240), PayloadType::OPUS, &FATAL);
    let failed = |event: &MediaEvent| matches!(event, MediaEvent::Gone { why: GoneReason::Failed, .. });
    house.until(|house| house.seen.iter().any(failed));
    house.until(|house| house.clients[1..].iter().filter(|one| one.heard.len() == 2).count() == 2);
    assert_eq!(house.handle.stats()[0].peers, 3);
    let others: Vec<(usize, usize)> =
        (1..4).filter(|at| house.clients[*at].heard.len() == 2).map(|at| (at, 1)).collect();
    house.publish_heard(publisher, (3, 480), PayloadType::OPUS, &frame(3), &others);
}

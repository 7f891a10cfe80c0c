//! What listeners hear of what is published, and what a slot is said to carry.

use super::house::*;
use crate::media::MediaEvent;
use packets::PayloadType;
use protocol::stream::StreamKind;
use protocol::wire::ClientKind;
use units::{RtpTimestamp, Seq, Ticks};

#[test]
fn a_program_reaches_every_kind_of_listener_over_the_wrap_of_its_clock() {
    let mut house = House::new();
    let publisher = house.publisher();
    let native = house.join(key(1, 1), ClientKind::Native, (0, 1, true));
    let chromium = house.join(key(2, 1), ClientKind::Page, (0, 2, true));
    let stripped = house.join(key(3, 1), ClientKind::Native, (0, 1, false));
    let joined = house.join(key(4, 1), ClientKind::Page, (0, 1, false));
    let at = |k: u8| (u32::MAX - 240 * 20 + 1).wrapping_add(240 * u32::from(k));
    for k in 0..40 {
        let each = [(native, 1), (chromium, 1), (stripped, 1)];
        house.publish_heard(publisher, (65_000 + u64::from(k), at(k)), PayloadType::RED, &red_payload(k), &each);
    }
    for red in [native, chromium] {
        let heard = &house.clients[red].heard;
        let payloads = heard.iter().map(|one| one.payload.clone()).collect::<Vec<_>>();
        assert_eq!(payloads, (0..40).map(red_payload).collect::<Vec<_>>());
        assert!(heard.iter().all(|one| one.pt == PayloadType::RED.0));
    }
    for (k, one) in (0..).zip(&house.clients[stripped].heard) {
        assert_eq!((one.at, one.pt, &one.payload[..]), (at(k), PayloadType::OPUS.0, &frame(k)[..]));
    }
    // A group does not wait for ever: on a machine that stalls, its second frame comes too late and stays a gap.
    let number = |(time, _): &(u32, Vec<u8>)| time.wrapping_sub(at(0)) / 240;
    house.until(|house| frames_of(&house.clients[joined].heard).last().is_some_and(|last| number(last) >= 38));
    let frames = frames_of(&house.clients[joined].heard);
    assert!(frames.iter().all(|one| one.1 == [number(one) as u8; 2]));
    let numbers: Vec<u32> = frames.iter().map(number).collect();
    assert!(numbers.is_sorted_by(|one, next| one < next) && (0..20).all(|n| numbers.contains(&(2 * n))), "{numbers:?}");
    let first = house.clients[native].heard[0].seq;
    let seqs = house.clients[native].heard.iter().map(|one| Seq(one.seq));
    assert!((0..).zip(seqs).all(|(k, seq)| seq.distance_from(Seq(first)) == k));
}

#[test]
fn what_a_slot_carries_is_told_and_a_restart_never_goes_back() {
    let mut house = House::new();
    let first = house.publisher();
    let listener = house.join(key(1, 1), ClientKind::Native, (0, 1, true));
    house.publish_heard(first, (9, NEAR_WRAP), PayloadType::OPUS, &frame(1), &[(listener, 1)]);
    let again = house.join(key(0, 2), ClientKind::Native, (1, 0, true));
    house.publish_heard(again, (500, 77), PayloadType::OPUS, &frame(2), &[(listener, 1)]);
    let heard = house.clients[listener].heard.clone();
    assert_eq!((heard[0].ssrc, heard[0].mid.clone()), (heard[1].ssrc, heard[1].mid.clone()));
    assert_eq!(heard[1].seq, heard[0].seq.wrapping_add(1));
    assert!(RtpTimestamp(heard[1].at).distance_from(RtpTimestamp(heard[0].at)) > Ticks(0));
    house.until(|house| house.slots_of(key(1, 1)).len() >= 2);
    let told: Vec<(u32, RtpTimestamp)> = house
        .slots_of(key(1, 1))
        .iter()
        .filter_map(|slots| slots.first())
        .map(|one| (one.ssrc.0, one.offset))
        .collect();
    assert_eq!(told[0], (heard[0].ssrc, RtpTimestamp(0)));
    assert_eq!(told.last(), Some(&(heard[1].ssrc, RtpTimestamp(heard[1].at.wrapping_sub(77)))));
    let runs = house.seen.iter().filter(|event| matches!(event, MediaEvent::FirstPacket { .. })).count();
    assert_eq!(runs, 2);
    assert!(house.seen.contains(&MediaEvent::Hearing { key: key(1, 1), streams: vec![stream(1)] }));
}

#[test]
fn a_slot_goes_from_one_stream_to_the_next_on_one_source() {
    let mut house = House::new();
    let publisher = house.join(key(0, 1), ClientKind::Native, (2, 0, true));
    let listener = house.join(key(1, 1), ClientKind::Native, (0, 1, true));
    house.publish_heard(publisher, (1, 1_000), PayloadType::OPUS, &frame(1), &[(listener, 1)]);
    house.plan(&[(2, StreamKind::Talkback)]);
    house.until(|house| house.slots_of(key(1, 1)).last().is_some_and(|slots| slots.is_empty()));
    house.clients[publisher].publish(0, (2, 1_240), PayloadType::OPUS, &frame(2));
    house.clients[publisher].publish(1, (7, 5), PayloadType::OPUS, &frame(3));
    house.until(|house| house.clients[listener].heard.len() == 2);
    let heard = &house.clients[listener].heard;
    assert_eq!((heard[1].ssrc, &heard[1].payload[..]), (heard[0].ssrc, &frame(3)[..]));
}

#[test]
fn broken_payloads_are_counted_and_the_next_packet_passes() {
    let mut house = House::new();
    let publisher = house.publisher();
    let listener = house.join(key(1, 1), ClientKind::Page, (0, 1, false));
    house.clients[publisher].publish(0, (1, 0), PayloadType::RED, &[0x80 | 111, 0, 3, 255, 111, TOC]);
    house.clients[publisher].publish(0, (2, 240), PayloadType::OPUS, &[TOC | 3, 0]);
    house.until(|house| house.handle.stats()[0].packets_malformed == 2);
    house.clients[publisher].publish(0, (3, 480), PayloadType::OPUS, &frame(3));
    house.publish_heard(publisher, (4, 720), PayloadType::OPUS, &frame(4), &[(listener, 1)]);
    assert_eq!(frames_of(&house.clients[listener].heard)[0], (480, vec![3, 3]));
}

//! Datagrams of somebody who was not let in.

use super::house::*;
use crate::media::PeerOffer;
use packets::PayloadType;
use protocol::wire::ClientKind;
use std::net::UdpSocket;
use std::time::Instant;
use str0m::change::SdpAnswer;
use str0m::{Input, Output};

#[test]
fn a_stranger_disturbs_nobody() {
    let mut house = House::new();
    let publisher = house.publisher();
    let listener = house.join(key(1, 1), ClientKind::Native, (0, 1, true));
    let before = house.handle.stats()[0];
    let stranger = UdpSocket::bind("127.0.0.1:0").unwrap();
    let client_hello = [&[22, 254, 253, 0, 0, 0, 0, 0, 0, 0, 0, 0, 200][..], &[1; 200]].concat();
    let rtp = [&[128, 111, 0, 1, 0, 0, 0, 0][..], &[7; 60]].concat();
    let junk: [&[u8]; 5] = [&client_hello, &rtp, &[128, 200, 0, 1, 0, 0, 0, 0], &[0, 1, 0, 0], b"GET / HTTP/1.1"];
    for datagram in junk {
        stranger.send_to(datagram, house.bound).unwrap();
    }
    house.until(|house| house.handle.stats()[0].datagrams_refused == before.datagrams_refused + junk.len() as u64);
    house.publish_heard(publisher, (1, 0), PayloadType::OPUS, &frame(1), &[(listener, 1)]);
    assert_eq!(house.handle.stats()[0].peers, 2);
}

#[test]
fn a_forged_client_hello_during_setup_does_not_stop_the_real_one() {
    let mut house = House::new();
    let (mut peer, sdp, pending) = Client::offering(0, 1, true);
    let answer = house.offer(key(1, 1), PeerOffer { sdp, send: vec![], client: ClientKind::Page }).unwrap();
    let stranger = UdpSocket::bind("127.0.0.1:0").unwrap();
    for _ in 0..20 {
        stranger
            .send_to(&[&[22, 254, 253, 0, 0, 0, 0, 0, 0, 0, 0, 0, 200][..], &[1; 200]].concat(), house.bound)
            .unwrap();
    }
    peer.rtc.sdp_api().accept_answer(pending, SdpAnswer::from_sdp_string(&answer).unwrap()).unwrap();
    house.clients.push(peer);
    house.until(|house| house.clients[0].connected);
    assert!(house.handle.stats()[0].datagrams_refused >= 20);
}

/// A client's next binding request, which is not sent.
pub(super) fn binding_of(client: &mut Client) -> Vec<u8> {
    let since = Instant::now();
    loop {
        match client.rtc.poll_output().unwrap() {
            Output::Transmit(out) if out.contents.starts_with(&[0, 1]) => return out.contents.to_vec(),
            Output::Timeout(_) => client.rtc.handle_input(Input::Timeout(Instant::now())).unwrap(),
            _ => {}
        }
        assert!(since.elapsed() < GIVE_UP, "gave up; the client checks no path");
    }
}

/// The same request with another integrity, and with none: who makes these knows the user fragment, but no password.
pub(super) fn forged(request: &[u8]) -> [Vec<u8>; 2] {
    // MESSAGE-INTEGRITY and its 20 bytes, FINGERPRINT and its 4.
    let integrity = request.len() - 32;
    assert_eq!(request[integrity..integrity + 4], [0, 8, 0, 20]);
    let mut other = request.to_vec();
    other[integrity + 23] ^= 1;
    let mut none = request[..integrity].to_vec();
    none[2..4].copy_from_slice(&(integrity as u16 - 20).to_be_bytes());
    [other, none]
}

#[test]
fn a_binding_request_with_a_forged_integrity_opens_no_way_in() {
    let mut house = House::new();
    let (mut peer, sdp, pending) = Client::offering(0, 1, true);
    let answer = house.offer(key(1, 1), PeerOffer { sdp, send: vec![], client: ClientKind::Page }).unwrap();
    peer.rtc.sdp_api().accept_answer(pending, SdpAnswer::from_sdp_string(&answer).unwrap()).unwrap();
    let request = binding_of(&mut peer);
    let client_hello = [&[22, 254, 253, 0, 0, 0, 0, 0, 0, 0, 0, 0, 200][..], &[1; 200]].concat();
    let stranger = UdpSocket::bind("127.0.0.1:0").unwrap();
    for forged in forged(&request) {
        let before = house.handle.stats()[0].datagrams_refused;
        stranger.send_to(&forged, house.bound).unwrap();
        house.until(|house| house.handle.stats()[0].datagrams_refused == before + 1);
        stranger.send_to(&client_hello, house.bound).unwrap();
        house.until(|house| house.handle.stats()[0].datagrams_refused == before + 2);
    }
    house.clients.push(peer);
    house.until(|house| house.clients[0].connected);
    // The request itself is answered, wherever it comes from: nothing but its integrity was wrong.
    stranger.set_read_timeout(Some(GIVE_UP)).unwrap();
    stranger.send_to(&request, house.bound).unwrap();
    let mut answer = [0; 2_000];
    stranger.recv_from(&mut answer).unwrap();
    assert_eq!(answer[..2], [1, 1]);
}

//! Whose an address is.

use super::house::*;
use super::strangers::{binding_of, forged};
use crate::media::PeerOffer;
use packets::PayloadType;
use protocol::stream::StreamKind;
use protocol::wire::ClientKind;
use std::net::{SocketAddr, UdpSocket};
use str0m::change::SdpAnswer;

impl House {
    /// Sends something from a client's address, which is refused.
    fn send_refused(&mut self, from: usize, datagram: &[u8]) {
        let refused = self.handle.stats()[0].datagrams_refused;
        self.clients[from].udp.send_to(datagram, self.bound).unwrap();
        self.until(|house| house.handle.stats()[0].datagrams_refused == refused + 1);
    }

    /// A publisher that has connected, and a good binding request of it.
    fn publisher_with_request(&mut self) -> (usize, Vec<u8>) {
        let mut peer = self.answer(key(0, 1), ClientKind::Native, Client::offering(1, 0, true));
        let request = binding_of(&mut peer);
        (self.connect(key(0, 1), peer), request)
    }

    /// Takes a client away; its socket.
    fn take_socket(&mut self, of: usize) -> UdpSocket {
        self.clients.remove(of).udp
    }
}

/// Sends a binding request and waits for the answer.
fn bind(from: &UdpSocket, request: &[u8], to: SocketAddr) {
    from.set_nonblocking(false).unwrap();
    from.set_read_timeout(Some(GIVE_UP)).unwrap();
    from.send_to(request, to).unwrap();
    let mut answer = [0; 2_000];
    while from.recv_from(&mut answer).is_ok() {
        if answer[..2] == [1, 1] {
            return from.set_nonblocking(true).unwrap();
        }
    }
    panic!("gave up; no answer");
}

#[test]
fn the_address_of_a_live_peer_is_not_given_to_who_binds_another_one_from_it() {
    let mut house = House::new();
    let publisher = house.publisher();
    let listener = house.join(key(1, 1), ClientKind::Native, (0, 1, true));
    let mut thief = house.answer(key(5, 1), ClientKind::Native, Client::offering(0, 1, true));
    let request = binding_of(&mut thief);
    for victim in [publisher, listener] {
        house.send_refused(victim, &request);
    }
    house.publish_heard(publisher, (1, 0), PayloadType::OPUS, &frame(1), &[(listener, 1)]);
    let thief = house.connect(key(5, 1), thief);
    house.publish_heard(publisher, (2, 240), PayloadType::OPUS, &frame(2), &[(listener, 1), (thief, 1)]);
}

#[test]
fn a_request_that_is_repeated_from_everywhere_pushes_nobody_out() {
    let mut house = House::new();
    let (publisher, request) = house.publisher_with_request();
    let listener = house.join(key(1, 1), ClientKind::Native, (0, 1, true));
    let strangers: Vec<UdpSocket> = (0..40).map(|_| UdpSocket::bind("127.0.0.1:0").unwrap()).collect();
    strangers.iter().for_each(|stranger| bind(stranger, &request, house.bound));
    house.publish_heard(publisher, (1, 0), PayloadType::OPUS, &frame(1), &[(listener, 1)]);
}

#[test]
fn a_forged_request_is_refused_from_the_address_in_use_too() {
    let mut house = House::new();
    let (publisher, request) = house.publisher_with_request();
    for forged in forged(&request) {
        house.send_refused(publisher, &forged);
    }
    bind(&house.clients[publisher].udp, &request, house.bound);
}

#[test]
fn a_peer_goes_on_from_another_address_of_its_own() {
    let mut house = House::new();
    let (publisher, request) = house.publisher_with_request();
    let listener = house.join(key(1, 1), ClientKind::Native, (0, 1, true));
    house.publish_heard(publisher, (1, 0), PayloadType::OPUS, &frame(1), &[(listener, 1)]);
    let moved = UdpSocket::bind("127.0.0.1:0").unwrap();
    bind(&moved, &request, house.bound);
    house.clients[publisher].udp = moved;
    house.publish_heard(publisher, (2, 240), PayloadType::OPUS, &frame(2), &[(listener, 1)]);
}

#[test]
fn a_peer_whose_checks_begin_anew_goes_on_from_the_same_address() {
    let mut house = House::new();
    let publisher = house.publisher();
    let listener = house.join(key(1, 1), ClientKind::Native, (0, 1, true));
    let mid = house.clients[publisher].sends[0].to_string().trim().to_owned();
    let mut api = house.clients[publisher].rtc.sdp_api();
    api.ice_restart(true);
    let (offer, pending) = api.apply().unwrap();
    let send = vec![(mid, stream(1), StreamKind::Program)];
    let offer = PeerOffer { sdp: offer.to_sdp_string(), send, client: ClientKind::Native };
    let answer = SdpAnswer::from_sdp_string(&house.offer(key(0, 1), offer).unwrap()).unwrap();
    house.clients[publisher].rtc.sdp_api().accept_answer(pending, answer).unwrap();
    let request = binding_of(&mut house.clients[publisher]);
    bind(&house.clients[publisher].udp, &request, house.bound);
    house.publish_heard(publisher, (1, 0), PayloadType::OPUS, &frame(1), &[(listener, 1)]);
}

#[test]
fn who_comes_back_from_the_same_address_connects_at_once() {
    let mut house = House::new();
    let publisher = house.publisher();
    let left = house.join(key(1, 1), ClientKind::Page, (0, 1, true));
    let udp = house.take_socket(left);
    let again = house.answer(key(1, 2), ClientKind::Page, Client::offering_on(udp, (0, 1, true)));
    let again = house.connect(key(1, 2), again);
    house.publish_heard(publisher, (1, 0), PayloadType::OPUS, &frame(1), &[(again, 1)]);
}

#[test]
fn the_address_of_a_peer_that_is_gone_is_the_next_ones_at_once() {
    let mut house = House::new();
    let publisher = house.publisher();
    let left = house.join(key(1, 1), ClientKind::Page, (0, 1, true));
    house.handle.close_peer(key(1, 1));
    house.until(|house| house.handle.stats()[0].peers == 1);
    let udp = house.take_socket(left);
    let next = house.answer(key(2, 1), ClientKind::Page, Client::offering_on(udp, (0, 1, true)));
    let next = house.connect(key(2, 1), next);
    house.publish_heard(publisher, (1, 0), PayloadType::OPUS, &frame(1), &[(next, 1)]);
}

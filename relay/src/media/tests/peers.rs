//! Peers that are offered, asked for more, and closed.

use super::house::*;
use crate::media::{MediaError, MediaEvent, PeerOffer};
use packets::PayloadType;
use protocol::ids::SessionId;
use protocol::stream::StreamKind;
use protocol::wire::ClientKind;
use std::collections::BTreeSet;
use str0m::change::SdpAnswer;
use str0m::media::{Direction, MediaKind};
use uuid::Uuid;

#[test]
fn a_closed_peer_hears_nothing_more() {
    let mut house = House::new();
    let publisher = house.publisher();
    let kept = house.join(key(1, 1), ClientKind::Native, (0, 1, true));
    let kicked = house.join(key(2, 1), ClientKind::Native, (0, 1, true));
    house.publish_heard(publisher, (1, 0), PayloadType::OPUS, &frame(1), &[(kept, 1), (kicked, 1)]);
    house.handle.close_peer(key(2, 1));
    house.until(|house| house.handle.stats()[0].peers == 2);
    house.publish_heard(publisher, (2, 240), PayloadType::OPUS, &frame(2), &[(kept, 1)]);
    house.clients[kicked].step();
    assert_eq!(house.clients[kicked].heard.len(), 1);
    house.handle.close_session(SessionId(Uuid::nil()));
    house.until(|house| house.handle.stats()[0].peers == 0);
}

#[test]
fn a_listener_may_ask_for_more_sections_on_the_same_peer() {
    let mut house = House::new();
    let publisher = house.join(key(0, 1), ClientKind::Native, (2, 0, true));
    let listener = house.join(key(1, 1), ClientKind::Native, (0, 1, true));
    house.plan(&[(1, StreamKind::Program), (2, StreamKind::Talkback)]);
    house.publish_heard(publisher, (1, 0), PayloadType::OPUS, &frame(1), &[(listener, 1)]);
    let missing = |house: &House| {
        let told = |event: &MediaEvent| matches!(event, MediaEvent::Slots { missing, .. } if *missing == [stream(2)]);
        house.seen.iter().any(told)
    };
    house.until(missing);
    let mut api = house.clients[listener].rtc.sdp_api();
    api.add_media(MediaKind::Audio, Direction::RecvOnly, None, None, None);
    let (offer, pending) = api.apply().unwrap();
    let offer = PeerOffer { sdp: offer.to_sdp_string(), send: vec![], client: ClientKind::Native };
    let answer = SdpAnswer::from_sdp_string(&house.offer(key(1, 1), offer).unwrap()).unwrap();
    house.clients[listener].rtc.sdp_api().accept_answer(pending, answer).unwrap();
    house.clients[publisher].publish(1, (5, 99), PayloadType::OPUS, &frame(5));
    house.publish_heard(publisher, (2, 240), PayloadType::OPUS, &frame(2), &[(listener, 2)]);
    let heard = &house.clients[listener].heard;
    assert_eq!(heard.iter().map(|one| one.mid.clone()).collect::<BTreeSet<_>>().len(), 2);
}

#[test]
fn an_offer_that_cannot_be_answered_is_refused_in_a_sentence_and_harms_nobody() {
    let mut house = House::new();
    let publisher = house.publisher();
    let listener = house.join(key(1, 1), ClientKind::Native, (0, 1, true));
    let good = Client::offering(1, 1, true).1;
    let no_opus = good.replace("opus/48000/2", "opus/8000");
    let mut refused = |peer: u32, sdp: &str, mid: &str| {
        let send = vec![(mid.to_owned(), stream(9), StreamKind::Mic)];
        let offer = PeerOffer { sdp: sdp.to_owned(), send, client: ClientKind::Page };
        house.offer(key(1, peer), offer).unwrap_err()
    };
    assert!(matches!(refused(2, "nonsense", "0"), MediaError::Sdp(_)));
    assert!(matches!(refused(2, "", "0"), MediaError::Sdp(_)));
    assert!(matches!(refused(2, &good.replace("a=fingerprint", "a=x"), "0"), MediaError::Sdp(_)));
    assert!(matches!(refused(2, &good, "nowhere"), MediaError::NoSuchSection(_)));
    assert!(matches!(refused(0, &good, "0"), MediaError::StalePeer(0)));
    assert!(matches!(refused(2, &no_opus, "0"), MediaError::NoOpus));
    house.publish_heard(publisher, (1, 0), PayloadType::OPUS, &frame(1), &[(listener, 1)]);
}

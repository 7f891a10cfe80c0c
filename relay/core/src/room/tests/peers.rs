use super::*;
use protocol::wire::{ErrorCode, Offer, SendSection};
use units::{RtpTimestamp, Ssrc};

fn offer(peer: u32, send: &[(&str, u128)]) -> ClientFrame {
    let send = send.iter().map(|(mid, n)| SendSection { mid: (*mid).into(), stream: stream(*n) }).collect();
    ClientFrame::Sdp(Offer { peer, sdp: "v=0".into(), send })
}

impl House {
    fn media(&mut self, n: u128, peer: u32, media: MediaInput) {
        self.handle(Input::Media { participant: person(n), peer, media });
    }

    fn news(&mut self, link: LinkId) -> Vec<PeerNews> {
        let news = self.take(link).into_iter().filter_map(|frame| match frame {
            RelayFrame::Sdp(news) => Some(news),
            _ => None,
        });
        news.collect()
    }

    fn offered(&self) -> Vec<u32> {
        let peers = self.others.iter().filter_map(|output| match output {
            Output::Offer(offer) => Some(offer.peer),
            _ => None,
        });
        peers.collect()
    }

    fn closed_peers(&self) -> Vec<u32> {
        let peers = self.others.iter().filter_map(|output| match output {
            Output::ClosePeer { peer, .. } => Some(*peer),
            _ => None,
        });
        peers.collect()
    }

    fn connect(&mut self, n: u128, link: LinkId, peer: u32) {
        self.frame(link, offer(peer, &[]));
        self.media(n, peer, MediaInput::Answered(Ok("v=0".into())));
        self.media(n, peer, MediaInput::Connected);
    }
}

fn first_packet(n: u128, ssrc: u32) -> MediaInput {
    MediaInput::FirstPacket { stream: stream(n), ssrc: Ssrc(ssrc), rtp: RtpTimestamp(u32::MAX - 9) }
}

#[test]
fn an_offer_goes_to_the_media_plane_and_its_answer_back() {
    let mut house = House::new();
    let studio = house.enter(1, Role::Engineer);
    house.command(studio, 1, open(1, StreamKind::Program));
    house.frame(studio, offer(1, &[("0", 1)]));
    let Some(Output::Offer(passed)) = house.others.last() else { panic!("an offer") };
    assert_eq!(passed.send, [("0".to_owned(), stream(1), StreamKind::Program)]);
    house.media(1, 1, MediaInput::Answered(Ok("v=0 answer".into())));
    assert_eq!(house.news(studio), [PeerNews::Answer { peer: 1, sdp: "v=0 answer".into() }]);
}

#[test]
fn a_section_must_carry_an_open_stream_of_ones_own() {
    let mut house = House::new();
    let (studio, mentor) = (house.enter(1, Role::Engineer), house.enter(2, Role::Mentor));
    house.command(studio, 1, open(1, StreamKind::Program));
    house.command(studio, 2, open(2, StreamKind::Program));
    house.command(studio, 3, Command::StreamClose { stream: stream(2) });
    for (link, sections, code) in [
        (mentor, vec![("0", 1)], ErrorCode::Unknown),
        (studio, vec![("0", 2)], ErrorCode::Unknown),
        (studio, vec![("0", 1), ("0", 1)], ErrorCode::Invalid),
        (studio, vec![("", 1)], ErrorCode::Invalid),
        (studio, vec![("a mid of 17 bytes", 1)], ErrorCode::Invalid),
    ] {
        house.frame(link, offer(1, &sections));
        let news = house.news(link);
        assert!(matches!(&news[..], [PeerNews::Failed { code: told, .. }] if *told == code), "{sections:?}: {news:?}");
    }
    assert!(house.offered().is_empty());
}

#[test]
fn the_old_peer_is_closed_when_the_new_one_is_answered_and_not_before() {
    let mut house = House::new();
    let studio = house.enter(1, Role::Engineer);
    house.connect(1, studio, 1);
    house.frame(studio, offer(2, &[]));
    house.media(1, 2, MediaInput::Answered(Err(Refusal::new(ErrorCode::Invalid, "no"))));
    assert!(house.closed_peers().is_empty());
    house.frame(studio, offer(3, &[]));
    house.media(1, 3, MediaInput::Answered(Ok("v=0".into())));
    assert_eq!(house.closed_peers(), [1]);
    house.frame(studio, offer(2, &[]));
    assert!(matches!(&house.news(studio)[..], [.., PeerNews::Failed { code: ErrorCode::Stale, .. }]));
}

#[test]
fn a_peer_in_use_is_offered_again_without_being_closed() {
    let mut house = House::new();
    let studio = house.enter(1, Role::Engineer);
    house.connect(1, studio, 1);
    house.pass(FLUSH_EVERY);
    house.frame(studio, offer(1, &[]));
    house.media(1, 1, MediaInput::Answered(Ok("v=0".into())));
    assert!(house.closed_peers().is_empty());
    assert_eq!(presence(&house.take(studio)).map(|people| people[0].media), Some(true));
}

#[test]
fn one_offer_at_a_time_is_looked_at() {
    let mut house = House::new();
    let studio = house.enter(1, Role::Engineer);
    house.frame(studio, offer(1, &[]));
    house.frame(studio, offer(2, &[]));
    assert_eq!(house.offered(), [1]);
    assert!(matches!(&house.news(studio)[..], [PeerNews::Failed { peer: 2, code: ErrorCode::TooMany, .. }]));
}

#[test]
fn who_hears_is_shown_while_their_peer_lives() {
    let mut house = House::new();
    let (studio, mentor) = (house.enter(1, Role::Engineer), house.enter(2, Role::Mentor));
    house.connect(2, mentor, 1);
    house.media(2, 1, MediaInput::Hearing(vec![stream(1)]));
    house.pass(FLUSH_EVERY);
    let seen = |frames: &[RelayFrame]| presence(frames).map(|people| (people[1].media, people[1].hears.clone()));
    assert_eq!(seen(&house.take(studio)), Some((true, vec![stream(1)])));
    house.media(2, 1, MediaInput::Gone { why: "the media connection was lost".into() });
    house.pass(FLUSH_EVERY);
    assert_eq!(seen(&house.take(studio)), Some((false, vec![])));
    assert!(matches!(&house.news(mentor)[..], [.., PeerNews::Failed { peer: 1, code: ErrorCode::Gone, .. }]));
}

#[test]
fn news_of_a_peer_that_was_replaced_means_nothing() {
    let mut house = House::new();
    let studio = house.enter(1, Role::Engineer);
    house.connect(1, studio, 1);
    house.connect(1, studio, 2);
    house.pass(FLUSH_EVERY);
    house.take(studio);
    house.media(1, 1, MediaInput::Gone { why: "late".into() });
    house.pass(FLUSH_EVERY);
    assert!(house.take(studio).is_empty());
}

#[test]
fn a_pages_first_packet_begins_an_epoch_that_is_not_trusted() {
    let mut house = House::new();
    let page = house.enter_with(1, Role::Mentor, ClientKind::Page);
    house.command(page, 1, open(1, StreamKind::Talkback));
    house.connect(1, page, 1);
    for _ in 0..2 {
        house.media(1, 1, first_packet(1, 77));
    }
    house.media(1, 1, first_packet(1, 78));
    let epochs = &house.room.state().streams[&stream(1)].epochs;
    assert_eq!(epochs.iter().map(|map| (map.epoch, map.ssrc.0)).collect::<Vec<_>>(), [(0, 77), (1, 78)]);
    assert!(epochs.iter().all(|map| !map.trusted && map.rtp0 == RtpTimestamp(u32::MAX - 9)));
    assert!(house.log().last().is_some_and(|told| told.by.is_none()));
}

#[test]
fn a_native_client_declares_its_epochs_itself() {
    let mut house = House::new();
    let studio = house.enter(1, Role::Engineer);
    house.command(studio, 1, open(1, StreamKind::Program));
    house.connect(1, studio, 1);
    house.media(1, 1, first_packet(1, 77));
    assert_eq!(house.room.state().streams[&stream(1)].epochs, []);
}

#[test]
fn leaving_closes_the_peer_and_a_late_answer_closes_its_own() {
    let mut house = House::new();
    let studio = house.enter(1, Role::Engineer);
    house.connect(1, studio, 1);
    house.frame(studio, offer(2, &[]));
    house.leave(studio);
    assert_eq!(house.closed_peers(), [1, 2]);
    house.media(1, 2, MediaInput::Answered(Ok("v=0".into())));
    assert_eq!(house.closed_peers(), [1, 2, 2]);
}

#[test]
fn the_sound_goes_on_while_the_link_is_lost() {
    let mut house = House::new();
    let studio = house.enter(1, Role::Engineer);
    house.connect(1, studio, 1);
    house.lose(studio);
    house.pass(GRACE / 2);
    let back = house.enter(1, Role::Engineer);
    house.pass(FLUSH_EVERY);
    assert!(house.closed_peers().is_empty());
    assert_eq!(presence(&house.take(back)).map(|people| people[0].media), Some(true));
}

#[test]
fn a_publisher_is_told_what_redundancy_its_peer_is_asked_for_and_a_replaced_peer_is_not() {
    let mut house = House::new();
    let studio = house.enter(1, Role::Engineer);
    house.command(studio, 1, open(1, StreamKind::Program));
    house.connect(1, studio, 4);
    house.news(studio);
    house.media(1, 4, MediaInput::Redundancy { stream: stream(1), depth: 2 });
    house.media(1, 3, MediaInput::Redundancy { stream: stream(1), depth: 3 });
    assert_eq!(house.news(studio), [PeerNews::Redundancy { peer: 4, stream: stream(1), depth: 2 }]);
}

#[test]
fn who_comes_back_is_told_again_what_the_living_peer_carries_before_who_is_here() {
    let mut house = House::new();
    let mentor = house.enter(2, Role::Mentor);
    house.connect(2, mentor, 1);
    let news = |missing: Vec<StreamId>| PeerNews::Slots { peer: 1, slots: vec![], missing };
    house.media(2, 1, MediaInput::Slots { slots: vec![], missing: vec![stream(7)] });
    house.lose(mentor);
    house.pass(FLUSH_EVERY);
    house.media(2, 1, MediaInput::Slots { slots: vec![], missing: vec![stream(8)] });
    let back = house.enter(2, Role::Mentor);
    house.pass(FLUSH_EVERY);
    let told = house.take(back);
    assert!(matches!(told[0], RelayFrame::Welcome(_)));
    assert_eq!(told[1], RelayFrame::Sdp(news(vec![stream(8)])));
    assert!(matches!(told[2], RelayFrame::Pres { .. }));
}

#[test]
fn who_comes_back_without_a_peer_is_told_of_no_sections() {
    let mut house = House::new();
    let (mentor, studio) = (house.enter(2, Role::Mentor), house.enter(1, Role::Engineer));
    house.connect(2, mentor, 1);
    house.media(2, 1, MediaInput::Slots { slots: vec![], missing: vec![stream(7)] });
    house.lose(mentor);
    house.media(2, 1, MediaInput::Gone { why: "the media connection was lost".into() });
    let back = house.enter(2, Role::Mentor);
    assert_eq!(house.news(back), []);
    house.frame(studio, offer(1, &[]));
    house.lose(studio);
    let back = house.enter(1, Role::Engineer);
    assert_eq!(house.news(back), []);
}

#[test]
fn the_sections_of_a_replaced_peer_are_not_told_again() {
    let mut house = House::new();
    let mentor = house.enter(2, Role::Mentor);
    house.connect(2, mentor, 1);
    house.media(2, 1, MediaInput::Slots { slots: vec![], missing: vec![stream(7)] });
    house.connect(2, mentor, 2);
    house.lose(mentor);
    let back = house.enter(2, Role::Mentor);
    assert_eq!(house.news(back), [PeerNews::Slots { peer: 2, slots: vec![], missing: vec![] }]);
}

#[test]
fn a_publisher_who_comes_back_is_told_what_redundancy_is_asked_for_meanwhile() {
    let mut house = House::new();
    let studio = house.enter(1, Role::Engineer);
    house.command(studio, 1, open(1, StreamKind::Program));
    house.connect(1, studio, 1);
    house.connect(1, studio, 2);
    house.media(1, 2, MediaInput::Redundancy { stream: stream(1), depth: 1 });
    house.lose(studio);
    house.media(1, 2, MediaInput::Redundancy { stream: stream(1), depth: 2 });
    let back = house.enter(1, Role::Engineer);
    let sections = PeerNews::Slots { peer: 2, slots: vec![], missing: vec![] };
    assert_eq!(house.news(back), [sections, PeerNews::Redundancy { peer: 2, stream: stream(1), depth: 2 }]);
}

#[test]
fn news_of_an_older_peer_do_not_take_the_place_of_a_newer_ones() {
    let mut house = House::new();
    let mentor = house.enter(2, Role::Mentor);
    house.connect(2, mentor, 1);
    house.frame(mentor, offer(2, &[]));
    let slots = |n| MediaInput::Slots { slots: vec![], missing: vec![stream(n)] };
    house.media(2, 2, slots(8));
    house.media(2, 1, slots(7));
    house.media(2, 2, MediaInput::Answered(Ok("v=0".into())));
    house.lose(mentor);
    let back = house.enter(2, Role::Mentor);
    assert_eq!(house.news(back), [PeerNews::Slots { peer: 2, slots: vec![], missing: vec![stream(8)] }]);
}

#[test]
fn what_was_asked_of_a_stream_is_forgotten_with_it() {
    let mut house = House::new();
    let studio = house.enter(1, Role::Engineer);
    house.command(studio, 1, open(1, StreamKind::Program));
    house.connect(1, studio, 1);
    house.media(1, 1, MediaInput::Redundancy { stream: stream(1), depth: 2 });
    house.command(studio, 2, Command::StreamClose { stream: stream(1) });
    house.media(1, 1, MediaInput::Redundancy { stream: stream(1), depth: 3 });
    house.lose(studio);
    let back = house.enter(1, Role::Engineer);
    assert_eq!(house.news(back), [PeerNews::Slots { peer: 1, slots: vec![], missing: vec![] }]);
}

#[test]
fn a_page_that_changes_its_source_all_the_time_gets_epochs_at_the_pace_of_commands() {
    let mut house = House::new();
    let page = house.enter_with(1, Role::Mentor, ClientKind::Page);
    house.command(page, 1, open(1, StreamKind::Talkback));
    house.connect(1, page, 1);
    let epochs = |house: &House| house.room.state().streams[&stream(1)].epochs.len();
    (0..500).for_each(|ssrc| house.media(1, 1, first_packet(1, ssrc)));
    let burst = epochs(&house);
    assert!((1..=30).contains(&burst), "{burst}");
    house.pass(Duration::from_secs(2));
    let last = &house.room.state().streams[&stream(1)].epochs[burst];
    assert_eq!((epochs(&house), last.ssrc), (burst + 1, Ssrc(499)), "the source in use has its epoch in the end");
}

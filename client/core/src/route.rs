//! From received RTP sources to the session's streams: what the relay said each of them carries.

use protocol::ids::StreamId;
use protocol::stream::Stream;
use protocol::timeline::{self, StreamPosition};
use protocol::wire::Slot;
use std::collections::{BTreeMap, VecDeque};
use units::{RtpTimestamp, Ssrc, Ticks};

/// Packets that may wait for the news of what they carry; beyond it the oldest is dropped. At 2.5 ms frames this is a
/// sixth of a second of one stream, and the news travels with the packets.
pub const HELD_PACKETS: usize = 64;
/// Publisher restarts that one route remembers.
const MAX_SEGMENTS: usize = 8;
/// A publisher that was heard for so long (6 h) is the only one that a route remembers: timestamps tell before from after
/// over half their range only.
const SETTLED: Ticks = Ticks(1 << 30);

/// What one received RTP source carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The stream.
    pub stream: StreamId,
    segments: VecDeque<Segment>,
}

/// A run of packets with one publisher's source and one offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Segment {
    /// First received timestamp; none before its first packet.
    from: Option<RtpTimestamp>,
    source: Ssrc,
    offset: RtpTimestamp,
}

/// A change in what is heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RouteChange {
    /// A source carries a stream from now on.
    Added(Ssrc, StreamId),
    /// A source carries its stream no longer.
    Removed(Ssrc, StreamId),
}

/// The routes of one peer connection, and the packets that came before the news of what they carry.
#[derive(Debug)]
pub struct Router<P> {
    routes: BTreeMap<Ssrc, Route>,
    held: VecDeque<(Ssrc, RtpTimestamp, P)>,
    dropped: u64,
}

impl<P> Default for Router<P> {
    fn default() -> Router<P> {
        Router { routes: BTreeMap::new(), held: VecDeque::new(), dropped: 0 }
    }
}

impl<P> Router<P> {
    /// Takes the relay's newest word on what each section carries. Removals come before additions.
    pub fn handle_slots(&mut self, slots: &[Slot]) -> Vec<RouteChange> {
        let mut changes = self.forget_all_but(slots);
        for slot in slots {
            match self.routes.get_mut(&slot.ssrc) {
                Some(route) => route.handle_slot(slot),
                None => {
                    self.routes.insert(slot.ssrc, Route::new(slot));
                    changes.push(RouteChange::Added(slot.ssrc, slot.stream));
                }
            }
        }
        changes
    }

    /// What [`handle_slots`](Self::handle_slots) would add: time to make ready for it.
    pub fn coming<'a>(&'a self, slots: &'a [Slot]) -> impl Iterator<Item = (Ssrc, StreamId)> + 'a {
        let known = |slot: &Slot| self.routes.get(&slot.ssrc).is_some_and(|route| route.stream == slot.stream);
        slots.iter().filter(move |slot| !known(slot)).map(|slot| (slot.ssrc, slot.stream))
    }

    /// Takes a packet and gives it back if it is known what it carries; else keeps it until the news come.
    pub fn handle_packet(&mut self, ssrc: Ssrc, rtp: RtpTimestamp, packet: P) -> Option<P> {
        if let Some(route) = self.routes.get_mut(&ssrc) {
            route.handle_packet(rtp);
            return Some(packet);
        }
        if self.held.len() == HELD_PACKETS {
            self.held.pop_front();
            self.dropped += 1;
        }
        self.held.push_back((ssrc, rtp, packet));
        None
    }

    /// The next packet that waited for news that have come, oldest first.
    pub fn poll_released(&mut self) -> Option<(Ssrc, P)> {
        let i = self.held.iter().position(|(ssrc, ..)| self.routes.contains_key(ssrc))?;
        let (ssrc, rtp, packet) = self.held.remove(i)?;
        self.routes.get_mut(&ssrc)?.handle_packet(rtp);
        Some((ssrc, packet))
    }

    /// What `ssrc` carries.
    pub fn route(&self, ssrc: Ssrc) -> Option<&Route> {
        self.routes.get(&ssrc)
    }

    /// Sources and what they carry.
    pub fn routes(&self) -> impl Iterator<Item = (Ssrc, &Route)> {
        self.routes.iter().map(|(ssrc, route)| (*ssrc, route))
    }

    /// Packets dropped because nobody said what they carry.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    fn forget_all_but(&mut self, slots: &[Slot]) -> Vec<RouteChange> {
        let stays = |ssrc: &Ssrc, route: &Route| slots.iter().any(|s| s.ssrc == *ssrc && s.stream == route.stream);
        let gone: Vec<(Ssrc, StreamId)> =
            self.routes.iter().filter(|(ssrc, route)| !stays(ssrc, route)).map(|(s, r)| (*s, r.stream)).collect();
        gone.into_iter()
            .map(|(ssrc, stream)| {
                self.routes.remove(&ssrc);
                RouteChange::Removed(ssrc, stream)
            })
            .collect()
    }
}

impl Route {
    fn new(slot: &Slot) -> Route {
        let first = Segment { from: None, source: slot.source, offset: slot.offset };
        Route { stream: slot.stream, segments: VecDeque::from([first]) }
    }

    fn handle_slot(&mut self, slot: &Slot) {
        let last = self.segments.back().expect("a route has a segment");
        if (last.source, last.offset) == (slot.source, slot.offset) {
            return;
        }
        if self.segments.len() == MAX_SEGMENTS {
            self.segments.pop_front();
        }
        self.segments.push_back(Segment { from: None, source: slot.source, offset: slot.offset });
    }

    /// The first packet after the news begins the newest segment.
    fn handle_packet(&mut self, rtp: RtpTimestamp) {
        let last = self.segments.back_mut().expect("a route has a segment");
        let from = *last.from.get_or_insert(rtp);
        if self.segments.len() > 1 && rtp.distance_from(from) > SETTLED {
            self.segments.drain(..self.segments.len() - 1);
        }
    }

    /// Places a received timestamp (its low 32 bits) in the stream. None when the stream's clock map is not known yet.
    pub fn locate(&self, stream: &Stream, received: RtpTimestamp) -> Option<StreamPosition> {
        let begun = |s: &&Segment| s.from.is_some_and(|from| received.distance_from(from) >= Ticks(0));
        let segment = self.segments.iter().rev().find(begun).or_else(|| self.segments.front())?;
        let published = RtpTimestamp(received.0.wrapping_sub(segment.offset.0));
        let newest = stream.epochs.iter().rev().find(|map| map.ssrc == segment.source)?;
        timeline::locate(stream, segment.source, published, newest.from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::stream::{EpochMap, StreamFormat, StreamKind};
    use units::{SampleRate, SampleTime};

    fn id<T: std::str::FromStr>(n: u32) -> T
    where
        T::Err: std::fmt::Debug,
    {
        format!("018f4d3e-0000-7000-8000-{n:012}").parse().unwrap()
    }

    fn slot(ssrc: u32, stream: u32, source: u32, offset: u32) -> Slot {
        let (source, ssrc, offset) = (Ssrc(source), Ssrc(ssrc), RtpTimestamp(offset));
        Slot { mid: "1".into(), stream: id(stream), source, ssrc, offset }
    }

    fn stream(rtp0s: &[(u32, u32)]) -> Stream {
        let map = |(epoch, &(source, rtp0)): (usize, &(u32, u32))| EpochMap {
            epoch: epoch as u32,
            ssrc: Ssrc(source),
            rtp0: RtpTimestamp(rtp0),
            from: Ticks(0),
            sample0: SampleTime(0),
            rate: SampleRate(48_000),
            codec_delay: Ticks(0),
            resampler_delay: Ticks(0),
            trusted: true,
        };
        let format = StreamFormat { channels: 2, frame_us: 5_000, bitrate: 1, redundancy: 0, rate: SampleRate(48_000) };
        Stream {
            id: id(20),
            participant: id(10),
            kind: StreamKind::Program,
            label: "mix".into(),
            format,
            epochs: rtp0s.iter().enumerate().map(map).collect(),
            open: true,
        }
    }

    #[test]
    fn packets_before_the_news_wait_and_come_out_in_order() {
        let mut router = Router::default();
        for n in 0..3 {
            assert_eq!(router.handle_packet(Ssrc(9), RtpTimestamp(n), n), None);
        }
        assert_eq!(router.poll_released(), None);
        assert_eq!(router.handle_slots(&[slot(9, 20, 1, 0)]), [RouteChange::Added(Ssrc(9), id(20))]);
        let released: Vec<u32> = std::iter::from_fn(|| router.poll_released()).map(|(_, n)| n).collect();
        assert_eq!(released, [0, 1, 2]);
        assert_eq!(router.handle_packet(Ssrc(9), RtpTimestamp(3), 3), Some(3));
    }

    #[test]
    fn the_oldest_waiting_packet_is_dropped_past_the_capacity_and_not_at_it() {
        let mut router = Router::default();
        for n in 0..HELD_PACKETS as u32 {
            router.handle_packet(Ssrc(9), RtpTimestamp(n), n);
        }
        assert_eq!(router.dropped(), 0);
        router.handle_packet(Ssrc(9), RtpTimestamp(99), 99);
        assert_eq!(router.dropped(), 1);
        router.handle_slots(&[slot(9, 20, 1, 0)]);
        assert_eq!(router.poll_released(), Some((Ssrc(9), 1)));
    }

    #[test]
    fn a_section_given_to_another_stream_is_another_route() {
        let mut router = Router::<()>::default();
        router.handle_slots(&[slot(9, 20, 1, 0), slot(8, 21, 2, 0)]);
        let changes = router.handle_slots(&[slot(9, 22, 3, 0)]);
        let expected = [
            RouteChange::Removed(Ssrc(8), id(21)),
            RouteChange::Removed(Ssrc(9), id(20)),
            RouteChange::Added(Ssrc(9), id(22)),
        ];
        assert_eq!(changes, expected);
    }

    #[test]
    fn a_restarted_publisher_is_placed_by_its_own_clock_from_its_first_packet_on() {
        let (mut router, stream) = (Router::default(), stream(&[(1, 1_000), (2, u32::MAX - 99)]));
        router.handle_slots(&[slot(9, 20, 1, 500)]);
        router.handle_packet(Ssrc(9), RtpTimestamp(1_500), ());
        // The new process began at 2^32 − 100 and lies 10 000 ticks after the old one's first packet here.
        let offset = 11_500u32.wrapping_sub(u32::MAX - 99);
        assert_eq!(router.handle_slots(&[slot(9, 20, 2, offset)]), []);
        let at = |router: &Router<()>, rtp| router.route(Ssrc(9)).unwrap().locate(&stream, RtpTimestamp(rtp)).unwrap();
        assert_eq!((at(&router, 1_740).epoch, at(&router, 1_740).ticks), (0, Ticks(240)));
        router.handle_packet(Ssrc(9), RtpTimestamp(11_500), ());
        assert_eq!((at(&router, 11_499).epoch, at(&router, 11_499).ticks), (0, Ticks(9_999)));
        assert_eq!((at(&router, 11_740).epoch, at(&router, 11_740).ticks), (1, Ticks(240)));
    }

    const HOUR: i64 = 3_600 * 48_000;

    #[test]
    fn a_note_keeps_its_place_after_a_day_of_one_publisher_whose_maps_come_every_hour() {
        let (source, rtp0) = (Ssrc(2), RtpTimestamp(u32::MAX - 99));
        let hourly = |n: i64| EpochMap {
            epoch: n as u32,
            from: Ticks(n * HOUR),
            sample0: SampleTime(n * HOUR),
            ..stream(&[(source.0, rtp0.0)]).epochs[0].clone()
        };
        let mut router = Router::default();
        // Another publisher was heard before this one, over the same listener's source.
        router.handle_slots(&[slot(9, 20, 1, 0)]);
        router.handle_packet(Ssrc(9), RtpTimestamp(7), ());
        router.handle_slots(&[slot(9, 20, source.0, 0)]);
        let mut known = stream(&[]);
        for minute in 0..=24 * 60 {
            let ticks = minute * HOUR / 60;
            if ticks % HOUR == 0 {
                known.epochs.push(hourly(ticks / HOUR));
            }
            let received = RtpTimestamp(rtp0.0.wrapping_add(ticks as u32));
            router.handle_packet(Ssrc(9), received, ());
            let found = router.route(Ssrc(9)).unwrap().locate(&known, received).unwrap();
            assert_eq!((found.epoch, found.ticks), ((ticks / HOUR) as u32, Ticks(ticks)), "minute {minute}");
            assert_eq!(found.sample, SampleTime(ticks), "minute {minute}");
        }
    }

    #[test]
    fn a_stream_without_a_clock_map_has_no_positions_yet() {
        let mut router = Router::<()>::default();
        router.handle_slots(&[slot(9, 20, 1, 0)]);
        assert_eq!(router.route(Ssrc(9)).unwrap().locate(&stream(&[]), RtpTimestamp(0)), None);
    }
}

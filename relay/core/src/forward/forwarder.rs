//! One session's forwarding: packets of published streams in, packets for every listener's leg out.

use super::forms::{Forms, Malformed};
use super::joiner::{Joined, Joiner};
use super::leg::Leg;
use super::munger::{Counting, Place, RunId};
use super::source::{Clock, Standing};
use super::uplink::Uplink;
use crate::plan::Plan;
use packets::PayloadType;
use protocol::ids::{ParticipantId, StreamId};
use protocol::wire::Slot;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;
use units::{MonoTime, RtpTimestamp, Seq, Ssrc, Ticks};

/// The shortest packets that a leg without RED gets where they can be joined: 10 ms.
const JOINED: Ticks = Ticks(480);

/// One listener's peer connection, numbered by the shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LegId(pub u32);

/// What kind of payload a packet carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Packing {
    /// Plain Opus (RFC 7587).
    Opus,
    /// Opus with redundant frames (RFC 2198).
    Red,
}

/// A receiving section of a listener's peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// The section's `a=mid`.
    pub mid: String,
    /// The RTP source that it carries for its whole life.
    pub ssrc: Ssrc,
    /// Number of its first packet, random and below 2^15.
    pub first_number: u16,
}

/// A packet of a published stream.
#[derive(Clone, Copy, Debug)]
pub struct Incoming<'a> {
    /// Which stream.
    pub stream: StreamId,
    /// The publisher's RTP source.
    pub ssrc: Ssrc,
    /// Its sequence number.
    pub seq: Seq,
    /// Its timestamp.
    pub at: RtpTimestamp,
    /// What it carries.
    pub packing: Packing,
    /// What the publisher calls Opus, in RED's blocks.
    pub opus: PayloadType,
    /// The RTP payload.
    pub payload: &'a Arc<[u8]>,
}

/// What the forwarder wants done, in this order.
#[derive(Clone, Debug)]
pub enum Outgoing<'a> {
    /// A stream's first packet from a new RTP source has come.
    Run {
        /// Which stream.
        stream: StreamId,
        /// The source.
        ssrc: Ssrc,
        /// Timestamp of that packet.
        at: RtpTimestamp,
    },
    /// A leg's sections carry something else from the next packet on.
    Slots {
        /// Which leg.
        leg: LegId,
        /// One entry per section in use whose stream has sent something.
        slots: Vec<Slot>,
        /// Streams without a section.
        missing: Vec<StreamId>,
    },
    /// A packet for one leg.
    Packet(Forwarded<'a>),
    /// A stream's publisher shall send so many earlier frames with each one, or more by its own choice.
    Redundancy {
        /// Which stream.
        stream: StreamId,
        /// RED depth: 0 to 3.
        depth: u8,
    },
}

/// A packet for one leg, ready to be sealed.
#[derive(Clone, Copy, Debug)]
pub struct Forwarded<'a> {
    /// Which leg.
    pub leg: LegId,
    /// The section's RTP source.
    pub ssrc: Ssrc,
    /// The 64-bit packet number; its low 16 bits are the sequence number, the rest the SRTP rollover counter.
    pub number: u64,
    /// The listener's timestamp.
    pub at: RtpTimestamp,
    /// What it carries.
    pub packing: Packing,
    /// The RTP payload, shared by all legs that get the same bytes.
    pub payload: &'a Arc<[u8]>,
}

/// How a leg takes its packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LegPackets {
    /// How it takes RED, if it does.
    pub red: Option<RedLeg>,
    /// Whether, without RED, frames shorter than 10 ms are joined for it and redundant copies take the place of lost
    /// frames: browsers' delay runs away on short plain packets under loss.
    pub joins: bool,
}

/// How a leg takes RED.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RedLeg {
    /// Redundant blocks that it wants at most.
    pub depth: u8,
    /// What it calls Opus.
    pub opus: PayloadType,
}

/// What a listener reports of one of its sections: running counts (RFC 3550 section 6.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reception<'a> {
    /// The section's `a=mid`.
    pub mid: &'a str,
    /// The highest packet number that came.
    pub highest: u64,
    /// Packets missing in all, a signed number of 24 bits.
    pub lost: u32,
}

/// Forwards within one session. Sans-IO. Per packet it allocates once for each shape that differs from the publisher's;
/// otherwise only where listeners, sources or slots change.
#[derive(Debug, Default)]
pub struct Forwarder {
    plan: Arc<Plan>,
    legs: Vec<Leg>,
    sources: HashMap<StreamId, Source>,
    runs: u64,
}

#[derive(Debug, Default)]
struct Source {
    clock: Clock,
    uplink: Uplink,
    joiner: Option<(RunId, Joiner)>,
    /// Positions of legs and of their sections that take packets one by one.
    single: Vec<(usize, usize)>,
    /// Those that take joined packets where there are any.
    joined: Vec<(usize, usize)>,
}

/// A packet on its way to every leg of one kind.
pub(crate) struct Shaped<'a> {
    pub(crate) place: Place,
    pub(crate) packing: Packing,
    pub(crate) payload: &'a Arc<[u8]>,
}

impl Forwarder {
    /// Takes a new plan; tells what changes for which leg.
    pub fn set_plan(&mut self, plan: Arc<Plan>, sink: &mut impl FnMut(Outgoing<'_>)) {
        self.plan = plan;
        self.assign_all(sink);
    }

    /// Adds a leg, or tells a known leg's sections again after its peer was renegotiated. Known sections go on.
    pub fn set_leg(
        &mut self,
        id: LegId,
        (participant, packets): (ParticipantId, LegPackets),
        sections: Vec<Section>,
        sink: &mut impl FnMut(Outgoing<'_>),
    ) {
        match self.legs.iter_mut().find(|leg| leg.id == id) {
            Some(leg) => leg.replace(packets, sections),
            None => self.legs.push(Leg::new(id, participant, packets, sections)),
        }
        self.assign_all(sink);
    }

    /// Forgets a leg.
    pub fn remove_leg(&mut self, id: LegId) {
        self.legs.retain(|leg| leg.id != id);
        self.route();
    }

    /// Forgets a stream's source, when nobody publishes it any more.
    pub fn remove_source(&mut self, stream: StreamId) {
        self.sources.remove(&stream);
    }

    /// Forwards one packet to every leg that hears its stream.
    ///
    /// # Errors
    /// [`Malformed`] when its RED or Opus framing is broken; nothing is forwarded then.
    pub fn handle_packet(
        &mut self,
        now: MonoTime,
        packet: Incoming<'_>,
        sink: &mut impl FnMut(Outgoing<'_>),
    ) -> Result<(), Malformed> {
        let mut forms = Forms::parse(&packet)?;
        let Some(standing) = self.place(now, &packet) else { return Ok(()) };
        if standing.first {
            sink(Outgoing::Run { stream: packet.stream, ssrc: packet.ssrc, at: packet.at });
        }
        let legs = &mut self.legs;
        let Some(source) = self.sources.get_mut(&packet.stream) else { return Ok(()) };
        let joins = source.joins(standing, &forms);
        let one_by_one = source.single.iter().chain(source.joined.iter().filter(|_| !joins));
        let place = standing.place((packet.stream, packet.ssrc));
        for &(leg, section) in one_by_one {
            let (packing, payload) = forms.for_leg(legs[leg].sections[section].red);
            legs[leg].forward(now, section, &Shaped { place, packing, payload }, sink);
        }
        if joins {
            let frames = forms.frames(standing.at);
            source.join(now, packet.stream, legs, sink, |joiner, out| joiner.handle(now, &frames, out));
        }
        if now >= source.uplink.next_look {
            source.look(now);
            source.ask(packet.stream, legs, sink);
        }
        Ok(())
    }

    /// Takes in how a leg's section receives; asks its stream's publisher for more redundancy at once when that is
    /// needed, and within a second for less.
    pub fn handle_reception(
        &mut self,
        now: MonoTime,
        id: LegId,
        reception: Reception<'_>,
        sink: &mut impl FnMut(Outgoing<'_>),
    ) {
        let Some(leg) = self.legs.iter_mut().find(|leg| leg.id == id) else { return };
        let Some(stream) = leg.handle_reception(now, reception) else { return };
        if let Some(source) = self.sources.get_mut(&stream) {
            source.ask(stream, &self.legs, sink);
        }
    }

    /// Where a packet stands in its stream, which may be new.
    fn place(&mut self, now: MonoTime, packet: &Incoming<'_>) -> Option<Standing> {
        if let Entry::Vacant(place) = self.sources.entry(packet.stream) {
            place.insert(Source::default());
            self.route();
        }
        let runs = &mut self.runs;
        let next_id = || {
            *runs += 1;
            RunId(*runs)
        };
        let clock = &mut self.sources.get_mut(&packet.stream)?.clock;
        clock.place(now, (packet.ssrc, packet.seq, packet.at), next_id)
    }

    /// When [`Forwarder::handle_timeout`] has something to do.
    pub fn next_deadline(&self) -> Option<MonoTime> {
        self.sources.values().filter_map(Source::next_deadline).min()
    }

    /// Closes the groups whose time is over.
    pub fn handle_timeout(&mut self, now: MonoTime, sink: &mut impl FnMut(Outgoing<'_>)) {
        for (stream, source) in &mut self.sources {
            if source.next_deadline().is_some_and(|deadline| deadline <= now) {
                source.join(now, *stream, &mut self.legs, sink, |joiner, out| joiner.handle_timeout(now, out));
            }
        }
    }

    fn assign_all(&mut self, sink: &mut impl FnMut(Outgoing<'_>)) {
        for leg in &mut self.legs {
            let heard = self.plan.listeners.get(&leg.participant).map_or(&[][..], Vec::as_slice);
            if leg.assign(heard) {
                sink(leg.news());
            }
        }
        self.route();
    }

    /// Writes down again which sections each source feeds.
    fn route(&mut self) {
        for source in self.sources.values_mut() {
            source.single.clear();
            source.joined.clear();
        }
        for (l, leg) in self.legs.iter().enumerate() {
            for (s, section) in leg.sections.iter().enumerate() {
                let Some(stream) = section.used.stream else { continue };
                let Some(source) = self.sources.get_mut(&stream) else { continue };
                let joins = leg.packets.joins && leg.packets.red.is_none();
                if joins { &mut source.joined } else { &mut source.single }.push((l, s));
            }
        }
    }
}

impl Source {
    fn next_deadline(&self) -> Option<MonoTime> {
        self.joiner.as_ref()?.1.next_deadline()
    }

    /// Counts what was lost on the way from the publisher.
    fn look(&mut self, now: MonoTime) {
        if let Some(run) = self.clock.run() {
            self.uplink.handle_counts(now, run);
        }
    }

    /// Asks the publisher for another depth when its worst listener, or its own way up, needs one. What is lost to a
    /// listener without RED on its own leg cannot be helped; what is lost on the way up is filled for joined packets.
    fn ask(&mut self, stream: StreamId, legs: &[Leg], sink: &mut impl FnMut(Outgoing<'_>)) {
        let needs = self.single.iter().map(|&(leg, section)| legs[leg].sections[section].depth());
        if let Some(depth) = self.uplink.ask(needs.max().unwrap_or(0)) {
            sink(Outgoing::Redundancy { stream, depth });
        }
    }

    /// Whether the packet goes through a joiner: somebody wants it, and its frames are short or come with redundancy.
    /// A run that began to be joined stays so while its frames keep their length.
    fn joins(&mut self, standing: Standing, forms: &Forms<'_>) -> bool {
        if self.joined.is_empty() {
            self.joiner = None;
            return false;
        }
        let group = forms.length().max(JOINED);
        if self.joiner.as_ref().is_some_and(|(run, joiner)| *run == standing.id && joiner.group() == group) {
            return true;
        }
        let wanted = forms.is_red() || forms.length() < JOINED;
        self.joiner = wanted.then(|| (standing.id, Joiner::new(group, standing.at)));
        wanted
    }

    /// Lets the joiner act and forwards what it made.
    fn join(
        &mut self,
        now: MonoTime,
        stream: StreamId,
        legs: &mut [Leg],
        sink: &mut impl FnMut(Outgoing<'_>),
        act: impl FnOnce(&mut Joiner, &mut Vec<Joined>),
    ) {
        let (Some((run, joiner)), Some(ssrc)) = (self.joiner.as_mut(), self.clock.ssrc()) else { return };
        let mut out = Vec::new();
        act(joiner, &mut out);
        let counting = Counting::Groups { length: joiner.group(), since: joiner.since() };
        for one in &out {
            let place = Place { run: *run, source: (stream, ssrc), counting, number: one.number, at: one.at };
            let shaped = Shaped { place, packing: Packing::Opus, payload: &one.payload };
            for &(leg, section) in &self.joined {
                legs[leg].forward(now, section, &shaped, sink);
            }
        }
    }
}

//! One listener's leg: its sections, what they carry, and their numbers.

use super::forwarder::{Forwarded, LegId, LegPackets, Outgoing, Reception, RedLeg, Section, Shaped};
use super::munger::{Munger, Place};
use super::redundancy::{Redundancy, Reports};
use super::slots::{SlotUse, assign};
use crate::plan::HeardStream;
use protocol::ids::{ParticipantId, StreamId};
use protocol::wire::Slot;
use units::{MonoTime, Ssrc};

/// Sections whose numbers are kept while a listener does without them: more than one offer has. A client that has more
/// costs the cipher of what is sent to itself, and nobody else.
const MAX_AWAY: usize = 64;

#[derive(Debug)]
pub(crate) struct Leg {
    pub(crate) id: LegId,
    pub(crate) participant: ParticipantId,
    pub(crate) packets: LegPackets,
    pub(crate) sections: Vec<LegSection>,
    /// Numbers of sections that it had: a source that comes back has the key that it had.
    away: Vec<(Ssrc, Munger)>,
    missing: Vec<StreamId>,
}

#[derive(Debug)]
pub(crate) struct LegSection {
    section: Section,
    pub(crate) used: SlotUse,
    munger: Munger,
    /// The source that the munger's offset belongs to, once a packet came.
    source: Option<(StreamId, Ssrc)>,
    /// How it takes RED at present, if it does.
    pub(crate) red: Option<RedLeg>,
    /// How many earlier frames the stream's publisher sends by its own choice.
    chosen: u8,
    reports: Reports,
    redundancy: Redundancy,
}

impl Leg {
    pub(crate) fn new(id: LegId, participant: ParticipantId, packets: LegPackets, sections: Vec<Section>) -> Leg {
        let mut leg = Leg { id, participant, packets, sections: Vec::new(), away: Vec::new(), missing: Vec::new() };
        leg.replace(packets, sections);
        leg
    }

    /// Takes the sections of a renegotiated peer; those that it has go on, and the numbers of those that it had.
    pub(crate) fn replace(&mut self, packets: LegPackets, sections: Vec<Section>) {
        self.packets = packets;
        let mut known = std::mem::take(&mut self.sections);
        for section in sections {
            let found = known.iter().position(|old| old.section.ssrc == section.ssrc);
            let one = found.map_or_else(|| self.new_section(section), |at| known.swap_remove(at));
            self.sections.push(one);
        }
        self.away.extend(known.into_iter().map(|one| (one.section.ssrc, one.munger)));
        self.away.drain(..self.away.len().saturating_sub(MAX_AWAY));
    }

    fn new_section(&mut self, section: Section) -> LegSection {
        let had = self.away.iter().position(|(ssrc, _)| *ssrc == section.ssrc);
        let munger = had.map_or_else(|| Munger::new(section.first_number), |at| self.away.remove(at).1);
        LegSection::new(section, munger, self.packets.red)
    }

    /// Assigns the sections anew; whether that changed anything that was announced or is missing.
    pub(crate) fn assign(&mut self, heard: &[HeardStream]) -> bool {
        let mut uses: Vec<SlotUse> = self.sections.iter().map(|section| section.used).collect();
        let missing = assign(&mut uses, heard);
        let mut changed = missing != self.missing;
        self.missing = missing;
        for (section, used) in self.sections.iter_mut().zip(uses) {
            section.used = used;
            let carried = heard.iter().find(|one| used.stream == Some(one.stream));
            section.chosen = carried.map_or(0, |one| one.redundancy);
            section.trim(self.packets.red);
            if section.source.is_some_and(|(stream, _)| used.stream != Some(stream)) {
                section.source = None;
                changed = true;
            }
        }
        changed
    }

    /// Numbers one packet for one section, after announcing what the section carries, or its timestamp offset, when
    /// that changed.
    pub(crate) fn forward(
        &mut self,
        now: MonoTime,
        section: usize,
        packet: &Shaped<'_>,
        sink: &mut impl FnMut(Outgoing<'_>),
    ) {
        let one = &mut self.sections[section];
        if !one.carries(packet.place) && one.begin(now, packet.place) {
            sink(self.news());
        }
        let one = &mut self.sections[section];
        let Some((number, at)) = one.munger.map(now, packet.place) else { return };
        sink(Outgoing::Packet(Forwarded {
            leg: self.id,
            ssrc: one.section.ssrc,
            number,
            at,
            packing: packet.packing,
            payload: packet.payload,
        }));
    }

    /// Takes in what the listener says of one section; the stream that it carries.
    pub(crate) fn handle_reception(&mut self, now: MonoTime, reception: Reception<'_>) -> Option<StreamId> {
        let red = self.packets.red;
        let section = self.sections.iter_mut().find(|section| section.section.mid == reception.mid)?;
        let (sent, lost) = section.reports.since_last(reception.highest, reception.lost)?;
        section.redundancy.handle_loss(now, sent, lost);
        section.trim(red);
        section.used.stream
    }

    /// What its sections carry and which streams are missing.
    pub(crate) fn news(&self) -> Outgoing<'static> {
        let slots = self.sections.iter().filter_map(LegSection::slot).collect();
        Outgoing::Slots { leg: self.id, slots, missing: self.missing.clone() }
    }
}

impl LegSection {
    fn new(section: Section, munger: Munger, red: Option<RedLeg>) -> LegSection {
        let (reports, redundancy) = (Reports::default(), Redundancy::default());
        LegSection { section, used: SlotUse::default(), munger, source: None, red, chosen: 0, reports, redundancy }
    }

    fn carries(&self, place: Place) -> bool {
        self.source == Some(place.source) && self.munger.carries(place.run, place.counting)
    }

    /// Begins what the packet at `place` is the first one of; whether that has to be announced. A stream that was taken
    /// away and given back begins too: what was kept from the listener in between is no loss.
    fn begin(&mut self, now: MonoTime, place: Place) -> bool {
        let told = (self.source.replace(place.source), self.munger.offset());
        self.munger.begin(now, place);
        told != (self.source, self.munger.offset())
    }

    /// How many earlier frames it needs with each one; a section without RED has no use for any.
    pub(crate) fn depth(&self) -> u8 {
        if self.red.is_some() { self.redundancy.depth() } else { 0 }
    }

    /// Fits what it takes of RED, at most `most`, to what it loses.
    fn trim(&mut self, most: Option<RedLeg>) {
        let depth = self.redundancy.passed(self.chosen);
        self.red = most.map(|most| RedLeg { depth: most.depth.min(depth), ..most });
    }

    fn slot(&self) -> Option<Slot> {
        let (stream, source) = self.source?;
        let offset = self.munger.offset()?;
        Some(Slot { mid: self.section.mid.clone(), stream, source, ssrc: self.section.ssrc, offset })
    }
}

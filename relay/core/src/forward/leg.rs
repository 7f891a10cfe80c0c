//! One listener's leg: its sections, what they carry, and their numbers.

use super::forwarder::{Forwarded, LegId, LegPackets, Outgoing, Section, Shaped};
use super::munger::Munger;
use super::slots::{SlotUse, assign};
use crate::plan::HeardStream;
use protocol::ids::{ParticipantId, StreamId};
use protocol::wire::Slot;
use units::{MonoTime, Ssrc};

#[derive(Debug)]
pub(crate) struct Leg {
    pub(crate) id: LegId,
    pub(crate) participant: ParticipantId,
    pub(crate) packets: LegPackets,
    pub(crate) sections: Vec<LegSection>,
    missing: Vec<StreamId>,
}

#[derive(Debug)]
pub(crate) struct LegSection {
    section: Section,
    pub(crate) used: SlotUse,
    munger: Munger,
    /// The source that the munger's offset belongs to, once a packet came.
    source: Option<(StreamId, Ssrc)>,
}

impl Leg {
    pub(crate) fn new(id: LegId, participant: ParticipantId, packets: LegPackets, sections: Vec<Section>) -> Leg {
        let sections = sections.into_iter().map(LegSection::new).collect();
        Leg { id, participant, packets, sections, missing: Vec::new() }
    }

    /// Takes the sections of a renegotiated peer; those that it had go on.
    pub(crate) fn replace(&mut self, packets: LegPackets, sections: Vec<Section>) {
        let mut known = std::mem::take(&mut self.sections);
        let keep = |section: Section| {
            let found = known.iter().position(|old| old.section.ssrc == section.ssrc);
            found.map_or_else(|| LegSection::new(section), |at| known.swap_remove(at))
        };
        self.packets = packets;
        self.sections = sections.into_iter().map(keep).collect();
    }

    /// Assigns the sections anew; whether that changed anything that was announced or is missing.
    pub(crate) fn assign(&mut self, heard: &[HeardStream]) -> bool {
        let mut uses: Vec<SlotUse> = self.sections.iter().map(|section| section.used).collect();
        let missing = assign(&mut uses, heard);
        let mut changed = missing != self.missing;
        self.missing = missing;
        for (section, used) in self.sections.iter_mut().zip(uses) {
            section.used = used;
            if section.source.is_some_and(|(stream, _)| used.stream != Some(stream)) {
                section.source = None;
                changed = true;
            }
        }
        changed
    }

    /// Numbers one packet for one section, after announcing what the section carries when that changed.
    pub(crate) fn forward(
        &mut self,
        now: MonoTime,
        section: usize,
        packet: &Shaped<'_>,
        sink: &mut impl FnMut(Outgoing<'_>),
    ) {
        let one = &mut self.sections[section];
        if !one.munger.carries(packet.place.run, packet.place.counting) {
            one.munger.begin(now, packet.place);
        }
        if one.source != Some((packet.stream, packet.ssrc)) {
            one.source = Some((packet.stream, packet.ssrc));
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

    /// What its sections carry and which streams are missing.
    pub(crate) fn news(&self) -> Outgoing<'static> {
        let slots = self.sections.iter().filter_map(LegSection::slot).collect();
        Outgoing::Slots { leg: self.id, slots, missing: self.missing.clone() }
    }
}

impl LegSection {
    fn new(section: Section) -> LegSection {
        let munger = Munger::new(section.first_number);
        LegSection { section, used: SlotUse::default(), munger, source: None }
    }

    fn slot(&self) -> Option<Slot> {
        let (stream, source) = self.source?;
        let offset = self.munger.offset()?;
        Some(Slot { mid: self.section.mid.clone(), stream, source, ssrc: self.section.ssrc, offset })
    }
}

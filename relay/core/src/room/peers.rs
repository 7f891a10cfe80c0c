use super::people::Person;
use super::{LinkId, MediaInput, Now, Output, PeerOffer, Refusal, Room};
use protocol::event::Event;
use protocol::ids::{ParticipantId, StreamId};
use protocol::session::MAX_OPEN_STREAMS;
use protocol::stream::{EpochMap, StreamKind};
use protocol::wire::{ClientKind, ErrorCode, Offer, PeerNews, RelayFrame, SendSection};
use std::collections::{BTreeMap, BTreeSet};
use units::{RtpTimestamp, SampleRate, SampleTime, Ssrc, Ticks};

/// Longest name of a section (`a=mid`), in bytes: what the WebRTC library keeps as it is.
pub const MAX_MID_BYTES: usize = 16;
/// Epochs of one stream that follow from its packets alone: a page begins one with each peer connection.
const MAX_IMPLICIT_EPOCHS: usize = 1_000;

/// The newest source of each stream that no epoch is declared for yet, with its publisher and first timestamp. Only open
/// streams are in it.
pub(super) type Unmapped = BTreeMap<StreamId, (ParticipantId, Ssrc, RtpTimestamp)>;

impl Room {
    pub(super) fn handle_offer(
        &mut self,
        now: Now,
        by: ParticipantId,
        link: LinkId,
        offer: Offer,
        out: &mut Vec<Output>,
    ) {
        let peer = offer.peer;
        match self.check_offer(now, by, offer) {
            Ok(offer) => out.push(Output::Offer(offer)),
            Err(refusal) => out.push(Output::to(link, failed(peer, refusal))),
        }
    }

    fn check_offer(&mut self, now: Now, by: ParticipantId, offer: Offer) -> Result<PeerOffer, Refusal> {
        let within = self.people.get_mut(by).is_some_and(|person| person.limits.offers.try_take(now.mono));
        if !within {
            return Err(Refusal::offers_too_fast());
        }
        let send = self.check_sections(by, &offer.send)?;
        let Some(person) = self.people.get_mut(by) else { return Err(Refusal::replaced()) };
        if person.offering.is_some() {
            let msg = "your last offer is not answered yet; wait for its answer";
            return Err(Refusal::new(ErrorCode::TooMany, msg));
        }
        if person.peer.is_some_and(|current| offer.peer < current) {
            let msg = "a peer connection with a higher number is in use; offer again with a higher one";
            return Err(Refusal::new(ErrorCode::Stale, msg));
        }
        person.offering = Some(offer.peer);
        Ok(PeerOffer { participant: by, peer: offer.peer, sdp: offer.sdp, send, client: person.client() })
    }

    fn check_sections(
        &self,
        by: ParticipantId,
        sections: &[SendSection],
    ) -> Result<Vec<(String, StreamId, StreamKind)>, Refusal> {
        let mids: BTreeSet<_> = sections.iter().map(|section| &section.mid).collect();
        let streams: BTreeSet<_> = sections.iter().map(|section| section.stream).collect();
        if sections.len() > MAX_OPEN_STREAMS || mids.len() != sections.len() || streams.len() != sections.len() {
            return Err(Refusal::new(
                ErrorCode::Invalid,
                "each sending section carries one stream of its own, at most 8",
            ));
        }
        if mids.iter().any(|mid| mid.is_empty() || mid.len() > MAX_MID_BYTES) {
            return Err(Refusal::new(ErrorCode::Invalid, "a section's mid has 1 to 16 bytes"));
        }
        sections.iter().map(|section| self.check_section(by, section)).collect()
    }

    fn check_section(
        &self,
        by: ParticipantId,
        section: &SendSection,
    ) -> Result<(String, StreamId, StreamKind), Refusal> {
        let own = self.log.ahead().state.streams.get(&section.stream).filter(|s| s.open && s.participant == by);
        let stream = own.ok_or_else(|| {
            let msg = format!("stream {} is not an open stream of yours; open it first", section.stream);
            Refusal::new(ErrorCode::Unknown, msg)
        })?;
        Ok((section.mid.clone(), stream.id, stream.kind))
    }

    pub(super) fn handle_media(
        &mut self,
        now: Now,
        participant: ParticipantId,
        peer: u32,
        media: MediaInput,
        out: &mut Vec<Output>,
    ) {
        if let MediaInput::Answered(answer) = media {
            self.handle_answered(participant, peer, answer, out);
            return;
        }
        let current = self.people.get(participant).map(|person| [person.peer, person.offering]);
        if !current.is_some_and(|current| current.contains(&Some(peer))) {
            return;
        }
        match media {
            MediaInput::Answered(_) => {}
            MediaInput::Connected => self.people.set_media(participant, true),
            MediaInput::Gone { why } => self.handle_gone(participant, peer, why, out),
            MediaInput::Slots { slots, missing } => {
                self.tell_and_keep(participant, PeerNews::Slots { peer, slots, missing }, out);
            }
            MediaInput::FirstPacket { stream, ssrc, rtp } => {
                self.handle_first_packet(now, participant, stream, ssrc, rtp);
            }
            MediaInput::Hearing(streams) => self.people.set_hears(participant, streams),
            MediaInput::Redundancy { stream, depth } => {
                self.tell_and_keep(participant, PeerNews::Redundancy { peer, stream, depth }, out);
            }
        }
    }

    /// The answered peer connection takes the place of the one before it, which is closed only now: an offer that is
    /// refused costs its author nothing.
    fn handle_answered(
        &mut self,
        participant: ParticipantId,
        peer: u32,
        answer: Result<String, Refusal>,
        out: &mut Vec<Output>,
    ) {
        let waiting = self.people.get_mut(participant).filter(|person| person.offering == Some(peer));
        let Some(person) = waiting else {
            out.push(Output::ClosePeer { participant, peer });
            return;
        };
        person.offering = None;
        let frame = match answer {
            Ok(sdp) => {
                let replaced = person.peer.replace(peer).filter(|old| *old != peer);
                if let Some(old) = replaced {
                    out.push(Output::ClosePeer { participant, peer: old });
                    self.forget_media(participant);
                }
                RelayFrame::Sdp(PeerNews::Answer { peer, sdp })
            }
            Err(refusal) => failed(peer, refusal),
        };
        self.tell(participant, frame, out);
    }

    fn handle_gone(&mut self, participant: ParticipantId, peer: u32, why: String, out: &mut Vec<Output>) {
        let Some(person) = self.people.get_mut(participant).filter(|person| person.peer == Some(peer)) else { return };
        person.peer = None;
        self.forget_media(participant);
        self.tell(participant, failed(peer, Refusal::new(ErrorCode::Gone, why)), out);
    }

    /// A page does not count its microphone's samples, so its first packet begins an epoch of doubtful position. What cannot
    /// be recorded now is looked at again later, the newest source of each stream.
    fn handle_first_packet(
        &mut self,
        now: Now,
        participant: ParticipantId,
        stream: StreamId,
        ssrc: Ssrc,
        rtp: RtpTimestamp,
    ) {
        let is_page = self.people.get(participant).is_some_and(|person| person.client() == ClientKind::Page);
        if is_page && self.owns_open(participant, stream) {
            self.unmapped.insert(stream, (participant, ssrc, rtp));
            self.map_sources(now);
        }
    }

    /// Declares an epoch for each source that has none, within the limits of who publishes it.
    pub(super) fn map_sources(&mut self, now: Now) {
        for (stream, (participant, ssrc, rtp)) in std::mem::take(&mut self.unmapped) {
            if !self.owns_open(participant, stream) || self.is_mapped(stream, ssrc) {
                continue;
            }
            let within = self.people.get_mut(participant).is_some_and(|p| p.limits.commands.try_take(now.mono));
            if !within || !self.saving.is_open() {
                self.unmapped.insert(stream, (participant, ssrc, rtp));
                self.saving.retry_later(now.mono);
                continue;
            }
            let epoch = self.log.ahead().state.streams.get(&stream).map_or(0, |known| known.epochs.len());
            let map = implicit_epoch(epoch as u32, ssrc, rtp);
            self.record(now, None, Event::StreamEpoch { stream, map });
        }
    }

    /// Whether a source has an epoch, or gets none: its sound passes then, and notes on it find no position.
    fn is_mapped(&self, stream: StreamId, ssrc: Ssrc) -> bool {
        let known = self.log.ahead().state.streams.get(&stream);
        let epochs = known.map(|known| known.epochs.as_slice()).unwrap_or_default();
        epochs.len() >= MAX_IMPLICIT_EPOCHS || self.check_room().is_err() || epochs.iter().any(|map| map.ssrc == ssrc)
    }

    /// Tells somebody who is on a new link what holds for their peer connection, so that it can go on; nothing when the
    /// relay has none of theirs.
    pub(super) fn repeat_news(&self, participant: ParticipantId, out: &mut Vec<Output>) {
        let news = self.people.get(participant).map(Person::kept_news).unwrap_or_default();
        news.into_iter().for_each(|news| self.tell(participant, RelayFrame::Sdp(news), out));
    }

    fn tell_and_keep(&mut self, participant: ParticipantId, news: PeerNews, out: &mut Vec<Output>) {
        let is_over = matches!(&news, PeerNews::Redundancy { stream, .. } if !self.owns_open(participant, *stream));
        if !is_over {
            self.people.keep_news(participant, news.clone());
        }
        self.tell(participant, RelayFrame::Sdp(news), out);
    }

    fn forget_media(&mut self, participant: ParticipantId) {
        self.people.set_media(participant, false);
        self.people.set_hears(participant, Vec::new());
    }

    fn tell(&self, participant: ParticipantId, frame: RelayFrame, out: &mut Vec<Output>) {
        out.extend(self.people.link_of(participant).map(|link| Output::to(link, frame)));
    }
}

fn failed(peer: u32, refusal: Refusal) -> RelayFrame {
    RelayFrame::Sdp(PeerNews::Failed { peer, code: refusal.code, msg: refusal.msg })
}

pub(super) fn implicit_epoch(epoch: u32, ssrc: Ssrc, rtp0: RtpTimestamp) -> EpochMap {
    EpochMap {
        epoch,
        ssrc,
        rtp0,
        from: Ticks(0),
        sample0: SampleTime(0),
        rate: SampleRate::HZ_48000,
        codec_delay: Ticks(0),
        resampler_delay: Ticks(0),
        trusted: false,
    }
}

//! One section's way out that goes past the library.
//!
//! The library sends a packet by walking through all of a peer (ICE, DTLS, data channels, every section, every timer)
//! several times, which costs two to three times as much as sealing and sending it. Nothing of that changes between two
//! packets unless a deadline of the peer came in between, or a datagram that is not sound. So the library makes a
//! section's first packet after every such event; the lane keeps its header and where it went, and writes the packets
//! that follow alike.

use super::peer::Level;
use super::socket::Route;
use packets::PayloadType;
use relay_core::admission::{Datagram, classify};
use relay_core::forward::Forwarded;

const FIXED: usize = 12;
/// Longest header that is kept: the fixed part, a section's name and an audio level take 36 bytes.
const MAX_HEADER: usize = 64;
/// Header extensions with one byte for name and length (RFC 8285 section 4.2).
const ONE_BYTE: [u8; 2] = [0xBE, 0xDE];

/// How a section's packets begin and where they go.
#[derive(Debug)]
pub(crate) struct Lane {
    /// The section's source.
    pub(crate) ssrc: u32,
    /// To the nominated address.
    pub(crate) route: Route,
    header: [u8; MAX_HEADER],
    length: usize,
    /// Where the audio level stands in the header.
    level: Option<usize>,
}

impl Lane {
    /// The lane of the section whose packet the library sends; `None` for anything but RTP with a header of usual
    /// length. `level` names the header extension that carries the audio level.
    pub(crate) fn after(datagram: &[u8], route: Route, level: Option<u8>) -> Option<Lane> {
        if classify(datagram) != Datagram::Rtp {
            return None;
        }
        let fixed = datagram.first_chunk::<FIXED>()?;
        let start = FIXED + 4 * usize::from(fixed[0] & 0x0f);
        let (length, level) = match fixed[0] & 0x10 {
            0 => (start, None),
            _ => {
                let &[p0, p1, w0, w1] = datagram.get(start..)?.first_chunk::<4>()?;
                let length = start + 4 + 4 * usize::from(u16::from_be_bytes([w0, w1]));
                let found = level.filter(|_| [p0, p1] == ONE_BYTE);
                (length, found.and_then(|id| element(datagram.get(..length)?, start + 4, id)))
            }
        };
        let ssrc = u32::from_be_bytes([fixed[8], fixed[9], fixed[10], fixed[11]]);
        let mut header = [0; MAX_HEADER];
        header.get_mut(..length)?.copy_from_slice(datagram.get(..length)?);
        Some(Lane { ssrc, route, header, length, level })
    }

    /// Writes the packet's header to the beginning of `out`; its length. `None` when the packet has an audio level and
    /// the last one had none, or the other way round: then the header is the library's to write.
    pub(crate) fn write(
        &self,
        packet: &Forwarded<'_>,
        pt: PayloadType,
        level: Option<Level>,
        out: &mut [u8],
    ) -> Option<usize> {
        let header = out.get_mut(..self.length)?;
        header.copy_from_slice(&self.header[..self.length]);
        header[1] = pt.0;
        header[2..4].copy_from_slice(&(packet.number as u16).to_be_bytes());
        header[4..8].copy_from_slice(&packet.at.0.to_be_bytes());
        match (self.level, level.and_then(Level::byte)) {
            (Some(at), Some(byte)) => header[at] = byte,
            (None, None) => {}
            _ => return None,
        }
        Some(header.len())
    }
}

/// Where the value of the one-byte element `id` stands, among the elements from `at` on.
fn element(header: &[u8], mut at: usize, id: u8) -> Option<usize> {
    loop {
        match header.get(at)? {
            0 => at += 1,
            head if head >> 4 == id => return (at + 1 < header.len()).then_some(at + 1),
            head => at += 2 + usize::from(head & 0x0f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use relay_core::forward::{LegId, Packing};
    use std::sync::Arc;
    use units::{RtpTimestamp, Ssrc};

    const SECTION: [u8; 4] = [0x42, b'm', b'i', b'd'];

    fn route() -> Route {
        Route { to: ([127, 0, 0, 1], 9).into(), from: None }
    }

    /// A packet with these header extensions, then four bytes of payload.
    fn made(elements: &[u8]) -> Vec<u8> {
        let mut packet = vec![0x90, 111, 0, 1, 0, 0, 0, 2, 1, 2, 3, 4, 0xBE, 0xDE, 0, (elements.len() / 4) as u8];
        packet.extend_from_slice(elements);
        packet.extend_from_slice(&[9; 4]);
        packet
    }

    fn written(lane: &Lane, level: Option<Level>) -> Option<Vec<u8>> {
        let payload: Arc<[u8]> = Arc::from(&[7; 3][..]);
        let (leg, ssrc, at) = (LegId(0), Ssrc(lane.ssrc), RtpTimestamp(0x0a0b_0c0d));
        let packet = Forwarded { leg, ssrc, number: 0x1_0203, at, packing: Packing::Red, payload: &payload };
        let mut out = [0; 64];
        let length = lane.write(&packet, PayloadType::RED, level, &mut out)?;
        Some(out[..length].to_vec())
    }

    #[test]
    fn a_header_is_repeated_with_the_numbers_of_the_next_packet() {
        let lane = Lane::after(&made(&SECTION), route(), Some(1)).unwrap();
        assert_eq!((lane.ssrc, lane.route), (0x0102_0304, route()));
        let wanted = [&[0x90, 63, 2, 3, 0x0a, 0x0b, 0x0c, 0x0d, 1, 2, 3, 4, 0xBE, 0xDE, 0, 1], &SECTION[..]].concat();
        assert_eq!(written(&lane, None), Some(wanted));
    }

    #[test]
    fn the_audio_level_is_the_packets_own() {
        let lane = Lane::after(&made(&[&SECTION[..], &[0x10, 0x80 | 30, 0, 0]].concat()), route(), Some(1)).unwrap();
        let header = written(&lane, Some(Level::new(-12, true))).unwrap();
        assert_eq!(header[20..], [0x10, 0x80 | 12, 0, 0]);
    }

    #[test]
    fn a_level_that_comes_or_goes_is_left_to_the_library() {
        let without = Lane::after(&made(&SECTION), route(), Some(1)).unwrap();
        assert_eq!(written(&without, Some(Level::new(-12, true))), None);
        let with = Lane::after(&made(&[0x10, 30, 0, 0]), route(), Some(1)).unwrap();
        assert_eq!(written(&with, None), None);
    }

    #[test]
    fn only_rtp_opens_a_lane() {
        assert!(Lane::after(&[0x80, 200, 0, 1, 0, 0, 0, 0], route(), None).is_none(), "RTCP");
        assert!(Lane::after(&[22; 40], route(), None).is_none(), "DTLS");
        let cut = made(&SECTION);
        assert!(Lane::after(&cut[..18], route(), Some(1)).is_none(), "extensions that end past the packet");
    }

    proptest! {
        #[test]
        fn whatever_the_header_says_nothing_is_read_past_its_end(
            mut bytes in prop::collection::vec(any::<u8>(), 12..80), id in 1u8..15,
        ) {
            bytes[0] = 0x80 | bytes[0] & 0x1f;
            bytes[1] = 111;
            if let Some(lane) = Lane::after(&bytes, route(), Some(id)) {
                prop_assert!(lane.length <= bytes.len());
                prop_assert!(lane.level.is_none_or(|at| at < lane.length));
            }
        }
    }
}

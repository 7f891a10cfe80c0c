//! What a datagram claims to be, before anybody works on it.
//!
//! A shard admits a STUN binding request when its user fragment is one of its peers' and that peer then finds the
//! message's integrity good; anything else only from an address that such a request came from. This is the pure part:
//! total on foreign bytes, copies nothing, checks every bound. *Absent*: the integrity check (the ICE agent's), the map
//! from addresses to peers (the shard's).
//!
//! ```
//! use relay_core::admission::{Datagram, classify};
//! assert_eq!(classify(&[0x16, 0xfe, 0xfd]), Datagram::Dtls);
//! assert_eq!(classify(b"GET / HTTP/1.1"), Datagram::Foreign);
//! ```

/// Longest datagram that is looked at, in bytes; none of ours is longer than an Ethernet frame.
pub const MAX_DATAGRAM: usize = 1_500;

const STUN_HEADER: usize = 20;
const STUN_COOKIE: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];
const BINDING_REQUEST: [u8; 2] = [0x00, 0x01];
const USERNAME: [u8; 2] = [0x00, 0x06];
const RTP_HEADER: usize = 12;
const RTCP_HEADER: usize = 8;

/// A datagram by its first bytes (RFC 7983, RFC 5761 section 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Datagram<'a> {
    /// A STUN binding request, with the user fragment of the side it is meant for.
    Binding {
        /// The part of USERNAME before the colon (RFC 8445 section 7.2.2).
        ufrag: &'a str,
    },
    /// DTLS.
    Dtls,
    /// RTP or SRTP.
    Rtp,
    /// RTCP or SRTCP.
    Rtcp,
    /// Nothing that a peer of ours sends: other STUN, TURN, ZRTP, or noise.
    Foreign,
}

/// Tells what a datagram claims to be.
pub fn classify(datagram: &[u8]) -> Datagram<'_> {
    match datagram {
        _ if datagram.len() > MAX_DATAGRAM => Datagram::Foreign,
        [0..=1, ..] => binding_ufrag(datagram).map_or(Datagram::Foreign, |ufrag| Datagram::Binding { ufrag }),
        [20..=63, ..] => Datagram::Dtls,
        [128..=191, 192..=223, ..] if datagram.len() >= RTCP_HEADER => Datagram::Rtcp,
        [128..=191, 0..=191 | 224.., ..] if datagram.len() >= RTP_HEADER => Datagram::Rtp,
        _ => Datagram::Foreign,
    }
}

/// The local user fragment of a binding request; `None` when the datagram is anything else.
fn binding_ufrag(datagram: &[u8]) -> Option<&str> {
    let (header, attributes) = datagram.split_at_checked(STUN_HEADER)?;
    let length = usize::from(u16::from_be_bytes([header[2], header[3]]));
    if header[..2] != BINDING_REQUEST || header[4..8] != STUN_COOKIE || length != attributes.len() {
        return None;
    }
    let username = std::str::from_utf8(attribute(attributes, USERNAME)?).ok()?;
    let (local, remote) = username.split_once(':')?;
    (!local.is_empty() && !remote.is_empty()).then_some(local)
}

/// The value of the first attribute of a kind (RFC 8489 section 14).
fn attribute(mut attributes: &[u8], kind: [u8; 2]) -> Option<&[u8]> {
    loop {
        let (&[k0, k1, l0, l1], rest) = attributes.split_first_chunk::<4>()?;
        let length = usize::from(u16::from_be_bytes([l0, l1]));
        if [k0, k1] == kind {
            return rest.get(..length);
        }
        attributes = rest.get(length.next_multiple_of(4)..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn binding(attributes: &[(u16, &[u8])]) -> Vec<u8> {
        let mut body = Vec::new();
        for (kind, value) in attributes {
            body.extend_from_slice(&kind.to_be_bytes());
            body.extend_from_slice(&(value.len() as u16).to_be_bytes());
            body.extend_from_slice(value);
            body.resize(body.len().next_multiple_of(4), 0);
        }
        let mut datagram = vec![0, 1];
        datagram.extend_from_slice(&(body.len() as u16).to_be_bytes());
        datagram.extend_from_slice(&STUN_COOKIE);
        datagram.extend_from_slice(&[7; 12]);
        datagram.extend_from_slice(&body);
        datagram
    }

    #[test]
    fn a_binding_request_names_the_peer_it_is_meant_for() {
        let datagram = binding(&[(0x0024, &[1, 2, 3, 4]), (0x0006, b"relay:client")]);
        assert_eq!(classify(&datagram), Datagram::Binding { ufrag: "relay" });
        assert_eq!(classify(&binding(&[(0x0006, b"abc:d")])), Datagram::Binding { ufrag: "abc" }, "padded");
    }

    #[test]
    fn a_binding_request_that_lies_is_foreign() {
        for bad in [&b"nocolon"[..], b":x", b"x:", b"", &[0xff, 0xfe, b':', b'x']] {
            assert_eq!(classify(&binding(&[(0x0006, bad)])), Datagram::Foreign, "{bad:?}");
        }
        let good = binding(&[(0x0006, b"relay:client")]);
        assert_eq!(classify(&good[..good.len() - 1]), Datagram::Foreign, "shorter than it says");
        assert_eq!(classify(&[&good[..], &[0]].concat()), Datagram::Foreign, "longer than it says");
        let mut long_name = good.clone();
        long_name[STUN_HEADER + 3] = 200;
        assert_eq!(classify(&long_name), Datagram::Foreign, "a name that ends past the datagram");
        let mut response = good;
        response[0] = 1;
        assert_eq!(classify(&response), Datagram::Foreign);
    }

    #[test]
    fn kinds_divide_where_rfc_7983_and_rfc_5761_say() {
        let of = |first: u8, second: u8| classify(&[&[first, second][..], &[0; 30]].concat()) == Datagram::Rtp;
        assert!(of(128, 111) && of(191, 0x80 | 63) && of(128, 191) && of(128, 224));
        assert!(!of(127, 111) && !of(192, 111) && !of(128, 192) && !of(128, 223));
        assert_eq!(classify(&[&[128, 200][..], &[0; 30]].concat()), Datagram::Rtcp);
        assert_eq!((classify(&[19]), classify(&[20])), (Datagram::Foreign, Datagram::Dtls));
        assert_eq!((classify(&[63]), classify(&[64])), (Datagram::Dtls, Datagram::Foreign));
        assert_eq!((classify(&[]), classify(&[128, 111])), (Datagram::Foreign, Datagram::Foreign));
        assert_eq!(classify(&[&[128, 111][..], &[0; 9]].concat()), Datagram::Foreign, "no RTP header");
    }

    #[test]
    fn a_datagram_over_the_cap_is_foreign() {
        let rtp = [&[128, 111][..], &[0; MAX_DATAGRAM]].concat();
        assert_eq!(classify(&rtp[..MAX_DATAGRAM]), Datagram::Rtp);
        assert_eq!(classify(&rtp[..MAX_DATAGRAM + 1]), Datagram::Foreign);
    }

    proptest! {
        #[test]
        fn any_bytes_are_classified(bytes in prop::collection::vec(any::<u8>(), 0..1_600)) {
            classify(&bytes);
        }

        #[test]
        fn any_damage_to_a_binding_request_is_survived(
            at in 0usize..64, to in any::<u8>(), cut in 0usize..64,
        ) {
            let mut datagram = binding(&[(0x0024, &[1, 2, 3, 4]), (0x0006, b"relay:client"), (0x0008, &[9; 20])]);
            let at = at % datagram.len();
            datagram[at] = to;
            datagram.truncate(datagram.len() - cut % datagram.len());
            classify(&datagram);
        }
    }
}

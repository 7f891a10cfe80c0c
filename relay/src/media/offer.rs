//! Offers and answers as text: what is refused before the library parses it, and what the library leaves out.

use super::MediaError;
use super::keys::Exporting;
use protocol::wire::{MAX_IN_BYTES, MAX_SLOTS};
use relay_core::room::MAX_MID_BYTES;
use std::fmt::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use str0m::change::SdpOffer;
use str0m::config::{CryptoProvider, DtlsCert};
use str0m::crypto::SrtpProvider;
use str0m::rtp::{Extension, ExtensionMap};
use str0m::{Candidate, Rtc};

/// Streams of its own that one peer can publish at once.
const MAX_SENDING: usize = 8;
/// Longest line that is looked at, in bytes; a candidate or a fingerprint takes far fewer.
const MAX_LINE_BYTES: usize = 1_024;
/// How often is looked at what listeners report of their sections; they report every second at most.
const REPORT_EVERY: Duration = Duration::from_secs(1);
/// How the relay wants Opus sent to it and says that it sends it: in stereo, at any rate up to libopus's highest,
/// without in-band FEC (which turns music into speech coding), in frames as short as 2.5 ms.
const OPUS_FMTP: &str = "minptime=3;stereo=1;sprop-stereo=1;maxaveragebitrate=510000;useinbandfec=0";

/// Certificate and cryptography that all peers of a relay share.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    certificate: DtlsCert,
    crypto: Arc<CryptoProvider>,
}

impl Identity {
    /// Makes a certificate. It lives as long as the process; clients learn its fingerprint with every answer.
    pub(crate) fn new() -> Identity {
        Identity::with(Arc::new(str0m::crypto::from_feature_flags()))
    }

    /// The same with other cryptography.
    pub(crate) fn with(crypto: Arc<CryptoProvider>) -> Identity {
        let crypto = Arc::new(CryptoProvider { dtls_provider: &Exporting, ..CryptoProvider::clone(&crypto) });
        let made = crypto.dtls_provider.generate_certificate();
        let certificate = made.expect("the built-in provider makes certificates");
        Identity { certificate, crypto }
    }

    /// What seals.
    pub(crate) fn srtp(&self) -> &'static dyn SrtpProvider {
        self.crypto.srtp_provider
    }

    /// A peer that waits for an offer: ICE-lite, RTP as it is, Opus and RED only, and of the header extensions only
    /// those that forwarding needs (transport-wide congestion control would cost bookkeeping for every packet).
    pub(crate) fn peer(&self, now: Instant, candidates: &[SocketAddr]) -> Rtc {
        let mut extensions = ExtensionMap::empty();
        extensions.set(1, Extension::AudioLevel);
        extensions.set(4, Extension::RtpMid);
        let config = Rtc::builder()
            .set_crypto_provider(self.crypto.clone())
            .set_dtls_cert(self.certificate.clone())
            .set_ice_lite(true)
            .set_rtp_mode(true)
            .clear_codecs()
            .enable_opus(true, true)
            .set_extension_map(extensions)
            .set_stats_interval(Some(REPORT_EVERY))
            .set_send_buffer_audio(1);
        let mut rtc = config.build(now);
        for address in candidates {
            if let Ok(candidate) = Candidate::host(*address, "udp") {
                rtc.add_local_candidate(candidate);
            }
        }
        rtc
    }
}

/// Reads an offer after checking its size and shape, so that the parser never works on more than a peer can honestly
/// need.
pub(crate) fn parse(sdp: &str) -> Result<SdpOffer, MediaError> {
    check(sdp)?;
    SdpOffer::from_sdp_string(sdp).map_err(|error| MediaError::Sdp(error.to_string()))
}

fn check(sdp: &str) -> Result<(), MediaError> {
    if sdp.len() > MAX_IN_BYTES || sdp.lines().any(|line| line.len() > MAX_LINE_BYTES) {
        return Err(MediaError::OfferTooLarge(sdp.len()));
    }
    let sections = sdp.lines().filter_map(|line| line.strip_prefix("m="));
    if let Some(other) = sections.clone().find(|section| !section.starts_with("audio ")) {
        let kind = other.split(' ').next().unwrap_or_default();
        return Err(MediaError::NotAudio(kind.chars().take(20).collect()));
    }
    let count = sections.count();
    if count > MAX_SLOTS + MAX_SENDING {
        return Err(MediaError::TooManySections(count));
    }
    match sdp.lines().filter_map(|line| line.strip_prefix("a=mid:")).find(|mid| !is_plain(mid)) {
        Some(mid) => Err(MediaError::Sdp(format!("section name {mid:?} is not 1 to 16 letters and digits"))),
        None => Ok(()),
    }
}

fn is_plain(mid: &str) -> bool {
    (1..=MAX_MID_BYTES).contains(&mid.len()) && mid.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Gives every Opus of an answer the parameters that the library does not know.
pub(crate) fn with_opus_parameters(answer: &str) -> String {
    let mut out = String::with_capacity(answer.len() + 512);
    let mut opus = None;
    for line in answer.lines() {
        if line.starts_with("m=") {
            opus = None;
        }
        let is_old = opus.is_some_and(|pt| line.strip_prefix("a=fmtp:").is_some_and(|of| of.starts_with(pt)));
        if !is_old {
            out.push_str(line);
            out.push_str("\r\n");
        }
        if let Some(pt) = opus_payload_type(line) {
            opus = Some(pt);
            // Writing to a string does not fail.
            let _ = write!(out, "a=fmtp:{pt}{OPUS_FMTP}\r\n");
        }
    }
    out
}

/// The payload type of an Opus `rtpmap`, with the blank after it so that 11 is not taken for 111.
fn opus_payload_type(line: &str) -> Option<&str> {
    let map = line.strip_prefix("a=rtpmap:")?;
    let end = map.find(' ')? + 1;
    map[end..].to_ascii_lowercase().starts_with("opus/").then_some(&map[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_opus_of_an_answer_gets_its_parameters_and_red_keeps_its_own() {
        let answer = "m=audio 9 UDP/TLS/RTP/SAVPF 111 63\r\na=rtpmap:111 opus/48000/2\r\n\
            a=fmtp:111 minptime=10;useinbandfec=1\r\na=rtpmap:63 red/48000/2\r\na=fmtp:63 111/111\r\n\
            m=audio 9 UDP/TLS/RTP/SAVPF 109\r\na=rtpmap:109 OPUS/48000/2\r\n";
        let wanted = format!(
            "m=audio 9 UDP/TLS/RTP/SAVPF 111 63\r\na=rtpmap:111 opus/48000/2\r\na=fmtp:111 {OPUS_FMTP}\r\n\
            a=rtpmap:63 red/48000/2\r\na=fmtp:63 111/111\r\n\
            m=audio 9 UDP/TLS/RTP/SAVPF 109\r\na=rtpmap:109 OPUS/48000/2\r\na=fmtp:109 {OPUS_FMTP}\r\n"
        );
        assert_eq!(with_opus_parameters(answer), wanted);
    }

    #[test]
    fn an_offer_is_measured_before_it_is_parsed() {
        let sections = |n: usize| "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n".repeat(n);
        assert!(check(&sections(MAX_SLOTS + MAX_SENDING)).is_ok());
        let many = MAX_SLOTS + MAX_SENDING + 1;
        assert!(matches!(check(&sections(many)), Err(MediaError::TooManySections(n)) if n == many));
        let lines = |bytes: usize| "a=x\r\n".repeat(bytes / 5) + &"y".repeat(bytes % 5);
        assert!(check(&lines(MAX_IN_BYTES)).is_ok());
        assert!(matches!(check(&lines(MAX_IN_BYTES + 1)), Err(MediaError::OfferTooLarge(_))));
        assert!(check(&"z".repeat(MAX_LINE_BYTES)).is_ok());
        assert!(matches!(check(&"z".repeat(MAX_LINE_BYTES + 1)), Err(MediaError::OfferTooLarge(_))));
    }

    #[test]
    fn what_is_not_sound_or_has_no_plain_name_is_refused_in_words() {
        let video = parse("v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\n").unwrap_err();
        assert!(video.to_string().contains("\"video\""), "{video}");
        assert!(matches!(check("a=mid:0123456789abcdef"), Ok(())));
        assert!(matches!(check("a=mid:0123456789abcdef0"), Err(MediaError::Sdp(_))));
        assert!(matches!(check("a=mid:audio-1"), Err(MediaError::Sdp(_))));
        assert!(matches!(parse("this is not SDP"), Err(MediaError::Sdp(_))));
    }
}

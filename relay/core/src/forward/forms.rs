//! The shapes that one of the publisher's packets takes for its listeners, each made once.

use super::forwarder::{Incoming, Packing, RedLeg};
use super::joiner::Frame;
use packets::red::{self, Red};
use packets::split;
use std::sync::Arc;
use units::Ticks;

/// Why a packet was not forwarded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the packet's RED or Opus framing is broken: count it and go on")]
pub struct Malformed;

#[derive(Debug)]
pub(crate) struct Forms<'a> {
    packet: &'a Incoming<'a>,
    red: Option<Red<'a>>,
    main: &'a [u8],
    length: Ticks,
    plain: Option<Arc<[u8]>>,
    trimmed: Vec<(RedLeg, Arc<[u8]>)>,
}

impl<'a> Forms<'a> {
    /// Takes the packet's framing apart.
    pub(crate) fn parse(packet: &'a Incoming<'a>) -> Result<Forms<'a>, Malformed> {
        let red = match packet.packing {
            Packing::Opus => None,
            Packing::Red => Some(Red::parse(packet.payload).map_err(|_| Malformed)?),
        };
        if let Some(red) = &red
            && (red.main().pt != packet.opus || red.redundant().any(|block| block.pt != packet.opus))
        {
            return Err(Malformed);
        }
        let main = red.map_or(&packet.payload[..], |red| red.main().payload);
        let length = split(main).map_err(|_| Malformed)?.duration();
        Ok(Forms { packet, red, main, length, plain: None, trimmed: Vec::new() })
    }

    /// How much sound the main block has.
    pub(crate) fn length(&self) -> Ticks {
        self.length
    }

    /// Whether redundant frames may come with the stream.
    pub(crate) fn is_red(&self) -> bool {
        self.red.is_some()
    }

    /// All frames, redundant ones too, at their unwrapped times when the packet's is `at`, in order of time.
    pub(crate) fn frames(&self, at: Ticks) -> Vec<Frame<'a>> {
        let redundant = self.red.iter().flat_map(|red| red.redundant());
        let mut frames: Vec<Frame<'a>> = redundant
            .filter(|block| !block.payload.is_empty())
            .map(|block| Frame { at: at - block.offset, packet: block.payload, redundant: true })
            .collect();
        frames.sort_by_key(|frame| frame.at);
        frames.push(Frame { at, packet: self.main, redundant: false });
        frames
    }

    /// The shape for a section that takes the publisher's packets one by one, and RED as said.
    pub(crate) fn for_leg(&mut self, wanted: Option<RedLeg>) -> (Packing, &Arc<[u8]>) {
        match (self.red, wanted) {
            (None, _) => (Packing::Opus, self.packet.payload),
            (Some(_), None) => (Packing::Opus, self.plain()),
            (Some(red), Some(leg)) if self.is_whole(&red, leg) => (Packing::Red, self.packet.payload),
            (Some(red), Some(leg)) => (Packing::Red, self.trimmed(&red, leg)),
        }
    }

    /// The main block alone.
    fn plain(&mut self) -> &Arc<[u8]> {
        let main = self.main;
        self.plain.get_or_insert_with(|| Arc::from(main))
    }

    fn is_whole(&self, red: &Red<'_>, leg: RedLeg) -> bool {
        red.depth() <= usize::from(leg.depth) && leg.opus == self.packet.opus
    }

    fn trimmed(&mut self, red: &Red<'_>, leg: RedLeg) -> &Arc<[u8]> {
        let found = self.trimmed.iter().position(|(of, _)| *of == leg);
        let at = found.unwrap_or_else(|| {
            self.trimmed.push((leg, trim(red, leg, self.packet.payload.len())));
            self.trimmed.len() - 1
        });
        &self.trimmed[at].1
    }
}

fn trim(red: &Red<'_>, leg: RedLeg, longest: usize) -> Arc<[u8]> {
    let mut out = vec![0; longest];
    // Neither can fail: the result is no longer than the packet, and it was just parsed.
    let length = red.trim(usize::from(leg.depth), &mut out).unwrap_or(0);
    let _ = red::rewrite_pts(&mut out[..length], leg.opus);
    Arc::from(&out[..length])
}

//! Clock maps at work: from an RTP timestamp to the captured sample it carries.

use crate::stream::{EpochMap, Stream};
use units::{RtpTimestamp, SampleTime, Ssrc, Ticks};

/// A position in a stream that survives restarts of its publisher.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamPosition {
    /// Number of the epoch.
    pub epoch: u32,
    /// Ticks since that epoch's `rtp0`.
    pub ticks: Ticks,
    /// The captured sample.
    pub sample: SampleTime,
}

/// Places an RTP timestamp of the publisher's own clock, near `near` ticks since `rtp0`, in its stream.
/// None when no epoch was carried by that source.
pub fn locate(stream: &Stream, ssrc: Ssrc, rtp: RtpTimestamp, near: Ticks) -> Option<StreamPosition> {
    let first = stream.epochs.iter().find(|map| map.ssrc == ssrc)?;
    let ticks = RtpTimestamp(rtp.0.wrapping_sub(first.rtp0.0)).unwrap_near(near);
    let map = in_force(stream, ssrc, ticks)?;
    Some(StreamPosition { epoch: map.epoch, ticks, sample: map.sample_at(ticks) })
}

/// The map in force at `ticks` since `rtp0`: the last one of this source that began by then, else its first.
pub fn in_force(stream: &Stream, ssrc: Ssrc, ticks: Ticks) -> Option<&EpochMap> {
    let of_source = || stream.epochs.iter().filter(|map| map.ssrc == ssrc);
    of_source().rev().find(|map| map.from <= ticks).or_else(|| of_source().next())
}

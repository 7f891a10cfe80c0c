//! Streams: the published sounds of a session, and the maps from their RTP clock to what was captured.

use crate::ids::{ParticipantId, StreamId};
use serde::{Deserialize, Serialize};
use units::{RtpTimestamp, SampleRate, SampleTime, Ssrc, TICK_RATE, Ticks};

/// What a stream carries, which decides who hears it and how it is treated on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum StreamKind {
    /// What is being judged: music, in stereo, untouched.
    Program,
    /// One performer.
    Mic,
    /// Voice to the other side.
    Talkback,
}

/// How a stream is encoded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StreamFormat {
    /// Encoded channels: 1 or 2.
    pub channels: u8,
    /// Length of one Opus frame in microseconds: 2 500, 5 000, 10 000 or 20 000.
    pub frame_us: u32,
    /// Target bit rate of the main encoding in bits per second.
    pub bitrate: u32,
    /// Depth of RED redundancy in frames; 0 when packets are plain Opus.
    pub redundancy: u8,
    /// Sample rate of the captured sound in Hz.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    #[cfg_attr(feature = "schema", schemars(with = "i64"))]
    pub rate: SampleRate,
}

/// How one run of a stream's RTP clock maps onto captured samples (design section 5). Durable: notes stand on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EpochMap {
    /// Number of the epoch within its stream, from 0.
    pub epoch: u32,
    /// RTP source that carries it.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    #[cfg_attr(feature = "schema", schemars(with = "i64"))]
    pub ssrc: Ssrc,
    /// RTP timestamp of the process's first tick.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    #[cfg_attr(feature = "schema", schemars(with = "i64"))]
    pub rtp0: RtpTimestamp,
    /// Ticks since `rtp0` at which the epoch begins.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    #[cfg_attr(feature = "schema", schemars(with = "i64"))]
    pub from: Ticks,
    /// Captured sample that `from` (less the delays) names.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    #[cfg_attr(feature = "schema", schemars(with = "i64"))]
    pub sample0: SampleTime,
    /// Rate of the captured samples in Hz.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    #[cfg_attr(feature = "schema", schemars(with = "i64"))]
    pub rate: SampleRate,
    /// Look-ahead of the encoder in ticks.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    #[cfg_attr(feature = "schema", schemars(with = "i64"))]
    pub codec_delay: Ticks,
    /// Delay of the publisher's resampler in ticks.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    #[cfg_attr(feature = "schema", schemars(with = "i64"))]
    pub resampler_delay: Ticks,
    /// Whether the publisher counts its samples as the design demands. A page's microphone does not.
    pub trusted: bool,
}

impl EpochMap {
    /// The captured sample heard at `ticks` since `rtp0` of decoded sound, rounded down. What lies outside of 64 bits is
    /// their end.
    pub fn sample_at(&self, ticks: Ticks) -> SampleTime {
        let before = [self.from, self.codec_delay, self.resampler_delay].map(|ticks| i128::from(ticks.0));
        let since = i128::from(ticks.0) - before.iter().sum::<i128>();
        let samples = (since * i128::from(self.rate.0)).div_euclid(i128::from(TICK_RATE));
        let sample = i128::from(self.sample0.0) + samples;
        SampleTime(sample.clamp(i64::MIN.into(), i64::MAX.into()) as i64)
    }
}

/// A stream as the session knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Stream {
    /// Its id.
    pub id: StreamId,
    /// Who publishes it.
    pub participant: ParticipantId,
    /// What it carries.
    pub kind: StreamKind,
    /// What people call it, at most 80 characters.
    pub label: String,
    /// How it is encoded.
    pub format: StreamFormat,
    /// Its clock maps in the order of their epochs. All are kept.
    pub epochs: Vec<EpochMap>,
    /// Whether it is being published.
    pub open: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_epoch_map_takes_the_delays_off() {
        let map = EpochMap {
            epoch: 1,
            ssrc: Ssrc(7),
            rtp0: RtpTimestamp(u32::MAX - 5),
            from: Ticks(480),
            sample0: SampleTime(1000),
            rate: SampleRate(96_000),
            codec_delay: Ticks(120),
            resampler_delay: Ticks(10),
            trusted: true,
        };
        assert_eq!(map.sample_at(Ticks(480 + 130)), SampleTime(1000));
        assert_eq!(map.sample_at(Ticks(480 + 130 + 24)), SampleTime(1048));
        assert_eq!(map.sample_at(Ticks(480)), SampleTime(1000 - 260));
        let wild = EpochMap { from: Ticks(i64::MIN), sample0: SampleTime(i64::MAX), ..map };
        assert_eq!(wild.sample_at(Ticks(i64::MAX)), SampleTime(i64::MAX), "a map of a log from before the limits");
    }
}

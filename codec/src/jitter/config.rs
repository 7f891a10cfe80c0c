use crate::opus::FrameDuration;
use core::time::Duration;
use units::{Bitrate, SampleCount, SampleRate};

/// How much delay is traded for how much safety. The publisher's profile sets frame, bit rate and redundancy, the
/// listener's sets the quantile; they need not agree (design section 7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Profile {
    /// 2.5 ms frames and at most 20 ms of buffer: playing together over a good line.
    Lowest,
    /// 5 ms frames: talking and playing along.
    Low,
    /// 10 ms frames: listening and judging.
    #[default]
    Default,
    /// 10 ms frames, deep redundancy and a long buffer: a poor line.
    Safe,
}

impl Profile {
    /// All of them, the quickest first.
    pub const ALL: [Profile; 4] = [Profile::Lowest, Profile::Low, Profile::Default, Profile::Safe];

    /// The word for it on the command line and in the page.
    pub const fn name(self) -> &'static str {
        match self {
            Profile::Lowest => "lowest",
            Profile::Low => "low",
            Profile::Default => "default",
            Profile::Safe => "safe",
        }
    }

    /// The publisher's frame.
    pub const fn frame(self) -> FrameDuration {
        match self {
            Profile::Lowest => FrameDuration::Us2500,
            Profile::Low => FrameDuration::Us5000,
            Profile::Default | Profile::Safe => FrameDuration::Us10000,
        }
    }

    /// The publisher's bit rate.
    pub const fn bitrate(self) -> Bitrate {
        Bitrate(256_000)
    }

    /// RED depth from the publisher before any loss was seen.
    pub const fn redundancy(self) -> u8 {
        match self {
            Profile::Lowest => 0,
            Profile::Low | Profile::Default => 1,
            Profile::Safe => 2,
        }
    }

    /// The share of packets that the listener's buffer is to have in time.
    pub const fn quantile(self) -> f64 {
        match self {
            Profile::Lowest | Profile::Low => 0.99,
            Profile::Default => 0.995,
            Profile::Safe => 0.999,
        }
    }

    /// The most that the listener's buffer aims at.
    pub const fn max_target(self) -> Duration {
        match self {
            Profile::Lowest => Duration::from_millis(20),
            Profile::Low | Profile::Default | Profile::Safe => Duration::from_millis(500),
        }
    }

    /// What may be buffered beyond the target before the listener jumps instead of playing a little faster. Playing
    /// together, a jump that is faded is less of a harm than minutes of delay.
    pub const fn max_excess(self) -> Duration {
        match self {
            Profile::Lowest => Duration::from_millis(10),
            Profile::Low | Profile::Default | Profile::Safe => Duration::from_millis(150),
        }
    }
}

impl core::str::FromStr for Profile {
    type Err = UnknownProfile;

    fn from_str(name: &str) -> Result<Profile, UnknownProfile> {
        Profile::ALL.into_iter().find(|profile| profile.name() == name).ok_or(UnknownProfile)
    }
}

impl core::fmt::Display for Profile {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.name())
    }
}

/// There is no profile of that name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no such profile: use lowest, low, default or safe")]
pub struct UnknownProfile;

/// How a [`JitterBuffer`](super::JitterBuffer) is set up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Config {
    /// The frame that the stream is expected to carry; what really comes is taken from the packets.
    pub frame: FrameDuration,
    /// The share of packets to have in time, in [0.5, 0.9999].
    pub quantile: f64,
    /// RED depth that the stream is expected to carry: so many frames are added to the target. What really comes is
    /// taken from the packets, more at once and less after 10 s.
    pub redundancy: u8,
    /// Longest block that will be pulled, in output samples per channel. A longer one is served and remembered.
    pub callback: SampleCount,
    /// Rate of the output device.
    pub output_rate: SampleRate,
    /// Least and most to aim at, margin excluded.
    pub min_target: Duration,
    /// See [`min_target`](Self::min_target).
    pub max_target: Duration,
    /// Being behind the target by more than this is not worked off by playing faster but by a jump.
    pub max_excess: Duration,
}

impl Config {
    /// The set-up of a listener: its own profile's quantile and limits, for a stream that carries `frame` and
    /// `redundancy`.
    pub fn listener(profile: Profile, frame: FrameDuration, redundancy: u8, callback: SampleCount) -> Config {
        Config {
            frame,
            quantile: profile.quantile(),
            redundancy,
            callback,
            output_rate: SampleRate::HZ_48000,
            min_target: Duration::ZERO,
            max_target: profile.max_target(),
            max_excess: profile.max_excess(),
        }
    }
}

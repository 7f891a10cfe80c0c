use crate::Ticks;

/// The synchronisation source of an RTP stream (RFC 3550 section 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct Ssrc(pub u32);

/// An RTP sequence number; it wraps at 2^16.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct Seq(pub u16);

/// An RTP timestamp in ticks; it wraps at 2^32, which is 24 h 51 min of sound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct RtpTimestamp(pub u32);

impl Seq {
    /// The signed distance from `earlier` to `self` along the shorter way round.
    pub fn distance_from(self, earlier: Seq) -> i16 {
        self.0.wrapping_sub(earlier.0) as i16
    }

    /// The number `n` places on (or back), wrapped.
    pub fn wrapping_add(self, n: i16) -> Seq {
        Seq(self.0.wrapping_add(n as u16))
    }

    /// The 64-bit index nearest to `near` whose low 16 bits are this number.
    pub fn unwrap_near(self, near: i64) -> i64 {
        near + i64::from(self.0.wrapping_sub(near as u16) as i16)
    }
}

impl RtpTimestamp {
    /// The signed distance from `earlier` to `self` along the shorter way round.
    pub fn distance_from(self, earlier: RtpTimestamp) -> Ticks {
        Ticks(i64::from(self.0.wrapping_sub(earlier.0) as i32))
    }

    /// The timestamp `ticks` on (or back), wrapped.
    pub fn wrapping_add(self, ticks: Ticks) -> RtpTimestamp {
        RtpTimestamp(self.0.wrapping_add(ticks.0 as u32))
    }

    /// The 64-bit position nearest to `near` whose low 32 bits are this timestamp.
    pub fn unwrap_near(self, near: Ticks) -> Ticks {
        Ticks(near.0 + i64::from(self.0.wrapping_sub(near.0 as u32) as i32))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_timestamp_unwraps_to_where_it_came_from(at in 0i64..1 << 40, off in -(1i64 << 30)..(1i64 << 30)) {
            let rtp = RtpTimestamp((at + off) as u32);
            prop_assert_eq!(rtp.unwrap_near(Ticks(at)), Ticks(at + off));
        }

        #[test]
        fn a_sequence_number_unwraps_to_where_it_came_from(at in 0i64..1 << 40, off in -30_000i64..30_000) {
            prop_assert_eq!(Seq((at + off) as u16).unwrap_near(at), at + off);
        }
    }
}

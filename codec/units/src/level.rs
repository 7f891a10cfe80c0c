/// A level in decibels relative to full scale; −∞ for digital silence.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct Dbfs(pub f32);

/// A loudness in LUFS (ITU-R BS.1770-4); −∞ when everything was gated.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct Lufs(pub f64);

/// A ratio's distance from one, in parts per million: a clock that is fast by 1e-6 is at +1 ppm.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct Ppm(pub f64);

/// Bits per second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct Bitrate(pub u32);

impl Dbfs {
    /// The level of a linear amplitude (1.0 = full scale); −∞ for zero.
    pub fn from_amplitude(amplitude: f32) -> Dbfs {
        Dbfs(20.0 * amplitude.abs().log10())
    }

    /// The linear amplitude of this level.
    pub fn amplitude(self) -> f32 {
        10f32.powf(self.0 / 20.0)
    }
}

impl Ppm {
    /// The ratio itself: 1.0 at 0 ppm.
    pub fn ratio(self) -> f64 {
        1.0 + self.0 * 1e-6
    }

    /// The distance of `ratio` from one.
    pub fn from_ratio(ratio: f64) -> Ppm {
        Ppm((ratio - 1.0) * 1e6)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_minus_infinity_and_half_is_minus_six() {
        assert_eq!(Dbfs::from_amplitude(0.0).0, f32::NEG_INFINITY);
        assert!((Dbfs::from_amplitude(0.5).0 + 6.0206).abs() < 1e-3);
        assert!((Dbfs(-20.0).amplitude() - 0.1).abs() < 1e-6);
    }
}

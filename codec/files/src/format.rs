use units::{SampleCount, SampleRate};

/// How one sample is stored in a file; all little-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SampleFormat {
    /// 8-bit unsigned, 128 is zero.
    U8,
    /// 16-bit signed.
    I16,
    /// 24-bit signed, packed in three bytes.
    I24,
    /// 32-bit signed.
    I32,
    /// 32-bit IEEE float, full scale ±1.0.
    F32,
    /// 64-bit IEEE float, full scale ±1.0.
    F64,
}

/// What is in a WAV file: rate, channels and storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WavSpec {
    /// Samples per second and channel, ≥ 1.
    pub rate: SampleRate,
    /// Channels per frame, ≥ 1.
    pub channels: u16,
    /// Storage of one sample.
    pub format: SampleFormat,
}

impl SampleFormat {
    /// Bytes of one stored sample, 1 to 8.
    pub fn bytes(self) -> usize {
        match self {
            SampleFormat::U8 => 1,
            SampleFormat::I16 => 2,
            SampleFormat::I24 => 3,
            SampleFormat::I32 | SampleFormat::F32 => 4,
            SampleFormat::F64 => 8,
        }
    }

    /// Whether samples are stored as floats.
    pub fn is_float(self) -> bool {
        matches!(self, SampleFormat::F32 | SampleFormat::F64)
    }

    /// Appends one sample. Integers are rounded to the nearest step without dither, so that what was decoded from the
    /// same width is stored unchanged; what is beyond full scale is clipped, not-a-number becomes zero. Floats are
    /// stored bit by bit.
    pub(crate) fn encode(self, sample: f32, out: &mut Vec<u8>) {
        match self {
            SampleFormat::U8 => out.push((quantise(sample, 8) + 128) as u8),
            SampleFormat::I16 => out.extend_from_slice(&(quantise(sample, 16) as i16).to_le_bytes()),
            SampleFormat::I24 => out.extend_from_slice(&(quantise(sample, 24) as i32).to_le_bytes()[..3]),
            SampleFormat::I32 => out.extend_from_slice(&(quantise(sample, 32) as i32).to_le_bytes()),
            SampleFormat::F32 => out.extend_from_slice(&sample.to_le_bytes()),
            SampleFormat::F64 => out.extend_from_slice(&f64::from(sample).to_le_bytes()),
        }
    }

    /// The value of one stored sample; `bytes` has exactly [`SampleFormat::bytes`] bytes.
    pub(crate) fn decode(self, bytes: &[u8]) -> f32 {
        match (self, bytes) {
            (SampleFormat::U8, &[a]) => (f32::from(a) - 128.0) / 128.0,
            (SampleFormat::I16, &[a, b]) => f32::from(i16::from_le_bytes([a, b])) / 32_768.0,
            (SampleFormat::I24, &[a, b, c]) => (i32::from_le_bytes([0, a, b, c]) >> 8) as f32 / 8_388_608.0,
            (SampleFormat::I32, &[a, b, c, d]) => i32::from_le_bytes([a, b, c, d]) as f32 / 2_147_483_648.0,
            (SampleFormat::F32, &[a, b, c, d]) => f32::from_le_bytes([a, b, c, d]),
            (SampleFormat::F64, &[a, b, c, d, e, f, g, h]) => f64::from_le_bytes([a, b, c, d, e, f, g, h]) as f32,
            _ => 0.0,
        }
    }
}

impl WavSpec {
    /// Bytes of one frame (one sample of every channel).
    pub fn frame_bytes(&self) -> usize {
        self.format.bytes() * usize::from(self.channels)
    }

    /// How many whole frames so many bytes hold.
    pub(crate) fn frames_in(&self, bytes: u64) -> SampleCount {
        SampleCount(bytes / self.frame_bytes() as u64)
    }
}

fn quantise(sample: f32, bits: u32) -> i64 {
    let full = (1i64 << (bits - 1)) as f64;
    let scaled = (f64::from(sample) * full).round();
    // A float cast saturates and makes zero of not-a-number.
    (scaled as i64).clamp(-(1 << (bits - 1)), (1 << (bits - 1)) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ALL: [SampleFormat; 6] = [
        SampleFormat::U8,
        SampleFormat::I16,
        SampleFormat::I24,
        SampleFormat::I32,
        SampleFormat::F32,
        SampleFormat::F64,
    ];

    #[test]
    fn full_scale_clips_instead_of_wrapping() {
        for format in ALL.into_iter().filter(|f| !f.is_float()) {
            let there_and_back = |sample| {
                let mut bytes = Vec::new();
                format.encode(sample, &mut bytes);
                format.decode(&bytes)
            };
            assert!(there_and_back(1.5) > 0.98, "{format:?}");
            assert_eq!(there_and_back(-7.0), -1.0, "{format:?}");
            assert_eq!(there_and_back(f32::NAN), 0.0, "{format:?}");
        }
    }

    proptest! {
        #[test]
        fn what_was_decoded_is_stored_unchanged(bytes in proptest::array::uniform8(any::<u8>())) {
            for format in [SampleFormat::U8, SampleFormat::I16, SampleFormat::I24] {
                let stored = &bytes[..format.bytes()];
                let mut again = Vec::new();
                format.encode(format.decode(stored), &mut again);
                prop_assert_eq!(stored, &again[..]);
            }
        }

        #[test]
        fn rounding_errs_by_half_a_step_at_most(sample in -1.0f32..0.99) {
            for (format, step) in [(SampleFormat::U8, 128.0), (SampleFormat::I16, 32_768.0), (SampleFormat::I24, 8_388_608.0)] {
                let mut bytes = Vec::new();
                format.encode(sample, &mut bytes);
                prop_assert!((format.decode(&bytes) - sample).abs() <= 0.5 / step);
            }
        }
    }
}

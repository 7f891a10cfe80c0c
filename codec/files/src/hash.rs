use crate::WavSpec;
use sha2::{Digest, Sha256};
use std::fmt;

/// The name of a piece of audio: SHA-256 over its samples, whatever file they stand in. Shown as 64 hex digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PcmHash(pub [u8; 32]);

/// Hashes samples as they come.
///
/// The canonical form is: `farfield-pcm-1`, channels (u16) and rate (u32), then every sample, interleaved, as `f32`
/// with −0 as 0 and one not-a-number; all little-endian. Since integers up to 24 bits are exact in `f32`, a 16-bit file
/// and its 24-bit or float copy have the same hash.
#[derive(Clone)]
pub struct PcmHasher {
    sha: Sha256,
}

impl PcmHasher {
    /// A hasher for audio of this rate and channel count; the storage format does not matter.
    pub fn new(spec: &WavSpec) -> PcmHasher {
        let mut sha = Sha256::new();
        sha.update(b"farfield-pcm-1");
        sha.update(spec.channels.to_le_bytes());
        sha.update(spec.rate.0.to_le_bytes());
        PcmHasher { sha }
    }

    /// Adds interleaved samples; how they are cut into calls does not matter.
    pub fn update(&mut self, samples: &[f32]) {
        let mut bytes = [0; 4 * 256];
        for block in samples.chunks(256) {
            for (cell, sample) in bytes.chunks_exact_mut(4).zip(block) {
                cell.copy_from_slice(&canonical(*sample).to_le_bytes());
            }
            self.sha.update(&bytes[..4 * block.len()]);
        }
    }

    /// The hash of everything so far.
    pub fn finish(self) -> PcmHash {
        PcmHash(self.sha.finalize().into())
    }
}

fn canonical(sample: f32) -> f32 {
    if sample.is_nan() { f32::from_bits(0x7FC0_0000) } else { sample + 0.0 }
}

impl fmt::Display for PcmHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SampleFormat;
    use proptest::prelude::*;
    use units::SampleRate;

    fn hash(samples: &[f32], rate: u32, cut: usize) -> PcmHash {
        let mut hasher = PcmHasher::new(&WavSpec { rate: SampleRate(rate), channels: 2, format: SampleFormat::F32 });
        samples.chunks(cut).for_each(|block| hasher.update(block));
        hasher.finish()
    }

    #[test]
    fn the_hash_of_a_known_piece_never_changes() {
        let known = "8bbccac589bc26cc3f34883ed5df36b98773d2c67c1a769a34e8685ce24235a2";
        assert_eq!(hash(&[0.5, -0.5, 0.25, 0.0], 48_000, 4).to_string(), known);
    }

    #[test]
    fn the_sign_of_zero_does_not_matter_but_the_rate_does() {
        assert_eq!(hash(&[0.0, 1.0], 48_000, 2), hash(&[-0.0, 1.0], 48_000, 2));
        assert_ne!(hash(&[0.0, 1.0], 48_000, 2), hash(&[0.0, 1.0], 44_100, 2));
    }

    proptest! {
        #[test]
        fn cutting_into_blocks_changes_nothing_and_any_change_of_a_sample_does(
            mut samples in proptest::collection::vec(-1.0f32..1.0, 1..700), cut in 1usize..300, at: prop::sample::Index,
        ) {
            let before = hash(&samples, 48_000, samples.len());
            prop_assert_eq!(before, hash(&samples, 48_000, cut));
            let changed = at.index(samples.len());
            samples[changed] += 1.0 / 8_388_608.0;
            prop_assert_ne!(before, hash(&samples, 48_000, cut));
        }
    }
}

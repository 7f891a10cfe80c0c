/// Stereo sound at 48 kHz; full scale is ±1.0. Both channels have the same length.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stereo {
    /// The left channel.
    pub left: Vec<f32>,
    /// The right channel.
    pub right: Vec<f32>,
}

impl Stereo {
    /// Takes interleaved samples apart; half a frame at the end is dropped.
    pub fn from_interleaved(samples: &[f32]) -> Stereo {
        samples.chunks_exact(2).map(|frame| (frame[0], frame[1])).collect()
    }

    /// The same as interleaved samples.
    pub fn interleaved(&self) -> Vec<f32> {
        self.left.iter().zip(&self.right).flat_map(|(l, r)| [*l, *r]).collect()
    }

    /// Samples per channel.
    pub fn len(&self) -> usize {
        self.left.len().min(self.right.len())
    }

    /// Whether there is no sound at all.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Left, then right.
    pub fn channels(&self) -> [&[f32]; 2] {
        [&self.left, &self.right]
    }

    /// What `change` makes of each channel.
    pub fn map(&self, mut change: impl FnMut(&[f32]) -> Vec<f32>) -> Stereo {
        Stereo { left: change(&self.left), right: change(&self.right) }
    }
}

impl FromIterator<(f32, f32)> for Stereo {
    fn from_iter<I: IntoIterator<Item = (f32, f32)>>(frames: I) -> Stereo {
        let (left, right) = frames.into_iter().unzip();
        Stereo { left, right }
    }
}

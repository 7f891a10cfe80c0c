//! Peak and RMS of what passed since the last look.

use crate::report::LevelStats;

/// The lowest level that is told, in dBFS.
const FLOOR_DBFS: f32 = -100.0;

/// Collects levels of interleaved sound.
#[derive(Clone, Debug, Default)]
pub(super) struct LevelMeter {
    peak: Vec<f32>,
    squares: Vec<f64>,
    frames: u64,
}

impl LevelMeter {
    pub(super) fn handle_sound(&mut self, interleaved: &[f32], channels: usize) {
        self.peak.resize(channels, 0.0);
        self.squares.resize(channels, 0.0);
        for frame in interleaved.chunks_exact(channels) {
            for (channel, sample) in frame.iter().enumerate() {
                self.peak[channel] = self.peak[channel].max(sample.abs());
                self.squares[channel] += f64::from(*sample) * f64::from(*sample);
            }
        }
        self.frames += (interleaved.len() / channels) as u64;
    }

    /// Levels since the last call.
    pub(super) fn take(&mut self) -> LevelStats {
        let frames = self.frames.max(1) as f64;
        let peak_dbfs = self.peak.iter().map(|peak| decibels(*peak)).collect();
        let rms_dbfs = self.squares.iter().map(|sum| decibels((sum / frames).sqrt() as f32)).collect();
        self.peak.fill(0.0);
        self.squares.fill(0.0);
        self.frames = 0;
        LevelStats { peak_dbfs, rms_dbfs }
    }
}

fn decibels(amplitude: f32) -> f32 {
    units::Dbfs::from_amplitude(amplitude).0.max(FLOOR_DBFS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_channel_has_its_own_level_and_a_look_starts_anew() {
        let mut meter = LevelMeter::default();
        meter.handle_sound(&[1.0, 0.5, -1.0, 0.5], 2);
        let levels = meter.take();
        assert_eq!(levels.peak_dbfs[0], 0.0);
        assert!((levels.rms_dbfs[1] + 6.0206).abs() < 1e-3);
        assert_eq!(meter.take().rms_dbfs, [FLOOR_DBFS, FLOOR_DBFS]);
    }
}

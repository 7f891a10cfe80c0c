use codec::jitter::Stats;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use units::{Ppm, SampleCount};

/// What the control side and the playout thread tell each other of one source without waiting: its statistics, written
/// there and read anywhere, word by word, and whether it is to leave, which no full queue can lose.
#[derive(Debug, Default)]
pub(crate) struct SourceCells {
    words: [AtomicU64; 15],
    leaving: AtomicBool,
}

impl SourceCells {
    /// The source is to fade out and to be given back; for good.
    pub(crate) fn leave(&self) {
        self.leaving.store(true, Relaxed);
    }

    pub(crate) fn is_leaving(&self) -> bool {
        self.leaving.load(Relaxed)
    }

    pub(crate) fn store_rt(&self, stats: &Stats) {
        let floats = [stats.target_ms, stats.buffering_ms, stats.drift.0, stats.slew.0].map(f64::to_bits);
        let samples = [stats.real, stats.redundant, stats.concealed, stats.silence].map(|count| count.0);
        let packets = [stats.received, stats.lost, stats.late, stats.duplicates, stats.foreign, stats.undecodable];
        let all = floats.into_iter().chain(samples).chain(packets).chain([stats.resyncs]);
        self.words.iter().zip(all).for_each(|(word, value)| word.store(value, Relaxed));
    }

    pub(crate) fn load(&self) -> Stats {
        let word = |i: usize| self.words[i].load(Relaxed);
        let float = |i: usize| f64::from_bits(word(i));
        Stats {
            target_ms: float(0),
            buffering_ms: float(1),
            drift: Ppm(float(2)),
            slew: Ppm(float(3)),
            real: SampleCount(word(4)),
            redundant: SampleCount(word(5)),
            concealed: SampleCount(word(6)),
            silence: SampleCount(word(7)),
            received: word(8),
            lost: word(9),
            late: word(10),
            duplicates: word(11),
            foreign: word(12),
            undecodable: word(13),
            resyncs: word(14),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statistics_come_out_as_they_went_in() {
        let stats = Stats {
            target_ms: 1.5,
            buffering_ms: 2.5,
            drift: Ppm(-3.0),
            slew: Ppm(4.0),
            real: SampleCount(5),
            redundant: SampleCount(6),
            concealed: SampleCount(7),
            silence: SampleCount(8),
            received: 9,
            lost: 10,
            late: 11,
            duplicates: 12,
            foreign: 13,
            undecodable: 14,
            resyncs: 15,
        };
        let cells = SourceCells::default();
        cells.store_rt(&stats);
        assert_eq!(cells.load(), stats);
    }
}

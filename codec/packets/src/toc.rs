use units::Ticks;

/// The first byte of an Opus packet: what all of its frames are, and how they are framed (RFC 6716 section 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Toc(pub u8);

/// Which coder made the frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Linear prediction, for speech.
    Silk,
    /// SILK below 8 kHz, CELT above.
    Hybrid,
    /// Transform coding, for music and the least delay.
    Celt,
}

/// How far up the coded sound reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bandwidth {
    /// 4 kHz.
    Narrow,
    /// 6 kHz.
    Medium,
    /// 8 kHz.
    Wide,
    /// 12 kHz.
    SuperWide,
    /// 20 kHz.
    Full,
}

impl Toc {
    /// The configuration number, 0 to 31 (RFC 6716 table 2).
    pub fn config(self) -> u8 {
        self.0 >> 3
    }

    /// Whether the frames are stereo.
    pub fn is_stereo(self) -> bool {
        self.0 & 0b100 != 0
    }

    /// The framing code: one frame (0), two equally long (1), two (2), any number (3).
    pub fn code(self) -> u8 {
        self.0 & 0b11
    }

    /// The same frames under another framing code, of which the low two bits count.
    pub fn with_code(self, code: u8) -> Toc {
        Toc(self.0 & !0b11 | code & 0b11)
    }

    /// Whether frames under both bytes may share a packet: same configuration and channels.
    pub fn is_compatible_with(self, other: Toc) -> bool {
        self.with_code(0) == other.with_code(0)
    }

    /// Which coder made the frames.
    pub fn mode(self) -> Mode {
        match self.config() {
            0..=11 => Mode::Silk,
            12..=15 => Mode::Hybrid,
            _ => Mode::Celt,
        }
    }

    /// How far up the sound reaches.
    pub fn bandwidth(self) -> Bandwidth {
        match self.config() {
            0..=3 | 16..=19 => Bandwidth::Narrow,
            4..=7 => Bandwidth::Medium,
            8..=11 | 20..=23 => Bandwidth::Wide,
            12..=13 | 24..=27 => Bandwidth::SuperWide,
            _ => Bandwidth::Full,
        }
    }

    /// The length of each frame: 2.5 to 60 ms.
    pub fn frame_ticks(self) -> Ticks {
        let step = usize::from(self.config() & 0b11);
        Ticks(match self.mode() {
            Mode::Silk => [480, 960, 1_920, 2_880][step],
            Mode::Hybrid => [480, 960][step & 1],
            Mode::Celt => [120, 240, 480, 960][step],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_toc_of_every_program_frame_is_full_band_celt() {
        for (byte, ticks) in [(0xE4, 120), (0xEC, 240), (0xF4, 480), (0xFC, 960)] {
            let toc = Toc(byte);
            assert_eq!((toc.mode(), toc.bandwidth(), toc.is_stereo()), (Mode::Celt, Bandwidth::Full, true));
            assert_eq!((toc.code(), toc.frame_ticks()), (0, Ticks(ticks)));
        }
    }

    #[test]
    fn the_configurations_are_those_of_table_2() {
        use Bandwidth::*;
        let rows: [(Mode, Bandwidth, &[i64]); 10] = [
            (Mode::Silk, Narrow, &[480, 960, 1920, 2880]),
            (Mode::Silk, Medium, &[480, 960, 1920, 2880]),
            (Mode::Silk, Wide, &[480, 960, 1920, 2880]),
            (Mode::Hybrid, SuperWide, &[480, 960]),
            (Mode::Hybrid, Full, &[480, 960]),
            (Mode::Celt, Narrow, &[120, 240, 480, 960]),
            (Mode::Celt, Wide, &[120, 240, 480, 960]),
            (Mode::Celt, SuperWide, &[120, 240, 480, 960]),
            (Mode::Celt, Full, &[120, 240, 480, 960]),
            (Mode::Celt, Full, &[]),
        ];
        let table = rows.iter().flat_map(|(mode, band, ticks)| ticks.iter().map(move |t| (*mode, *band, Ticks(*t))));
        let read = (0..32u8).map(|config| Toc(config << 3)).map(|t| (t.mode(), t.bandwidth(), t.frame_ticks()));
        assert!(table.eq(read));
    }

    #[test]
    fn only_the_framing_code_may_differ_within_a_packet() {
        assert!(Toc(0xEC).is_compatible_with(Toc(0xEF)));
        assert!(!Toc(0xEC).is_compatible_with(Toc(0xE8)), "mono is not stereo");
        assert!(!Toc(0xEC).is_compatible_with(Toc(0xF4)), "5 ms is not 10 ms");
    }
}

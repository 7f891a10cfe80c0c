//! What is played: eight bars in A minor at 100 BPM, sixteen steps each, with variations drawn from the seed.

/// Steps (sixteenth notes) in a bar.
pub(super) const STEPS: usize = 16;
/// Bars in the form.
pub(super) const BARS: usize = 8;
/// Frames in a step: 48 000 · 60 / 100 / 4.
pub(super) const STEP_FRAMES: u32 = 7_200;

/// One bar's harmony in MIDI numbers: the bass, and four notes from low to high.
pub(super) struct Harmony {
    pub(super) bass: f32,
    pub(super) notes: [f32; 4],
}

/// The chord of each bar.
pub(super) const HARMONY: [Harmony; BARS] = [
    Harmony { bass: 33.0, notes: [57.0, 60.0, 64.0, 67.0] },
    Harmony { bass: 29.0, notes: [57.0, 60.0, 64.0, 65.0] },
    Harmony { bass: 36.0, notes: [55.0, 60.0, 64.0, 67.0] },
    Harmony { bass: 31.0, notes: [55.0, 59.0, 62.0, 67.0] },
    Harmony { bass: 33.0, notes: [57.0, 60.0, 64.0, 72.0] },
    Harmony { bass: 29.0, notes: [57.0, 60.0, 65.0, 69.0] },
    Harmony { bass: 38.0, notes: [57.0, 60.0, 62.0, 65.0] },
    Harmony { bass: 28.0, notes: [56.0, 59.0, 62.0, 64.0] },
];

/// How hard a drum or a part plays on each step of a bar, 0 = rest … 9.
pub(super) type Pattern = [u8; STEPS];

const fn pattern(text: &[u8; STEPS]) -> Pattern {
    let mut out = [0; STEPS];
    let mut i = 0;
    while i < STEPS {
        out[i] = if text[i] == b'.' { 0 } else { text[i] - b'0' };
        i += 1;
    }
    out
}

/// Kick: three bars that take turns.
pub(super) const KICK: [Pattern; 3] =
    [pattern(b"9.....7.9......."), pattern(b"9..6....9.7....."), pattern(b"9.....7.9..5..7.")];
/// Snare with ghost notes.
pub(super) const SNARE: [Pattern; 2] = [pattern(b"....9.......9..."), pattern(b"....9..2.2..9..3")];
/// The fill that ends the form.
pub(super) const FILL: Pattern = pattern(b"....9..56.678799");
/// Closed hi-hat of the first four bars.
pub(super) const HAT: Pattern = pattern(b"8.537.638.537.5.");
/// Open hi-hat.
pub(super) const OPEN_HAT: Pattern = pattern(b"..............7.");
/// Ride of the last four bars.
pub(super) const RIDE: Pattern = pattern(b"8...6.5.8...6.5.");
/// Bass: hardness, and below it the interval above the chord's bass.
pub(super) const BASS: [Pattern; 2] = [pattern(b"9..6..8.7...6.6."), pattern(b"9.....8.7..6..7.")];
/// Semitones above the chord's bass on each step.
pub(super) const BASS_STEPS: [f32; STEPS] =
    [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 12.0, 0.0, 0.0, 0.0, 0.0, 7.0, 7.0, 0.0, 12.0, 0.0];
/// Guitar: the chord note (1…4, 5 = the lowest an octave up) that is picked on each step.
pub(super) const PICKING: [Pattern; 2] = [pattern(b"1.3.2.4.3.2.4.3."), pattern(b"1.3.4.5.4.3.2.34")];
/// Electric piano: chords off the beat.
pub(super) const COMPING: [Pattern; 3] =
    [pattern(b"..7....6...7...."), pattern(b"7.....6....8..5."), pattern(b"......8...6...6.")];

/// A sung note: bar, step, MIDI number, vowel; a rest has the number 0.
pub(super) struct Sung {
    pub(super) bar: usize,
    pub(super) step: usize,
    pub(super) midi: f32,
    pub(super) vowel: usize,
}

const fn sung(bar: usize, step: usize, midi: f32, vowel: usize) -> Sung {
    Sung { bar, step, midi, vowel }
}

/// Two short phrases, in bars 3 and 4 and in bars 7 and 8.
pub(super) const MELODY: [Sung; 16] = [
    sung(2, 0, 64.0, 0),
    sung(2, 4, 67.0, 3),
    sung(2, 7, 69.0, 1),
    sung(2, 12, 67.0, 0),
    sung(3, 0, 62.0, 4),
    sung(3, 3, 64.0, 1),
    sung(3, 6, 62.0, 0),
    sung(3, 13, 0.0, 0),
    sung(6, 0, 69.0, 3),
    sung(6, 3, 72.0, 0),
    sung(6, 6, 69.0, 1),
    sung(6, 11, 65.0, 2),
    sung(7, 0, 68.0, 0),
    sung(7, 4, 71.0, 3),
    sung(7, 7, 64.0, 0),
    sung(7, 14, 0.0, 0),
];

//! A REAPER project that has nothing but a tempo, markers and regions: to be opened beside one's own, or imported into
//! it. A region is two MARKER lines with one number, the second without a name. The tempo is that of the beginning, also
//! where it was changed later: positions are in seconds, so that they stand by any tempo, that of one's own project too.

use super::place::Place;
use super::sheet::Mark;
use crate::session::people::{Metre, Song};
use std::fmt::Write;

const DIGITS: u32 = 12;

pub(super) fn write(marks: &[Mark], title: &str, song: &Song) -> String {
    let mut text = "<REAPER_PROJECT 0.1 \"6.0\" 0\n".to_owned();
    // Writing into a String cannot fail.
    let _ = writeln!(text, "  TITLE {}\n  SAMPLERATE 48000 0 0\n  {}", quoted(title), tempo(song));
    marks.iter().zip(1..).for_each(|(mark, n)| push(&mut text, n, mark));
    text.push_str(">\n");
    text
}

fn push(text: &mut String, n: usize, mark: &Mark) {
    let region = usize::from(mark.end.is_some());
    let mut line = |place: Place, name: &str| {
        let _ = writeln!(text, "  MARKER {n} {} {name} {region} 0", place.seconds(DIGITS));
    };
    line(mark.start, &quoted(&mark.name));
    mark.end.into_iter().for_each(|end| line(end, "\"\""));
}

/// REAPER counts quarter notes a minute here, whatever the metre's beat is.
fn tempo(song: &Song) -> String {
    let Metre { beats, unit } = song.metre.unwrap_or(Metre { beats: 4, unit: 4 });
    let quarters = u64::from(song.tempo_mbpm.unwrap_or(120_000)) * 4 * 1_000_000 / u64::from(unit.max(1));
    format!("TEMPO {}.{:09} {beats} {unit}", quarters / 1_000_000_000, quarters % 1_000_000_000)
}

/// A word in the quotes that it does not have itself; one that has all three kinds loses its backticks to apostrophes,
/// as in REAPER's own files.
fn quoted(word: &str) -> String {
    match ['"', '\'', '`'].into_iter().find(|quote| !word.contains(*quote)) {
        Some(quote) => format!("{quote}{word}{quote}"),
        None => format!("`{}`", word.replace('`', "'")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_stands_in_quotes_that_it_does_not_have() {
        assert_eq!(quoted("flat"), "\"flat\"");
        assert_eq!(quoted("\"a\""), "'\"a\"'");
        assert_eq!(quoted("\"a\" 'b'"), "`\"a\" 'b'`");
        assert_eq!(quoted("\"a\" 'b' `c`"), "`\"a\" 'b' 'c'`");
    }

    #[test]
    fn the_tempo_is_in_quarter_notes() {
        let metre = |unit| Some(Metre { beats: 6, unit });
        assert_eq!(tempo(&Song::default()), "TEMPO 120.000000000 4 4");
        assert_eq!(tempo(&Song { tempo_mbpm: Some(90_500), metre: metre(8), key: None }), "TEMPO 45.250000000 6 8");
        assert_eq!(tempo(&Song { tempo_mbpm: Some(60_000), metre: metre(2), key: None }), "TEMPO 120.000000000 6 2");
    }
}

//! The song's tempo and metre over a timeline.

use super::place::Place;
use crate::session::people::Song;

/// How the song goes from a place on, until the next one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Beat {
    pub(super) from: Place,
    /// Tempo and metre, where they are known; the key is left out.
    pub(super) song: Song,
}

/// The beats of the part of a timeline that begins at `from` and ends at `to`, if it does; the first one stands at its
/// beginning. `songs` is what was said of the song, in order, on the whole timeline.
///
/// What is said for the first time was so before, too: nothing else is known of the time until then. What is taken back
/// leaves the song as it went.
pub(super) fn beats(songs: &[(Place, Song)], from: Place, to: Option<Place>) -> Vec<Beat> {
    let tempo_mbpm = songs.iter().find_map(|(_, song)| song.tempo_mbpm);
    let metre = songs.iter().find_map(|(_, song)| song.metre);
    let mut beats = vec![Beat { from: Place::ZERO, song: Song { tempo_mbpm, metre, key: None } }];
    for (at, said) in songs.iter().take_while(|(at, _)| to.is_none_or(|to| *at <= to)) {
        let last = beats.len() - 1;
        // The relay's clock may have been put back in between.
        let (before, at) = (&beats[last], (*at - from).max(beats[last].from));
        let tempo_mbpm = said.tempo_mbpm.or(before.song.tempo_mbpm);
        let song = Song { tempo_mbpm, metre: said.metre.or(before.song.metre), key: None };
        if song == before.song {
            continue;
        }
        if before.from == at {
            beats[last].song = song;
        } else {
            beats.push(Beat { from: at, song });
        }
    }
    beats
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::people::Metre;

    fn song(tempo: Option<u32>, beats: Option<u8>) -> Song {
        Song { tempo_mbpm: tempo, metre: beats.map(|beats| Metre { beats, unit: 4 }), key: None }
    }

    fn at(ms: i64, tempo: Option<u32>, beats: Option<u8>) -> (Place, Song) {
        (Place::from_ms(ms), song(tempo, beats))
    }

    fn of(songs: &[(Place, Song)], from_ms: i64, to_ms: Option<i64>) -> Vec<(Place, Song)> {
        let beats = beats(songs, Place::from_ms(from_ms), to_ms.map(Place::from_ms));
        beats.into_iter().map(|beat| (beat.from, beat.song)).collect()
    }

    #[test]
    fn a_tempo_that_was_never_changed_counts_from_the_beginning() {
        assert_eq!(of(&[], 0, None), [at(0, None, None)]);
        assert_eq!(of(&[at(7_000, Some(90_000), None)], 0, None), [at(0, Some(90_000), None)]);
        let said = [at(7_000, Some(90_000), None), at(8_000, Some(90_000), Some(3)), at(9_000, None, Some(3))];
        assert_eq!(of(&said, 0, None), [at(0, Some(90_000), Some(3))]);
    }

    #[test]
    fn a_change_counts_from_where_it_was_made() {
        let said = [at(0, Some(90_000), Some(3)), at(5_000, Some(120_000), Some(3)), at(9_000, Some(60_000), Some(4))];
        assert_eq!(of(&said, 0, None), said);
        let of_take = [at(0, Some(120_000), Some(3)), at(3_000, Some(60_000), Some(4))];
        assert_eq!(of(&said, 6_000, Some(9_000)), of_take);
        assert_eq!(of(&said, 6_000, Some(8_999)), of_take[..1]);
        assert_eq!(of(&said, 9_000, Some(12_000)), [at(0, Some(60_000), Some(4))]);
    }

    #[test]
    fn of_two_changes_at_one_place_the_last_counts() {
        let said = [at(0, Some(90_000), None), at(5_000, Some(100_000), None), at(5_000, Some(110_000), None)];
        assert_eq!(of(&said, 0, None), [at(0, Some(90_000), None), at(5_000, Some(110_000), None)]);
    }
}

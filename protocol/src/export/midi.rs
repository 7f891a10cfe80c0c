//! A Standard MIDI File of type 1 (MIDI Association, RP-001 v1.0) with one track: name, tempo, metre and markers, which
//! is all that Pro Tools and Logic take markers from. A range is a marker at each end. Names are in UTF-8.
//!
//! The tempo is rounded to whole microseconds in a quarter note, as the format wants it, and every position is worked
//! out with the tempo as written, so that nothing drifts.

use super::place::Place;
use super::sheet::Mark;
use crate::session::people::{Metre, Song};

/// Ticks in a quarter note.
const PPQ: u16 = 960;
/// The longest step that the format can write, in ticks.
const LONGEST_STEP: u64 = 0x0fff_ffff;
/// Where the file ends at the latest: four years at 120 to the minute. What is later stands there.
const LAST_TICK: u64 = LONGEST_STEP * 900;
/// The slowest tempo that the format can write, in microseconds a quarter note.
const SLOWEST: u64 = 0x00ff_ffff;

const TEXT: u8 = 0x01;
const TRACK_NAME: u8 = 0x03;
const MARKER: u8 = 0x06;
const END_OF_TRACK: u8 = 0x2f;
const TEMPO: u8 = 0x51;
const TIME_SIGNATURE: u8 = 0x58;

pub(super) fn write(marks: &[Mark], title: &str, song: &Song) -> Vec<u8> {
    let tempo_us = tempo_us(song);
    let mut track = Track::default();
    track.meta(0, TRACK_NAME, title.as_bytes());
    track.meta(0, TEMPO, &(tempo_us as u32).to_be_bytes()[1..]);
    track.meta(0, TIME_SIGNATURE, &time_signature(song));
    for (place, name) in points(marks) {
        track.meta(ticks(place, tempo_us), MARKER, name.as_bytes());
    }
    track.meta(0, END_OF_TRACK, &[]);
    file(&track.bytes)
}

/// The markers in order, ends of ranges among them.
fn points(marks: &[Mark]) -> Vec<(Place, String)> {
    let begins = marks.iter().map(|mark| (mark.start, mark.name.clone()));
    let ends = marks.iter().filter_map(|mark| Some((mark.end?, format!("End of {}", mark.name))));
    let mut points: Vec<_> = begins.chain(ends).collect();
    points.sort_by_key(|(place, _)| *place);
    points
}

/// Microseconds in a quarter note; the song's tempo counts the beats of its metre.
fn tempo_us(song: &Song) -> u64 {
    let (beats, unit) = (song.tempo_mbpm.unwrap_or(120_000), song.metre.map_or(4, |metre| metre.unit));
    let per = u64::from(beats.max(1)) * 4;
    ((120_000_000_000 * u64::from(unit) + per) / (2 * per)).clamp(1, SLOWEST)
}

/// Beats, the beat's power of two, and the usual metronome: a click a beat, eight 32nds in a quarter note.
fn time_signature(song: &Song) -> [u8; 4] {
    let Metre { beats, unit } = song.metre.unwrap_or(Metre { beats: 4, unit: 4 });
    [beats, unit.max(1).ilog2() as u8, 96 / unit.clamp(1, 96), 8]
}

fn ticks(place: Place, tempo_us: u64) -> u64 {
    let ticks = place.count(i128::from(PPQ) * 1_000_000, i128::from(tempo_us));
    u64::try_from(ticks).unwrap_or(if ticks < 0 { 0 } else { LAST_TICK }).min(LAST_TICK)
}

/// A track as it grows.
#[derive(Default)]
struct Track {
    at: u64,
    bytes: Vec<u8>,
}

impl Track {
    /// Adds an event at a tick, or where the last one is when that is later. What is further than the longest step
    /// is reached by steps with empty texts.
    fn meta(&mut self, at: u64, kind: u8, data: &[u8]) {
        while at.saturating_sub(self.at) > LONGEST_STEP {
            self.push(LONGEST_STEP, TEXT, &[]);
        }
        self.push(at.saturating_sub(self.at), kind, data);
    }

    fn push(&mut self, step: u64, kind: u8, data: &[u8]) {
        self.at += step;
        push_number(&mut self.bytes, step);
        self.bytes.extend([0xff, kind]);
        push_number(&mut self.bytes, data.len() as u64);
        self.bytes.extend(data);
    }
}

/// A number of up to 28 bits, seven a byte, the highest first.
fn push_number(bytes: &mut Vec<u8>, number: u64) {
    let septets = [21, 14, 7, 0].map(|shift| (number >> shift) as u8 & 0x7f);
    let first = septets.iter().position(|septet| *septet != 0).unwrap_or(3);
    bytes.extend(septets[first..3].iter().map(|septet| septet | 0x80));
    bytes.push(septets[3]);
}

fn file(track: &[u8]) -> Vec<u8> {
    let mut file = b"MThd\0\0\0\x06\0\x01\0\x01".to_vec();
    file.extend(PPQ.to_be_bytes());
    file.extend(b"MTrk");
    file.extend((track.len() as u32).to_be_bytes());
    file.extend(track);
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_the_standard_shows_them() {
        for (number, bytes) in [
            (0x00, &[0x00][..]),
            (0x7f, &[0x7f]),
            (0x80, &[0x81, 0x00]),
            (0x3fff, &[0xff, 0x7f]),
            (0x20_0000, &[0x81, 0x80, 0x80, 0x00]),
            (LONGEST_STEP, &[0xff, 0xff, 0xff, 0x7f]),
        ] {
            let mut written = Vec::new();
            push_number(&mut written, number);
            assert_eq!(written, bytes, "{number:x}");
        }
    }

    #[test]
    fn the_tempo_counts_the_beats_of_the_metre() {
        let song =
            |tempo_mbpm, unit| Song { tempo_mbpm: Some(tempo_mbpm), metre: Some(Metre { beats: 6, unit }), key: None };
        assert_eq!(tempo_us(&Song::default()), 500_000);
        assert_eq!(tempo_us(&song(120_000, 8)), 1_000_000);
        assert_eq!(tempo_us(&song(97_300, 4)), 616_650, "616 649.54 is rounded up");
        assert_eq!(tempo_us(&song(10_000, 32)), SLOWEST, "as slow as the format goes");
    }

    #[test]
    fn a_step_beyond_the_longest_is_made_of_several() {
        let mut track = Track::default();
        track.meta(LONGEST_STEP * 2 + 5, MARKER, b"x");
        assert_eq!(
            track.bytes,
            [
                &[0xff, 0xff, 0xff, 0x7f, 0xff, TEXT, 0][..],
                &[0xff, 0xff, 0xff, 0x7f, 0xff, TEXT, 0],
                &[5, 0xff, MARKER, 1, b'x'],
            ]
            .concat()
        );
    }
}

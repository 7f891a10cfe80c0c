//! A Standard MIDI File of type 1 (MIDI Association, RP-001 v1.0) with one track: name, tempo map, metre and markers,
//! which is all that Pro Tools and Logic take markers from. A range is a marker at each end. Names are in UTF-8.
//!
//! Each tempo is rounded to whole microseconds in a quarter note, as the format wants it, and begins on a whole tick; every
//! position is worked out with the map as written, so that nothing drifts and a marker is never more than half a tick off
//! its time.

use super::place::Place;
use super::sheet::Mark;
use super::tempo::Beat;
use crate::session::people::{Metre, Song};

/// Ticks in a quarter note.
const PPQ: u16 = 960;
/// The longest step that the format can write, in ticks.
const LONGEST_STEP: u64 = 0x0fff_ffff;
/// Where the file ends at the latest: four years at 120 to the minute. What is later stands there.
const LAST_TICK: u64 = LONGEST_STEP * 900;
/// Units that time is counted in here, a second: of them a place as well as a tick at any tempo has a whole number.
const PER_SECOND: i128 = 141_120_000_000;
/// So many of them are a tick at one microsecond a quarter note.
const PER_TICK_US: i128 = PER_SECOND / (PPQ as i128 * 1_000_000);
/// The slowest tempo that the format can write, in microseconds a quarter note.
const SLOWEST: u64 = 0x00ff_ffff;

const TEXT: u8 = 0x01;
const TRACK_NAME: u8 = 0x03;
const MARKER: u8 = 0x06;
const END_OF_TRACK: u8 = 0x2f;
const TEMPO: u8 = 0x51;
const TIME_SIGNATURE: u8 = 0x58;

pub(super) fn write(marks: &[Mark], title: &str, beats: &[Beat]) -> Vec<u8> {
    let map = TempoMap::of(beats);
    let markers = points(marks).into_iter().map(|(place, name)| (map.tick(place), MARKER, name.into_bytes()));
    let mut events: Vec<_> = map.events().chain(markers).collect();
    events.sort_by_key(|(tick, ..)| *tick);
    let mut track = Track::default();
    track.meta(0, TRACK_NAME, title.as_bytes());
    events.iter().for_each(|(tick, kind, data)| track.meta(*tick, *kind, data));
    track.meta(0, END_OF_TRACK, &[]);
    file(&track.bytes)
}

/// Where ticks lie in time: the tempo that counts from a tick on, and when that tick is.
struct TempoMap(Vec<Tempo>);

struct Tempo {
    tick: u64,
    /// In [`PER_SECOND`]ths of a second.
    at: i128,
    us: u64,
    song: Song,
}

impl TempoMap {
    fn of(beats: &[Beat]) -> TempoMap {
        let mut map: Vec<Tempo> = Vec::with_capacity(beats.len());
        for Beat { from, song } in beats {
            let (tick, at) = map.last().map_or((0, 0), |last| {
                let tick = last.tick_of(*from);
                (tick, last.at + i128::from(tick - last.tick) * last.length())
            });
            map.push(Tempo { tick, at, us: tempo_us(song), song: song.clone() });
        }
        TempoMap(map)
    }

    fn tick(&self, place: Place) -> u64 {
        let after = self.0.partition_point(|tempo| tempo.at <= place.count(PER_SECOND, 1));
        self.0[after.saturating_sub(1)].tick_of(place)
    }

    /// What the file says of it: each tempo and each metre where it begins.
    fn events(&self) -> impl Iterator<Item = (u64, u8, Vec<u8>)> {
        let mut before = None;
        self.0.iter().flat_map(move |Tempo { tick, us, song, .. }| {
            let metre = time_signature(song);
            let is_new = before.replace(metre) != Some(metre);
            let tempo = (*us as u32).to_be_bytes()[1..].to_vec();
            let metre = is_new.then(|| (*tick, TIME_SIGNATURE, metre.to_vec()));
            [(*tick, TEMPO, tempo)].into_iter().chain(metre)
        })
    }
}

impl Tempo {
    /// How long a tick is.
    fn length(&self) -> i128 {
        i128::from(self.us) * PER_TICK_US
    }

    /// The tick that is the nearest to a place, if it is of this tempo.
    fn tick_of(&self, place: Place) -> u64 {
        let after = place.count(PER_SECOND, 1) - self.at;
        let ticks = (2 * after + self.length()).div_euclid(2 * self.length());
        let tick = i128::from(self.tick) + ticks.max(0);
        u64::try_from(tick).unwrap_or(LAST_TICK).min(LAST_TICK)
    }
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
    use proptest::prelude::*;

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

    fn beat(ms: i64, tempo_mbpm: u32) -> Beat {
        Beat { from: Place::from_ms(ms), song: Song { tempo_mbpm: Some(tempo_mbpm), metre: None, key: None } }
    }

    #[test]
    fn a_changed_tempo_begins_on_the_nearest_tick_and_what_follows_keeps_its_time() {
        // 97.3 to the minute are 616 650 µs a quarter note: 960 ticks of 642.34 µs.
        let map = TempoMap::of(&[beat(0, 97_300), beat(1_000, 120_000), beat(2_000, 60_000)]);
        let ticks: Vec<u64> = map.0.iter().map(|tempo| tempo.tick).collect();
        // 1 s is tick 1 556.8, so 1 557, which is 0.129 ms late; from there 1 919.8 ticks of 520.83 µs to 2 s.
        assert_eq!(ticks, [0, 1_557, 1_557 + 1_920]);
        assert_eq!(map.tick(Place::from_ms(500)), 778);
        assert_eq!(map.tick(Place::from_ms(1_000)), 1_557);
        assert_eq!(map.tick(Place::from_ms(1_500)), 1_557 + 960);
        assert_eq!(map.tick(Place::from_ms(3_000)), 1_557 + 1_920 + 960);
    }

    proptest! {
        #[test]
        fn a_marker_is_never_more_than_half_a_tick_off_its_time(
            steps_ms in prop::collection::vec((1i64..100_000, 10_000u32..=999_000), 1..20), at_ms in 0i64..2_000_000,
        ) {
            let mut from_ms = 0;
            let beats: Vec<Beat> = steps_ms.iter().map(|(step, tempo)| {
                let beat = beat(from_ms, *tempo);
                from_ms += step;
                beat
            }).collect();
            let map = TempoMap::of(&beats);
            let tick = map.tick(Place::from_ms(at_ms));
            // As a reader of the file finds the time: tempo by tempo.
            let (mut time_us, mut last, mut us) = (0.0, 0, 0);
            for tempo in map.0.iter().filter(|tempo| tempo.tick <= tick) {
                time_us += (tempo.tick - last) as f64 * us as f64 / f64::from(PPQ);
                (last, us) = (tempo.tick, tempo.us);
            }
            time_us += (tick - last) as f64 * us as f64 / f64::from(PPQ);
            let slowest = map.0.iter().map(|tempo| tempo.us).max().unwrap() as f64;
            let off = (time_us - at_ms as f64 * 1e3).abs();
            prop_assert!(off <= slowest / f64::from(PPQ) / 2.0 + 1e-3, "{off} µs");
        }
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

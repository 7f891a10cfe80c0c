use crate::rng::Rng;
use protocol::command::Command;
use protocol::ids::{CommandId, MixNumber, NoteId};
use protocol::session::mix::MixFile;
use protocol::session::note::{Anchor, NewNote, Severity, Wording};
use std::time::Duration;
use units::{SampleCount, SampleRate, SampleTime};
use uuid::Uuid;

/// How somebody asks.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Time from one new command to the next. Below 100 ms it is more than a participant may ask for long.
    pub every: Duration,
    /// Commands that may wait for their answer at once.
    pub outstanding: usize,
    /// How often the newest answered commands are asked again after each return.
    pub repeats: usize,
}

/// Samples of the mix that notes are pinned to: an hour.
const MIX_SAMPLES: i64 = 48_000 * 3_600;
/// The one mix version of a session under load.
const MIX: MixNumber = MixNumber(1);

/// What has to be in a session before anybody can note anything: a mix version.
pub fn first() -> Command {
    let (title, length) = ("Rough".to_owned(), SampleCount(MIX_SAMPLES as u64));
    let file = MixFile { title, rate: SampleRate::HZ_48000, channels: 2, length, pcm_hash: "0".repeat(64) };
    Command::MixAdd { file }
}

/// A new id. Random, so that two runs on the same folder do not meet.
pub(super) fn new_id() -> CommandId {
    CommandId(Uuid::new_v4())
}

/// Somebody's `count`th new note, at a place of the mix that lies in [0, 1) of it. It causes one event.
pub fn note(note: NoteId, place: f64, count: u64) -> Command {
    let (on, text) = (place_on_mix(place), text(count));
    let (reaction_ms, uncertainty_ms, concealed, tag, parent) = (250, 3, false, Some("time".to_owned()), None);
    let severity = Severity::Minor;
    Command::NoteAdd(NewNote { note, on, reaction_ms, uncertainty_ms, concealed, text, tag, severity, parent })
}

/// The next command of somebody whose notes these are; it causes one event. Mostly notes, and now and then one of
/// them in other words.
pub(super) fn next(rng: &mut Rng, notes: &mut Vec<NoteId>, count: u64) -> Command {
    let edited = (rng.uniform() * 4.0 * notes.len() as f64) as usize;
    let place = rng.uniform();
    if let Some(note) = notes.get(edited).copied() {
        let (on, text, severity) = (place_on_mix(place), text(count), Severity::Major);
        return Command::NoteEdit { note, wording: Wording { on, text, tag: None, severity } };
    }
    let new = NoteId(Uuid::new_v4());
    notes.push(new);
    note(new, place, count)
}

fn place_on_mix(place: f64) -> Anchor {
    Anchor::Mix { mix: MIX, at: Some(SampleTime((place * MIX_SAMPLES as f64) as i64)), to: None }
}

fn text(count: u64) -> String {
    format!("late entry {count}")
}

//! What a session leaves behind for other programs: its state and log as the bytes of a file. One module a format.
//!
//! *Absent*: IO, clocks, sound files. Everything is worked out from the log alone, so the same log gives the same bytes.
//!
//! # Where a mark stands
//! What a note keeps is the position that was *heard*. A mark stands where its author *means*: at the heard position
//! less the reaction offset, never before the beginning of the timeline; both ends of a range move alike. `csv` and
//! `md` say both positions, the other formats have the mark only.
//!
//! - The timeline of a **session** begins with its first sound or first take. Each publisher's run is laid where the relay recorded
//!   its first clock map, and counts its own samples from there: within one stream distances are exact to the sample,
//!   between streams they are as good as that first message was quick.
//! - The timeline of a **take** begins with the first sample of the part that begins first. What was heard live of a
//!   stream that the take recorded is laid by counting samples; of another stream, by the session's timeline. Where a
//!   recorder has told at which sample it rolled there is a mark, and `csv` and `md` say each note's time since then: by
//!   the recorder of the note's own part where that one has told, else by the first that had the roll.
//! - The timeline of a **mix version** is its file.
//!
//! Times are whole numbers of 1/1 411 200 000 s inside (a sample of every usual rate is a whole number of them), and are
//! rounded once, to the format's own resolution: `csv` 1 ns, `vtt` and `md` 1 ms, `audacity` 1 µs, `reaper` 1 ps,
//! `midi` one of 960 ticks in a quarter note of the song's tempo there.
//!
//! A tempo or metre that was changed while the timeline ran counts from there on in `midi`, which has the whole tempo map;
//! `reaper` has the tempo of the beginning alone, because its positions are in seconds and stand whatever the tempo is.
//! On a mix version the song goes as it does now.

mod audacity;
mod calendar;
mod csv;
mod history;
mod json;
mod md;
mod midi;
mod place;
mod plain;
mod reaper;
mod sheet;
mod tempo;
mod timeline;
mod vtt;

pub use json::{Bundle, BundleError};

use crate::chain::ChainHash;
use crate::event::Stored;
use crate::ids::{LogId, MixNumber, SessionId, TakeNumber};
use crate::session::{SessionState, apply};
use serde::{Deserialize, Serialize};
use sheet::Sheet;
use std::fmt;
use std::str::FromStr;

/// A file format that a session can be written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Everything, lossless: the state and the log with its stored bytes. Read back by [`Bundle::read`].
    Json,
    /// A table of takes, notes and replies (RFC 4180, UTF-8 with a byte order mark, as spreadsheets like it).
    Csv,
    /// The session report and the producer's numbered list, to be read (CommonMark with tables).
    Md,
    /// Captions over the sound (WebVTT).
    Vtt,
    /// A label track (Audacity).
    Audacity,
    /// A project with markers and regions (REAPER).
    Reaper,
    /// A Standard MIDI File of type 1 with tempo, metre and markers (Pro Tools, Logic and most others).
    Midi,
}

/// What of a session is exported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// All of it.
    #[default]
    Session,
    /// One take, on its own timeline.
    Take(TakeNumber),
    /// One mix version, on its own timeline, with the notes that were carried over to it.
    Mix(MixNumber),
}

/// A session's log and what it adds up to.
#[derive(Clone, Debug)]
pub struct Source {
    session: SessionId,
    log: LogId,
    hash: ChainHash,
    events: Vec<Stored>,
    state: SessionState,
}

/// Why nothing could be exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExportError {
    /// No such take.
    #[error("there is no take {0} in this session; look at the list of takes, or export the whole session")]
    NoTake(TakeNumber),
    /// No such mix version.
    #[error("there is no mix version {0} in this session; look at the list again, or export the whole session")]
    NoMix(MixNumber),
}

/// A word that names no format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a session can be exported as json, csv, md, vtt, audacity, reaper or midi")]
pub struct UnknownFormat;

impl Source {
    /// Folds a log. `events` is all of it, from 1 on. Allocates the state.
    pub fn new(session: SessionId, log: LogId, events: Vec<Stored>) -> Source {
        let mut state = SessionState::default();
        events.iter().for_each(|event| apply(&mut state, event.recorded()));
        let hash = events.iter().fold(ChainHash::start(log), |hash, event| event.hash(hash));
        Source { session, log, hash, events, state }
    }

    /// What the log adds up to.
    pub fn state(&self) -> &SessionState {
        &self.state
    }

    /// Writes the session, or the part of it that is asked for, in one format. Allocates all of the file.
    ///
    /// # Errors
    /// When the session has no such take or mix version.
    pub fn export(&self, scope: Scope, format: Format) -> Result<Vec<u8>, ExportError> {
        self.check(scope)?;
        let sheet = Sheet::of(&self.state, &self.events);
        Ok(match format {
            Format::Json => json::write(self, &sheet, scope).into_bytes(),
            Format::Csv => csv::write(&sheet, scope).into_bytes(),
            Format::Md => md::write(&sheet, scope, &self.events).into_bytes(),
            Format::Vtt => vtt::write(&sheet.marks(scope), &sheet.title(scope)).into_bytes(),
            Format::Audacity => audacity::write(&sheet.marks(scope)).into_bytes(),
            Format::Reaper => {
                let song = &sheet.beats(scope)[0].song;
                reaper::write(&sheet.marks(scope), &sheet.title(scope), song).into_bytes()
            }
            Format::Midi => midi::write(&sheet.marks(scope), &sheet.title(scope), &sheet.beats(scope)),
        })
    }

    /// A name for the file that people recognise and every file system takes: `blue-hour-take-3.mid`.
    pub fn file_name(&self, scope: Scope, format: Format) -> String {
        let letters = self.state.title.chars().map(|c| if c.is_alphanumeric() { c } else { '-' });
        let words: String = letters.take(40).collect::<String>().to_lowercase();
        let mut name = words.split('-').filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-");
        if name.is_empty() {
            name.push_str("session");
        }
        match scope {
            Scope::Session => format!("{name}.{}", format.extension()),
            Scope::Take(take) => format!("{name}-take-{take}.{}", format.extension()),
            Scope::Mix(mix) => format!("{name}-mix-{mix}.{}", format.extension()),
        }
    }

    fn check(&self, scope: Scope) -> Result<(), ExportError> {
        match scope {
            Scope::Take(take) if self.state.take(take).is_none() => Err(ExportError::NoTake(take)),
            Scope::Mix(mix) if self.state.mix(mix).is_none() => Err(ExportError::NoMix(mix)),
            _ => Ok(()),
        }
    }
}

impl Format {
    /// Every format.
    pub const ALL: [Format; 7] =
        [Format::Json, Format::Csv, Format::Md, Format::Vtt, Format::Audacity, Format::Reaper, Format::Midi];

    /// The name in links and on the command line (`reaper`).
    pub fn name(self) -> &'static str {
        match self {
            Format::Json => "json",
            Format::Csv => "csv",
            Format::Md => "md",
            Format::Vtt => "vtt",
            Format::Audacity => "audacity",
            Format::Reaper => "reaper",
            Format::Midi => "midi",
        }
    }

    /// The usual end of a file's name, without the dot.
    pub fn extension(self) -> &'static str {
        match self {
            Format::Audacity => "txt",
            Format::Reaper => "rpp",
            Format::Midi => "mid",
            other => other.name(),
        }
    }

    /// The media type for HTTP.
    pub fn media_type(self) -> &'static str {
        match self {
            Format::Json => "application/json",
            Format::Csv => "text/csv; charset=utf-8",
            Format::Md => "text/markdown; charset=utf-8",
            Format::Vtt => "text/vtt; charset=utf-8",
            Format::Audacity | Format::Reaper => "text/plain; charset=utf-8",
            Format::Midi => "audio/midi",
        }
    }
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(text: &str) -> Result<Format, UnknownFormat> {
        Format::ALL.into_iter().find(|format| format.name() == text).ok_or(UnknownFormat)
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests;

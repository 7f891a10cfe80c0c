//! What a script or a key asks of the session, made whole: ids, beliefs and what was in the ear are filled in, so that
//! `{"cmd":"take.roll"}` is enough to say.

use crate::heard::HeardAnchor;
use protocol::command::{Belief, Command};
use protocol::ids::{NoteId, TakeNumber};
use protocol::session::SessionState;
use protocol::session::note::Anchor;
use protocol::session::take::{Part, Take};
use serde_json::{Map, Value, json};
use units::SampleTime;
use uuid::Uuid;

/// A command's type and fields as somebody wrote them. Every field of [`Command`] can be given; those that follow from
/// the session need not.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// The command's type: `take.roll`.
    pub cmd: String,
    /// Its fields.
    pub fields: Map<String, Value>,
}

/// What a note is pinned to that says of nothing else what it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pin {
    /// What was in the ear.
    pub heard: HeardAnchor,
    /// How long before that moment its author means, in ms, unless the request says so itself.
    pub reaction_ms: u32,
}

/// Why a request is no command.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// The type is none of the protocol's.
    #[error("there is no command {0:?}; `farfield join --help` lists them")]
    NoSuchCommand(String),
    /// A field is missing or of another kind.
    #[error("{cmd} cannot be understood: {cause}; correct the line, `farfield join --help` shows examples")]
    Fields {
        /// The command.
        cmd: String,
        /// In the reader's words.
        cause: String,
    },
    /// A field that the command does not have.
    #[error("{cmd} has no field {field:?}; leave it out")]
    NoSuchField {
        /// The command.
        cmd: String,
        /// The field.
        field: String,
    },
    /// There is no such take.
    #[error("there is no take {0}; name one that was armed")]
    NoSuchTake(u32),
    /// There is no take at all.
    #[error("there is no take yet; arm one with {{\"cmd\":\"take.arm\"}}")]
    NoTake,
    /// A position in a take of which nobody has told a part.
    #[error("take {0} has no recorded part yet, so no place in it can be named; leave `at` out")]
    NoPart(TakeNumber),
    /// A position that is no time.
    #[error(
        "`at` and `to` are seconds since the take rolled, below 0 as far as its pre-roll was recorded; give a time of the \
         recording"
    )]
    NoPosition,
}

impl Request {
    /// Whether it can only be made whole with what is in the ear: a note that says of nothing else what it is about.
    pub fn wants_heard(&self) -> bool {
        self.cmd == "note.add" && !["on", "take", "mix"].iter().any(|field| self.fields.contains_key(*field))
    }

    /// The command, as things stand in the session. `pin` is used where it [is wanted](Self::wants_heard), `fresh` where
    /// the author has to make an id. Pure; allocates.
    ///
    /// # Errors
    /// If it names what does not exist, or is not a command of the protocol.
    pub fn complete(mut self, state: &SessionState, pin: Option<Pin>, fresh: Uuid) -> Result<Command, RequestError> {
        match self.cmd.as_str() {
            "note.add" => self.pin(state, pin)?,
            "note.reply" => {}
            cmd if NEWEST_TAKE.contains(&cmd) => self.name_take(state)?,
            _ => return self.read(state),
        }
        if self.cmd.starts_with("note.") {
            self.fill("note", json!(NoteId(fresh)));
        }
        self.read(state)
    }

    /// Pins a note to a place in a take, or to what was heard.
    fn pin(&mut self, state: &SessionState, pin: Option<Pin>) -> Result<(), RequestError> {
        if self.fields.contains_key("take") {
            let on = self.place_in_take(state)?;
            self.fill("on", json!(on));
        } else if let Some(Pin { heard, reaction_ms }) = pin.filter(|_| self.wants_heard()) {
            let HeardAnchor { stream, epoch, at, uncertainty_ms, concealed } = heard;
            self.fill("on", json!(Anchor::Live { stream, epoch, at, to: None }));
            self.fill("uncertainty_ms", json!(uncertainty_ms));
            self.fill("concealed", json!(concealed));
            self.fill("reaction_ms", json!(reaction_ms));
        }
        Ok(())
    }

    /// `take`, `at` and `to` in seconds since the roll, as an anchor in one of the take's parts.
    fn place_in_take(&mut self, state: &SessionState) -> Result<Anchor, RequestError> {
        let take = self.take(state)?;
        let (at, to) = (self.seconds("at")?, self.seconds("to")?);
        let Some(first) = at.or(to) else {
            return Ok(Anchor::Take { take: take.number, part: None, at: None, to: None });
        };
        let part = part_at(take, first).ok_or(RequestError::NoPart(take.number))?;
        let sample = |seconds: f64| Some(sample_at(part, seconds)).filter(|sample| sample.0 >= 0);
        let sample = |seconds: Option<f64>| seconds.map(|seconds| sample(seconds).ok_or(RequestError::NoPosition));
        let (at, to) = (sample(at).transpose()?, sample(to).transpose()?);
        Ok(Anchor::Take { take: take.number, part: at.map(|_| part.id), at, to })
    }

    /// Takes a time out of the fields.
    fn seconds(&mut self, field: &str) -> Result<Option<f64>, RequestError> {
        let Some(value) = self.fields.remove(field) else { return Ok(None) };
        let seconds = value.as_f64().filter(|seconds| (-1e7..1e7).contains(seconds));
        seconds.map(Some).ok_or(RequestError::NoPosition)
    }

    /// Takes the take out of the fields.
    fn take<'a>(&mut self, state: &'a SessionState) -> Result<&'a Take, RequestError> {
        let number = self.fields.remove("take").and_then(|value| value.as_u64()).unwrap_or_default() as u32;
        state.take(TakeNumber(number)).ok_or(RequestError::NoSuchTake(number))
    }

    /// Names the newest take where none is named.
    fn name_take(&mut self, state: &SessionState) -> Result<(), RequestError> {
        if !self.fields.contains_key("take") {
            let newest = state.takes.last().ok_or(RequestError::NoTake)?;
            self.fill("take", json!(newest.number));
        }
        Ok(())
    }

    fn fill(&mut self, field: &str, value: Value) {
        self.fields.entry(field).or_insert(value);
    }

    fn read(self, state: &SessionState) -> Result<Command, RequestError> {
        let Request { cmd, fields } = self;
        let believed = fields.contains_key("if");
        let given: Vec<String> = fields.keys().cloned().collect();
        let read = serde_json::from_value(json!({ "type": cmd, "data": fields }));
        let mut command: Command = read.map_err(|error| match error.to_string() {
            cause if cause.starts_with(&format!("unknown variant `{cmd}`")) => RequestError::NoSuchCommand(cmd.clone()),
            cause => RequestError::Fields { cmd: cmd.clone(), cause },
        })?;
        let written = serde_json::to_value(&command).unwrap_or_default();
        let known = |field: &String| written["data"].get(field).is_some() || OPTIONAL.contains(&field.as_str());
        if let Some(field) = given.into_iter().find(|field| !known(field)) {
            return Err(RequestError::NoSuchField { cmd, field });
        }
        name_live(&mut command, state);
        if !believed {
            believe(&mut command, state);
        }
        Ok(command)
    }
}

/// Commands about a take that mean the newest one unless they name another.
const NEWEST_TAKE: [&str; 11] = [
    "take.cancel",
    "take.slate",
    "take.submit",
    "take.verdict",
    "take.vote",
    "take.circle",
    "take.hero",
    "take.false_start",
    "take.wild",
    "take.close",
    "take.reopen",
];

/// Fields that may be given as `null`, and are then not written back.
const OPTIONAL: [&str; 8] = ["if", "take", "slate", "to", "roll", "pcm_hash", "tag", "parent"];

/// The part that a time since the roll is told by: one whose recorder told the roll, and whose file holds the time if
/// there is such a one. Where nobody told it, what began first of the stream that was reported first.
fn part_at(take: &Take, seconds: f64) -> Option<&Part> {
    let holds = |part: &&Part| {
        let length = part.length().map_or(i64::MAX, |length| length.0 as i64);
        (0..=length).contains(&sample_at(part, seconds).0)
    };
    let told = || take.parts.iter().filter(|part| part.roll.is_some());
    let stream = take.parts.first()?.stream;
    let of_stream = take.parts.iter().filter(|part| part.stream == stream);
    told().find(holds).or_else(|| told().next()).or_else(|| of_stream.min_by_key(|part| (part.epoch, part.from)))
}

/// The sample of a part's file that lies so long after the roll; where that is not known, after the file's beginning.
fn sample_at(part: &Part, seconds: f64) -> SampleTime {
    let roll = part.roll.map_or(0, |roll| roll.0.saturating_sub(part.from.0));
    SampleTime(roll.saturating_add((seconds * f64::from(part.rate.0)).round() as i64))
}

/// Names the take that its author sees, so that none that comes after it is meant: what is live, and for a stop, where
/// nothing is, the last one, about which the relay then says how it stands.
fn name_live(command: &mut Command, state: &SessionState) {
    let live = || state.live_take().map(|take| take.number);
    match command {
        Command::TakeRoll { take, .. } => *take = take.or_else(live),
        Command::TakeStop { take, .. } => {
            *take = take.or_else(live).or_else(|| state.takes.last().map(|take| take.number));
        }
        _ => {}
    }
}

/// Adds to a command what its author sees now, so that somebody who was quicker makes it stale rather than undone.
fn believe(command: &mut Command, state: &SessionState) {
    let phase_of =
        |take: &TakeNumber| state.take(*take).map(|take| Belief { phase: Some(take.phase), ..Belief::default() });
    match command {
        Command::TakeRoll { take, belief, .. } | Command::TakeStop { take, belief } => {
            *belief = take.as_ref().and_then(phase_of);
        }
        Command::TakeCancel { take, belief }
        | Command::TakeSubmit { take, belief }
        | Command::TakeClose { take, belief }
        | Command::TakeReopen { take, belief, .. } => *belief = phase_of(take),
        Command::TakeVerdict { take, belief, .. } => {
            let verdict = state.take(*take).map(|take| take.verdict);
            *belief = phase_of(take).map(|belief| Belief { verdict, ..belief });
        }
        Command::NoteStatus { note, belief, .. } => {
            let status = state.notes.get(note).map(|note| note.status);
            *belief = status.map(|status| Belief { status: Some(status), ..Belief::default() });
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests;

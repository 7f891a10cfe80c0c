//! What a joined client tells while it runs: objects on stdout (`--json`), lines on stderr, or the live view.

use protocol::event::Recorded;
use protocol::grants::Role;
use protocol::ids::{ParticipantId, SessionId, StreamId};
use protocol::session::people::LobbyWhy;
use protocol::stream::{StreamFormat, StreamKind};
use protocol::wire::ErrorCode;
use serde::Serialize;
use std::collections::VecDeque;
use std::io::{BufWriter, Write};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;

/// Lines that may wait for a slow reader of stdout. Owner: the control task. Overflow: answers and events wait in
/// [`OWED`], any other line is dropped.
const CAPACITY: usize = 1_024;
/// Answers and events that may wait behind them, as many as a session has events. Owner: the control task. Overflow: the
/// oldest is dropped; whoever reads so slowly reads the session itself anew.
const OWED: usize = 20_000;

/// Where it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// One JSON object a line on stdout.
    Json,
    /// Sentences on stderr.
    Log,
    /// The live view on the terminal.
    View,
}

/// One thing that is told. The field names are the JSON's; times are ms since the program's start.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
#[non_exhaustive]
pub enum Line {
    /// We are in.
    Joined {
        /// Which session.
        session: SessionId,
        /// Who we are.
        participant: ParticipantId,
        /// As what.
        role: Role,
        /// What people call the session.
        title: String,
        /// When.
        ms: u64,
    },
    /// We wait until somebody inside lets us in.
    Lobby {
        /// What people call the session.
        title: String,
        /// Why; none when the relay does not say.
        #[serde(skip_serializing_if = "Option::is_none")]
        why: Option<LobbyWhy>,
        /// When.
        ms: u64,
    },
    /// Somebody came, left or changed.
    Peer {
        /// Who.
        participant: ParticipantId,
        /// What people call them.
        name: String,
        /// The preset of their invitation.
        role: Option<Role>,
        /// Whether they are here.
        present: bool,
        /// Whether their sound is connected.
        media: bool,
        /// Whether they talk.
        talking: bool,
        /// Streams that reach them.
        hears: Vec<StreamId>,
    },
    /// A stream began or ended.
    Stream {
        /// Which.
        stream: StreamId,
        /// What it carries.
        kind: StreamKind,
        /// What people call it.
        label: String,
        /// Whose.
        participant: ParticipantId,
        /// What people call them.
        name: String,
        /// Whether it is ours.
        own: bool,
        /// Whether it goes on.
        open: bool,
        /// How it is encoded.
        format: StreamFormat,
    },
    /// First sound of a stream that is not made up.
    Hearing {
        /// Which.
        stream: StreamId,
        /// When.
        ms: u64,
    },
    /// How everything is, once a second.
    Stats(Box<Stats>),
    /// What a sample of the output file carries.
    Position {
        /// Sample of the file, per channel.
        out_sample: u64,
        /// Which stream.
        stream: StreamId,
        /// Ticks since that epoch's `rtp0`, as decoded.
        ticks: f64,
        /// Number of the epoch; none while its clock map is not known.
        epoch: Option<u32>,
        /// The captured sample.
        sample: Option<i64>,
        /// How it came to be.
        kind: &'static str,
    },
    /// What was in the ear, as somebody asked on stdin.
    Heard {
        /// As it was asked.
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<serde_json::Value>,
        /// Where a note on it belongs.
        #[serde(skip_serializing_if = "Option::is_none")]
        anchor: Option<AnchorLine>,
        /// Why there is none.
        #[serde(skip_serializing_if = "Option::is_none")]
        why: Option<String>,
    },
    /// Something happened in the session and is saved.
    Event {
        /// What, as it was recorded.
        event: Box<Recorded>,
        /// The same for people, where they want to be told.
        #[serde(skip)]
        words: Option<String>,
    },
    /// Something that people should know.
    Warning {
        /// One sentence that says what to do.
        message: String,
    },
    /// The orderly end.
    Left {
        /// Why.
        reason: &'static str,
        /// When.
        ms: u64,
    },
    /// What became of a command. Without a `type`: it is told by its `ok`.
    #[serde(untagged)]
    Answer {
        /// Whether it is done and saved.
        ok: bool,
        /// As the command was written, else the id that was made for it.
        id: serde_json::Value,
        /// Number of the last event it caused.
        #[serde(skip_serializing_if = "Option::is_none")]
        seq: Option<u64>,
        /// Why not, for programs.
        #[serde(skip_serializing_if = "Option::is_none")]
        code: Option<ErrorCode>,
        /// Why not, for people.
        #[serde(skip_serializing_if = "Option::is_none")]
        msg: Option<String>,
    },
}

/// A place in a stream as it was heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct AnchorLine {
    /// Which stream.
    pub stream: StreamId,
    /// Number of its epoch.
    pub epoch: u32,
    /// Ticks since that epoch's `rtp0`, as decoded.
    pub at: i64,
    /// How far that can be off, in ms.
    pub uncertainty_ms: u32,
    /// Whether some of what was heard there was made up.
    pub concealed: bool,
}

/// How everything is.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Stats {
    /// When.
    pub ms: u64,
    /// Round trip to the relay.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub round_trip_ms: Option<f64>,
    /// Our streams.
    pub published: Vec<PublishedStats>,
    /// What we hear.
    pub heard: Vec<HeardStats>,
    /// Our output.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<OutputLine>,
    /// Whether the monitors are dimmed.
    pub dimmed: bool,
}

/// How the output is, counted since the start.
#[derive(Clone, Debug, Default, Serialize)]
pub struct OutputLine {
    /// Samples per channel mixed.
    pub rendered: u64,
    /// Values beyond full scale in the mix.
    pub clipped: u64,
    /// Callbacks that found less than they asked for.
    pub underruns: u64,
    /// Samples per channel left out because the device, or this machine, stood still.
    pub skipped: u64,
    /// From the device's callback to its outlet.
    pub device_ms: f64,
    /// From the jitter buffers to the callback.
    pub ahead_ms: f64,
    /// Whether the device is gone and being tried again.
    pub device_lost: bool,
    /// Levels of the mix.
    pub levels: LevelStats,
}

/// Levels of each channel over the last second.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct LevelStats {
    /// Sample peak in dBFS, −100 at the lowest.
    pub peak_dbfs: Vec<f32>,
    /// RMS in dBFS, −100 at the lowest.
    pub rms_dbfs: Vec<f32>,
}

/// How a stream of ours is.
#[derive(Clone, Debug, Serialize)]
pub struct PublishedStats {
    /// Which.
    pub stream: StreamId,
    /// What it carries.
    pub kind: StreamKind,
    /// Its newest tick.
    pub ticks: i64,
    /// Packets handed to the network since the start.
    pub sent: u64,
    /// Packets dropped since the start because the network side was behind or absent.
    pub dropped: u64,
    /// Samples that the device lost since the start.
    pub lost_samples: u64,
    /// RED depth now.
    pub redundancy: u8,
    /// Whether it is muted.
    pub muted: bool,
    /// Its levels.
    pub levels: LevelStats,
}

/// Delay by stage, in ms.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct DelayStats {
    /// Upper bound from capture to ear.
    pub total: f64,
    /// How much of it may be too much.
    pub doubt: f64,
    /// Capture, encoding, networks, relay.
    pub network: f64,
    /// Jitter buffer and resampler.
    pub buffer: f64,
    /// Output device.
    pub output: f64,
}

/// A place in a heard stream.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct PositionStats {
    /// Ticks since that epoch's `rtp0`, as decoded.
    pub ticks: f64,
    /// Number of the epoch.
    pub epoch: u32,
    /// The captured sample.
    pub sample: i64,
}

/// How a stream of others arrives.
#[derive(Clone, Debug, Serialize)]
pub struct HeardStats {
    /// Which.
    pub stream: StreamId,
    /// What it carries.
    pub kind: StreamKind,
    /// Whose.
    pub name: String,
    /// Delay, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delay_ms: Option<DelayStats>,
    /// What the jitter buffer holds now.
    pub buffer_ms: f64,
    /// What it aims to hold.
    pub target_ms: f64,
    /// Samples per channel played from main packets since the last line.
    pub real: u64,
    /// Samples per channel played from redundant copies since the last line.
    pub redundant: u64,
    /// Samples per channel made up since the last line.
    pub concealed: u64,
    /// Packets received since the last line.
    pub received: u64,
    /// Packets that never came since the last line.
    pub lost: u64,
    /// Packets that came too late since the last line.
    pub late: u64,
    /// Jumps of the position since the start.
    pub resyncs: u64,
    /// How much faster the publisher's clock runs than our output.
    pub drift_ppm: f64,
    /// Levels at the source, as its publisher tells them.
    pub source_levels: LevelStats,
    /// What leaves the output now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<PositionStats>,
}

/// Tells lines. Never blocks: a thread of its own writes.
pub struct Reporter {
    mode: Mode,
    lines: Option<SyncSender<Line>>,
    writer: Option<JoinHandle<()>>,
    owed: VecDeque<Line>,
}

impl Reporter {
    /// Starts telling.
    pub fn start(mode: Mode) -> Reporter {
        let (lines, waiting) = sync_channel(CAPACITY);
        let writer = std::thread::spawn(move || write_all(mode, &waiting));
        Reporter { mode, lines: Some(lines), writer: Some(writer), owed: VecDeque::new() }
    }

    /// Where it is told.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// Tells one line. When the reader is too far behind, answers and events wait and other lines are dropped.
    pub fn tell(&mut self, line: Line) {
        let matters = matches!(line, Line::Answer { .. } | Line::Event { .. });
        self.pay();
        if !matters && !self.owed.is_empty() {
            return;
        }
        if matters && self.owed.len() == OWED {
            self.owed.pop_front();
        }
        self.owed.push_back(line);
        self.pay();
        if !matters && !self.owed.is_empty() {
            self.owed.pop_back();
        }
    }

    /// Hands the writer what it takes of what is owed, in order.
    fn pay(&mut self) {
        let Some(lines) = &self.lines else { return };
        while let Some(line) = self.owed.pop_front() {
            if let Err(TrySendError::Full(line)) = lines.try_send(line) {
                self.owed.push_front(line);
                return;
            }
        }
    }

    /// Warns.
    pub fn warn(&mut self, message: impl Into<String>) {
        self.tell(Line::Warning { message: message.into() });
    }
}

impl Drop for Reporter {
    /// Everything told is written before the program ends.
    fn drop(&mut self) {
        if let Some(lines) = self.lines.take() {
            self.owed.drain(..).try_for_each(|line| lines.send(line)).unwrap_or_default();
        }
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
    }
}

fn write_all(mode: Mode, lines: &Receiver<Line>) {
    for line in lines {
        let written = match mode {
            Mode::Json => write_json(&line),
            Mode::Log => write_sentence(&line),
            // The live view shows it all.
            Mode::View => Ok(()),
        };
        if written.is_err() {
            // Nobody reads any more.
            return;
        }
    }
}

fn write_json(line: &Line) -> std::io::Result<()> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    serde_json::to_writer(&mut out, line)?;
    out.write_all(b"\n")?;
    out.flush()
}

fn write_sentence(line: &Line) -> std::io::Result<()> {
    match sentence(line) {
        Some(text) => writeln!(std::io::stderr(), "{text}"),
        None => Ok(()),
    }
}

/// A line as people read it; none for what only programs want.
pub fn sentence(line: &Line) -> Option<String> {
    Some(match line {
        Line::Joined { title, role, .. } => format!("joined \"{title}\" as {role}"),
        Line::Lobby { title, why, .. } => format!("you wait in the lobby of \"{title}\"{}", lobby_words(*why)),
        Line::Peer { name, present: false, .. } => format!("{name} has left"),
        Line::Peer { name, media, talking, hears, .. } => {
            let sound = if *media { format!("hears {} stream(s)", hears.len()) } else { "has no sound yet".to_owned() };
            format!("{name} is here, {sound}{}", if *talking { ", talks" } else { "" })
        }
        Line::Stream { kind, name, open, .. } => {
            format!("{} of {name} {}", kind_name(*kind), if *open { "begins" } else { "has ended" })
        }
        Line::Hearing { ms, .. } => format!("first sound after {ms} ms"),
        Line::Warning { message } => format!("warning: {message}"),
        Line::Left { reason, .. } => format!("left: {reason}"),
        Line::Event { words, .. } => return words.clone(),
        Line::Answer { ok: false, msg: Some(msg), .. } => format!("not done: {msg}"),
        Line::Answer { .. } | Line::Stats(_) | Line::Position { .. } | Line::Heard { .. } => return None,
    })
}

/// Why one waits, and what one can do.
fn lobby_words(why: Option<LobbyWhy>) -> &'static str {
    match why {
        Some(LobbyWhy::Policy) => ": everybody new is let in by somebody inside; stay, it goes on by itself",
        Some(LobbyWhy::Link) => {
            ": whoever comes by this link is let in one by one; stay, or ask whoever invited you for a link of your own"
        }
        None => " until somebody inside lets you in",
    }
}

/// What people call a kind of stream.
pub fn kind_name(kind: StreamKind) -> &'static str {
    match kind {
        StreamKind::Program => "program",
        StreamKind::Mic => "mic",
        StreamKind::Talkback => "talkback",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_names_its_type() {
        let warning = serde_json::to_value(Line::Warning { message: "x".into() }).unwrap();
        assert_eq!(warning, serde_json::json!({"type": "warning", "message": "x"}));
        let lobby = |why| serde_json::to_value(Line::Lobby { title: "Blue hour".into(), why, ms: 5 }).unwrap();
        assert_eq!(lobby(None), serde_json::json!({"type": "lobby", "title": "Blue hour", "ms": 5}));
        assert_eq!(lobby(Some(LobbyWhy::Link))["why"], "link");
        let stats = serde_json::to_value(Line::Stats(Box::default())).unwrap();
        assert_eq!(stats["type"], "stats");
    }

    #[test]
    fn who_waits_reads_why_and_what_to_do_and_not_because_of_whom() {
        let words = |why| sentence(&Line::Lobby { title: "Blue hour".into(), why, ms: 5 }).unwrap();
        let policy = words(Some(LobbyWhy::Policy));
        assert!(policy.starts_with("you wait in the lobby of \"Blue hour\": everybody new is let in"), "{policy}");
        let link = words(Some(LobbyWhy::Link));
        assert!(
            link.contains("ask whoever invited you for a link of your own") && !link.contains("kept out"),
            "{link}"
        );
        assert!(words(None).ends_with("until somebody inside lets you in"));
    }

    #[test]
    fn what_only_programs_want_is_no_sentence() {
        assert_eq!(sentence(&Line::Stats(Box::default())), None);
        assert_eq!(sentence(&Line::Left { reason: "Ctrl-C", ms: 1 }).unwrap(), "left: Ctrl-C");
    }
}

use meter::{ChannelLevel, LoudnessReading};
use std::time::Duration;
use units::{Dbfs, Ppm};

/// Everything that the terminal shows, as plain data.
///
/// Texts may come from strangers; they are made harmless when drawn. Streams are drawn in order, people too; of the
/// messages the last ones that fit.
#[derive(Clone, Debug, Default)]
pub struct View {
    /// The session's title.
    pub title: String,
    /// What this client does here.
    pub mode: Mode,
    /// How it stands with the relay.
    pub link: Link,
    /// Time since joining.
    pub elapsed: Duration,
    /// Upper bound of the delay that this client itself hears with, from source to ear.
    pub delay_ms: Option<f32>,
    /// The streams that this client publishes or plays.
    pub streams: Vec<StreamMeters>,
    /// The others in the session.
    pub people: Vec<Person>,
    /// This client's own sound path.
    pub health: Health,
    /// The newest take.
    pub take: Option<TakeLine>,
    /// Who holds the baton, in words.
    pub baton: Option<String>,
    /// What was asked and is not saved yet.
    pub unsaved: usize,
    /// How long before a note's key its author means, in ms.
    pub reaction_ms: Option<u32>,
    /// What is being typed: what it will be, and the text so far.
    pub typing: Option<(&'static str, String)>,
    /// The device that it is played to is gone: nothing is heard here.
    pub output_lost: bool,
    /// The microphone or the program is muted here.
    pub muted: bool,
    /// The monitors are dimmed by so much, while somebody talks or by hand.
    pub dimmed: Option<Dbfs>,
    /// The monitor volume.
    pub volume: Option<Dbfs>,
    /// What happened, oldest first.
    pub messages: Vec<Message>,
    /// Show the list of keys instead of people and messages.
    pub help: bool,
}

/// A take as the terminal shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakeLine {
    /// Its number.
    pub number: u32,
    /// What is said at its beginning; may be empty.
    pub slate: String,
    /// Where it is, in a word: `rolling`.
    pub phase: String,
    /// Since when it has been rolling; none when it does not.
    pub rolling: Option<Duration>,
    /// What was decided and what it is marked as, in words; empty when nothing.
    pub marks: String,
}

/// What this client does in the session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// It sends sound.
    Publisher,
    /// It only plays sound.
    #[default]
    Listener,
}

/// How it stands with the relay.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Link {
    /// Not there yet.
    #[default]
    Connecting,
    /// Signalling and media are up.
    Connected,
    /// Somebody inside has to let this client in.
    Lobby,
    /// It was up and comes back by itself; the words say why it went.
    Reconnecting(String),
}

/// One stream's meters.
#[derive(Clone, Debug, PartialEq)]
pub struct StreamMeters {
    /// The stream in words: `program`, `talkback of Nina`.
    pub name: String,
    /// It leaves this client (else it is played here).
    pub outgoing: bool,
    /// One entry for mono, two for left and right.
    pub levels: Vec<ChannelLevel>,
    /// Loudness, where it is measured.
    pub loudness: Option<LoudnessReading>,
    /// Stereo correlation from −1 to +1, while both sides sound.
    pub correlation: Option<f32>,
}

/// One of the others.
#[derive(Clone, Debug, PartialEq)]
pub struct Person {
    /// The name that they gave themselves.
    pub name: String,
    /// The role's name.
    pub role: String,
    /// Whether the program reaches their ear.
    pub hears: Hears,
    /// They are talking now.
    pub talks: bool,
    /// Upper bound of the delay from this studio to their ear.
    pub delay_ms: Option<u32>,
    /// Share of packets that were lost on the way to them, 0 to 100.
    pub lost_percent: Option<f32>,
    /// Share of sound that they heard concealed, 0 to 100.
    pub concealed_percent: Option<f32>,
}

/// Whether the program reaches somebody's ear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hears {
    /// Sound arrives and plays.
    Yes,
    /// It does not arrive or does not play.
    No,
    /// It is not known yet.
    Unknown,
}

/// This client's own sound path.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Health {
    /// The delay by stage, in the order in which sound passes them.
    pub stages: Vec<Stage>,
    /// What the jitter buffer aims at.
    pub jitter_target_ms: Option<f32>,
    /// The publisher's clock against this client's output.
    pub drift: Option<Ppm>,
    /// Share of sound concealed here in the last second, 0 to 100.
    pub concealed_percent: Option<f32>,
}

/// A part of the way and how long it takes.
#[derive(Clone, Debug, PartialEq)]
pub struct Stage {
    /// `capture`, `network`, `buffer`, `output` …
    pub name: &'static str,
    /// How long sound stays in it.
    pub ms: f32,
}

/// Something that happened, for people.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// When, since joining.
    pub at: Duration,
    /// How much it matters.
    pub kind: MessageKind,
    /// One sentence: what happened and what to do.
    pub text: String,
}

/// How much a message matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageKind {
    /// Good to know.
    Info,
    /// Look at it soon.
    Warning,
    /// What was wanted is not done.
    Error,
}

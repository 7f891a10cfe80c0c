//! The largest session that the limits allow is told in messages that are small enough.

use protocol::command::Command;
use protocol::grants::Role;
use protocol::ids::{CommandId, LogId, NoteId, ParticipantId, SessionId};
use protocol::session::note::{Anchor, NewNote, Severity};
use protocol::stream::{EpochMap, StreamKind};
use protocol::wire::{
    ClientFrame, ClientKind, ErrorCode, MAX_OUT_BYTES, MAX_PARTICIPANTS, MAX_SLOTS, Offer, RelayFrame, Welcome,
};
use relay::rooms::SEND_QUEUE;
use relay_core::journal::Opened;
use relay_core::room::{Enter, GRACE, Input, LinkId, MediaInput, Now, Output, Refusal, Room};
use units::{MonoTime, RtpTimestamp, SampleRate, SampleTime, Ssrc, Ticks, WallTime};
use uuid::Uuid;

/// Four bytes a character, and as many of them as a name may have.
fn name() -> String {
    "\u{1F3BB}".repeat(protocol::session::MAX_LABEL_CHARS)
}

fn person(n: usize) -> ParticipantId {
    ParticipantId(Uuid::from_u128(u128::MAX - n as u128))
}

fn map() -> EpochMap {
    let (ssrc, rtp0, rate) = (Ssrc(5), RtpTimestamp(9), SampleRate::HZ_48000);
    let (from, sample0, delay) = (Ticks(0), SampleTime(0), Ticks(0));
    EpochMap { epoch: 0, ssrc, rtp0, from, sample0, rate, codec_delay: delay, resampler_delay: delay, trusted: true }
}

struct Full {
    room: Room,
    ms: u64,
}

impl Full {
    fn now(&self) -> Now {
        Now { mono: MonoTime(self.ms * 1_000_000), wall: WallTime(self.ms as i64) }
    }

    fn handle(&mut self, input: Input) -> Vec<Output> {
        self.ms += 200;
        let now = self.now();
        let mut out = Vec::new();
        self.room.handle(now, input, &mut out);
        let persisted = |out: &[Output]| {
            let ticket = |output: &Output| match output {
                Output::Persist(batch) => Some(batch.ticket),
                _ => None,
            };
            out.iter().filter_map(ticket).collect::<Vec<_>>()
        };
        for ticket in persisted(&out) {
            self.room.handle(now, Input::Durable { ticket }, &mut out);
        }
        out
    }

    /// Comes in as far as the session lets one.
    fn try_enter(&mut self, n: usize, link: LinkId) -> Result<Vec<Output>, Refusal> {
        let (client, role, resume) = (ClientKind::Native, Role::Engineer, "x".repeat(64));
        let (participant, name, grants, via) = (person(n), name(), role.grants(), Vec::new());
        let enter = Enter { link, client, participant, name, role, grants, via, resume, known: None };
        self.room.charge(self.now(), &enter)?;
        Ok(self.handle(Input::Enter(Box::new(enter))))
    }

    fn enter(&mut self, n: usize, link: LinkId) -> Vec<Output> {
        self.try_enter(n, link).unwrap()
    }

    fn is_present(&self, n: usize) -> bool {
        self.room.state().participants.get(&person(n)).is_some_and(|person| person.present)
    }

    /// One person with all the streams that they may have, who hears as many as there are sections.
    fn fill(&mut self, n: usize) {
        let link = LinkId(n as u64);
        self.enter(n, link);
        for k in 0..protocol::session::MAX_OPEN_STREAMS {
            let stream = crate::house::stream((100 * n + k) as u128);
            let Command::StreamOpen { kind, format, .. } = crate::house::open(stream, StreamKind::Program) else {
                panic!("that opens a stream");
            };
            assert_eq!(self.ask(link, Command::StreamOpen { stream, kind, label: name(), format }), None);
        }
        let offer = Offer { peer: 1, sdp: String::new(), send: Vec::new() };
        self.handle(Input::Frame { link, frame: ClientFrame::Sdp(offer) });
        let hears = (0..MAX_SLOTS).map(|k| crate::house::stream((100 * n + k) as u128)).collect();
        for media in [MediaInput::Answered(Ok(String::new())), MediaInput::Connected, MediaInput::Hearing(hears)] {
            self.handle(Input::Media { participant: person(n), peer: 1, media });
        }
    }

    /// A session in which nothing has happened.
    fn new() -> Full {
        let now = Now { mono: MonoTime(0), wall: WallTime(0) };
        let opened = Opened { log: LogId(Uuid::nil()), term: 1, snapshot: None, tail: Vec::new(), done: Vec::new() };
        Full { room: Room::open(SessionId(Uuid::nil()), opened, &name(), now).unwrap(), ms: 1_000 }
    }

    /// What a command is answered with; none when it is granted.
    fn ask(&mut self, link: LinkId, command: Command) -> Option<ErrorCode> {
        let frame = ClientFrame::Cmd { id: CommandId(Uuid::now_v7()), command };
        let out = self.handle(Input::Frame { link, frame });
        out.into_iter().find_map(|output| match output {
            Output::Send { frame: RelayFrame::Err { code, .. }, .. } => Some(code),
            _ => None,
        })
    }
}

/// Somebody writes the longest notes until no more are taken, leaves and comes back, and is told all of it in fewer frames
/// than may wait for their link, with room for what happens meanwhile.
#[test]
fn a_session_that_is_full_of_the_longest_notes_can_be_left_and_entered_again() {
    let mut full = Full::new();
    let (link, stream) = (LinkId(1), crate::house::stream(1));
    full.enter(1, link);
    assert_eq!(full.ask(link, crate::house::open(stream, StreamKind::Program)), None);
    assert_eq!(full.ask(link, Command::StreamEpoch { stream, map: map() }), None);
    let text = "\u{1F3BB}".repeat(2_000);
    let mut notes = 0;
    let refused = loop {
        let note = NoteId(Uuid::from_u128(notes));
        let on = Anchor::Live { stream, epoch: 0, at: Ticks(0), to: None };
        let (reaction_ms, uncertainty_ms, concealed, severity) = (0, 5, false, Severity::Info);
        let (tag, parent, text) = (None, None, text.clone());
        let new = NewNote { note, on, reaction_ms, uncertainty_ms, concealed, text, tag, severity, parent };
        match full.ask(link, Command::NoteAdd(new)) {
            Some(code) => break code,
            None => notes += 1,
        }
    };
    assert_eq!((refused, notes > 3_000), (ErrorCode::TooMany, true), "{notes} notes");
    assert_eq!(full.ask(link, Command::StreamClose { stream }), None, "what has begun may end");
    full.handle(Input::Closed { link, left: true });
    assert!(!full.is_present(1));
    let parts = parts_of(&full.enter(1, LinkId(1_000)));
    assert!(parts > 100 && parts < SEND_QUEUE * 3 / 4, "{parts} parts");
    full.handle(Input::Closed { link: LinkId(1_000), left: false });
    full.ms += GRACE.as_millis() as u64;
    full.handle(Input::Deadline);
    assert!(!full.is_present(1), "they were away for longer than they may be");
    assert_eq!(parts_of(&full.enter(1, LinkId(1_001))), parts);
    let newcomer = full.try_enter(2, LinkId(1_002)).map(drop);
    assert!(matches!(newcomer, Err(Refusal { code: ErrorCode::TooMany, .. })), "{newcomer:?}");
}

fn parts_of(told: &[Output]) -> usize {
    let is_welcome = |output: &&Output| matches!(output, Output::Send { frame: RelayFrame::Welcome(_), .. });
    told.iter().filter(is_welcome).count()
}

#[test]
fn the_largest_session_is_told_in_messages_below_the_cap() {
    let mut full = Full::new();
    (1..=MAX_PARTICIPANTS).for_each(|n| full.fill(n));
    let (mut whole, mut parts, mut presence) = (None::<Welcome>, 0, 0);
    for output in full.enter(1, LinkId(1_000)) {
        let Output::Send { frame, .. } = output else { continue };
        let bytes = serde_json::to_vec(&frame).unwrap().len();
        assert!(bytes <= MAX_OUT_BYTES, "{bytes} bytes");
        match frame {
            RelayFrame::Welcome(part) => {
                parts += 1;
                match &mut whole {
                    None => whole = Some(*part),
                    Some(whole) => whole.absorb(*part),
                }
            }
            RelayFrame::Pres { people } => presence = people.iter().map(|person| person.hears.len()).sum(),
            _ => {}
        }
    }
    let whole = whole.unwrap();
    assert!(parts > 1 && !whole.more, "{parts} parts");
    let state = whole.state.as_deref().unwrap();
    assert_eq!(state, full.room.state());
    assert_eq!((state.streams.len(), presence), (800, 1_600));
}

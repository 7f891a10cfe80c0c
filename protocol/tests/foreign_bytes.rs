//! Any bytes give a value or an error, never a panic; what is read can be decided on, folded and exported whatever it
//! says. Runs bounded with the suite; `cargo bolero test NAME` fuzzes on.

mod bent;
mod play;

use bent::{Bends, bend};
use play::Play;
use protocol::chain::ChainHash;
use protocol::command::Command;
use protocol::event::{Event, Recorded, Stored};
use protocol::export::{Bundle, Format, Scope, Source};
use protocol::grants::Role;
use protocol::ids::{LogId, ParticipantId, SessionId};
use protocol::link::InviteLink;
use protocol::session::note::{Anchor, NewNote};
use protocol::session::{Actor, SessionState, absorb, apply, decide, split};
use protocol::text::{self, Limit};
use protocol::wire::{ClientFrame, RelayFrame};
use serde_json::{Value, json};
use std::sync::LazyLock;
use units::WallTime;
use uuid::Uuid;

/// Sessions are exported in every format, which takes longer than reading them.
const EXPORTS: usize = 200;
const LOG: LogId = LogId(Uuid::from_u128(7));

/// A session of some length with everything in it that was asked.
struct Corpus {
    state: SessionState,
    log: Vec<Recorded>,
    commands: Vec<Command>,
}

static CORPUS: LazyLock<Corpus> = LazyLock::new(|| {
    let (mut play, mut commands) = (Play::new(3), Vec::new());
    for _ in 0..150 {
        play.step(&mut |command, _| commands.push(command.clone()));
    }
    Corpus { state: play.state, log: play.log, commands }
});

fn pick<T>(from: &[T], n: u16) -> &T {
    &from[usize::from(n) % from.len()]
}

/// As somebody who may do everything and is here.
fn owner(state: &SessionState) -> ParticipantId {
    *state.participants.iter().find(|(_, person)| person.role == Role::Owner).expect("a session has an owner").0
}

fn export_all(events: Vec<Stored>) {
    let source = Source::new(SessionId(Uuid::from_u128(1)), LOG, events);
    let mut takes = source.state().takes.iter().map(|take| Scope::Take(take.number));
    let scopes: Vec<Scope> = takes.next_back().into_iter().chain([Scope::Session]).collect();
    for scope in scopes {
        for format in Format::ALL {
            let bytes = source.export(scope, format).expect("it has what it is asked for");
            assert!(format == Format::Midi || std::str::from_utf8(&bytes).is_ok(), "{format}");
        }
    }
}

#[test]
fn any_bytes_are_read_or_refused() {
    bolero::check!().for_each(|bytes: &[u8]| {
        let _ = serde_json::from_slice::<ClientFrame>(bytes);
        let _ = serde_json::from_slice::<RelayFrame>(bytes);
        let _ = serde_json::from_slice::<SessionState>(bytes);
        let text = String::from_utf8_lossy(bytes);
        let _ = Stored::read(&text);
        let _ = Bundle::read(&text);
        let _ = text.parse::<ChainHash>();
        let _ = text.parse::<InviteLink>();
    });
}

#[test]
fn any_text_is_cleaned_once_and_for_all() {
    bolero::check!().for_each(|bytes: &[u8]| {
        let (text, limit) = (String::from_utf8_lossy(bytes), Limit::chars(100));
        for clean in [text::line, text::lines] {
            let Ok(kept) = clean(&text, limit) else { continue };
            assert!(kept.chars().count() <= limit.chars && kept.len() <= limit.bytes && kept.trim() == kept);
            assert!(kept.chars().all(|c| c == '\n' || !text::is_hidden(c)), "{kept:?}");
            assert_eq!(clean(&kept, limit), Ok(kept));
        }
        assert!(!text::line(&text, limit).unwrap_or_default().contains('\n'));
    });
}

#[test]
fn a_bent_link_is_refused_or_reads_back_as_it_was_written() {
    const LINK: &str = "https://studio.example:8443/i/018f4d3e-0000-7000-8000-000000000001#AAAAAAAAAAAAAAAAAAAAAA";
    bolero::check!().with_type::<Vec<(u16, u8)>>().for_each(|bytes| {
        let mut link = LINK.as_bytes().to_vec();
        bytes.iter().take(3).for_each(|(at, byte)| link[usize::from(*at) % LINK.len()] = *byte);
        let text = String::from_utf8_lossy(&link);
        let Ok(read) = text.parse::<InviteLink>() else { return };
        assert_eq!(read.to_string().parse(), Ok(read.clone()));
        assert!(!format!("{read:?}").contains(&read.secret), "Debug keeps the secret");
    });
}

#[test]
fn a_bent_command_is_refused_or_decided_and_what_it_causes_can_be_folded() {
    bolero::check!().with_type::<(u16, Bends)>().for_each(|(n, bends)| {
        let command = pick(&CORPUS.commands, *n).clone();
        let frame = serde_json::to_value(ClientFrame::Cmd { id: protocol::ids::CommandId(Uuid::nil()), command });
        let text = bend(frame.expect("a frame has a JSON form"), bends);
        let Ok(ClientFrame::Cmd { command, .. }) = serde_json::from_str(&text) else { return };
        let again: Command = serde_json::from_str(&serde_json::to_string(&command).unwrap()).expect("it reads back");
        assert_eq!((again.digest(), &again), (command.digest(), &command));
        let (mut state, me) = (CORPUS.state.clone(), owner(&CORPUS.state));
        let grants = Role::Owner.grants();
        let Ok(events) = decide(&state, &Actor { participant: me, grants: &grants }, &command) else { return };
        fold(&mut state, me, events);
        let mut parts = split(&state, 24 * 1_024).into_iter();
        let mut whole = parts.next().unwrap();
        parts.for_each(|part| absorb(&mut whole, part));
        assert_eq!(whole, state);
    });
}

/// Folds events that were written and read on the way.
fn fold(state: &mut SessionState, by: ParticipantId, events: Vec<Event>) {
    for event in events {
        let stored = Stored::write(Recorded { seq: 9_000, id: None, by: Some(by), at: WallTime(1), event });
        let read = Stored::read(stored.text()).expect("what is written can be read");
        assert_eq!(read.recorded(), stored.recorded());
        apply(state, read.recorded());
    }
}

#[test]
fn a_bent_event_is_refused_or_sent_on_to_the_byte_and_folded() {
    bolero::check!().with_type::<(u16, Bends)>().for_each(|(n, bends)| {
        let text = bend(serde_json::to_value(pick(&CORPUS.log, *n)).unwrap(), bends);
        let Ok(stored) = Stored::read(&text) else { return };
        assert_eq!(stored.text(), text.trim_ascii());
        let prev = ChainHash::start(LOG);
        let frame = stored.frame(prev, stored.hash(prev));
        assert!(frame.ends_with(&stored.text()[1..]));
        match serde_json::from_str(&frame) {
            Ok(RelayFrame::Ev(told)) => {
                assert_eq!((told.prev, told.hash), (prev, stored.hash(prev)));
                assert_eq!(&told.recorded, stored.recorded());
            }
            other => panic!("{frame} is read as {other:?}"),
        }
        apply(&mut CORPUS.state.clone(), stored.recorded());
    });
}

#[test]
fn a_log_with_a_bent_event_in_it_is_exported_in_every_format() {
    bolero::check!().with_iterations(EXPORTS).with_type::<(u16, Bends)>().for_each(|(n, bends)| {
        let place = usize::from(*n) % CORPUS.log.len();
        let text = bend(serde_json::to_value(&CORPUS.log[place]).unwrap(), bends);
        let Ok(bent) = Stored::read(&text) else { return };
        let mut events: Vec<Stored> = CORPUS.log.iter().cloned().map(Stored::write).collect();
        events[place] = bent;
        export_all(events);
    });
}

#[test]
fn any_texts_and_places_are_exported_in_every_format() {
    bolero::check!().with_iterations(EXPORTS).with_type::<(Vec<u8>, i64, Option<i64>, u32)>().for_each(
        |(bytes, at, to, reaction_ms)| {
            let text = String::from_utf8_lossy(bytes).into_owned();
            let mut events: Vec<Stored> = CORPUS.log.iter().cloned().map(Stored::write).collect();
            let last = events.len() as u64;
            let written = CORPUS.log.iter().filter_map(|recorded| match &recorded.event {
                Event::NoteAdd(note) if note.parent.is_none() => Some(note.clone()),
                _ => None,
            });
            let marks = written.take(5).zip(1..).map(|(note, n)| {
                let event = Event::NoteAdd(strange_note(note, n, &text, (*at, *to), *reaction_ms));
                Stored::write(Recorded { seq: last + n, id: None, by: None, at: WallTime(*at), event })
            });
            events.extend(marks);
            export_all(events);
        },
    );
}

/// A note as no law would let it in.
fn strange_note(note: NewNote, n: u64, text: &str, (at, to): (i64, Option<i64>), reaction_ms: u32) -> NewNote {
    let mut on: Value = serde_json::to_value(note.on).unwrap();
    on["at"] = json!(at);
    on["to"] = json!(to);
    let on: Anchor = serde_json::from_value(on).unwrap_or(note.on);
    let note_id = protocol::ids::NoteId(Uuid::from_u128(0xf000 + u128::from(n)));
    NewNote { note: note_id, on, text: text.to_owned(), tag: Some(text.to_owned()), reaction_ms, ..note }
}

#[test]
fn a_bent_bundle_is_whole_or_refused() {
    static BUNDLE: LazyLock<String> = LazyLock::new(|| {
        let events: Vec<Stored> = CORPUS.log.iter().take(40).cloned().map(Stored::write).collect();
        let source = Source::new(SessionId(Uuid::from_u128(1)), LOG, events);
        String::from_utf8(source.export(Scope::Session, Format::Json).unwrap()).unwrap()
    });
    assert!(Bundle::read(&BUNDLE).is_ok());
    bolero::check!().with_type::<(u16, u8)>().for_each(|(at, byte)| {
        let mut bytes = BUNDLE.as_bytes().to_vec();
        let at = usize::from(*at) % bytes.len();
        let same = std::mem::replace(&mut bytes[at], *byte) == *byte;
        let Ok(text) = String::from_utf8(bytes) else { return };
        let Ok(bundle) = Bundle::read(&text) else { return };
        let texts = |events: &[Stored]| events.iter().map(|event| event.text().to_owned()).collect::<Vec<_>>();
        let whole = Bundle::read(&BUNDLE).unwrap();
        assert!(same || texts(&bundle.events) == texts(&whole.events), "a changed log passes for whole: byte {at}");
        assert_eq!(bundle.state, whole.state);
    });
}

//! Random sessions of everything that can happen: each is exported in every format, whole and in pieces, and its bundle
//! reads back.

mod play;

use play::{Coverage, Play};
use protocol::event::Stored;
use protocol::export::{Bundle, Format, Scope, Source};
use protocol::ids::{LogId, MixNumber, SessionId, TakeNumber};
use uuid::Uuid;

const SESSIONS: u64 = 50;
const STEPS: u64 = 400;

fn source(seed: u64) -> Source {
    let (mut play, mut coverage) = (Play::new(seed), Coverage::default());
    for _ in 0..STEPS {
        play.step(&mut |_, answer| coverage.count(answer));
    }
    let events: Vec<Stored> = play.log.iter().cloned().map(Stored::write).collect();
    let source = Source::new(SessionId(Uuid::from_u128(1)), LogId(Uuid::from_u128(2)), events);
    assert_eq!(source.state(), &play.state, "seed {seed}");
    source
}

fn scopes(source: &Source) -> Vec<Scope> {
    let takes = source.state().takes.iter().map(|take: &protocol::session::take::Take| Scope::Take(take.number));
    let mixes = source.state().mixes.iter().map(|mix| Scope::Mix(mix.number));
    std::iter::once(Scope::Session).chain(takes).chain(mixes).collect()
}

fn lines(source: &Source, scope: Scope, format: Format) -> Vec<String> {
    let text = String::from_utf8(source.export(scope, format).unwrap()).unwrap();
    text.lines().map(str::to_owned).collect()
}

#[test]
fn every_session_can_be_exported_whole_and_in_pieces() {
    let (mut notes, mut takes) = (0, 0);
    for seed in 0..SESSIONS {
        let source = source(seed);
        for scope in scopes(&source) {
            let text = String::from_utf8(source.export(scope, Format::Json).unwrap()).unwrap();
            let bundle = Bundle::read(&text).unwrap_or_else(|error| panic!("seed {seed}, {scope:?}: {error}"));
            assert_eq!(bundle.scope, scope);
            let labels = lines(&source, scope, Format::Audacity).len();
            let markers = lines(&source, scope, Format::Reaper);
            let ends = markers.iter().filter(|line| line.ends_with("\"\" 1 0")).count();
            let markers = markers.iter().filter(|line| line.starts_with("  MARKER ")).count();
            assert_eq!(markers - ends, labels, "seed {seed}, {scope:?}: the same marks");
            let cues = lines(&source, scope, Format::Vtt).iter().filter(|line| line.contains(" --> ")).count();
            assert_eq!(cues, labels, "seed {seed}, {scope:?}: the same marks");
            assert!(source.export(scope, Format::Midi).unwrap().starts_with(b"MThd"));
            notes += bundle.state.notes.len();
            takes += usize::from(scope != Scope::Session && labels > 0);
        }
        let roots = source.state().notes.values().filter(|note| note.parent.is_none() && !note.retracted);
        let listed = lines(&source, Scope::Session, Format::Md);
        let listed = listed.iter().filter(|line| line.starts_with("- **") && line.contains(".** ")).count();
        assert_eq!(listed, roots.count(), "seed {seed}: every note is in the list");
        assert_eq!(source.export(Scope::Session, Format::Md), source.export(Scope::Session, Format::Md));
    }
    assert!(notes > 1_000 && takes > 100, "{notes} notes in exports and {takes} pieces with marks are too few to tell");
}

#[test]
fn a_piece_that_is_not_there_is_refused_in_every_format() {
    let source = source(0);
    for format in Format::ALL {
        assert!(source.export(Scope::Take(TakeNumber(2_000)), format).is_err());
        assert!(source.export(Scope::Mix(MixNumber(0)), format).is_err());
    }
}

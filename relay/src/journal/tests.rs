//! What the journal's tests share: logs as a room writes them.

use super::*;
use protocol::chain::ChainHash;
use protocol::event::{Event, Recorded, Stored};
use protocol::ids::ParticipantId;
use protocol::session::{SessionState, apply};
use relay_core::journal::Done;
use std::path::PathBuf;
use units::WallTime;
use uuid::Uuid;

/// Somebody who writes one session's log.
#[derive(Clone)]
pub(super) struct Author {
    pub(super) session: SessionId,
    pub(super) log: LogId,
    pub(super) state: SessionState,
    pub(super) seq: u64,
    pub(super) tip: Hash,
    pub(super) events: Vec<StoredEvent>,
    pub(super) done: Vec<Done>,
}

impl Author {
    pub(super) fn new(number: u128) -> Author {
        let (session, log) = (SessionId(Uuid::from_u128(number)), LogId(Uuid::from_u128(1_000 + number)));
        let (state, events, done) = (SessionState::default(), Vec::new(), Vec::new());
        Author { session, log, state, seq: 0, tip: ChainHash::start(log).0, events, done }
    }

    pub(super) fn by() -> ParticipantId {
        ParticipantId(Uuid::from_u128(7))
    }

    /// The text of an event that says something, with the next number.
    pub(super) fn said(&self, text: &str) -> String {
        let event = match self.seq {
            0 => Event::SessionOpen { title: text.to_owned() },
            _ => Event::ChatSay { text: text.to_owned() },
        };
        let recorded = Recorded { seq: self.seq + 1, id: None, by: Some(Author::by()), at: WallTime(5), event };
        Stored::write(recorded).text().to_owned()
    }

    /// A batch with one event of this text and its command.
    pub(super) fn write(&mut self, text: &str) -> Batch {
        let event = StoredEvent::after(&self.tip, text);
        (self.seq, self.tip) = (self.seq + 1, event.hash);
        if let Ok(stored) = Stored::read(text) {
            apply(&mut self.state, stored.recorded());
        }
        let id = CommandId(Uuid::from_u128(self.seq.into()));
        let done = Done { by: Author::by(), id, body: [self.seq as u8; 32], seq: self.seq };
        self.events.push(event.clone());
        self.done.push(done.clone());
        Batch { session: self.session, first: self.seq, events: vec![event], done: vec![done], ticket: self.seq }
    }

    /// A batch in which something is said.
    pub(super) fn say(&mut self, text: &str) -> Batch {
        let text = self.said(text);
        self.write(&text)
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        Snapshot::of(&self.state, self.seq, ChainHash(self.tip))
    }

    /// What must be opened when everything was appended and no snapshot kept.
    pub(super) fn opened(&self) -> Opened {
        let (tail, done) = (self.events.clone(), self.done.clone());
        Opened { log: self.log, term: 1, snapshot: None, tail, done }
    }
}

/// A folder with a journal.
pub(super) struct House {
    pub(super) data: PathBuf,
    pub(super) journal: SqliteJournal,
    pub(super) folder: tempfile::TempDir,
}

impl House {
    pub(super) fn new() -> House {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        std::fs::create_dir(&data).unwrap();
        House { journal: SqliteJournal::open(&data.join(FILE)).unwrap(), data, folder }
    }

    /// The writer of a session that begins here.
    pub(super) fn begin(&mut self, number: u128) -> Author {
        let author = Author::new(number);
        self.journal.create(author.session, author.log).unwrap();
        author
    }

    /// Appends one batch that fits.
    pub(super) fn append(&mut self, batch: Batch) {
        assert_eq!(self.journal.append(&[batch]), Ok(vec![Ok(())]));
    }

    /// Works on the file past the journal.
    pub(super) fn damage(&self, sql: &str) {
        let file = rusqlite::Connection::open(self.data.join(FILE)).unwrap();
        file.pragma_update(None, "foreign_keys", false).unwrap();
        file.execute_batch(sql).unwrap();
        assert!(file.changes() > 0, "{sql}");
    }
}

#[test]
fn a_batch_is_checked_against_the_logs_end() {
    let mut author = Author::new(1);
    let (start, first) = (author.tip, author.say("one"));
    let after_first = author.tip;
    let second = author.say("two");
    assert_eq!(check(&first, 0, &start), Ok(()));
    assert_eq!(check(&second, 1, &after_first), Ok(()));
    assert_eq!(check(&second, 0, &start), Err(Refused::Gap { expected: 1, found: 2 }));
    assert_eq!(check(&first, 1, &after_first), Err(Refused::Gap { expected: 2, found: 1 }));
    assert_eq!(check(&second, 1, &start), Err(Refused::Link { seq: 2 }));
    let id = second.done[0].id;
    let ahead = Batch { events: vec![], ..second };
    assert_eq!(check(&ahead, 1, &after_first), Err(Refused::Ahead { id, seq: 2 }));
}

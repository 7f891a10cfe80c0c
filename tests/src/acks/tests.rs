use super::*;
use protocol::chain::ChainHash;
use protocol::event::{Event, Recorded, Stored};
use protocol::ids::{CommandId, LogId, ParticipantId, SessionId};
use relay::journal::{Journal, SqliteJournal};
use relay_core::journal::{Batch, Done, StoredEvent};
use rusqlite::{Connection, params};
use sha2::{Digest, Sha256};
use units::WallTime;

const SESSION: Uuid = Uuid::from_u128(1);
const PERSON: Uuid = Uuid::from_u128(2);

/// The schema as the judge understands it, written down here once more.
const SCHEMA: &str = "
    CREATE TABLE session (number INTEGER PRIMARY KEY, id BLOB, log BLOB);
    CREATE TABLE event (session INTEGER, seq INTEGER, text TEXT, hash BLOB);
    CREATE TABLE done (session INTEGER, by BLOB, id BLOB, body BLOB, seq INTEGER);";

/// Six commands with one event each, ten microseconds long and one after another, heard on two links.
struct Bench {
    file: Connection,
    acks: Vec<Ack>,
    seen: Vec<Seen>,
    folder: tempfile::TempDir,
}

fn command(seq: u64) -> Uuid {
    Uuid::from_u128(100 + u128::from(seq))
}

fn bench() -> Bench {
    let folder = tempfile::tempdir().unwrap();
    let file = Connection::open(folder.path().join("journal.db")).unwrap();
    file.execute_batch(SCHEMA).unwrap();
    let log = Uuid::from_u128(3);
    file.execute("INSERT INTO session VALUES (5, ?1, ?2)", params![SESSION.as_bytes(), log.as_bytes()]).unwrap();
    let mut hash: [u8; 32] = Sha256::digest(log.as_bytes()).into();
    let (mut acks, mut seen) = (Vec::new(), Vec::new());
    for seq in 1..=6 {
        let id = command(seq);
        let text = format!(r#"{{"seq":{seq},"id":"{id}","type":"chat.say"}}"#);
        hash = Sha256::new().chain_update(hash).chain_update(&text).finalize().into();
        file.execute("INSERT INTO event VALUES (5, ?1, ?2, ?3)", params![seq as i64, text, hash]).unwrap();
        let done = params![PERSON.as_bytes(), id.as_bytes(), seq as i64];
        file.execute("INSERT INTO done VALUES (5, ?1, ?2, zeroblob(32), ?3)", done).unwrap();
        let (sent_us, acked_us) = (seq * 100, seq * 100 + 10);
        acks.push(Ack { session: SESSION, participant: PERSON, command: id, seq, sent_us, acked_us, events: Some(1) });
        seen.extend([1, 2].map(|link| Seen { session: SESSION, link, seq, hash }));
    }
    Bench { file, acks, seen, folder }
}

impl Bench {
    fn verdicts(&self) -> Vec<Verdict> {
        judge(&read(self.folder.path()).unwrap(), &self.acks, &self.seen)
    }

    fn change(&self, sql: &str) {
        assert!(self.file.execute(sql, []).unwrap() > 0, "{sql}");
    }
}

#[test]
fn nothing_is_said_about_a_journal_with_everything_in_it() {
    let mut bench = bench();
    assert_eq!(bench.verdicts(), []);
    let again = Ack { sent_us: 9_000, acked_us: 9_010, ..bench.acks[0].clone() };
    bench.acks.push(again);
    let back = Seen { link: 3, ..bench.seen[4].clone() };
    bench.seen.push(back);
    assert_eq!(bench.verdicts(), [], "a repeated command has its first number, and a new link begins anywhere");
}

#[test]
fn a_lost_end_is_found_by_answers_and_by_what_was_received() {
    let bench = bench();
    bench.change("DELETE FROM event WHERE seq = 6");
    bench.change("DELETE FROM done WHERE seq = 6");
    let lost = [
        Verdict::LostCommand { command: command(6), seq: 6 },
        Verdict::LostEvent { session: SESSION, seq: 6 },
        Verdict::LostEffect { command: command(6), found: 0, expected: 1 },
    ];
    assert_eq!(bench.verdicts(), lost);
    let heard = judge(&read(bench.folder.path()).unwrap(), &[], &bench.seen);
    assert_eq!(heard, [Verdict::LostEvent { session: SESSION, seq: 6 }]);
    let answered = judge(&HashMap::new(), &bench.acks[..1], &[]);
    assert_eq!(answered.len(), 3, "a whole session that is lost: {answered:?}");
}

#[test]
fn a_hole_and_a_changed_text_break_the_log() {
    let bench = bench();
    bench.change("DELETE FROM event WHERE seq = 5");
    assert!(bench.verdicts().contains(&Verdict::Broken { session: SESSION, seq: 6 }));
    let bench = self::bench();
    bench.change("UPDATE event SET text = replace(text, 'chat.say', 'chat.sing') WHERE seq = 6");
    let both = [Verdict::Changed { session: SESSION, seq: 6 }, Verdict::Broken { session: SESSION, seq: 6 }];
    assert_eq!(bench.verdicts(), both);
}

#[test]
fn a_command_that_was_done_twice_is_found_although_it_was_answered_once() {
    let mut bench = bench();
    bench.acks[2].events = Some(0);
    let doubled = Verdict::DoubledEffect { command: command(3), found: 1, expected: 0 };
    assert_eq!(bench.verdicts(), [doubled]);
    bench.acks[2].events = None;
    assert_eq!(bench.verdicts(), []);
}

#[test]
fn two_numbers_for_one_command_are_found() {
    let mut bench = bench();
    let other = Ack { seq: 5, sent_us: 900, acked_us: 910, ..bench.acks[1].clone() };
    bench.acks.push(other);
    assert_eq!(bench.verdicts(), [Verdict::TwoAnswers { command: command(2), seq: 5, other: 2 }]);
    bench.acks.pop();
    bench.change("UPDATE done SET seq = 4 WHERE seq = 2");
    assert_eq!(bench.verdicts(), [Verdict::TwoAnswers { command: command(2), seq: 2, other: 4 }]);
}

#[test]
fn a_number_below_one_that_was_answered_before_is_found_and_among_simultaneous_ones_it_is_right() {
    let mut bench = bench();
    (bench.acks[3].sent_us, bench.acks[3].acked_us) = (620, 630);
    assert_eq!(bench.verdicts(), [Verdict::Overtaken { command: command(4), before: 6, seq: 4 }]);
    bench.acks[3].sent_us = 610;
    assert_eq!(bench.verdicts(), [Verdict::Overtaken { command: command(4), before: 5, seq: 4 }]);
    (bench.acks[3].sent_us, bench.acks[4].acked_us, bench.acks[5].acked_us) = (600, 630, 630);
    assert_eq!(bench.verdicts(), []);
}

#[test]
fn what_a_link_misses_repeats_or_turns_round_is_told_apart() {
    let on = |link: u64, numbers: &[u64]| {
        let mut bench = bench();
        let numbered = |seq: &u64| Seen { link, ..bench.seen[2 * (*seq as usize - 1)].clone() };
        bench.seen = numbers.iter().map(numbered).collect();
        bench.verdicts()
    };
    let (session, link) = (SESSION, 9);
    assert_eq!(on(9, &[2, 3, 4]), []);
    assert_eq!(on(9, &[2, 4]), [Verdict::Skipped { session, link, after: 2, seq: 4 }]);
    assert_eq!(on(9, &[2, 2]), [Verdict::Twice { session, link, seq: 2 }]);
    assert_eq!(on(9, &[3, 2]), [Verdict::Backwards { session, link, after: 3, seq: 2 }]);
}

#[test]
fn what_was_received_otherwise_than_stored_is_found() {
    let mut bench = bench();
    bench.seen[4].hash = [0; 32];
    assert_eq!(bench.verdicts(), [Verdict::Changed { session: SESSION, seq: 3 }]);
}

#[test]
fn what_is_no_journal_is_an_error_and_not_a_clean_bill() {
    let folder = tempfile::tempdir().unwrap();
    assert!(read(folder.path()).is_err());
    std::fs::write(folder.path().join("journal.db"), "").unwrap();
    assert!(read(folder.path()).is_err());
}

#[test]
fn what_a_relay_writes_is_read_as_it_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = SqliteJournal::open(&folder.path().join(relay::journal::FILE)).unwrap();
    let (session, by, id) = (SessionId(SESSION), ParticipantId(PERSON), CommandId(command(1)));
    let log = LogId(Uuid::from_u128(3));
    journal.create(session, log).unwrap();
    let event = Event::ChatSay { text: "hear, hear".into() };
    let stored = Stored::write(Recorded { seq: 1, id: Some(id), by: Some(by), at: WallTime(5), event });
    let event = StoredEvent::after(&ChainHash::start(log).0, stored.text());
    let (hash, done) = (event.hash, vec![Done { by, id, body: [0; 32], seq: 1 }]);
    let batch = Batch { session, first: 1, events: vec![event], done, ticket: 0 };
    assert_eq!(journal.append(&[batch]), Ok(vec![Ok(())]));
    let ack =
        Ack { session: SESSION, participant: PERSON, command: id.0, seq: 1, sent_us: 1, acked_us: 2, events: Some(1) };
    let seen = Seen { session: SESSION, link: 1, seq: 1, hash };
    assert_eq!(judge(&read(folder.path()).unwrap(), &[ack], &[seen]), []);
}

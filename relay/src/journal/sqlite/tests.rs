use super::super::FILE;
use super::super::tests::{Author, House};
use super::*;
use crate::store::schema::prepare;
use proptest::prelude::*;
use std::fs;
use std::path::PathBuf;
use uuid::Uuid;

fn reopened(data: &Path) -> SqliteJournal {
    SqliteJournal::open(&data.join(FILE)).unwrap()
}

#[test]
fn what_was_appended_is_there_after_a_restart() {
    let mut house = House::new();
    let mut authors = [1, 2].map(|number| house.begin(number));
    for text in ["one", "two", "three"] {
        let batches: Vec<_> = authors.iter_mut().map(|author| author.say(text)).collect();
        assert_eq!(house.journal.append(&batches), Ok(vec![Ok(()), Ok(())]));
    }
    let mut again = reopened(&house.data);
    assert_eq!(again.sessions(), Ok(authors.iter().map(|author| author.session).collect()));
    for author in authors {
        assert_eq!(again.open(author.session), Ok(Some(author.opened())));
    }
    assert_eq!(again.open(Author::new(3).session), Ok(None));
}

#[test]
fn a_session_has_one_log() {
    let mut house = House::new();
    let author = house.begin(1);
    assert_eq!(house.journal.create(author.session, LogId(Uuid::nil())), Err(Refused::Exists.into()));
    assert_eq!(house.journal.open(author.session), Ok(Some(author.opened())));
}

#[test]
fn batches_that_do_not_fit_are_refused_alone_and_leave_nothing() {
    let mut house = House::new();
    let [mut good, mut bent, mut late, mut twice] = [1, 2, 3, 4].map(|number| house.begin(number));
    let (bent_before, late_before) = (bent.clone(), late.clone());
    let mut bent_batch = bent.say("one");
    bent_batch.events.push(StoredEvent { text: "{}".into(), hash: [0; 32] });
    late.say("lost");
    let first = twice.say("one");
    let mut again = twice.say("two");
    again.done = first.done.clone();
    let mut nobody = Author::new(5);
    let batches = [good.say("one"), bent_batch, late.say("two"), good.say("two"), first, again, nobody.say("one")];
    let answers = house.journal.append(&batches).unwrap();
    let id = batches[4].done[0].id;
    let expected = [
        Ok(()),
        Err(Refused::Link { seq: 2 }),
        Err(Refused::Gap { expected: 1, found: 2 }),
        Ok(()),
        Ok(()),
        Err(Refused::Repeated { id }),
        Err(Refused::Unknown),
    ];
    assert_eq!(answers, expected);
    for author in [&good, &bent_before, &late_before] {
        assert_eq!(house.journal.open(author.session), Ok(Some(author.opened())));
    }
    let kept = house.journal.open(twice.session).unwrap().unwrap();
    assert_eq!((kept.tail.as_slice(), kept.done.len()), (&twice.events[..1], 1));
}

#[test]
fn a_command_that_changes_nothing_is_remembered() {
    let mut house = House::new();
    let mut author = house.begin(1);
    house.append(author.say("one"));
    let done = Done { id: CommandId(Uuid::from_u128(99)), ..author.done[0].clone() };
    house.append(Batch { session: author.session, first: 2, events: vec![], done: vec![done.clone()], ticket: 0 });
    author.done.push(done);
    assert_eq!(house.journal.open(author.session), Ok(Some(author.opened())));
}

#[test]
fn a_snapshot_shortens_the_tail_and_an_older_one_does_not_replace_it() {
    let mut house = House::new();
    let mut author = house.begin(1);
    house.append(author.say("one"));
    let older = author.snapshot();
    house.append(author.say("two"));
    let newer = author.snapshot();
    house.append(author.say("three"));
    for snapshot in [newer.clone(), older] {
        house.journal.snapshot(author.session, snapshot).unwrap();
    }
    let opened = house.journal.open(author.session).unwrap().unwrap();
    assert_eq!((opened.snapshot, opened.tail), (Some(newer), author.events[2..].to_vec()));
}

#[test]
fn a_snapshot_of_another_versions_fold_is_left_out_and_replaced() {
    let mut house = House::new();
    let mut author = house.begin(1);
    house.append(author.say("one"));
    let bare = Snapshot { text: r#"{"title":"from before folds had numbers"}"#.into(), ..author.snapshot() };
    house.journal.snapshot(author.session, bare).unwrap();
    assert_eq!(house.journal.open(author.session), Ok(Some(author.opened())), "everything is folded anew");
    house.append(author.say("two"));
    house.journal.snapshot(author.session, author.snapshot()).unwrap();
    assert_eq!(house.journal.open(author.session).unwrap().unwrap().snapshot, Some(author.snapshot()));
}

#[test]
fn a_snapshot_of_another_log_is_refused() {
    let mut house = House::new();
    let mut author = house.begin(1);
    house.append(author.say("one"));
    let refused = Err(Refused::Snapshot { seq: 1 }.into());
    let foreign = Snapshot { hash: [1; 32], ..author.snapshot() };
    assert_eq!(house.journal.snapshot(author.session, foreign), refused);
    author.say("never appended");
    let ahead = author.snapshot();
    assert_eq!(house.journal.snapshot(author.session, ahead), Err(Refused::Snapshot { seq: 2 }.into()));
    let opened = house.journal.open(author.session).unwrap().unwrap();
    assert_eq!((opened.snapshot, opened.tail.len()), (None, 1));
}

#[test]
fn events_are_read_by_range_also_those_in_the_snapshot() {
    let mut house = House::new();
    let mut author = house.begin(1);
    for text in ["one", "two", "three", "four"] {
        house.append(author.say(text));
    }
    house.journal.snapshot(author.session, author.snapshot()).unwrap();
    let mut read = |after, most| house.journal.read(author.session, after, most).unwrap();
    assert_eq!(read(0, usize::MAX), author.events);
    assert_eq!(read(1, 2), author.events[1..3]);
    assert_eq!((read(4, 9), read(u64::MAX, 9), read(0, 0)), (vec![], vec![], vec![]));
    assert_eq!(house.journal.read(Author::new(2).session, 0, 1), Err(Refused::Unknown.into()));
}

#[test]
fn a_log_that_does_not_hang_together_is_not_opened() {
    for (sql, seq) in [
        ("UPDATE event SET text = '{}' WHERE seq = 2", 2),
        ("DELETE FROM event WHERE seq = 2", 2),
        ("UPDATE session SET log = zeroblob(16)", 1),
        ("INSERT INTO snapshot VALUES (1, 3, zeroblob(32), '{}')", 3),
    ] {
        let mut house = House::new();
        let mut author = house.begin(1);
        for text in ["one", "two", "three"] {
            house.append(author.say(text));
        }
        house.damage(sql);
        let session = author.session;
        assert_eq!(house.journal.open(session), Err(JournalError::Damaged { session, seq }), "{sql}");
    }
}

#[test]
fn the_settings_that_durability_stands_on_are_in_force() {
    let house = House::new();
    let setting = |name: &str| house.journal.0.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!((setting("synchronous"), setting("foreign_keys"), setting("user_version")), (2, 1, VERSION));
    let mode: String = house.journal.0.pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
    assert_eq!(mode, "wal");
}

#[test]
fn a_file_that_cannot_be_durable_or_is_newer_is_refused() {
    let mut memory = Connection::open_in_memory().unwrap();
    assert!(matches!(schema::prepare(&mut memory), Err(StoreError::NotDurable(_))));
    let house = House::new();
    house.journal.0.pragma_update(None, "user_version", VERSION + 1).unwrap();
    let refused = SqliteJournal::open(&house.data.join(FILE)).err().unwrap();
    assert!(refused.to_string().contains("start a newer relay"), "{refused}");
}

/// A file as version 1 wrote it: never change it.
const OLD_FILE: &str = include_str!("planted_version_1.sql");

#[test]
fn a_file_of_version_1_opens_with_everything_in_it() {
    let folder = tempfile::tempdir().unwrap();
    Connection::open(folder.path().join(FILE)).unwrap().execute_batch(OLD_FILE).unwrap();
    let mut journal = reopened(folder.path());
    let author = old_author();
    assert_eq!(journal.open(author.session), Ok(Some(author.opened())));
    let report = super::super::verify::verify(folder.path()).unwrap();
    assert!(report.is_sound() && report.events() == 2, "{report:?}");
}

fn old_author() -> Author {
    let mut author = Author::new(1);
    for text in ["one", "two"] {
        author.say(text);
    }
    author
}

#[test]
fn an_older_file_goes_through_every_later_step_and_keeps_what_it_has() {
    const LATER: [&str; 3] = [
        "THIS IS NOT RUN: THE FILE HAS VERSION 1",
        "ALTER TABLE session ADD COLUMN note TEXT",
        "UPDATE session SET note = 'moved'",
    ];
    let folder = tempfile::tempdir().unwrap();
    let mut file = Connection::open(folder.path().join(FILE)).unwrap();
    file.execute_batch(OLD_FILE).unwrap();
    prepare(&mut file, &LATER).unwrap();
    let found = |sql: &str| file.query_row(sql, [], |row| row.get::<_, String>(0)).unwrap();
    assert_eq!(found("SELECT note FROM session"), "moved");
    assert_eq!(found("SELECT text FROM event WHERE seq = 2"), &*old_author().events[1].text);
    assert_eq!(file.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0)).unwrap(), 3);
}

#[test]
fn a_step_that_fails_leaves_the_older_version_whole() {
    let folder = tempfile::tempdir().unwrap();
    let mut file = Connection::open(folder.path().join(FILE)).unwrap();
    file.execute_batch(OLD_FILE).unwrap();
    assert!(prepare(&mut file, &["", "DELETE FROM done; THIS IS NO SQL"]).is_err());
    drop(file);
    let author = old_author();
    assert_eq!(reopened(folder.path()).open(author.session), Ok(Some(author.opened())));
}

#[test]
fn a_full_disk_takes_nothing_and_the_same_batch_works_once_there_is_room() {
    let mut house = House::new();
    let mut author = house.begin(1);
    house.append(author.say("one"));
    let before = author.opened();
    let pages: i64 = house.journal.0.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
    house.journal.0.pragma_update(None, "max_page_count", pages).unwrap();
    let batch = author.say(&"long".repeat(10_000));
    for _ in 0..3 {
        assert_eq!(house.journal.append(std::slice::from_ref(&batch)), Err(JournalError::Full));
        assert_eq!(house.journal.open(author.session), Ok(Some(before.clone())));
    }
    house.journal.0.pragma_update(None, "max_page_count", 1_000_000).unwrap();
    house.append(batch);
    assert_eq!(house.journal.open(author.session), Ok(Some(author.opened())));
}

#[test]
fn a_probe_reaches_the_disk_and_changes_nothing() {
    let mut house = House::new();
    let mut author = house.begin(1);
    house.append(author.say("one"));
    let log_bytes = || fs::metadata(house.data.join("journal.db-wal")).unwrap().len();
    let before = log_bytes();
    house.journal.probe().unwrap();
    assert!(log_bytes() > before, "nothing was written");
    assert_eq!(house.journal.open(author.session), Ok(Some(author.opened())));
}

/// Copies what a power cut leaves of a journal: the file, and so much of its log.
fn cut(data: &Path, to: &Path, log_bytes: usize) -> PathBuf {
    let cut = to.join("cut");
    let _ = fs::remove_dir_all(&cut);
    fs::create_dir(&cut).unwrap();
    fs::copy(data.join(FILE), cut.join(FILE)).unwrap();
    let log = fs::read(data.join("journal.db-wal")).unwrap_or_default();
    fs::write(cut.join("journal.db-wal"), &log[..log_bytes.min(log.len())]).unwrap();
    cut
}

#[test]
fn whatever_was_answered_is_there_after_a_kill_at_any_moment() {
    let (mut house, copies) = (House::new(), tempfile::tempdir().unwrap());
    // So small that the log is written back, and begun again, several times.
    house.journal.0.pragma_update(None, "wal_autocheckpoint", 20).unwrap();
    let mut authors = [1, 2, 3].map(|number| house.begin(number));
    for round in 0..60 {
        let author = &mut authors[round % 3];
        house.append(author.say(&"la".repeat(round * 10)));
        let cut = cut(&house.data, copies.path(), usize::MAX);
        let mut left = reopened(&cut);
        for author in &authors {
            assert_eq!(left.open(author.session), Ok(Some(author.opened())), "round {round}");
        }
    }
}

#[test]
fn of_a_torn_log_exactly_the_whole_commits_are_there() {
    let (mut house, copies) = (House::new(), tempfile::tempdir().unwrap());
    house.journal.0.pragma_update(None, "wal_autocheckpoint", 0).unwrap();
    let mut author = house.begin(1);
    let length = |house: &House| fs::metadata(house.data.join("journal.db-wal")).unwrap().len() as usize;
    let mut ends = vec![length(&house)];
    for text in ["one", "two", "three", "four", "five"] {
        let batches = [author.say(text), author.say("and then")];
        house.journal.append(&batches).unwrap();
        ends.push(length(&house));
    }
    let last = *ends.last().unwrap();
    for bytes in (ends[0]..=last).step_by(509).chain(ends.iter().copied()).chain(ends.iter().map(|end| end - 1)) {
        let whole = ends.iter().skip(1).filter(|end| **end <= bytes).count();
        let mut left = reopened(&cut(&house.data, copies.path(), bytes));
        let found = left.open(author.session).unwrap().map_or(0, |opened| opened.tail.len());
        assert_eq!(found, 2 * whole, "{bytes} of {last} bytes");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_mixture_of_good_and_bad_batches_keeps_exactly_the_good_ones(
        groups in prop::collection::vec(prop::collection::vec((0_usize..3, 0_u8..6), 1..8), 1..8)
    ) {
        let mut house = House::new();
        let mut authors = [1, 2, 3].map(|number| house.begin(number));
        for group in groups {
            let (batches, good): (Vec<_>, Vec<_>) = group.iter().map(|(who, kind)| {
                let author = &mut authors[*who];
                let mut spoilt = author.clone();
                match kind {
                    0 => { spoilt.say("lost"); (spoilt.say("gap"), false) }
                    1 => { spoilt.tip = [9; 32]; (spoilt.say("link"), false) }
                    2 if author.seq > 0 => {
                        let mut batch = spoilt.say("again");
                        batch.done.push(author.done[0].clone());
                        (batch, false)
                    }
                    _ => (author.say("good"), true),
                }
            }).unzip();
            let answers = house.journal.append(&batches).unwrap();
            prop_assert_eq!(answers.iter().map(Result::is_ok).collect::<Vec<_>>(), good);
        }
        for author in &authors {
            prop_assert_eq!(house.journal.open(author.session), Ok(Some(author.opened())));
        }
    }
}

use super::super::Journal;
use super::super::tests::{Author, House};
use super::*;
use proptest::prelude::*;
use std::fs;

/// Two sessions; the first has ten events and a snapshot at the sixth.
fn house() -> (House, Author) {
    let mut house = House::new();
    let mut author = house.begin(1);
    for number in 1..=10 {
        house.append(author.say(&format!("sentence {number}")));
        if number == 6 {
            house.journal.snapshot(author.session, author.snapshot()).unwrap();
        }
    }
    let mut other = house.begin(2);
    house.append(other.say("quiet"));
    (house, author)
}

/// What is found after a change of the file: kinds with the events they are at.
fn found(sql: &str) -> Vec<(u64, Damage)> {
    let (house, author) = house();
    house.damage(sql);
    let report = verify(&house.data).unwrap();
    assert_eq!(report.sessions.len(), 2);
    let at = |fault: Fault| {
        assert_eq!(fault.session, Some(author.session), "{fault}");
        (fault.seq.unwrap(), fault.damage)
    };
    report.faults.into_iter().map(at).collect()
}

#[test]
fn a_sound_folder_is_called_sound_and_counted() {
    let (house, author) = house();
    let report = verify(&house.data).unwrap();
    assert!(report.is_sound(), "{report:?}");
    assert_eq!(report.events(), 11);
    let first =
        Walked { session: author.session, log: author.log, events: 10, commands: 10, snapshot: Compared::Equal };
    assert_eq!((&report.sessions[0], report.sessions[1].snapshot), (&first, Compared::None));
}

#[test]
fn a_changed_text_is_one_fault_at_its_event() {
    let faults =
        found("UPDATE event SET text = replace(text, 'sentence 8', 'sentence 9') WHERE seq = 8 AND session = 1");
    assert!(matches!(faults.as_slice(), [(8, Damage::Hash { .. })]), "{faults:?}");
}

#[test]
fn a_changed_hash_is_one_fault_at_its_event_with_both_hashes() {
    let faults = found("UPDATE event SET hash = zeroblob(32) WHERE seq = 8 AND session = 1");
    let (_, author) = house();
    let expected = ChainHash(author.events[7].hash);
    assert_eq!(faults, [(8, Damage::Hash { expected, found: ChainHash([0; 32]) })]);
}

#[test]
fn a_change_before_the_snapshot_shows_in_it_too() {
    let faults =
        found("UPDATE event SET text = replace(text, 'sentence 3', 'sentence 4') WHERE seq = 3 AND session = 1");
    assert!(matches!(faults.as_slice(), [(3, Damage::Hash { .. }), (6, Damage::SnapshotState)]), "{faults:?}");
}

#[test]
fn missing_events_are_named_first_to_last() {
    let faults = found("DELETE FROM event WHERE session = 1 AND seq IN (4, 5)");
    assert_eq!(faults, [(6, Damage::Gap { first: 4, last: 5 })]);
    let faults = found("DELETE FROM event WHERE session = 1 AND seq = 1");
    assert_eq!(faults, [(2, Damage::Gap { first: 1, last: 1 })]);
}

#[test]
fn events_missing_at_the_end_show_by_the_commands_and_the_snapshot() {
    let faults = found("DELETE FROM event WHERE session = 1 AND seq > 9");
    assert!(matches!(faults.as_slice(), [(10, Damage::CommandAhead { last: 9, .. })]), "{faults:?}");
    let faults = found("DELETE FROM done WHERE session = 1; DELETE FROM event WHERE session = 1 AND seq > 5");
    assert_eq!(faults, [(6, Damage::SnapshotElsewhere)]);
}

#[test]
fn another_log_id_breaks_the_chain_at_its_first_event() {
    let faults = found("UPDATE session SET log = zeroblob(16) WHERE number = 1");
    assert!(matches!(faults.as_slice(), [(1, Damage::Hash { .. })]), "{faults:?}");
}

#[test]
fn a_snapshot_that_is_not_the_fold_is_found() {
    let at_six = |sql: &str| match found(sql).as_slice() {
        [(6, damage)] => damage.clone(),
        faults => panic!("{sql}: {faults:?}"),
    };
    assert_eq!(at_six("UPDATE snapshot SET text = replace(text, 'sentence 5', 'x')"), Damage::SnapshotState);
    assert!(matches!(at_six("UPDATE snapshot SET text = '{'"), Damage::SnapshotText { .. }));
    assert!(matches!(at_six("UPDATE snapshot SET text = CAST(x'ff' AS TEXT)"), Damage::SnapshotText { .. }));
    assert_eq!(at_six("UPDATE snapshot SET hash = zeroblob(32)"), Damage::SnapshotElsewhere);
    assert_eq!(found("UPDATE snapshot SET seq = 11"), [(11, Damage::SnapshotElsewhere)]);
    assert_eq!(found("UPDATE snapshot SET seq = 7"), [(7, Damage::SnapshotElsewhere)]);
}

#[test]
fn a_snapshot_of_another_versions_fold_is_no_fault() {
    let (house, _) = house();
    for text in [r#"{"title":"from before folds had numbers"}"#, r#"{"fold":4000000000,"state":{"title":"later"}}"#] {
        house.damage(&format!("UPDATE snapshot SET text = '{text}'"));
        let report = verify(&house.data).unwrap();
        assert!(report.is_sound(), "{report:?}");
        assert_eq!(report.sessions[0].snapshot, Compared::OtherVersion);
    }
}

#[test]
fn a_text_that_is_no_event_or_another_one_is_found_although_its_hash_is_right() {
    let (mut house, mut author) = house();
    let eleventh = author.said("x");
    house.append(author.write("no event"));
    house.append(author.write(&eleventh));
    let faults = verify(&house.data).unwrap().faults;
    let [first, second] = faults.as_slice() else { panic!("{faults:?}") };
    assert!(first.seq == Some(11) && matches!(first.damage, Damage::Text { .. }), "{first}");
    assert_eq!((second.seq, &second.damage), (Some(12), &Damage::Number { says: 11 }));
}

#[test]
fn bytes_that_are_no_text_are_found() {
    let faults = found("UPDATE event SET text = CAST(x'ff' AS TEXT) WHERE seq = 9 AND session = 1");
    assert!(matches!(faults.as_slice(), [(9, Damage::Text { .. })]), "{faults:?}");
}

#[test]
fn a_snapshot_after_an_event_that_this_version_must_know_is_not_compared() {
    let (mut house, mut author) = house();
    let critical = author.said("x").replace("chat.say", "chat.sing").replacen('{', r#"{"critical":true,"#, 1);
    house.append(author.write(&critical));
    house.journal.snapshot(author.session, author.snapshot()).unwrap();
    let report = verify(&house.data).unwrap();
    assert!(report.is_sound(), "{report:?}");
    assert_eq!(report.sessions[0].snapshot, Compared::NotCompared);
}

#[test]
fn rows_of_no_session_and_broken_pages_are_faults_of_the_file() {
    let (house, _) = house();
    house.damage("INSERT INTO event VALUES (77, 1, '{}', zeroblob(32))");
    let faults = verify(&house.data).unwrap().faults;
    let says = faults.iter().map(ToString::to_string).collect::<String>();
    assert_eq!(says, "journal.db: a row of event belongs to no session");
}

#[test]
fn a_broken_admission_store_is_found_too() {
    let (house, _) = house();
    fs::write(house.data.join(store::FILE), "this is no database, and long enough to be read as a header").unwrap();
    let faults = verify(&house.data).unwrap().faults;
    assert!(matches!(faults.as_slice(), [Fault { damage: Damage::File { file: store::FILE, .. }, .. }]), "{faults:?}");
}

#[test]
fn looking_changes_no_byte_while_the_journal_is_open_and_sees_what_is_committed() {
    let (mut house, mut author) = house();
    let bytes = |house: &House| ["journal.db", "journal.db-wal"].map(|name| fs::read(house.data.join(name)).unwrap());
    let before = bytes(&house);
    assert_eq!(verify(&house.data).unwrap().events(), 11);
    assert!(before == bytes(&house), "nothing is written");
    house.append(author.say("more"));
    assert_eq!(verify(&house.data).unwrap().events(), 12);
}

#[test]
fn what_a_relay_left_when_it_was_killed_is_left_as_it_is() {
    let (house, _) = house();
    let left = tempfile::tempdir().unwrap();
    let bytes = |data: &Path| ["journal.db", "journal.db-wal"].map(|name| fs::read(data.join(name)).unwrap());
    for name in ["journal.db", "journal.db-wal"] {
        fs::copy(house.data.join(name), left.path().join(name)).unwrap();
    }
    assert_eq!(verify(left.path()).unwrap().events(), 11);
    assert!(bytes(left.path()) == bytes(&house.data), "nothing is written");
}

#[test]
fn the_journal_of_a_relay_that_has_ended_is_left_as_it_is() {
    let House { data, journal, folder: _folder } = house().0;
    drop(journal);
    let before = fs::read(data.join(FILE)).unwrap();
    assert_eq!(verify(&data).unwrap().events(), 11);
    assert!(before == fs::read(data.join(FILE)).unwrap(), "nothing is written");
}

#[test]
fn what_is_no_journal_is_said_in_a_sentence() {
    let empty = tempfile::tempdir().unwrap();
    let says = |data: &Path| verify(data).unwrap_err().to_string();
    assert!(says(empty.path()).contains("there is no journal"));
    fs::write(empty.path().join(FILE), "").unwrap();
    assert!(says(empty.path()).contains("version 0"));
    let (house, _) = house();
    house.damage("INSERT INTO session VALUES (9, zeroblob(16), zeroblob(16)); PRAGMA user_version = 9");
    assert!(says(&house.data).contains("version 9"));
    fs::write(
        empty.path().join(FILE),
        "this is no database, and long enough to be read as a header of one, is it not?",
    )
    .unwrap();
    assert!(says(empty.path()).contains("cannot read"), "{}", says(empty.path()));
}

#[test]
fn the_report_is_json_that_programs_read() {
    let (house, author) = house();
    house.damage("UPDATE event SET hash = zeroblob(32) WHERE seq = 8 AND session = 1");
    let json = serde_json::to_value(verify(&house.data).unwrap()).unwrap();
    let fault = &json["faults"][0];
    assert_eq!((&fault["session"], &fault["seq"]), (&author.session.to_string().into(), &8.into()));
    assert_eq!((&fault["kind"], &fault["found"]), (&"hash".into(), &"0".repeat(64).into()));
    assert_eq!((&json["sessions"][0]["events"], &json["sessions"][0]["snapshot"]), (&10.into(), &"equal".into()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// A flipped bit is found, or lies where nothing is stored. What it never does is end the program.
    #[test]
    fn a_flipped_bit_anywhere_is_survived(places in prop::collection::vec(any::<(prop::sample::Index, u8)>(), 1..4)) {
        let (house, author) = house();
        let folder = tempfile::tempdir().unwrap();
        super::super::backup::copy_database(&house.data.join(FILE), &folder.path().join(FILE)).unwrap();
        let mut bytes = fs::read(folder.path().join(FILE)).unwrap();
        for (place, bit) in places {
            let place = place.index(bytes.len());
            bytes[place] ^= 1 << (bit % 8);
        }
        fs::write(folder.path().join(FILE), bytes).unwrap();
        if let Ok(report) = verify(folder.path()) && report.is_sound() {
            let file = open_to_read(&folder.path().join(FILE)).unwrap();
            let mut texts = file.prepare("SELECT text FROM event WHERE session = 1 ORDER BY seq").unwrap();
            let texts: Vec<Box<str>> = texts.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
            prop_assert!(texts.iter().eq(author.events.iter().map(|event| &event.text)));
        }
    }
}

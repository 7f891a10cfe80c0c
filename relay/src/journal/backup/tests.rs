use super::super::tests::{Author, House};
use super::super::{Journal, SqliteJournal};
use super::*;
use crate::store::Store;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::sync::mpsc::channel;

/// A data folder as a relay has it: a journal with one session, the admission store and the keys.
fn house() -> (House, Author) {
    let mut house = House::new();
    let mut author = house.begin(1);
    house.append(author.say("one"));
    house.append(author.say("two"));
    Store::open(&house.data.join(store::FILE)).unwrap();
    for name in KEY_FILES {
        fs::write(house.data.join(name), name).unwrap();
    }
    for name in files() {
        fs::set_permissions(house.data.join(name), Permissions::from_mode(0o600)).unwrap();
    }
    (house, author)
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_backup_of_a_working_journal_restores_to_the_same() {
    let (mut house, mut author) = house();
    let (copy, again) = (house.folder.path().join("copy"), house.folder.path().join("again"));
    let report = backup(&house.data, &copy).unwrap();
    assert!(report.is_sound() && report.events() == 2, "{report:?}");
    assert_eq!(names(&copy), ["journal.db", "owner.key", "relay.db", "signing.key"]);
    assert_eq!(names(house.folder.path()), ["copy", "data"]);
    let then = author.opened();
    house.append(author.say("after the backup"));
    assert_eq!(restore(&copy, &again).unwrap(), report);
    assert_eq!(names(&again), names(&copy));
    let mut restored = SqliteJournal::open(&again.join(FILE)).unwrap();
    assert_eq!(restored.open(author.session), Ok(Some(then)));
    assert_eq!(fs::read_to_string(again.join("owner.key")).unwrap(), "owner.key");
}

#[test]
fn only_the_owner_reads_a_backup_and_files_keep_their_modes() {
    let (house, _) = house();
    fs::set_permissions(house.data.join(FILE), Permissions::from_mode(0o640)).unwrap();
    let (copy, again) = (house.folder.path().join("copy"), house.folder.path().join("again"));
    backup(&house.data, &copy).unwrap();
    restore(&copy, &again).unwrap();
    for folder in [&copy, &again] {
        let modes: Vec<_> = files().map(|name| mode(&folder.join(name))).collect();
        assert_eq!((mode(folder), modes), (0o700, vec![0o640, 0o600, 0o600, 0o600]));
    }
}

#[test]
fn what_was_answered_before_a_backup_is_in_it_while_others_write() {
    let (mut house, mut author) = house();
    let (said, heard) = channel();
    let (stop, stopped) = channel::<()>();
    let (data, copies) = (house.data.clone(), house.folder.path().to_owned());
    let writing = std::thread::spawn(move || {
        while let Err(std::sync::mpsc::TryRecvError::Empty) = stopped.try_recv() {
            house.append(author.say("on and on"));
            said.send(author.seq).unwrap();
        }
        house
    });
    for number in 0..5 {
        let at_least = heard.iter().nth(20).unwrap();
        let report = backup(&data, &copies.join(number.to_string())).unwrap();
        assert!(report.is_sound() && report.events() >= at_least, "{report:?}");
    }
    drop(stop);
    writing.join().unwrap();
}

#[test]
fn nothing_is_put_over_what_is_there() {
    let (house, _) = house();
    let copy = house.folder.path().join("copy");
    backup(&house.data, &copy).unwrap();
    assert!(matches!(backup(&house.data, &copy), Err(BackupError::Exists(_))));
    let taken = house.folder.path().join("taken");
    fs::create_dir(&taken).unwrap();
    fs::write(taken.join("keep"), "this").unwrap();
    assert!(matches!(restore(&copy, &taken), Err(BackupError::NotEmpty(_))));
    assert_eq!(names(&taken), ["keep"]);
    assert!(matches!(restore(&copy, &house.data), Err(BackupError::NotEmpty(_))));
}

#[test]
fn an_empty_folder_is_restored_into_and_a_slash_at_a_folders_end_means_nothing() {
    let (house, _) = house();
    let (copy, empty) = (house.folder.path().join("copy"), house.folder.path().join("empty"));
    backup(&house.data, &copy.join("")).unwrap();
    fs::create_dir(&empty).unwrap();
    assert!(restore(&copy, &empty).unwrap().is_sound());
}

#[test]
fn a_backup_that_fails_leaves_nothing_behind() {
    for name in files() {
        let (house, _) = house();
        fs::remove_file(house.data.join(name)).unwrap();
        let error = backup(&house.data, &house.folder.path().join("copy")).unwrap_err();
        assert!(matches!(&error, BackupError::Missing(path) if path.ends_with(name)), "{error}");
        assert_eq!(names(house.folder.path()), ["data"]);
    }
}

#[test]
fn a_damaged_journal_is_copied_and_its_faults_are_told() {
    let (house, _) = house();
    house.damage("UPDATE event SET text = '{}' WHERE seq = 2");
    let (copy, again) = (house.folder.path().join("copy"), house.folder.path().join("again"));
    let report = backup(&house.data, &copy).unwrap();
    assert_eq!(report, verify(&house.data).unwrap());
    assert!(!report.is_sound());
    assert!(matches!(restore(&copy, &again), Err(BackupError::Damaged(_))));
    assert_eq!(names(&again), Vec::<String>::new());
}

#[test]
fn half_a_backup_is_not_restored() {
    for name in files() {
        let (house, _) = house();
        let (copy, again) = (house.folder.path().join("copy"), house.folder.path().join("again"));
        backup(&house.data, &copy).unwrap();
        fs::remove_file(copy.join(name)).unwrap();
        assert!(matches!(restore(&copy, &again), Err(BackupError::Missing(_))), "{name}");
        assert_eq!(names(&again), Vec::<String>::new());
    }
}

#[test]
fn no_journal_opens_in_a_folder_into_which_a_restore_was_cut_off() {
    let (house, _) = house();
    fs::create_dir(house.data.join(GATHERING)).unwrap();
    let error = SqliteJournal::open(&house.data.join(FILE)).err().unwrap();
    assert!(error.to_string().contains("restore the backup again"), "{error}");
}

use super::super::tests::House;
use super::*;
use crate::store::Store;

/// Exit code and what is said.
fn done(tool: Tool) -> (u8, String) {
    let mut out = Vec::new();
    match tool.work(&mut out) {
        Ok(code) => (code, String::from_utf8(out).unwrap()),
        Err(why) => (FAILED, why),
    }
}

fn house() -> House {
    let mut house = House::new();
    let mut author = house.begin(1);
    house.append(author.say("one"));
    Store::open(&house.data.join(crate::store::FILE)).unwrap();
    for name in crate::auth::KEY_FILES {
        std::fs::write(house.data.join(name), name).unwrap();
    }
    house
}

#[test]
fn each_tool_says_what_it_did_and_its_exit_code_tells_sound_from_faulty_from_failed() {
    let house = house();
    let (data, path, again) = (house.data.clone(), house.folder.path().join("copy"), house.folder.path().join("again"));
    let verify = Tool::Verify { data: data.clone(), json: false };
    let backup = Tool::Backup { data, path: path.clone() };
    let restore = Tool::Restore { path, data: again };
    assert_eq!(done(verify.clone()), (SOUND, "1 sessions with 1 events: sound.\n".into()));
    assert_eq!(done(backup.clone()), (SOUND, "1 sessions with 1 events: copied and sound.\n".into()));
    assert_eq!(done(restore.clone()), (SOUND, "1 sessions with 1 events: restored and sound.\n".into()));
    for again in [backup, restore] {
        let (code, why) = done(again);
        assert!(code == FAILED && why.contains("name a folder"), "{why}");
    }
    house.damage("UPDATE event SET hash = zeroblob(32)");
    let (code, says) = done(verify);
    let first = says.lines().next().unwrap();
    assert!(code == FAULTY && first.contains("event 1: the hash is 0000"), "{says}");
    assert_eq!(says.lines().last(), Some("1 sessions with 1 events: 1 faults."));
}

#[test]
fn json_is_one_line() {
    let house = house();
    let (code, json) = done(Tool::Verify { data: house.data.clone(), json: true });
    assert_eq!((code, json.lines().count()), (SOUND, 1));
    assert!(json.starts_with(r#"{"sessions":["#), "{json}");
}

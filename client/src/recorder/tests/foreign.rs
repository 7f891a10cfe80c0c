//! Whatever lies in the folder of takes, the program looks through it without a panic and leaves what it does not know.

use super::super::sidecar::Sidecar;
use super::*;
use serde_json::{Value, json};
use sound_files::{WavSpec, WavWriter};

/// A sidecar with numbers as somebody else might write them.
type Numbers = (i64, u32, u8, Vec<(i64, u64)>, Option<i64>, bool, Option<i64>);

fn sidecar((from, rate, channels, gaps, to, settled, roll): &Numbers) -> Value {
    let id = Uuid::from_u128(9);
    let gaps: Vec<Value> = gaps.iter().map(|(at, samples)| json!({ "at": at, "samples": samples })).collect();
    let end = to.map(|to| json!({ "to": to, "pcm_hash": "ab".repeat(32), "reason": null }));
    json!({
        "session": session(), "log": id, "participant": id, "take": 1, "part": id, "stream": id, "epoch": 0,
        "from": from, "rate": rate, "channels": channels, "roll": roll, "gaps": gaps, "holes": gaps, "end": end,
        "settled": settled,
    })
}

fn wav() -> Vec<u8> {
    let spec = WavSpec { rate: RATE, channels: 2, format: SampleFormat::F32 };
    let mut writer = WavWriter::new(std::io::Cursor::new(Vec::new()), spec).unwrap();
    writer.write(&[0.25; 64]).unwrap();
    writer.finish().unwrap().into_inner()
}

#[test]
fn any_sidecar_with_any_sound_beside_it_is_a_part_or_stays_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let take = folder.path().join(session().to_string()).join("take-001");
    fs::create_dir_all(&take).unwrap();
    let (json, sound) = (take.join("program-x.json"), take.join("program-x.wav"));
    bolero::check!().with_type::<(Numbers, Vec<(u16, u8)>, u8)>().for_each(|(numbers, bytes, cut)| {
        let mut file = wav();
        let length = file.len();
        bytes.iter().take(2).for_each(|(at, byte)| file[usize::from(*at) % length] = *byte);
        file.truncate(length - usize::from(*cut) % length);
        fs::write(&sound, &file).unwrap();
        fs::write(&json, sidecar(numbers).to_string()).unwrap();
        for part in find_parts(folder.path(), session()) {
            let left = part.left.expect("its sound is there");
            assert!(left.gaps.iter().all(|gap| gap.at >= part.head.from || numbers.4.is_some()), "{left:?}");
            assert!(part.head.roll.is_none_or(|roll| roll >= part.head.from), "{:?}", part.head);
            assert!(Sidecar::read(&json).unwrap().end.is_some(), "what was found is known at the next start");
        }
    });
}

#[test]
fn any_bytes_in_the_place_of_a_sidecar_are_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    let take = folder.path().join(session().to_string()).join("take-001");
    fs::create_dir_all(&take).unwrap();
    let path = take.join("program-x.json");
    let whole = sidecar(&(5, 48_000, 2, vec![(7, 9)], None, false, Some(6))).to_string();
    bolero::check!().with_type::<(Vec<(u16, u8)>, u16)>().for_each(|(bytes, cut)| {
        let mut text = whole.clone().into_bytes();
        let length = text.len();
        bytes.iter().take(3).for_each(|(at, byte)| text[usize::from(*at) % length] = *byte);
        text.truncate(length - usize::from(*cut) % length);
        fs::write(&path, &text).unwrap();
        assert!(find_parts(folder.path(), session()).len() <= 1);
    });
}

//! Parts of a take: what their recorders report, when, and what they may not.

use super::scene::*;
use protocol::command::Command;
use protocol::event::Event;
use protocol::session::Rejection;
use protocol::session::limits::MAX_POSITION;
use protocol::session::take::{CaptureGap, PartPhase};
use protocol::wire::ErrorCode;
use units::{SampleCount, SampleTime};

#[test]
fn a_part_that_was_reported_is_not_reported_with_other_audio() {
    let mut scene = review_scene();
    assert_eq!(scene.ask(ME, &stopped(MY_PART, 1)), Ok(vec![]), "the same again is harmless");
    assert_eq!(code(scene.ask(ME, &stopped(MY_PART, 2))), ErrorCode::Conflict);
    assert_eq!(code(scene.ask(ME, &rolling(MY_PART))), ErrorCode::Conflict);
}

#[test]
fn an_interrupted_part_is_repaired_on_the_next_start() {
    let mut scene = rolling_scene();
    scene.record(None, Event::ParticipantLeave { participant: ME });
    let (take, part, reason) = (ONE, MY_PART, "killed".to_owned());
    let dead = Command::PartInterrupted { take, part, to: None, gaps: vec![], pcm_hash: None, reason: reason.clone() };
    scene.ask(OTHER, &dead).unwrap();
    assert_eq!(scene.state.takes[0].parts[0].length(), None);
    let (to, pcm_hash) = (Some(SampleTime(60_000)), Some(hash(1)));
    let repaired = Command::PartInterrupted { take, part, to, gaps: vec![], pcm_hash, reason };
    scene.ask(ME, &repaired).unwrap();
    let part = &scene.state.takes[0].parts[0];
    assert_eq!((part.phase, part.length()), (PartPhase::Interrupted, Some(SampleCount(12_000))));
}

#[test]
fn capture_gaps_lie_within_their_part_in_order_and_apart() {
    let gap = |at, samples| CaptureGap { at: SampleTime(at), samples: SampleCount(samples) };
    let report =
        |gaps| Command::PartStopped { take: ONE, part: MY_PART, to: SampleTime(96_000), gaps, pcm_hash: hash(1) };
    let good = vec![gap(48_000, 10), gap(48_010, 5), gap(95_999, 1)];
    assert!(rolling_scene().ask(ME, &report(good)).is_ok());
    let bad = [
        vec![gap(47_999, 1)],
        vec![gap(95_999, 2)],
        vec![gap(50_000, 0)],
        vec![gap(50_000, 10), gap(50_009, 1)],
        vec![gap(50_000, u64::MAX)],
    ];
    for gaps in bad {
        assert_eq!(code(rolling_scene().ask(ME, &report(gaps.clone()))), ErrorCode::Invalid, "{gaps:?}");
    }
}

#[test]
fn a_part_without_an_end_has_no_gaps() {
    let gaps = vec![CaptureGap { at: SampleTime(50_000), samples: SampleCount(10) }];
    let dead = |gaps| {
        let (take, part, reason) = (ONE, MY_PART, String::new());
        Command::PartInterrupted { take, part, to: None, gaps, pcm_hash: None, reason }
    };
    assert_eq!(code(rolling_scene().ask(ME, &dead(gaps))), ErrorCode::Invalid);
    assert!(rolling_scene().ask(ME, &dead(vec![])).is_ok());
}

#[test]
fn a_part_is_of_an_epoch_that_its_stream_has() {
    let part = |epoch| {
        let Command::PartRolling { take, part, stream, from, rate, channels, .. } = rolling(NEW_PART) else { panic!() };
        Command::PartRolling { take, part, stream, epoch, from, rate, channels, roll: None }
    };
    let mut scene = rolling_scene();
    assert_eq!(code(scene.ask(ME, &part(1))), ErrorCode::Unknown);
    scene.ask(ME, &Command::StreamEpoch { stream: MY_MIC, map: map(1) }).unwrap();
    assert!(scene.ask(ME, &part(1)).is_ok());
}

#[test]
fn a_roll_is_not_before_its_part_and_no_further_than_a_position_goes() {
    let from = SampleTime(48_000);
    let told = |roll: Option<i64>| {
        let Command::PartRolling { take, part, stream, epoch, rate, channels, .. } = rolling(NEW_PART) else {
            panic!()
        };
        let roll = roll.map(SampleTime);
        let mut scene = rolling_scene();
        let command = Command::PartRolling { take, part, stream, epoch, from, rate, channels, roll };
        scene.ask(ME, &command).map(|_| scene.state.takes[0].part(NEW_PART).unwrap().roll)
    };
    for good in [None, Some(from.0), Some(from.0 + 96_000), Some(MAX_POSITION)] {
        assert_eq!(told(good), Ok(good.map(SampleTime)));
    }
    for bad in [from.0 - 1, -1, i64::MIN, MAX_POSITION + 1, i64::MAX] {
        assert_eq!(told(Some(bad)).unwrap_err().code(), ErrorCode::Invalid, "{bad}");
    }
}

#[test]
fn what_a_recorder_tells_that_does_not_know_of_the_roll_reads_and_writes_as_it_did() {
    let mut scene = rolling_scene();
    let events = scene.ask(ME, &rolling(NEW_PART)).unwrap();
    let part = scene.state.takes[0].part(NEW_PART).unwrap();
    let texts = [json(&rolling(NEW_PART)), json(&events[0]), json(part)];
    assert!(texts.iter().all(|text| !text.contains("\"roll\"")), "{texts:?}");
    assert_eq!(serde_json::from_str::<Command>(&texts[0]).unwrap(), rolling(NEW_PART));
    assert_eq!(serde_json::from_str::<Event>(&texts[1]).unwrap(), events[0]);
}

fn json(thing: &impl serde::Serialize) -> String {
    serde_json::to_string(thing).unwrap()
}

#[test]
fn a_recorder_that_was_offline_while_the_session_was_closed_still_reports_its_part() {
    let mut scene = review_scene();
    scene.ask(ME, &Command::StreamClose { stream: MY_MIC }).unwrap();
    scene.ask(ME, &Command::SessionClose {}).unwrap();
    scene.ask(ME, &Command::StreamEpoch { stream: MY_MIC, map: map(1) }).unwrap();
    scene.ask(ME, &rolling(NEW_PART)).unwrap();
    scene.ask(ME, &stopped(NEW_PART, 2)).unwrap();
    assert_eq!(scene.state.takes[0].part(NEW_PART).unwrap().phase, PartPhase::Stopped);
    assert_eq!(scene.ask(ME, &roll()), Err(Rejection::Closed));
}

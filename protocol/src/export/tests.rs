mod hostile;
mod scene;

use super::*;
use crate::event::Event;
use crate::session::note::Anchor;
use scene::{MIC, PROGRAM, Scene, map};
use units::{RtpTimestamp, SampleTime, Ssrc, Ticks};

const TAKE: Scope = Scope::Take(TakeNumber(1));

fn labels(scene: &Scene, scope: Scope) -> Vec<String> {
    let bytes = scene.source().export(scope, Format::Audacity).unwrap();
    String::from_utf8(bytes).unwrap().lines().map(str::to_owned).collect()
}

fn live(at: i64, to: Option<i64>) -> Anchor {
    Anchor::Live { stream: PROGRAM, epoch: 0, at: Ticks(at), to: to.map(Ticks) }
}

#[test]
fn what_was_heard_live_lies_on_the_very_sample_of_the_take() {
    let mut scene = Scene::with_take(96_000, 96_000 * 3);
    // Sample 100 000 is heard 120 ticks later than it was captured, which is the encoder's delay.
    scene.note(live(50_000 + 120, None), 0, "here");
    let label = labels(&scene, TAKE).pop().unwrap();
    assert_eq!(label, format!("{:.6}\t{:.6}\t#1 here (Ada)", 4_000.0 / 96_000.0, 4_000.0 / 96_000.0));
    let label = labels(&scene, Scope::Session).pop().unwrap();
    assert!(label.starts_with(&format!("{:.6}\t", 100_000.0 / 96_000.0)), "{label}");
}

#[test]
fn ten_hours_in_a_note_is_as_exact_as_at_the_beginning() {
    let (samples, mut scene) = (36_000 * 96_000, Scene::with_take(96_000, 36_001 * 96_000));
    scene.note(live((samples + 96_000) / 2 + 120 + 1, None), 0, "late");
    assert!(labels(&scene, TAKE).pop().unwrap().starts_with("36000.000021\t"));
    let csv = String::from_utf8(scene.source().export(TAKE, Format::Csv).unwrap()).unwrap();
    assert!(csv.contains(",36000.000020833,"), "{csv}");
}

#[test]
fn the_mark_is_where_the_author_means_and_never_before_the_beginning() {
    let mut scene = Scene::with_take(96_000, 96_000 * 3);
    let heard_s = |seconds: i64| 48_000 * (1 + seconds) + 120;
    scene.note(live(heard_s(1), Some(heard_s(2))), 500, "range");
    scene.note(live(heard_s(0) + 4_800, Some(heard_s(0) + 9_600)), 500, "at once");
    let labels = labels(&scene, TAKE);
    assert_eq!(labels[1], "0.000000\t0.000000\t#2 at once (Ada)");
    assert_eq!(labels[2], "0.500000\t1.500000\t#1 range (Ada)");
    let md = String::from_utf8(scene.source().export(TAKE, Format::Md).unwrap()).unwrap();
    assert!(md.contains("0:00.500–0:01.500 (heard 0:01.000–0:02.000)"), "{md}");
}

#[test]
fn a_device_restart_moves_nothing_and_a_publisher_restart_begins_where_it_was_told() {
    let mut scene = Scene::with_take(96_000, 96_000 * 3);
    let restarted = crate::stream::EpochMap { epoch: 1, from: Ticks(96_000), sample0: SampleTime(7), ..map(0, 96_000) };
    scene.add(Event::StreamEpoch { stream: PROGRAM, map: restarted });
    scene.at_ms(60_000);
    let anew = crate::stream::EpochMap { epoch: 2, ssrc: Ssrc(99), rtp0: RtpTimestamp(5), ..map(0, 96_000) };
    scene.add(Event::StreamEpoch { stream: PROGRAM, map: anew });
    let of = |epoch, at| Anchor::Live { stream: PROGRAM, epoch, at: Ticks(at), to: None };
    scene.note(of(1, 144_000 + 120), 0, "after the device came back");
    scene.note(of(2, 48_000 + 120), 0, "after the program came back");
    let labels = labels(&scene, Scope::Session);
    assert!(labels[1].starts_with("3.000000\t"), "{labels:?}");
    assert!(labels[2].starts_with("61.000000\t"), "{labels:?}");
}

#[test]
fn sound_that_the_take_did_not_record_is_laid_by_the_clock_and_that_is_said() {
    let mut scene = Scene::with_take(96_000, 96_000 * 3);
    scene.at_ms(0);
    scene.stream(MIC, 44_100);
    scene.note(Anchor::Live { stream: MIC, epoch: 0, at: Ticks(96_000 + 120), to: None }, 0, "mic");
    assert_eq!(labels(&scene, TAKE)[1], "1.000000\t1.000000\t#1 mic (Ada) [placed by the clock]");
}

#[test]
fn what_is_laid_by_the_clock_where_two_takes_overlap_is_on_the_one_that_had_rolled() {
    let mut scene = Scene::with_take(96_000, 96_000 * 3);
    scene.at_ms(0);
    scene.stream(MIC, 44_100);
    scene.bare_take(3_000, 6_000);
    for half_seconds in [5, 7] {
        let at = Ticks(24_000 * half_seconds + 120);
        scene.note(Anchor::Live { stream: MIC, epoch: 0, at, to: None }, 0, "mic");
    }
    assert_eq!(column(&scene, Scope::Session, "take"), ["1", "2", "1", "2"], "two takes, and a note on each");
    assert_eq!(column(&scene, Scope::Session, "placed"), ["", "", "clock", "clock"]);
}

#[test]
fn a_note_on_a_take_is_a_sample_of_its_part() {
    let mut scene = Scene::with_take(96_000, 96_000 * 3);
    let part = Some(scene::PART);
    let at = |at| Anchor::Take { take: TakeNumber(1), part, at: Some(SampleTime(at)), to: None };
    scene.note(at(96_001), 0, "there");
    scene.note(Anchor::Take { take: TakeNumber(1), part: None, at: None, to: None }, 0, "all of it");
    let on_take = labels(&scene, TAKE);
    assert_eq!(on_take[1], "0.000000\t0.000000\t#2 all of it (Ada)");
    assert_eq!(on_take[2], "1.000010\t1.000010\t#1 there (Ada)");
    assert!(labels(&scene, Scope::Session)[2].starts_with("2.000010\t"), "the take begins a second in");
}

#[test]
fn a_part_that_begins_later_lies_later_on_the_take() {
    let mut scene = Scene::with_take(96_000, 96_000 * 3);
    let late = crate::ids::PartId(uuid::Uuid::from_u128(44));
    scene.late_part(late, 48_000, 96_000);
    let on = Anchor::Take { take: TakeNumber(1), part: Some(late), at: Some(SampleTime(96)), to: None };
    scene.note(on, 0, "late");
    assert_eq!(labels(&scene, TAKE)[1], "0.501000\t0.501000\t#1 late (Ada)");
}

fn text(scene: &Scene, scope: Scope, format: Format) -> String {
    String::from_utf8(scene.source().export(scope, format).unwrap()).unwrap()
}

/// The cells of one column, in the order of the rows.
fn column(scene: &Scene, scope: Scope, name: &str) -> Vec<String> {
    let table = text(scene, scope, Format::Csv);
    let mut rows = table.trim_start_matches('\u{feff}').lines().map(|row| row.split(','));
    let at = rows.next().unwrap().position(|column| column == name).unwrap();
    rows.map(|mut row| row.nth(at).unwrap().to_owned()).collect()
}

#[test]
fn the_time_since_the_roll_is_counted_from_the_sample_that_its_recorder_tells() {
    // The program began two seconds before the roll, the part with it.
    let mut scene = Scene::with_roll(96_000, 96_000 * 9, Some(96_000 * 3));
    let heard_s = |seconds: i64| 48_000 * (1 + seconds) + 120;
    scene.note(live(heard_s(5) + 1, None), 500, "meant half a second earlier");
    scene.note(live(heard_s(1), None), 0, "in the pre-roll");
    let part = Some(scene::PART);
    scene.note(Anchor::Take { take: TakeNumber(1), part, at: Some(SampleTime(96_000 * 2)), to: None }, 0, "the roll");
    scene.note(Anchor::Take { take: TakeNumber(1), part: None, at: None, to: None }, 0, "all of it");
    let since = ["", "", "-1.000000000", "0.000000000", "2.500020833"];
    assert_eq!(column(&scene, TAKE, "since_roll_s"), since);
    let of_take = |scope| column(&scene, scope, "roll_s")[0].clone();
    assert_eq!((of_take(TAKE), of_take(Scope::Session)), ("2.000000000".into(), "3.000000000".into()));
    assert!(labels(&scene, TAKE).contains(&"2.000000\t2.000000\tTake 1 rolls".to_owned()));
    assert!(labels(&scene, Scope::Session).contains(&"3.000000\t3.000000\tTake 1 rolls".to_owned()));
    let md = text(&scene, TAKE, Format::Md);
    for said in ["0:09.000, of which 0:02.000 before the roll,", "0:01.000 before the roll", "0:02.500 after the roll"]
    {
        assert!(md.contains(said), "{said:?} is not in\n{md}");
    }
}

#[test]
fn a_part_whose_recorder_does_not_tell_of_the_roll_counts_from_that_of_the_others() {
    let mut scene = Scene::with_roll(96_000, 96_000 * 9, Some(96_000 * 3));
    let late = crate::ids::PartId(uuid::Uuid::from_u128(44));
    scene.late_part(late, 96_000 * 6, 96_000);
    scene.note(Anchor::Take { take: TakeNumber(1), part: Some(late), at: Some(SampleTime(96)), to: None }, 0, "late");
    assert_eq!(column(&scene, TAKE, "since_roll_s"), ["", "4.001000000"]);
}

#[test]
fn where_no_recorder_tells_of_the_roll_nothing_is_said_about_it() {
    let mut scene = Scene::with_take(96_000, 96_000 * 3);
    scene.note(live(96_000, None), 0, "first");
    assert_eq!(column(&scene, TAKE, "since_roll_s"), ["", ""]);
    assert_eq!((column(&scene, TAKE, "roll_s")[0].as_str(), labels(&scene, TAKE).len()), ("", 2));
    assert!(!text(&scene, TAKE, Format::Md).contains("the roll"));
}

#[test]
fn a_take_without_parts_lies_where_the_relay_recorded_it() {
    let mut scene = Scene::with_take(96_000, 96_000);
    scene.bare_take(5_000, 7_250);
    assert_eq!(labels(&scene, Scope::Session)[1], "5.000000\t7.250000\tTake 2");
    assert_eq!(labels(&scene, Scope::Take(TakeNumber(2))), ["0.000000\t2.250000\tTake 2"]);
    scene.bare_take(-10_000, -9_000);
    assert!(labels(&scene, Scope::Session)[0].starts_with("0.000000\t1.000000\t"), "the first take is the beginning");
}

#[test]
fn an_open_note_on_a_mix_is_in_every_version_that_it_was_carried_over_to() {
    let mut scene = Scene::with_take(96_000, 96_000 * 3);
    scene.mix(1);
    scene.note(Anchor::Mix { mix: MixNumber(1), at: Some(SampleTime(44_100)), to: None }, 0, "muddy");
    scene.mix(2);
    for mix in [1, 2] {
        assert_eq!(labels(&scene, Scope::Mix(MixNumber(mix))), ["1.000000\t1.000000\t#1 muddy (Ada)"]);
    }
    assert!(labels(&scene, Scope::Session).iter().all(|label| !label.contains("muddy")), "a mix has its own time");
    let csv = String::from_utf8(scene.source().export(Scope::Session, Format::Csv).unwrap()).unwrap();
    assert!(csv.contains("muddy"), "the table has it all the same");
}

#[test]
fn a_number_stays_with_its_note_when_another_is_taken_back() {
    let mut scene = Scene::with_take(96_000, 96_000 * 3);
    let first = scene.note(live(96_000, None), 0, "first");
    scene.note(live(96_000, None), 0, "second");
    scene.add(Event::NoteRetract { note: first, retracted: true });
    let labels = labels(&scene, Scope::Session);
    assert_eq!(labels.len(), 2);
    assert!(labels[1].ends_with("#2 second (Ada)"), "{labels:?}");
}

#[test]
fn what_the_session_does_not_have_is_named() {
    let source = Scene::with_take(96_000, 96_000).source();
    let take = source.export(Scope::Take(TakeNumber(2)), Format::Csv).unwrap_err();
    assert_eq!(take, ExportError::NoTake(TakeNumber(2)));
    let mix = source.export(Scope::Mix(MixNumber(1)), Format::Json).unwrap_err();
    assert!(mix.to_string().contains("mix version 1"));
}

#[test]
fn the_report_says_who_was_here_how_long_and_what_was_decided() {
    let mut scene = Scene::with_take(96_000, 96_000 * 3);
    scene.verdict("great _feel_");
    scene.at_ms(3_600_000);
    scene.leave();
    let md = String::from_utf8(scene.source().export(Scope::Session, Format::Md).unwrap()).unwrap();
    for said in [
        "2027-01-15 08:00:00 UTC to 2027-01-15 09:00:00 UTC: 1 h 0 min.",
        "| Ada | owner | 08:00:00–09:00:00 | 1 h 0 min |",
        "Song: 97.3 beats a minute, 3/4, F♯ minor.",
        "- **Take 1: verse (approved)**: 0:03.000,",
        "take 1, Ada: **approved**: great \\_feel\\_",
        "- Ada: lead vocal",
    ] {
        assert!(md.contains(said), "{said:?} is not in\n{md}");
    }
}

#[test]
fn a_file_is_named_after_the_session() {
    let mut source = Scene::with_take(96_000, 96_000).source();
    assert_eq!(source.file_name(TAKE, Format::Midi), "blue-hour-take-1.mid");
    source.state.title = "../..\\\u{0} ".into();
    assert_eq!(source.file_name(Scope::Session, Format::Audacity), "session.txt");
}

#[test]
fn a_format_is_known_by_its_name() {
    assert!(Format::ALL.into_iter().all(|format| format.name().parse() == Ok(format)));
    assert_eq!("xml".parse::<Format>(), Err(UnknownFormat));
}

#[test]
fn a_bundle_reads_back_to_the_byte_and_tells_what_was_changed() {
    let mut scene = Scene::with_take(96_000, 96_000 * 3);
    scene.note(live(96_000, None), 0, "first");
    scene.store(r#"{"seq":0,"by":null,"at":5,"type":"tune.call", "data":{"hz":440.10,"z":1}, "extra":"é"}"#);
    let source = scene.source();
    let text = String::from_utf8(source.export(Scope::Session, Format::Json).unwrap()).unwrap();
    let bundle = Bundle::read(&text).unwrap();
    let texts = |events: &[Stored]| events.iter().map(|event| event.text().to_owned()).collect::<Vec<_>>();
    assert_eq!(texts(&bundle.events), texts(&source.events));
    assert_eq!((bundle.state, bundle.seq), (source.state.clone(), source.events.len() as u64));
    assert_eq!((bundle.hash, bundle.log, bundle.session), (source.hash, source.log, source.session));

    let lines: Vec<&str> = text.lines().collect();
    let without = |line: usize| [&lines[..line], &lines[line + 1..]].concat().join("\n");
    assert!(matches!(Bundle::read(&without(5)), Err(BundleError::Order { expected: 3, got: 4 })));
    let last = lines.len() - 2;
    let cut = without(last).replacen(",\n]}", "\n]}", 1);
    assert!(matches!(Bundle::read(&cut), Err(BundleError::Order { .. })), "the newest is missing");
    let both = text.replace("\"first\"", "\"third\"");
    assert!(matches!(Bundle::read(&both), Err(BundleError::Hash)), "state and event agree, the hash does not");
    assert!(matches!(Bundle::read(&text.replacen("\"first\"", "\"third\"", 1)), Err(BundleError::State)));
    assert!(matches!(Bundle::read(&text.replace("440.10", "440.1")), Err(BundleError::Hash)), "a byte is missing");
    assert!(matches!(Bundle::read(&text[..text.len() / 2]), Err(BundleError::Json(_))));
    assert!(matches!(Bundle::read(&text.replacen(":1,", ":2,", 1)), Err(BundleError::TooNew(2))));
}

#[test]
fn a_bundle_of_a_take_has_what_is_about_it() {
    let mut scene = Scene::with_take(96_000, 96_000 * 3);
    scene.note(live(48_000 * 2, None), 0, "on the take");
    scene.note(live(48_000 * 20, None), 0, "long after");
    scene.add(Event::ChatSay { text: "hello".into() });
    let text = String::from_utf8(scene.source().export(TAKE, Format::Json).unwrap()).unwrap();
    let bundle = Bundle::read(&text).unwrap();
    assert_eq!(bundle.scope, TAKE);
    assert_eq!(bundle.state.notes.len(), 1);
    assert_eq!(bundle.state.take(TakeNumber(1)), scene.source().state.take(TakeNumber(1)));
    assert!(text.contains("part.stopped") && text.contains("stream.epoch"), "{text}");
    assert!(!text.contains("hello") && !text.contains("long after"), "{text}");
}

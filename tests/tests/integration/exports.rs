//! Every export is read back by a reader that is not ours, and every position in it is right to the format's own
//! resolution ten hours into a session.

use protocol::event::{Event, Recorded, Stored};
use protocol::export::{Bundle, Format, Scope, Source};
use protocol::grants::Role;
use protocol::ids::{LogId, NoteId, PartId, ParticipantId, SessionId, StreamId, TakeNumber};
use protocol::session::note::{Anchor, NewNote, Severity};
use protocol::session::people::{Metre, Song};
use protocol::stream::{EpochMap, StreamFormat, StreamKind};
use serde_json::Value;
use std::path::Path;
use std::process::Command;
use tests::programs::{Relay, farfield, run_to_end};
use tests::studio::join;
use units::{RtpTimestamp, SampleRate, SampleTime, Ssrc, Ticks, WallTime};
use uuid::Uuid;

const ADA: ParticipantId = ParticipantId(Uuid::from_u128(1));
const PROGRAM: StreamId = StreamId(Uuid::from_u128(2));
const PART: PartId = PartId(Uuid::from_u128(4));
const TAKE: TakeNumber = TakeNumber(1);
const RATE: i64 = 44_100;
/// The take begins here in its stream, in samples.
const FROM: i64 = 3 * RATE + 1;
/// The recorder had the roll here, a quarter of a second later: before every note.
const ROLL: i64 = FROM + RATE / 4;
const LOG: LogId = LogId(Uuid::from_u128(0x018f_4d3e));

/// A note on the take: sample, end of a range, reaction, text.
const NOTES: [(i64, Option<i64>, u32, &str); 5] = [
    (RATE / 3, None, 0, "flat on “hour”"),
    (60 * RATE + 7, Some(61 * RATE + 13), 250, "=HYPERLINK(\"http://x\")\n<b>late</b> --> \"a\" 'b' `c`"),
    (3_600 * RATE + 1, None, 500, "ضعيف هنا, 👩‍🎤;\tyes"),
    (35_999 * RATE + 44_000, None, 0, "ten hours in"),
    (36_000 * RATE - 2, Some(36_000 * RATE - 1), 0, "the last two samples"),
];

fn epoch() -> EpochMap {
    EpochMap {
        epoch: 0,
        ssrc: Ssrc(7),
        rtp0: RtpTimestamp(u32::MAX - 480_000),
        from: Ticks(0),
        sample0: SampleTime(0),
        rate: SampleRate(RATE as u32),
        codec_delay: Ticks(120),
        resampler_delay: Ticks(31),
        trusted: true,
    }
}

fn events() -> Vec<Event> {
    let (rate, participant, stream, kind) = (SampleRate(RATE as u32), ADA, PROGRAM, StreamKind::Program);
    let format = StreamFormat { channels: 2, frame_us: 5_000, bitrate: 256_000, redundancy: 1, rate };
    let (name, role, label) = ("Ada \"the\" ear".to_owned(), Role::Owner, "Main".to_owned());
    let song = Song { tempo_mbpm: Some(97_300), metre: Some(Metre { beats: 6, unit: 8 }), key: None };
    let (from, number, channels, slate, roll) =
        (SampleTime(FROM), 0, 2, "verse, dbl".to_owned(), Some(SampleTime(ROLL)));
    let (to, gaps, pcm_hash) = (SampleTime(FROM + 36_000 * RATE), Vec::new(), "cd".repeat(32));
    let mut events = vec![
        Event::SessionOpen { title: "Blue hour".into() },
        Event::ParticipantJoin { participant, name, role, grants: role.grants(), invite: None },
        Event::StreamOpen { stream, participant, kind, label, format },
        Event::StreamEpoch { stream, map: epoch() },
        Event::SessionSong { song, was: Song::default() },
        Event::TakeArm { take: TAKE, slate, only: None },
        Event::TakeRoll { take: TAKE },
        Event::PartRolling { take: TAKE, part: PART, participant, stream, epoch: number, from, rate, channels, roll },
        Event::TakeStop { take: TAKE },
        Event::PartStopped { take: TAKE, part: PART, to, gaps, pcm_hash },
    ];
    events.extend(NOTES.iter().zip(1..).map(|(note, n)| note_event(n, *note)));
    events
}

fn note_event(n: u128, (at, to, reaction_ms, text): (i64, Option<i64>, u32, &str)) -> Event {
    let (at, to) = (Some(SampleTime(at)), to.map(SampleTime));
    note_on(n, Anchor::Take { take: TAKE, part: Some(PART), at, to }, reaction_ms, text)
}

fn note_on(n: u128, on: Anchor, reaction_ms: u32, text: &str) -> Event {
    Event::NoteAdd(NewNote {
        note: NoteId(Uuid::from_u128(100 + n)),
        on,
        reaction_ms,
        uncertainty_ms: 5,
        concealed: n == 3,
        text: text.into(),
        tag: None,
        severity: Severity::Minor,
        parent: None,
    })
}

/// When the log begins.
const BEGIN_MS: i64 = 1_800_000_000_000;

fn source() -> Source {
    source_of(events().into_iter().map(|event| (0, event)))
}

/// Of events, each so many ms after the log's beginning.
fn source_of(timed: impl Iterator<Item = (i64, Event)>) -> Source {
    let stored = |((after_ms, event), seq)| {
        Stored::write(Recorded { seq, id: None, by: Some(ADA), at: WallTime(BEGIN_MS + after_ms), event })
    };
    Source::new(SessionId(Uuid::from_u128(77)), LOG, timed.zip(1..).map(stored).collect())
}

/// What another program finds in an export.
fn found(scope: Scope, format: Format) -> Value {
    found_in(&source(), scope, format)
}

fn found_in(source: &Source, scope: Scope, format: Format) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(format!("export.{}", format.extension()));
    std::fs::write(&path, source.export(scope, format).unwrap()).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("readers/read.py");
    let read = run_to_end(Command::new(python()).arg(script).arg(format.name()).arg(&path)).unwrap();
    serde_json::from_str(&read.succeeded().unwrap()).unwrap()
}

/// A Python that has the readers. The first in the path may be another than Debian's, for which they are packaged.
fn python() -> &'static str {
    let has_readers = |python: &&str| {
        run_to_end(Command::new(python).args(["-c", "import mido, webvtt, markdown_it"]))
            .is_ok_and(|ended| ended.status.success())
    };
    let found = ["python3", "/usr/bin/python3"].into_iter().find(has_readers);
    found.expect("no python3 has mido, webvtt and markdown_it; run `cargo xtask test`")
}

/// `samples` less the reaction, as a count of so many a second, rounded to the nearest.
fn count(samples: i64, reaction_ms: u32, per_second: i128) -> i128 {
    let scaled = (i128::from(samples) * 1_000 - i128::from(reaction_ms) * i128::from(RATE)).max(0) * per_second;
    (2 * scaled + i128::from(RATE) * 1_000).div_euclid(2_000 * i128::from(RATE))
}

fn decimal(count: i128, digits: usize) -> String {
    let scale = 10_i128.pow(digits as u32);
    format!("{}.{:0digits$}", count / scale, count % scale)
}

/// The name of a marker, by hand.
fn name(n: usize) -> String {
    let text = NOTES[n].3.replace('\n', " / ").replace('\t', " ");
    let concealed = if n == 2 { " [heard through concealment]" } else { "" };
    format!("#{} {text} (Ada \"the\" ear){concealed}", n + 1)
}

/// Start and end of what notes mark on the take, in the order of the notes.
fn spans(per_second: i128) -> impl Iterator<Item = (i128, Option<i128>)> {
    NOTES.into_iter().map(move |(at, to, reaction, _)| {
        (count(at, reaction, per_second), to.map(|to| count(to, reaction, per_second)))
    })
}

#[test]
fn python_reads_the_table() {
    let rows = found(Scope::Take(TAKE), Format::Csv);
    let rows = rows.as_array().unwrap();
    assert_eq!(rows.len(), 1 + NOTES.len());
    assert_eq!(rows[0]["text"], "verse, dbl");
    assert_eq!(rows[0]["end_s"], "36000.000000000");
    assert_eq!(rows[0]["roll_s"], "0.250000000");
    for (row, (n, (start, end))) in rows[1..].iter().zip(spans(1_000_000_000).enumerate()) {
        assert_eq!(row["start_s"], decimal(start, 9));
        assert_eq!(row["since_roll_s"], decimal(start - 250_000_000, 9));
        assert_eq!(row["end_s"], end.map_or(String::new(), |end| decimal(end, 9)));
        assert_eq!(row["heard_s"], decimal(count(NOTES[n].0, 0, 1_000_000_000), 9));
        assert_eq!(row["position"], NOTES[n].0.to_string());
        assert_eq!(row["concealed"], if n == 2 { "yes" } else { "no" });
        assert_eq!(row["id"], Uuid::from_u128(101 + n as u128).to_string());
    }
    assert_eq!(rows[1]["text"], NOTES[0].3);
    assert_eq!(rows[2]["text"], format!("'{}", NOTES[1].3), "no spreadsheet takes it for a formula");
    assert_eq!(rows[1]["by"], "Ada \"the\" ear");
}

#[test]
fn mido_reads_the_midi_file() {
    let midi = found(Scope::Take(TAKE), Format::Midi);
    assert_eq!((&midi["type"], &midi["ppq"], &midi["tracks"]), (&1.into(), &960.into(), &1.into()));
    // 97.3 eighth notes a minute are 48.65 quarter notes: 1 233 299.07 µs each.
    assert_eq!(midi["tempo_us"], 1_233_299);
    assert_eq!(midi["metre"], serde_json::json!([6, 8]));
    let tick = |at: i64, reaction: u32| {
        let scaled = (i128::from(at) * 1_000 - i128::from(reaction) * i128::from(RATE)) * 960 * 1_000;
        let by = i128::from(RATE) * 1_233_299;
        (2 * scaled + by).div_euclid(2 * by)
    };
    let mut expected: Vec<(i128, String)> = Vec::new();
    for (n, (at, to, reaction, _)) in NOTES.into_iter().enumerate() {
        expected.push((tick(at, reaction), name(n)));
        expected.extend(to.map(|to| (tick(to, reaction), format!("End of {}", name(n)))));
    }
    let take = "Take 1: verse, dbl";
    expected.extend([(0, take.to_owned()), (tick(36_000 * RATE, 0), format!("End of {take}"))]);
    expected.push((tick(RATE / 4, 0), "Take 1 rolls".to_owned()));
    expected.sort();
    let mut read: Vec<(i128, String)> = serde_json::from_value(midi["markers"].clone()).unwrap();
    assert!(read.is_sorted_by_key(|(tick, _)| *tick));
    read.sort();
    assert_eq!(read, expected);
}

#[test]
fn mido_plays_the_markers_at_their_times_through_changes_of_tempo() {
    let song = |tempo, unit| Song { tempo_mbpm: Some(tempo), metre: Some(Metre { beats: 6, unit }), key: None };
    let changes = [(20_123, song(211_100, 8)), (3_602_500, song(63_700, 4))]
        .map(|(after_ms, song)| (after_ms, Event::SessionSong { song, was: Song::default() }));
    let source = source_of(events().into_iter().map(|event| (0, event)).chain(changes));
    let midi = found_in(&source, Scope::Take(TAKE), Format::Midi);
    assert_eq!((&midi["tempo_us"], &midi["metre"]), (&941_915.into(), &serde_json::json!([6, 4])), "the last ones");
    let played: Vec<(f64, String)> = serde_json::from_value(midi["seconds"].clone()).unwrap();
    // Half a tick at the slowest of the three, 48.65 quarter notes a minute.
    let half_a_tick = 60.0 / 48.65 / 960.0 / 2.0;
    for (n, (at, to, reaction, _)) in NOTES.into_iter().enumerate() {
        let second = |sample: i64| (sample as f64 / RATE as f64 - f64::from(reaction) / 1e3).max(0.0);
        for (wanted, name) in [(at, name(n))].into_iter().chain(to.map(|to| (to, format!("End of {}", name(n))))) {
            let (found, _) = played.iter().find(|(_, other)| *other == name).expect("every marker is played");
            assert!((found - second(wanted)).abs() < half_a_tick + 1e-6, "{name}: {found} s, not {}", second(wanted));
        }
    }
}

#[test]
fn ffprobe_and_webvtt_read_the_captions() {
    let vtt = found(Scope::Take(TAKE), Format::Vtt);
    let clock =
        |ms: i128| format!("{:02}:{:02}:{:02}.{:03}", ms / 3_600_000, ms / 60_000 % 60, ms / 1_000 % 60, ms % 1_000);
    let captions = vtt["captions"].as_array().unwrap();
    let packets = vtt["packets"].as_array().unwrap();
    assert_eq!((captions.len(), packets.len()), (2 + NOTES.len(), 2 + NOTES.len()));
    assert_eq!((&captions[1][0], &captions[1][2]), (&"00:00:00.250".into(), &"Take 1 rolls".into()));
    for (n, (start, end)) in spans(1_000).enumerate() {
        // Two samples are less than a millisecond apart.
        let end = end.unwrap_or(start + 3_000).max(start + 1);
        let caption = &captions[n + 2];
        assert_eq!((&caption[0], &caption[1]), (&clock(start).into(), &clock(end).into()));
        let lines = NOTES[n].3.replace('\t', " ");
        assert!(caption[2].as_str().unwrap().ends_with(&lines), "{caption}");
        let seconds = |value: &Value| value.as_str().unwrap().parse::<f64>().unwrap();
        let packet = &packets[n + 2];
        assert_eq!((seconds(&packet[0]) * 1e3).round() as i128, start);
        assert_eq!((seconds(&packet[1]) * 1e3).round() as i128, end - start);
    }
}

#[test]
fn python_reads_the_labels() {
    let labels = found(Scope::Take(TAKE), Format::Audacity);
    let labels: Vec<(String, String, String)> = serde_json::from_value(labels).unwrap();
    let expected = spans(1_000_000)
        .enumerate()
        .map(|(n, (start, end))| (decimal(start, 6), decimal(end.unwrap_or(start), 6), name(n)));
    assert_eq!(labels[0].2, "Take 1: verse, dbl");
    assert_eq!(labels[1], ("0.250000".into(), "0.250000".into(), "Take 1 rolls".into()));
    assert_eq!(labels[2..], expected.collect::<Vec<_>>());
}

#[test]
fn rpp_reads_the_reaper_project() {
    let project = found(Scope::Take(TAKE), Format::Reaper);
    assert_eq!(project["tempo"], serde_json::json!(["48.650000000", "6", "8"]));
    let markers: Vec<(String, String)> = serde_json::from_value(project["markers"].clone()).unwrap();
    let regions: Vec<(String, String, String)> = serde_json::from_value(project["regions"].clone()).unwrap();
    let pico = 1_000_000_000_000;
    let all: Vec<_> = spans(pico).enumerate().collect();
    let points = all.iter().filter(|(_, (_, end))| end.is_none());
    assert_eq!(markers[0], ("0.250000000000".into(), "Take 1 rolls".into()));
    assert_eq!(markers[1..], points.map(|(n, (start, _))| (decimal(*start, 12), name(*n))).collect::<Vec<_>>());
    // A name with all three quotes loses its backticks.
    let ranges = all.iter().filter_map(|(n, (start, end))| {
        let name = if *n == 1 { name(*n).replace('`', "'") } else { name(*n) };
        Some((name, decimal(*start, 12), decimal((*end)?, 12)))
    });
    assert_eq!(regions[0], ("Take 1: verse, dbl".into(), decimal(0, 12), decimal(36_000 * pico, 12)));
    assert_eq!(regions[1..], ranges.collect::<Vec<_>>());
}

#[test]
fn markdown_it_reads_the_list_and_finds_in_what_people_wrote_nothing_but_text() {
    let list = found(Scope::Take(TAKE), Format::Md);
    let clock = |ms: i128| {
        let (hours, minutes) = (ms / 3_600_000, ms / 60_000 % 60);
        let hours = if hours > 0 { format!("{hours}:{minutes:02}") } else { minutes.to_string() };
        format!("{hours}:{:02}.{:03}", ms / 1_000 % 60, ms % 1_000)
    };
    let span = |start, end: Option<i128>| match end {
        Some(end) => format!("{}–{}", clock(start), clock(end)),
        None => clock(start),
    };
    let items: Vec<String> = serde_json::from_value(list["items"].clone()).unwrap();
    for (n, (start, end)) in spans(1_000).enumerate() {
        let (at, to, reaction, text) = NOTES[n];
        let heard = span(count(at, 0, 1_000), to.map(|to| count(to, 0, 1_000)));
        let heard = if reaction > 0 { format!(" (heard {heard})") } else { String::new() };
        // Isolated, so that its direction leaves what stands beside it alone (UAX #9).
        let text = if n == 2 { format!("\u{2068}{text}\u{2069}") } else { text.to_owned() };
        let wanted = format!("{}. {}{heard} {}\n", n + 1, span(start, end), text.replace('\t', " "));
        assert!(items.iter().any(|item| item.starts_with(&wanted)), "{wanted:?} is not in {items:#?}");
    }
    let kinds: Vec<String> = serde_json::from_value(list["kinds"].clone()).unwrap();
    let foreign = ["html_block", "html_inline", "link_open", "image", "fence", "code_block"];
    assert!(!kinds.iter().any(|kind| foreign.contains(&kind.as_str())), "{kinds:?}");
}

/// A device that came back goes on counting where it was; another process begins when the relay was told.
#[test]
fn every_reader_finds_live_notes_where_they_were_heard_over_a_device_and_a_process_that_came_back() {
    let delay = epoch().codec_delay.0 + epoch().resampler_delay.0;
    let live = |n, epoch, at: i64, reaction_ms, text| {
        let on = Anchor::Live { stream: PROGRAM, epoch, at: Ticks(at + delay), to: None };
        note_on(n, on, reaction_ms, text)
    };
    let device = EpochMap { epoch: 1, from: Ticks(96_000), sample0: SampleTime(7), ..epoch() };
    let process = EpochMap { epoch: 2, ssrc: Ssrc(99), rtp0: RtpTimestamp(5), ..epoch() };
    let of_stream = |map| Event::StreamEpoch { stream: PROGRAM, map };
    let early = events().into_iter().take(4).chain([of_stream(device)]).map(|event| (0, event));
    let late = [
        of_stream(process),
        live(1, 0, 48_000, 0, "at first"),
        live(2, 1, 120_000, 250, "by the device"),
        live(5, 2, 12_000, 0, "by the process"),
    ];
    let source = source_of(early.chain(late.map(|event| (60_000, event))));
    let wanted = [(1.0, "at first"), (2.25, "by the device"), (60.25, "by the process")];
    let marks = wanted.iter().zip(1..).map(|((at, text), n)| (*at, format!("#{n} {text} (Ada \"the\" ear)")));
    let marks: Vec<(f64, String)> = marks.collect();
    let read = |format| found_in(&source, Scope::Session, format);
    let seconds = |text: &Value| text.as_str().unwrap().parse::<f64>().unwrap();
    let pairs = |rows: &Value, at: usize, name: usize| -> Vec<(f64, String)> {
        rows.as_array().unwrap().iter().map(|row| (seconds(&row[at]), row[name].as_str().unwrap().to_owned())).collect()
    };

    assert_eq!(pairs(&read(Format::Audacity), 0, 2), marks);
    assert_eq!(pairs(&read(Format::Reaper)["markers"], 0, 1), marks);
    let rows = read(Format::Csv);
    let of_rows: Vec<f64> = rows.as_array().unwrap().iter().map(|row| seconds(&row["start_s"])).collect();
    assert_eq!(of_rows, wanted.map(|(at, _)| at));
    let captions = &read(Format::Vtt)["captions"];
    assert_eq!([0, 1, 2].map(|n| &captions[n][0]), ["00:00:01.000", "00:00:02.250", "00:01:00.250"]);
    let played: Vec<(f64, String)> = serde_json::from_value(read(Format::Midi)["seconds"].clone()).unwrap();
    // Half a tick at 120 quarter notes a minute, the tempo of a song that has none.
    let half_a_tick = 60.0 / 120.0 / 960.0 / 2.0;
    assert_eq!(played.len(), marks.len());
    for ((found, name), (at, wanted)) in played.iter().zip(&marks) {
        assert!(name == wanted && (found - at).abs() < half_a_tick + 1e-6, "{name} at {found} s, {wanted} at {at} s");
    }
    let items: Vec<String> = serde_json::from_value(read(Format::Md)["items"].clone()).unwrap();
    for said in
        ["1. 0:01.000 at first\n", "2. 0:02.250 (heard 0:02.500) by the device\n", "3. 1:00.250 by the process\n"]
    {
        assert!(items.iter().any(|item| item.starts_with(said)), "{said:?} is not in {items:#?}");
    }
}

#[test]
fn python_works_the_chain_of_the_bundle_out_again() {
    let read = found(Scope::Session, Format::Json);
    assert_eq!(read["hash"], read["told"]);
    assert_eq!((read["seq"].as_u64(), &read["title"]), (Some(events().len() as u64), &"Blue hour".into()));
}

#[test]
fn farfield_exports_a_session_and_writes_over_nothing() {
    let relay = Relay::start().unwrap();
    let session = relay.new_session("Blue hour").unwrap();
    // The log begins when somebody comes in for the first time.
    let early = farfield(&["export", session.link("producer"), "--format", "json", "-o", "-"]).unwrap();
    assert!(early.err.contains("nothing to export") && early.status.code() == Some(4), "{}", early.err);
    let visit = ["--input", "tone", "--stream", "program", "--output", "null", "--seconds", "0.2"];
    join(session.link("engineer"), &visit).unwrap().finish().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("blue.json");
    let file = path.to_string_lossy();
    let export = ["export", session.link("producer"), "--format", "json", "-o"];
    let to = |path, more: &[&str]| farfield(&[&export[..], &[path], more].concat()).unwrap();

    assert_eq!(to(&file, &[]).succeeded().unwrap(), "");
    let bundle = Bundle::read(&std::fs::read_to_string(&path).unwrap()).unwrap();
    assert_eq!((bundle.session.to_string(), bundle.state.title.as_str()), (session.id.clone(), "Blue hour"));
    assert!(to(&file, &[]).err.contains("--force"));
    assert_eq!(to(&file, &["--force"]).succeeded().unwrap(), "");
    assert_eq!(Bundle::read(&to("-", &[]).succeeded().unwrap()).unwrap().state, bundle.state);

    let refused = to("-", &["--take", "7"]);
    assert!(refused.err.contains("no take 7") && refused.status.code() == Some(4), "{}", refused.err);
    let listener = farfield(&["export", session.link("listener"), "--format", "csv", "-o", "-"]).unwrap();
    assert!(listener.err.contains("does not let you export") && listener.status.code() == Some(4), "{}", listener.err);
}

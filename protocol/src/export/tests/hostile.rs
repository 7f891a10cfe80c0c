//! Whatever people write, a file keeps its form: as many records as there are, each with its places.

use super::scene::{PROGRAM, Scene};
use crate::export::{Bundle, Format, Scope};
use crate::session::note::Anchor;
use proptest::prelude::*;
use units::Ticks;

const NASTY: [&str; 40] = [
    "\n",
    "\r\n",
    "\r",
    "\t",
    "\0",
    "\u{1b}[31m",
    "\u{85}",
    "\u{2028}",
    "\u{2029}",
    "\u{b}",
    "\u{c}",
    "\"",
    "'",
    "`",
    "-->",
    "<b>",
    "</c>",
    "&",
    "&lt;",
    ">",
    "=1+1",
    "+1",
    "-1",
    "@x",
    ",",
    ";",
    "|",
    "\\",
    "*",
    "_",
    "#",
    "- ",
    "1. ",
    "~~",
    "\u{202e}",
    "\u{2066}",
    "ضعيف",
    "👩‍🎤",
    "\u{feff}",
    "WEBVTT\n\nNOTE",
];

fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![3 => prop::sample::select(&NASTY[..]).prop_map(str::to_owned), 1 => ".{0,6}"];
    prop::collection::vec(piece, 1..12).prop_map(|pieces| pieces.concat())
}

/// A session in which `texts` stand everywhere, on one take, with two notes and a reply.
fn session(texts: &[String]) -> Scene {
    let mut scene = Scene::with_take(48_000, 48_000 * 60);
    let [slate, reason, point, range, reply, name] = texts else { panic!("six texts") };
    scene.slate(slate);
    scene.verdict(reason);
    scene.rename(name);
    let live = |at, to| Anchor::Live { stream: PROGRAM, epoch: 0, at: Ticks(at), to };
    let note = scene.note(live(96_000, None), 250, point);
    scene.note(live(200_000, Some(Ticks(300_000))), 0, range);
    scene.reply(note, reply);
    scene
}

fn written(texts: &[String], format: Format) -> String {
    String::from_utf8(session(texts).source().export(Scope::Session, format).unwrap()).unwrap()
}

/// The words of a line of a REAPER project, by its manual: between spaces, or in one of three quotes.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = line.trim_start();
    while let Some(first) = rest.chars().next() {
        let (word, after) = match first {
            '"' | '\'' | '`' => rest[1..].split_once(first).expect("a quote is closed"),
            _ => rest.split_once(' ').unwrap_or((rest, "")),
        };
        words.push(word.to_owned());
        rest = after.trim_start();
    }
    words
}

/// The rows of a table by RFC 4180.
fn rows(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut cell, mut quoted) = (Vec::new(), Vec::new(), String::new(), false);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => cell.extend(chars.next()),
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(std::mem::take(&mut cell)),
            '\r' if !quoted => {}
            '\n' if !quoted => {
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            other => cell.push(other),
        }
    }
    assert!(!quoted && row.is_empty() && cell.is_empty(), "the last row ends");
    rows
}

/// Kinds and data of the events of a one-track MIDI file with nothing but meta events.
fn metas(file: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let number = |bytes: &mut &[u8]| {
        let mut number = 0usize;
        loop {
            let (byte, rest) = bytes.split_first().unwrap();
            (number, *bytes) = (number << 7 | usize::from(byte & 0x7f), rest);
            if byte & 0x80 == 0 {
                return number;
            }
        }
    };
    let (length, mut track) = (u32::from_be_bytes(file[18..22].try_into().unwrap()), &file[22..]);
    assert_eq!(track.len(), length as usize);
    let mut metas = Vec::new();
    while !track.is_empty() {
        number(&mut track);
        assert_eq!(track[0], 0xff);
        let kind = track[1];
        track = &track[2..];
        let length = number(&mut track);
        let (data, rest) = track.split_at(length);
        metas.push((kind, data.to_vec()));
        track = rest;
    }
    metas
}

proptest! {
    #[test]
    fn a_table_has_its_columns_and_no_formula(texts in prop::collection::vec(text(), 6)) {
        let text = written(&texts, Format::Csv);
        let rows = rows(text.strip_prefix('\u{feff}').unwrap());
        prop_assert_eq!(rows.len(), 1 + 1 + 3);
        for row in &rows {
            prop_assert_eq!(row.len(), 34);
            prop_assert!(!row.iter().any(|cell| cell.starts_with(['=', '+', '-', '@', '\t', '\r'])), "{:?}", row);
        }
        prop_assert_eq!(&rows[4][2], "4.164166667");
    }

    #[test]
    fn a_label_is_one_line_of_three_columns(texts in prop::collection::vec(text(), 6)) {
        let text = written(&texts, Format::Audacity);
        let lines: Vec<Vec<&str>> = text.split_terminator('\n').map(|line| line.split('\t').collect()).collect();
        prop_assert_eq!(lines.len(), 3);
        for line in lines {
            prop_assert_eq!(line.len(), 3);
            prop_assert!(line[0].parse::<f64>().unwrap() <= line[1].parse::<f64>().unwrap());
            prop_assert!(!line[2].chars().any(char::is_control));
        }
    }

    #[test]
    fn a_caption_keeps_its_cues(texts in prop::collection::vec(text(), 6)) {
        let text = written(&texts, Format::Vtt);
        let blocks: Vec<&str> = text.trim_end().split("\n\n").collect();
        prop_assert_eq!(blocks.len(), 2 + 3, "{}", text);
        prop_assert!(blocks[1].starts_with("NOTE\n"));
        for (block, n) in blocks[2..].iter().zip(1..) {
            let lines: Vec<&str> = block.lines().collect();
            prop_assert_eq!(lines[0], n.to_string());
            prop_assert!(lines[1].contains(" --> "));
            prop_assert!(lines[2..].iter().all(|line| !line.contains(['<', '>']) && !line.is_empty()));
        }
    }

    #[test]
    fn a_project_keeps_its_words(texts in prop::collection::vec(text(), 6)) {
        let text = written(&texts, Format::Reaper);
        let lines: Vec<&str> = text.split_terminator('\n').collect();
        prop_assert!(lines[0].starts_with("<REAPER_PROJECT ") && lines.last() == Some(&">"));
        let markers: Vec<_> = lines.iter().filter(|line| line.starts_with("  MARKER ")).map(|line| words(line)).collect();
        prop_assert_eq!(markers.len(), 5, "a take, a point and a range: {}", text);
        prop_assert_eq!(lines.len(), 5 + 5);
        prop_assert!(markers.iter().all(|words| words.len() == 6), "{:?}", markers);
    }

    #[test]
    fn a_midi_file_keeps_its_events(texts in prop::collection::vec(text(), 6)) {
        let file = session(&texts).source().export(Scope::Session, Format::Midi).unwrap();
        let metas = metas(&file);
        let kinds: Vec<u8> = metas.iter().map(|(kind, _)| *kind).collect();
        prop_assert_eq!(kinds, [3, 0x51, 0x58, 6, 6, 6, 6, 6, 0x2f]);
        let is_text = |data: &[u8]| std::str::from_utf8(data).is_ok_and(|text| !text.contains(char::is_control));
        prop_assert!(metas.iter().filter(|(kind, _)| *kind == 6).all(|(_, data)| is_text(data)));
    }

    #[test]
    fn a_list_keeps_its_items_and_shows_no_markup(texts in prop::collection::vec(text(), 6)) {
        let text = written(&texts, Format::Md);
        for item in ["- **1.** ", "- **2.** "] {
            prop_assert_eq!(text.lines().filter(|line| line.starts_with(item)).count(), 1, "{}", text);
        }
        for (at, _) in text.match_indices(['<', '|', '`', '[']) {
            let table = text[..at].rsplit('\n').next().is_some_and(|line| line.is_empty() || line.starts_with('|'));
            let before = &text[..at];
            let escaped = (before.len() - before.trim_end_matches('\\').len()) % 2 == 1;
            let ours = table || text[at..].starts_with('`') && before.contains("PCM ");
            prop_assert!(escaped || ours, "{}", text);
        }
    }

    #[test]
    fn a_bundle_reads_back(texts in prop::collection::vec(text(), 6)) {
        let source = session(&texts).source();
        let text = String::from_utf8(source.export(Scope::Session, Format::Json).unwrap()).unwrap();
        let bundle = Bundle::read(&text).unwrap();
        prop_assert_eq!(&bundle.state, source.state());
        prop_assert!(bundle.events.iter().map(|event| event.text()).eq(source.events.iter().map(|event| event.text())));
    }

    #[test]
    fn no_position_is_too_far(at in 0..(1i64 << 53), reaction_ms in 0u32..2_000) {
        let mut scene = Scene::with_take(48_000, 48_000);
        scene.note(Anchor::Live { stream: PROGRAM, epoch: 0, at: Ticks(at), to: Some(Ticks((1 << 53) - 1)) }, reaction_ms, "far");
        for format in Format::ALL {
            prop_assert!(scene.source().export(Scope::Session, format).unwrap().len() < 64 * 1_024);
        }
    }
}

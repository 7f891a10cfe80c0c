use super::*;
use meter::{ChannelLevel, LoudnessReading};
use proptest::prelude::*;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use std::time::Duration;
use units::{Dbfs, Lufs, Ppm};

const DRAWN: Look = Look { colour: true, unicode: true };
const PLAIN: Look = Look { colour: false, unicode: false };

fn rows(view: &View, look: Look, width: u16, height: u16) -> Vec<String> {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| draw(frame, view, look)).unwrap();
    let buffer = terminal.backend().buffer();
    let row = |y| (0..width).map(|x| buffer[(x, y)].symbol()).collect::<String>().trim_end().to_owned();
    (0..height).map(row).collect()
}

fn level(peak: f32, hold: f32, rms: f32, overs: u32) -> ChannelLevel {
    ChannelLevel { peak: Dbfs(peak), hold: Dbfs(hold), rms: Dbfs(rms), overs }
}

fn person(name: &str, role: &str, hears: Hears, talks: bool, delay_ms: Option<u32>) -> Person {
    let share = (hears == Hears::Yes).then_some(0.2);
    Person {
        name: name.into(),
        role: role.into(),
        hears,
        talks,
        delay_ms,
        lost_percent: share,
        concealed_percent: share,
    }
}

fn studio() -> View {
    let loudness = LoudnessReading {
        momentary: Lufs(-16.0),
        short_term: Lufs(-17.44),
        integrated: Lufs(-18.1),
        true_peak: Dbfs(-5.9),
    };
    View {
        title: "Blue hour".into(),
        mode: Mode::Publisher,
        link: Link::Connected,
        elapsed: Duration::from_secs(754),
        delay_ms: Some(30.2),
        streams: vec![StreamMeters {
            name: "program".into(),
            outgoing: true,
            levels: vec![level(-6.2, -5.0, -18.0, 0), level(-7.0, -5.5, -19.5, 2)],
            loudness: Some(loudness),
            correlation: Some(0.62),
        }],
        people: vec![
            person("Nina", "mentor", Hears::Yes, true, Some(48)),
            person("Paul the producer", "producer", Hears::Yes, false, Some(212)),
            person("Mo", "listener", Hears::No, false, None),
        ],
        health: Health {
            stages: [("capture", 1.3), ("encode", 5.0), ("network", 12.0), ("buffer", 8.1)]
                .map(|(name, ms)| Stage { name, ms })
                .to_vec(),
            jitter_target_ms: Some(8.0),
            drift: Some(Ppm(12.34)),
            concealed_percent: Some(0.0),
        },
        muted: false,
        dimmed: Some(Dbfs(-20.0)),
        volume: Some(Dbfs(-3.0)),
        messages: vec![
            Message { at: Duration::from_secs(2), kind: MessageKind::Info, text: "You are in the session.".into() },
            Message { at: Duration::from_secs(61), kind: MessageKind::Info, text: "Nina came in.".into() },
            Message {
                at: Duration::from_secs(700),
                kind: MessageKind::Warning,
                text: "Mo hears nothing: their browser plays no sound; ask them to press Join.".into(),
            },
        ],
        ..View::default()
    }
}

fn hostile(text: &str) -> View {
    let mut view = studio();
    view.title = text.into();
    view.link = Link::Reconnecting(text.into());
    view.streams[0].name = text.into();
    view.people[0].name = text.into();
    view.people[0].role = text.into();
    view.messages[0].text = text.into();
    view
}

#[test]
fn who_waits_in_the_lobby_is_told_so_in_words() {
    let waits = View { title: "Blue hour".into(), link: Link::Lobby, ..View::default() };
    let words = "in the lobby until somebody lets you in";
    assert_eq!(rows(&waits, DRAWN, 80, 4)[0], format!("Farfield · Blue hour · ◌ {words} · 00:00"));
    assert!(rows(&waits, DRAWN, 80, 4)[1..3].iter().all(String::is_empty), "who is inside is not known");
    assert!(rows(&waits, PLAIN, 40, 4)[0].contains("? in the lobby"));
}

#[test]
fn the_view_at_eighty_by_twenty_four() {
    let shown = rows(&studio(), DRAWN, 80, 24);
    let expected = [
        "Farfield · Blue hour · publishing · ● connected · ≤ 31 ms · 12:34",
        "→ program",
        "L  ████████████████████████████▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓·│······  -6.2  rms -18.0",
        "R  ██████████████████████████▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓·│·······  -7.0  rms -19.5  OVER 2",
        "   -60  -40    -30   -24  -20   -15   -10   -6  -3   0  dBFS",
        "   short -17.4 LUFS   integrated -18.1   true peak -5.9   phase +0.62",
        "",
        "People 3                 role       hears            delay     lost    concealed",
        "»Nina                    mentor     ◗ hears, talks   ≤ 48 ms   0.2 %   0.2 %",
        " Paul the producer       producer   ◗ hears          ≤ 212 ms  0.2 %   0.2 %",
        " Mo                      listener   ⊘ hears nothing",
        "",
        "Path  capture 1.3 · encode 5.0 · network 12.0 · buffer 8.1 ms · target 8.0 ms",
        "      drift +12.3 ppm · concealed 0.0 %",
        "",
        "00:02   You are in the session.",
        "01:01   Nina came in.",
        "11:40 ! Mo hears nothing: their browser plays no sound; ask them to press Join.",
        "",
        "",
        "",
        "",
        "",
        "q quit  m mute  d dim  a arm  r roll  s stop  ? keys  DIM -20 dB  volume -3.0 dB",
    ];
    assert_eq!(shown, expected, "\n{}", shown.join("\n"));
}

#[test]
fn the_view_at_forty_by_twelve() {
    let shown = rows(&studio(), DRAWN, 40, 12);
    let expected = [
        "Blue hour · ● connected · ≤ 31 ms",
        "→ program",
        "L  ██████████████▓▓▓▓▓▓▓▉│···  -6.2",
        "R  █████████████▓▓▓▓▓▓▓▓▍│···  -7.0 OVER",
        "   -60  -30  -20    -10  -3 0  dBFS",
        "   short -17.4 LUFS   integrated -18.1 …",
        "People 3",
        "»Nina         ◗ talks         ≤ 48 ms",
        " Paul the pr… ◗ hears         ≤ 212 ms",
        " Mo           ⊘ hears nothing",
        "11:40 ! Mo hears nothing: their browser…",
        "q quit  m mute  d dim  ? keys DIM -20 dB",
    ];
    assert_eq!(shown, expected, "\n{}", shown.join("\n"));
}

#[test]
fn the_view_at_two_hundred_by_sixty() {
    let shown = rows(&studio(), PLAIN, 200, 60);
    assert_eq!(shown.len(), 60);
    assert!(shown[17..59].iter().all(String::is_empty));
    let written: Vec<&str> = shown.iter().map(String::as_str).filter(|row| !row.is_empty()).collect();
    let expected = [
        "Farfield - Blue hour - publishing - * connected - <=31 ms - 12:34",
        "> program",
        "L  ##############################################################################################==================================================.....|.....................  -6.2  rms -18.0",
        "R  #######################################################################################======================================================......|.......................  -7.0  rms -19.5  OVER 2",
        "   -60       -50          -40                      -30                  -24           -20                  -15                  -10               -6           -3            0  dBFS",
        "   short -17.4 LUFS   integrated -18.1   true peak -5.9   phase +0.62",
        "People 3                    role       hears            delay     lost    concealed",
        ">Nina                       mentor     ) hears, talks   <=48 ms   0.2 %   0.2 %",
        " Paul the producer          producer   ) hears          <=212 ms  0.2 %   0.2 %",
        " Mo                         listener   / hears nothing",
        "Path  capture 1.3 - encode 5.0 - network 12.0 - buffer 8.1 ms - target 8.0 ms - drift +12.3 ppm - concealed 0.0 %",
        "00:02   You are in the session.",
        "01:01   Nina came in.",
        "11:40 ! Mo hears nothing: their browser plays no sound; ask them to press Join.",
        "q quit  m mute  d dim  a arm  r roll  s stop  n note  l slate  b baton  o reaction offset  + louder  - softer  c clear overs  ? keys                                          DIM -20 dB  volume -3.0 dB",
    ];
    assert_eq!(written, expected);
}

#[test]
fn a_rolling_take_the_baton_and_what_is_not_saved_have_a_row_of_their_own() {
    let take = TakeLine {
        number: 3,
        slate: "chorus".into(),
        phase: "rolling".into(),
        rolling: Some(Duration::from_secs(72)),
        marks: "circled".into(),
    };
    let view = View { take: Some(take.clone()), baton: Some("Nina".into()), unsaved: 2, ..studio() };
    let row = "Take 3 \"chorus\" · ● ROLLING 01:12 · circled · baton: Nina · 2 not saved yet";
    assert_eq!(rows(&view, DRAWN, 80, 24)[1], row);
    let offset = View { reaction_ms: Some(250), ..studio() };
    assert_eq!(rows(&offset, DRAWN, 80, 24)[1], "notes 250 ms before the key");
    assert_eq!(rows(&offset, DRAWN, 40, 12), rows(&studio(), DRAWN, 40, 12), "there is no room for it");
    let stopped = TakeLine { rolling: None, phase: "in review".into(), slate: String::new(), ..take };
    let view = View { take: Some(stopped), ..studio() };
    assert_eq!(rows(&view, PLAIN, 80, 24)[1], "Take 3 - in review - circled");
    assert_eq!(rows(&view, PLAIN, 40, 12).len(), 12);
}

#[test]
fn what_is_typed_stands_at_the_foot_with_its_end_in_sight_and_harmless() {
    let typing = |text: &str| View { typing: Some(("Note: ", text.to_owned())), ..studio() };
    assert_eq!(rows(&typing("flat"), PLAIN, 80, 24)[23], "Note: flat_");
    let long = rows(&typing(&format!("{}end", "x".repeat(300))), DRAWN, 40, 12).remove(11);
    assert!(long.ends_with("xend▏") && long.chars().count() == 40, "{long}");
    assert_eq!(rows(&typing("a\u{1b}[2Jb"), PLAIN, 80, 24)[23], "Note: a[2Jb_");
}

#[test]
fn an_output_that_is_gone_stands_at_the_foot_before_all_else() {
    let gone = View { output_lost: true, muted: true, ..studio() };
    let foot = |width, height: u16| rows(&gone, PLAIN, width, height).remove(usize::from(height) - 1);
    assert!(foot(80, 24).ends_with("  OUTPUT GONE  MUTED  DIM -20 dB  volume -3.0 dB"), "{}", foot(80, 24));
    assert!(foot(40, 12).ends_with(" OUTPUT GONE  MUTED  DIM -20 dB"), "{}", foot(40, 12));
}

#[test]
fn help_lists_every_key() {
    let shown = rows(&View { help: true, ..studio() }, PLAIN, 80, 24).join("\n");
    assert!(keys::KEYS.iter().all(|(key, words)| shown.contains(&format!("  {key}   {words}"))), "{shown}");
}

#[test]
fn no_state_is_told_by_colour_alone() {
    let calm = studio();
    let mut clipped = calm.clone();
    clipped.streams[0].levels[0].overs = 1;
    let mut deaf = calm.clone();
    deaf.people[0].hears = Hears::No;
    let mut silent = calm.clone();
    silent.people[0].talks = false;
    let mut cut_off = calm.clone();
    cut_off.link = Link::Connecting;
    let undimmed = View { dimmed: None, ..calm.clone() };
    let mut urgent = calm.clone();
    urgent.messages[0].kind = MessageKind::Error;
    let unheard = View { output_lost: true, ..calm.clone() };
    let all = [calm, clipped, deaf, silent, cut_off, undimmed, urgent, unheard];
    for (width, height) in [(80, 24), (40, 14)] {
        let shown: Vec<_> = all.iter().map(|view| rows(view, PLAIN, width, height)).collect();
        for (i, one) in shown.iter().enumerate() {
            assert!(!shown[..i].contains(one), "state {i} looks like an earlier one at {width} × {height}");
        }
    }
}

#[test]
fn a_plain_terminal_gets_plain_letters_and_no_colours() {
    let mut terminal = Terminal::new(TestBackend::new(80, 24)).unwrap();
    terminal.draw(|frame| draw(frame, &studio(), PLAIN)).unwrap();
    for cell in terminal.backend().buffer().content() {
        assert!(cell.symbol().is_ascii(), "{:?}", cell.symbol());
        assert_eq!((cell.fg, cell.bg), (ratatui::style::Color::Reset, ratatui::style::Color::Reset));
    }
}

#[test]
fn strangers_texts_cannot_command_the_terminal() {
    let attack = "\u{1b}]0;owned\u{7}\u{1b}[2J\u{202E}abc\u{200B}\u{9b}1m\r\n";
    for look in [DRAWN, PLAIN] {
        for row in rows(&hostile(attack), look, 100, 30) {
            assert!(row.chars().all(|c| !c.is_control() && !matches!(c, '\u{200B}' | '\u{202E}')), "{row:?}");
        }
    }
}

#[test]
fn people_who_do_not_fit_are_counted() {
    let mut view = studio();
    view.people = (0..40).map(|i| person(&format!("P{i}"), "listener", Hears::Yes, false, Some(40))).collect();
    let shown = rows(&view, PLAIN, 80, 24).join("\n");
    let seen = (0..40).filter(|i| shown.contains(&format!(" P{i} "))).count();
    assert!(shown.contains(&format!("and {} more", 40 - seen)), "{seen} seen\n{shown}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_size_and_any_text_can_be_drawn(width in 0u16..120, height in 0u16..40, text: String, crowd in 0usize..30, help: bool) {
        let mut view = View { help, ..hostile(&text) };
        view.people.extend((0..crowd).map(|_| person(&text, &text, Hears::Unknown, true, Some(u32::MAX))));
        for look in [DRAWN, PLAIN] {
            prop_assert_eq!(rows(&view, look, width, height).len(), usize::from(height));
        }
    }
}

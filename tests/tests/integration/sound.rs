//! Music through the real programs comes out as it went in.

use client::source::Source;
use client::source::tone::Tone;
use codec::opus::FrameDuration;
use sound_files::{SampleFormat, WavSpec, WavWriter};
use std::path::Path;
use tests::browser;
use tests::recording::{Original, read};
use tests::script::is_warning;
use tests::sound::Stereo;
use tests::studio::Studio;
use units::{SampleCount, SampleRate};

/// So much is judged.
const WANTED: SampleCount = SampleCount(12 * 48_000);

/// A machine that stalls longer than the buffer holds makes the player conceal, so how often that happens is not judged
/// here but by `cargo xtask bench sound`: here, all that the player does not own up to is as good as the codec allows.
#[test]
fn music_through_the_relay_to_a_native_listener_is_faultless_and_where_it_says_wherever_it_is_not_said_to_be_made_up() {
    let original = Original::new(80, FrameDuration::Us10000).unwrap();
    let stretches = original.through_native_undisturbed(WANTED, "safe").unwrap();
    for verdict in stretches {
        let judged = verdict.judged.0 as f64 / 48e3;
        println!("{judged:.1} s judged, {:.2} dB of {:.2}", verdict.snr_db, verdict.offline_snr_db);
        assert_eq!(verdict.failures(), []);
    }
}

/// A tone on each side, because Chromium's own jitter buffer stretches time whenever the machine stalls: stretched
/// music is no longer where the judge looks for it, a stretched tone keeps its pitch, its side and its level.
#[test]
fn chromium_decodes_left_as_left_and_right_as_right_at_their_levels() {
    let studio = Studio::open("tone", &[]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let heard = browser::run("listen", studio.session.link("listener"), folder.path(), &["--seconds", "6"]).unwrap();
    assert_eq!(heard["channels"], 2);
    assert_eq!(heard["faults"], serde_json::json!([]));
    let decoded = read(Path::new(heard["wav"].as_str().unwrap())).unwrap();
    let mut played = vec![0.0; 2 * 48_000];
    Tone::new().read(&mut played).unwrap();
    let played = Stereo::from_interleaved(&played);
    for ((decoded, played), [own_hz, other_hz]) in
        decoded.channels().into_iter().zip(played.channels()).zip([[1_000.0, 1_500.0], [1_500.0, 1_000.0]])
    {
        let difference_db = 20.0 * (amplitude(decoded, own_hz) / amplitude(played, own_hz)).log10();
        assert!(difference_db.abs() <= 0.1, "{own_hz} Hz is {difference_db:.3} dB off");
        let leaked_db = 20.0 * (amplitude(decoded, other_hz) / amplitude(decoded, own_hz)).log10();
        assert!(leaked_db < -40.0, "{other_hz} Hz of the other side is at {leaked_db:.1} dB");
    }
}

#[test]
fn a_looped_file_sounds_on_after_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("short.wav");
    let mut sound = vec![0.0; 2 * 9_600];
    Tone::new().read(&mut sound).unwrap();
    let spec = WavSpec { rate: SampleRate::HZ_48000, channels: 2, format: SampleFormat::F32 };
    WavWriter::create(&path, spec).unwrap().write(&sound).unwrap();
    let mut studio = Studio::open(&format!("file:{}", path.display()), &["--loop"]).unwrap();
    for second in 1..=3 {
        let stats = studio.client.wait_for_type("stats").unwrap();
        let peak_dbfs = stats["published"][0]["levels"]["peak_dbfs"][0].as_f64().unwrap();
        assert!(peak_dbfs > -20.0, "{peak_dbfs} dBFS in second {second} of a file of 0.2 s");
    }
    let said = studio.client.said();
    assert!(!said.iter().any(|line| is_warning(line, "come to its end")), "{said:?}");
}

/// The median amplitude of a frequency over tenths of a second: both tones have whole cycles in each.
fn amplitude(samples: &[f32], hz: f64) -> f64 {
    let mut amplitudes: Vec<f64> = samples.chunks_exact(4_800).map(|window| amplitude_in(window, hz)).collect();
    amplitudes.sort_by(f64::total_cmp);
    amplitudes[amplitudes.len() / 2]
}

fn amplitude_in(window: &[f32], hz: f64) -> f64 {
    let step = std::f64::consts::TAU * hz / 48_000.0;
    let turned = |turn: fn(f64) -> f64| -> f64 {
        window.iter().enumerate().map(|(n, x)| f64::from(*x) * turn(step * n as f64)).sum()
    };
    2.0 * turned(f64::cos).hypot(turned(f64::sin)) / window.len() as f64
}

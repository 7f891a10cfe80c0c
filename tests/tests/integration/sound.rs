//! Music through the real programs comes out as it went in.

use client::source::Source;
use client::source::tone::Tone;
use codec::opus::FrameDuration;
use sound_files::{SampleFormat, WavSpec, WavWriter};
use std::path::Path;
use tests::browser;
use tests::recording::{Original, read};
use tests::sound::{Failure, Stereo};
use tests::studio::Studio;
use units::SampleRate;

/// The least that comes from a redundant copy at once, a frame of 2.5 ms. A copy is of a lower bit rate than what it
/// stands in for, so it is heard as a small damage.
const LEAST_REDUNDANT: u64 = 120;
/// A concealed frame leaves the decoder's memory wrong, which the next frames make good: up to 200 ms differ after it.
const RECOVERY: u64 = 9_600;
/// The least that is concealed at once, a millisecond.
const LEAST_CONCEALED: u64 = 48;

/// A machine that stalls longer than the buffer holds makes the player conceal, so that is not judged here but by
/// `cargo xtask bench sound`: here, no more sound may be damaged than the player owns up to, and side, level and place
/// hold in any case.
#[test]
fn music_through_the_relay_to_a_native_listener_is_damaged_nowhere_unsaid_and_lies_where_it_says() {
    let original = Original::new(40, FrameDuration::Us10000).unwrap();
    let verdict = original.through_native(25, "safe").unwrap();
    println!("{} samples concealed, {:.2} dB of {:.2}", verdict.concealed.0, verdict.snr_db, verdict.offline_snr_db);
    let (concealed, redundant, damaged) = (verdict.concealed.0, verdict.redundant.0, &verdict.damaged);
    let owned = format!("{concealed} concealed, {redundant} redundant, damaged: {damaged:?}");
    let places = concealed.div_ceil(LEAST_CONCEALED) + redundant.div_ceil(LEAST_REDUNDANT);
    assert!(damaged.len() as u64 <= places, "{owned}");
    let longest = damaged.iter().map(|range| range.end - range.start).max().unwrap_or(0);
    assert!(longest <= concealed + redundant + RECOVERY, "{owned}");
    let by_concealment = |failure: &Failure| {
        concealed + redundant > 0
            && matches!(failure, Failure::Concealed(_) | Failure::Damaged(..) | Failure::Snr { .. })
    };
    let failures: Vec<Failure> = verdict.failures().into_iter().filter(|failure| !by_concealment(failure)).collect();
    assert_eq!(failures, []);
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
    assert!(studio.client.said().iter().all(|line| line["type"] != "warning"), "{:?}", studio.client.said());
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

use super::*;
use client::source::Source;
use client::source::music::Music;
use codec::opus::{EncoderSettings, FrameDuration};
use std::sync::LazyLock;
use units::{Bitrate, SampleCount};

/// A captured piece and what the codec alone makes of it.
struct Piece {
    reference: Stereo,
    offline: Stereo,
}

static PIECE: LazyLock<Piece> = LazyLock::new(|| {
    let reference = music(7 * 48_000);
    let offline = offline_run(&settings(256_000), &reference).unwrap();
    Piece { reference, offline }
});

/// Where in the band's music the piece begins.
const BEGIN: usize = 20 * 48_000;

/// Where the recordings below have the reference's first sample.
const LATER: usize = 4_321;

fn settings(bitrate: u32) -> EncoderSettings {
    EncoderSettings::program(2, FrameDuration::Us5000, Bitrate(bitrate))
}

/// The built-in band from where all of it plays.
fn music(len: usize) -> Stereo {
    let mut band = Music::new(1);
    let mut samples = vec![0.0; 2 * (BEGIN + len)];
    band.read(&mut samples).unwrap();
    Stereo::from_interleaved(&samples[2 * BEGIN..])
}

/// What a faultless path writes: silence at first, then the offline run.
fn clean() -> Stereo {
    later(&PIECE.offline)
}

fn later(sound: &Stereo) -> Stereo {
    sound.map(|channel| [&vec![0.0; LATER], channel].concat())
}

/// A player that knows where its sound comes from, but for `off` samples.
fn reports(off: f64) -> Vec<Reported> {
    (0..10)
        .map(|s| s * 48_000 + 7)
        .map(|at| Reported { received: at, source: at as f64 - LATER as f64 - off })
        .collect()
}

fn verdict(received: &Stereo) -> Verdict {
    judge(&Case { reported: &reports(0.0), ..Case::new(&PIECE.reference, received, &PIECE.offline) })
}

#[track_caller]
fn assert_fails(verdict: &Verdict, expected: impl Fn(&Failure) -> bool) {
    let failures = verdict.failures();
    assert!(failures.iter().any(expected), "not among {failures:?}");
}

#[track_caller]
fn assert_passes(verdict: &Verdict) {
    let failures = verdict.failures();
    assert!(failures.is_empty(), "{failures:?}: {verdict:?}");
}

#[test]
fn a_clean_recording_passes() {
    let verdict = verdict(&clean());
    assert_passes(&verdict);
    assert!(verdict.judged.0 > 5 * 48_000);
    assert!((verdict.snr_db - verdict.offline_snr_db).abs() < 0.05, "{:.3} dB", verdict.snr_db);
    assert!(verdict.offline_snr_db > 12.0, "{:.1} dB", verdict.offline_snr_db);
    let unreported = judge(&Case::new(&PIECE.reference, &clean(), &PIECE.offline));
    assert_passes(&unreported);
    assert!(unreported.alignment.iter().all(|a| (a.shift - LATER as f64).abs() < 0.1));
}

#[test]
fn a_recording_at_a_slightly_different_speed_passes() {
    let between = filter::Interpolator::new();
    let source = |n: usize| (n as f64 - LATER as f64 + 0.4) * (1.0 + 50e-6);
    let resampled = PIECE.offline.map(|channel| {
        (0..channel.len()).map(|n| if n < LATER + 99 { 0.0 } else { between.at(channel, source(n)) }).collect()
    });
    let reported: Vec<_> =
        (0..40).map(|k| k * 12_000).map(|n| Reported { received: n as u64, source: source(n) }).collect();
    let case = Case::new(&PIECE.reference, &resampled, &PIECE.offline);
    let verdict = judge(&Case { reported: &reported, skip: SampleCount(9_600), ..case });
    assert_passes(&verdict);
    assert!(verdict.worst_alignment().unwrap().deviation.abs() < 0.2, "{:?}", verdict.worst_alignment());
}

#[test]
fn a_recording_whose_frames_lie_elsewhere_passes() {
    let from = 1_111;
    let tail = PIECE.reference.map(|channel| channel[from..].to_vec());
    let heard = offline_run(&settings(256_000), &tail).unwrap();
    let received = later(&heard.map(|channel| [&vec![0.0; from], channel].concat()));
    assert_passes(&verdict(&received));
}

#[test]
fn swapped_channels_fail() {
    let Stereo { left, right } = clean();
    assert_fails(&verdict(&Stereo { left: right, right: left }), |f| matches!(f, Failure::Channels(_)));
}

#[test]
fn mono_fails() {
    let mono: Vec<f32> = clean().left.iter().zip(&clean().right).map(|(l, r)| (l + r) / 2.0).collect();
    let received = Stereo { left: mono.clone(), right: mono };
    assert_fails(&verdict(&received), |f| matches!(f, Failure::Channels(_)));
}

#[test]
fn one_inverted_channel_fails() {
    let inverted = Stereo { right: clean().right.iter().map(|x| -x).collect(), ..clean() };
    assert_fails(&verdict(&inverted), |f| matches!(f, Failure::Channels(_)));
}

#[test]
fn a_level_one_db_down_fails_and_the_limit_is_a_tenth() {
    let at = |db: f32| clean().map(|channel| channel.iter().map(|x| x * 10f32.powf(db / 20.0)).collect());
    assert_fails(&verdict(&at(-1.0)), |f| matches!(f, Failure::Level(_)));
    let own = verdict(&clean());
    let levels = [own.level_db, own.full_band_level_db].concat();
    let lowest = levels.iter().fold(0.0, |low: f64, db| low.min(*db)) as f32;
    assert_passes(&verdict(&at(-0.095 - lowest)));
    assert_fails(&verdict(&at(-0.105 - lowest)), |f| matches!(f, Failure::Level(_)));
    let highest = levels.iter().fold(f64::NEG_INFINITY, |high, db| high.max(*db)) as f32;
    assert_fails(&verdict(&at(0.105 - highest)), |f| matches!(f, Failure::Level(_)));
}

#[test]
fn missing_bass_fails() {
    let thin = clean().map(filter::high_passed);
    assert_fails(&verdict(&thin), |f| matches!(f, Failure::Level(_)));
}

#[test]
fn one_lost_frame_fails_wherever_it_is() {
    for frame in [FrameDuration::Us2500, FrameDuration::Us5000, FrameDuration::Us10000] {
        let settings = EncoderSettings::program(2, frame, Bitrate(256_000));
        let offline = offline_run(&settings, &PIECE.reference).unwrap();
        let frames = PIECE.reference.len() / frame.samples().0 as usize;
        for eighth in [2, 4, 6] {
            let lost = frames * eighth / 8;
            let delivery = |k| if k == lost { Delivery::Lost } else { Delivery::Main };
            let heard = through_opus(&settings, Bitrate(96_000), &PIECE.reference, delivery).unwrap();
            let verdict = judge(&Case::new(&PIECE.reference, &heard, &offline));
            assert_fails(&verdict, |f| matches!(f, Failure::Damaged(..)));
        }
    }
}

#[test]
fn a_gap_of_silence_fails_and_is_found_where_it_is() {
    let mut received = clean();
    for channel in [&mut received.left, &mut received.right] {
        channel[200_000..200_240].fill(0.0);
    }
    let verdict = verdict(&received);
    let [gap] = &verdict.damaged[..] else { panic!("{:?}", verdict.damaged) };
    assert!(gap.contains(&((200_000 - LATER) as u64)), "{gap:?}");
}

#[test]
fn a_shift_of_three_samples_half_way_fails() {
    let received = clean().map(|channel| [&channel[..200_000], &channel[199_997..]].concat());
    assert_fails(&verdict(&received), |f| matches!(f, Failure::Position(a) if a.at > 180_000));
}

#[test]
fn reported_positions_may_be_two_samples_off_but_no_more() {
    let received = clean();
    let judged =
        |off: f64| judge(&Case { reported: &reports(off), ..Case::new(&PIECE.reference, &received, &PIECE.offline) });
    for off in [-1.9, 1.9] {
        assert_passes(&judged(off));
    }
    for off in [-2.1, 2.1, 3.0] {
        assert_fails(&judged(off), |f| matches!(f, Failure::Position(_)));
    }
}

#[test]
fn half_the_bit_rate_fails() {
    let received = later(&offline_run(&settings(128_000), &PIECE.reference).unwrap());
    assert_fails(&verdict(&received), |f| matches!(f, Failure::Snr { .. }));
}

#[test]
fn concealed_samples_fail() {
    let received = clean();
    let case = Case::new(&PIECE.reference, &received, &PIECE.offline);
    assert_fails(&judge(&Case { concealed: SampleCount(1), ..case }), |f| matches!(f, Failure::Concealed(_)));
}

#[test]
fn another_sound_and_silence_fail() {
    let backwards = clean().map(|channel| channel.iter().rev().copied().collect());
    assert!(verdict(&backwards).failures().len() > 2);
    assert_fails(&verdict(&Stereo::default()), |f| matches!(f, Failure::TooShort(_)));
    assert_fails(&verdict(&clean().map(|c| vec![0.0; c.len()])), |f| matches!(f, Failure::TooShort(_)));
}

#[test]
fn a_reference_without_width_is_refused() {
    let mono = Stereo { right: PIECE.reference.left.clone(), ..PIECE.reference.clone() };
    let verdict = judge(&Case::new(&mono, &mono, &mono));
    assert_eq!(verdict.failures(), [Failure::NoWidth]);
}

#[test]
fn before_lock_nothing_is_judged() {
    let mut received = clean();
    for channel in [&mut received.left, &mut received.right] {
        channel[..96_000].fill(0.01);
    }
    let case = Case { reported: &reports(0.0), ..Case::new(&PIECE.reference, &received, &PIECE.offline) };
    assert_passes(&judge(&Case { skip: SampleCount(96_000), ..case }));
    assert!(!judge(&case).failures().is_empty());
}

use super::*;
use dsp::Filter;

const FORM_FRAMES: usize = BARS * STEPS * STEP_FRAMES as usize;

fn play(seed: u64, frames: usize) -> Vec<f32> {
    let mut out = vec![0.0; 2 * frames];
    assert_eq!(Music::new(seed).read(&mut out).unwrap(), frames);
    out
}

fn side(music: &[f32], side: usize) -> Vec<f32> {
    music.iter().skip(side).step_by(2).copied().collect()
}

fn power(samples: &[f32]) -> f64 {
    samples.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>() / samples.len() as f64
}

fn high_passed(samples: &[f32], hz: f32) -> Vec<f32> {
    let mut filters = [Filter::new(hz, 0.54), Filter::new(hz, 1.31)];
    samples.iter().map(|s| filters.iter_mut().fold(*s, |x, filter| filter.step(x).high)).collect()
}

#[test]
fn the_same_seed_plays_the_same_music_whatever_the_block_size() {
    let whole = play(7, FORM_FRAMES / 4);
    let mut music = Music::new(7);
    let mut blocks = Vec::new();
    for frames in [1, 64, 480, 999].iter().cycle() {
        let mut block = vec![0.0; 2 * frames.min(&(FORM_FRAMES / 4 - blocks.len() / 2))];
        music.read(&mut block).unwrap();
        blocks.extend(block);
        if blocks.len() == whole.len() {
            break;
        }
    }
    assert!(whole.iter().zip(&blocks).all(|(a, b)| a.to_bits() == b.to_bits()));
    assert_ne!(whole, play(8, FORM_FRAMES / 4));
}

#[test]
fn it_never_clips_and_does_come_near_its_ceiling() {
    for seed in 0..3 {
        let peak = play(seed, 2 * FORM_FRAMES).iter().fold(0f32, |p, s| p.max(s.abs()));
        let dbfs = 20.0 * peak.log10();
        assert!((-4.5..=-3.0).contains(&dbfs), "peak {dbfs} dBFS");
    }
}

#[test]
fn left_and_right_are_plainly_two_things() {
    let music = play(1, FORM_FRAMES);
    let (left, right) = (side(&music, 0), side(&music, 1));
    let cross = left.iter().zip(&right).map(|(l, r)| f64::from(l * r)).sum::<f64>() / left.len() as f64;
    let correlation = cross / (power(&left) * power(&right)).sqrt();
    assert!((0.2..0.8).contains(&correlation), "correlation {correlation}");
    let difference: Vec<f32> = left.iter().zip(&right).map(|(l, r)| l - r).collect();
    let below = 10.0 * (power(&difference) / (power(&left) + power(&right))).log10();
    assert!(below > -6.0, "the difference of the sides is {below} dB below them");
}

#[test]
fn a_swap_of_sides_shows_in_the_treble() {
    let music = play(1, FORM_FRAMES / 2);
    let [left, right] = [0, 1].map(|n| power(&high_passed(&side(&music, n), 10_000.0)));
    assert!(right > 2.0 * left, "hi-hat stands right: {right} against {left}");
}

#[test]
fn there_is_treble_above_ten_and_above_sixteen_kilohertz() {
    let right = side(&play(1, FORM_FRAMES), 1);
    let above = |hz| 10.0 * (power(&high_passed(&right, hz)) / power(&right)).log10();
    assert!((-30.0..-8.0).contains(&above(10_000.0)), "above 10 kHz {} dB", above(10_000.0));
    assert!(above(16_000.0) > -36.0, "above 16 kHz {} dB", above(16_000.0));
}

#[test]
fn every_hundred_milliseconds_hold_sound() {
    let music = play(5, 2 * FORM_FRAMES);
    let quietest = music.chunks(9_600).map(power).fold(f64::INFINITY, f64::min);
    assert!(10.0 * quietest.log10() > -50.0, "quietest tenth of a second {} dBFS", 10.0 * quietest.log10());
}

#[test]
fn each_round_of_the_form_differs_from_the_one_before() {
    let music = play(2, 2 * FORM_FRAMES);
    let (first, second) = music.split_at(2 * FORM_FRAMES);
    let difference: Vec<f32> = first.iter().zip(second).map(|(a, b)| a - b).collect();
    assert!(power(&difference) > 0.1 * power(first));
}

#[test]
fn it_is_as_loud_as_it_says() {
    for seed in 0..2 {
        let mut loudness = meter::Loudness::new(SampleRate(RATE), 2).unwrap();
        loudness.push(&play(seed, 2 * FORM_FRAMES));
        let read = loudness.read();
        assert!((-18.5..=-17.5).contains(&read.integrated.0), "{read:?}");
        assert!((-4.5..=-2.5).contains(&read.true_peak.0), "{read:?}");
    }
}

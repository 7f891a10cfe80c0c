//! What loss does to music, and what RED-lite repairs, for each frame length: segmental SNR above 200 Hz of the built-in
//! band at 256 kb/s with copies at 96 kb/s. `cargo bench -p tests --bench redundancy`.

use client::source::{Source, music::Music};
use codec::opus::{EncoderSettings, FrameDuration};
use codec::publish::LITE_BITRATE;
use tests::rng::Rng;
use tests::sound::{Case, Delivery, Stereo, judge, offline_run, through_opus};
use units::Bitrate;

const SECONDS: usize = 20;

/// Name, share of packets lost, mean length of a burst.
const NETWORKS: [(&str, f64, f64); 4] = [
    ("1 % random", 0.01, 1.0),
    ("5 % random", 0.05, 1.0),
    ("10 % random", 0.10, 1.0),
    ("10 % in bursts of 2.5", 0.10, 2.5),
];

fn main() {
    let mut samples = vec![0.0; 2 * 48_000 * SECONDS];
    Music::new(1).read(&mut samples).expect("the band plays for ever");
    let music = Stereo::from_interleaved(&samples);
    println!("segmental SNR above 200 Hz in dB, {SECONDS} s of music, 256 kb/s");
    println!("{:<8} {:<24} {:>8} {:>8} {:>8}", "frame", "loss", "plain", "RED 1", "RED 2");
    for frame in [FrameDuration::Us5000, FrameDuration::Us10000, FrameDuration::Us20000] {
        print_frame(&music, frame);
    }
}

fn print_frame(music: &Stereo, frame: FrameDuration) {
    let settings = EncoderSettings::program(2, frame, Bitrate(256_000));
    let offline = offline_run(&settings, music).expect("the settings are the house's");
    let frames = music.len() / frame.samples().0 as usize;
    let name = format!("{} ms", frame.micros() / 1_000);
    println!("{name:<8} {:<24} {:>8.1}", "none", judge(&Case::new(music, &offline, &offline)).snr_db);
    for (network, share, burst) in NETWORKS {
        let lost = losses(frames, share, burst);
        print!("{name:<8} {network:<24}");
        for depth in 0..=2 {
            let heard = through_opus(&settings, LITE_BITRATE, music, |k| delivery(&lost, k, depth));
            let heard = heard.expect("the settings are the house's");
            print!(" {:>8.1}", judge(&Case::new(music, &heard, &offline)).snr_db);
        }
        println!();
    }
}

/// Which packets are lost: a two-state channel that loses everything in its bad state (Gilbert).
fn losses(packets: usize, share: f64, burst: f64) -> Vec<bool> {
    let mut rng = Rng::new(7);
    // Random loss has no memory: its bursts are as long as chance makes them.
    let stay = if burst > 1.0 { 1.0 - 1.0 / burst } else { share };
    let fail = share / (1.0 - share) * (1.0 - stay);
    let mut bad = false;
    let next = |_| {
        bad = rng.uniform() < if bad { stay } else { fail };
        bad
    };
    (0..packets).map(next).collect()
}

/// A frame is copied in each of the `depth` packets after its own.
fn delivery(lost: &[bool], frame: usize, depth: usize) -> Delivery {
    let copied = lost.iter().skip(frame + 1).take(depth).any(|lost| !lost);
    match lost[frame] {
        false => Delivery::Main,
        true if copied => Delivery::Lite,
        true => Delivery::Lost,
    }
}

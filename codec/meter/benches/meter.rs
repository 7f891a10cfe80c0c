//! What the meters cost for one 5 ms stereo block at 48 kHz.

use criterion::{Criterion, criterion_group, criterion_main};
use meter::{Correlation, LevelMeter, Loudness, TruePeak};
use std::hint::black_box;
use units::SampleRate;

const RATE: SampleRate = SampleRate(48_000);

fn meters(c: &mut Criterion) {
    let block: Vec<f32> = (0..480).map(|i| (i as f32 * 0.37).sin() * 0.5).collect();
    let mut level = LevelMeter::new(RATE, 2);
    c.bench_function("level 5 ms stereo", |b| b.iter(|| level.push_rt(black_box(&block))));
    let mut true_peak = TruePeak::new(2);
    c.bench_function("true peak 5 ms stereo", |b| b.iter(|| true_peak.push_rt(black_box(&block))));
    let mut phase = Correlation::new(RATE);
    c.bench_function("correlation 5 ms stereo", |b| b.iter(|| phase.push_rt(black_box(&block))));
    let mut loudness = Loudness::new(RATE, 2).expect("48 kHz stereo is supported");
    c.bench_function("loudness 5 ms stereo (not rt)", |b| b.iter(|| loudness.push(black_box(&block))));
    c.bench_function("loudness reading (not rt)", |b| b.iter(|| loudness.read()));
}

criterion_group!(benches, meters);
criterion_main!(benches);

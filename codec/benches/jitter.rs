//! What the listener's side costs: `cargo bench -p codec --bench jitter`.

use codec::jitter::{Config, JitterBuffer, Payload, Profile};
use codec::opus::{Decoder, Encoder, EncoderSettings, FrameDuration, MAX_FRAME_BYTES};
use codec::resample::{DriftResampler, FixedResampler};
use criterion::{Criterion, criterion_group, criterion_main};
use packets::{PayloadType, red};
use std::hint::black_box;
use units::{Bitrate, MonoTime, RtpTimestamp, SampleCount, SampleRate, Seq, Ticks};

const FRAME: FrameDuration = FrameDuration::Us5000;

/// A second of RED packets of depth 1, both copies at 256 kb/s: a little more than a real publisher sends.
fn red_packets() -> Vec<Vec<u8>> {
    let mut encoder = Encoder::new(&EncoderSettings::program(2, FRAME, Bitrate(256_000))).unwrap();
    let (mut frame, mut payload, mut before) = ([0; MAX_FRAME_BYTES], [0; 2 * MAX_FRAME_BYTES], vec![0xEC, 1, 2]);
    let mut packet = |n: usize| {
        let pcm: Vec<f32> = (0..480).map(|i| ((i * 97 + n * 31) % 1_000) as f32 / 2_000.0 - 0.25).collect();
        let len = encoder.encode_rt(&pcm, &mut frame).unwrap();
        let block = red::Block { pt: PayloadType::OPUS, offset: Ticks(240), payload: &before };
        let red_len = red::build(&[block], PayloadType::OPUS, &frame[..len], &mut payload).unwrap();
        before = frame[..len].to_vec();
        payload[..red_len].to_vec()
    };
    (0..200).map(&mut packet).collect()
}

/// A buffer that is playing, and how many frames it has had.
fn playing(packets: &[Vec<u8>]) -> (JitterBuffer<Decoder>, u64) {
    let config = Config::listener(Profile::Default, FRAME, 1, SampleCount(240));
    let mut buffer = JitterBuffer::new(config, Decoder::new(2).unwrap()).unwrap();
    let mut out = [0.0; 480];
    for n in 0..200 {
        step(&mut buffer, packets, n, &mut out);
    }
    (buffer, 200)
}

fn step(buffer: &mut JitterBuffer<Decoder>, packets: &[Vec<u8>], n: u64, out: &mut [f32]) {
    let now = MonoTime(n * 5_000_000);
    let payload = Payload::Red(&packets[n as usize % packets.len()]);
    buffer.push_rt(now, Seq(n as u16), RtpTimestamp((n * 240) as u32), payload);
    buffer.pull_rt(now, out);
}

fn jitter(c: &mut Criterion) {
    let packets = red_packets();
    let (mut buffer, mut n) = playing(&packets);
    let mut out = [0.0; 480];
    c.bench_function("jitter push, decode, resample, pull: 5 ms stereo", |b| {
        b.iter(|| {
            step(&mut buffer, &packets, n, &mut out);
            n += 1;
        })
    });
    c.bench_function("jitter push of a duplicate", |b| {
        let (now, last) = (MonoTime(n * 5_000_000), n - 1);
        let payload = Payload::Red(&packets[last as usize % packets.len()]);
        b.iter(|| buffer.push_rt(now, Seq(last as u16), RtpTimestamp((last * 240) as u32), payload))
    });
    c.bench_function("jitter stats", |b| b.iter(|| black_box(buffer.stats())));
}

fn resample(c: &mut Criterion) {
    let mut drift = DriftResampler::new(SampleRate::HZ_48000, SampleRate::HZ_48000, 2, 128).unwrap();
    drift.set_speed_rt(1.000_1);
    let (input, mut out) = ([0.1; 2 * 256], [0.0; 2 * 256]);
    c.bench_function("drift resampler: 128 samples stereo", |b| {
        b.iter(|| {
            let needed = drift.needed_rt(128);
            drift.process_rt(&input[..2 * needed], 128, &mut out);
        })
    });
    let mut fixed = FixedResampler::new(SampleRate(44_100), SampleRate::HZ_48000, 2).unwrap();
    c.bench_function("44.1 to 48 kHz: 128 samples stereo", |b| b.iter(|| fixed.process_rt(&input[..256], &mut out)));
}

criterion_group!(benches, jitter, resample);
criterion_main!(benches);

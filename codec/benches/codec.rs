//! What one frame costs: `cargo bench -p codec --bench codec`.

use codec::opus::{Decoder, Encoder, EncoderSettings, FrameDecoder, FrameDuration, MAX_FRAME_BYTES};
use codec::publish::{MAX_PAYLOAD_BYTES, StreamEncoder, StreamSettings};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use packets::{PayloadType, join_packets, red, split};
use std::hint::black_box;
use units::{Bitrate, Ticks};

const RATE: Bitrate = Bitrate(256_000);

/// A second of a chord with decaying onsets, each channel its own, interleaved stereo.
fn music() -> Vec<f32> {
    let value = |i: usize| {
        let (t, root) = (i as f32 / 2.0 / 48_000.0, if i.is_multiple_of(2) { 220.0 } else { 277.2 });
        let tone = |ratio: f32| (std::f32::consts::TAU * root * ratio * t).sin();
        0.2 * (tone(1.0) + tone(1.5) + (-8.0 * (t % 0.125)).exp() * (tone(7.3) + tone(31.7)))
    };
    (0..96_000).map(value).collect()
}

fn packets_of(settings: &EncoderSettings, music: &[f32]) -> Vec<Vec<u8>> {
    let mut encoder = Encoder::new(settings).unwrap();
    let mut out = [0; MAX_FRAME_BYTES];
    let frames = music.chunks_exact(settings.values());
    frames.map(|frame| encoder.encode_rt(frame, &mut out).map(|len| out[..len].to_vec()).unwrap()).collect()
}

fn encode(c: &mut Criterion) {
    let music = music();
    let mut group = c.benchmark_group("encode 256 kb/s stereo, per frame");
    for duration in FrameDuration::ALL {
        for depth in [0, 1] {
            let mut encoder = StreamEncoder::new(StreamSettings::program(2, duration, RATE, depth)).unwrap();
            let mut frames = music.chunks_exact(2 * duration.samples().0 as usize).cycle();
            let mut out = [0; MAX_PAYLOAD_BYTES];
            group.bench_function(BenchmarkId::new(format!("{} us", duration.micros()), format!("RED {depth}")), |b| {
                b.iter(|| encoder.encode_rt(frames.next().unwrap(), &mut out).unwrap())
            });
        }
    }
}

fn decode(c: &mut Criterion) {
    let music = music();
    let mut group = c.benchmark_group("decode 256 kb/s stereo, per frame");
    for duration in FrameDuration::ALL {
        let settings = EncoderSettings::program(2, duration, RATE);
        let all = packets_of(&settings, &music);
        let mut packets = all.iter().cycle();
        let mut decoder = Decoder::new(2).unwrap();
        let mut out = vec![0.0; settings.values()];
        group.bench_function(format!("{} us", duration.micros()), |b| {
            b.iter(|| decoder.decode_rt(packets.next().unwrap(), &mut out).unwrap())
        });
    }
}

fn framing(c: &mut Criterion) {
    let (main, lite) = ([0xEC; 160], [0xEC; 60]);
    let block = |offset| red::Block { pt: PayloadType::OPUS, offset: Ticks(offset), payload: &lite };
    let blocks = [block(480), block(240)];
    let mut payload = [0; MAX_PAYLOAD_BYTES];
    let len = red::build(&blocks, PayloadType::OPUS, &main, &mut payload).unwrap();
    let payload = &payload[..len];
    let mut out = [0; MAX_PAYLOAD_BYTES];
    let mut group = c.benchmark_group("framing, 5 ms frames at 256 kb/s");
    group.bench_function("RED build, 2 blocks", |b| {
        b.iter(|| red::build(black_box(&blocks), PayloadType::OPUS, &main, &mut out).unwrap())
    });
    group.bench_function("RED parse, 2 blocks", |b| {
        b.iter(|| red::Red::parse(black_box(payload)).unwrap().redundant().map(|b| b.payload.len()).sum::<usize>())
    });
    group.bench_function("RED trim to 1", |b| {
        b.iter(|| red::Red::parse(black_box(payload)).unwrap().trim(1, &mut out).unwrap())
    });
    group.bench_function("join 2 frames", |b| b.iter(|| join_packets(black_box(&[&main, &lite]), &mut out).unwrap()));
    let len = join_packets(&[&main, &lite], &mut out).unwrap();
    group.bench_function("split 2 frames", |b| b.iter(|| split(black_box(&out[..len])).unwrap().frames().len()));
}

criterion_group!(benches, encode, decode, framing);
criterion_main!(benches);

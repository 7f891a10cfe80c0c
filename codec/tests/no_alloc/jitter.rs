use assert_no_alloc::assert_no_alloc;
use codec::jitter::{Config, JitterBuffer, Payload, Profile};
use codec::opus::{Decoder, Encoder, EncoderSettings, FrameDuration, MAX_FRAME_BYTES};
use codec::resample::FixedResampler;
use packets::{PayloadType, red};
use units::{Bitrate, MonoTime, RtpTimestamp, SampleCount, SampleRate, Seq, Ticks};

/// RED packets of 5 ms with every kind of trouble, pulled at a rate that drifts.
fn run(output_rate: SampleRate) {
    let frame = FrameDuration::Us5000;
    let mut encoder = Encoder::new(&EncoderSettings::program(2, frame, Bitrate(96_000))).unwrap();
    let config = Config { output_rate, ..Config::listener(Profile::Default, frame, 1, SampleCount(128)) };
    let mut buffer = JitterBuffer::new(config, Decoder::new(2).unwrap()).unwrap();
    let (mut packet, mut before, mut payload) = ([0; MAX_FRAME_BYTES], vec![0xEC, 1, 2], [0; 1_500]);
    let mut out = vec![0.0; 2 * output_rate.0 as usize / 200];
    for n in 0..2_000u32 {
        let pcm: Vec<f32> = (0..480).map(|i| ((i * 97 + n as usize * 31) % 1_000) as f32 / 1_000.0 - 0.5).collect();
        let len = encoder.encode_rt(&pcm, &mut packet).unwrap();
        let block = red::Block { pt: PayloadType::OPUS, offset: Ticks(240), payload: &before };
        let red_len = red::build(&[block], PayloadType::OPUS, &packet[..len], &mut payload).unwrap();
        let rtp = RtpTimestamp((n + if n > 1_500 { 1_000_000 } else { 0 }) * 240);
        let now = MonoTime(u64::from(n) * 5_001_000);
        assert_no_alloc(|| {
            if n % 11 != 3 {
                buffer.push_rt(now, Seq(n as u16), rtp, Payload::Red(&payload[..red_len]));
            }
            if n % 50 == 0 {
                buffer.push_rt(now, Seq(n as u16), rtp, Payload::Opus(&packet[..len]));
                buffer.push_rt(now, Seq(7), rtp, Payload::Red(&[0x80, 0]));
            }
            if n == 700 {
                buffer.resync_rt();
            }
            buffer.pull_rt(now, &mut out);
            std::hint::black_box(buffer.stats());
        });
        before = packet[..len.min(1_000)].to_vec();
    }
    let stats = buffer.stats();
    assert!(stats.real.0 > 0 && stats.redundant.0 > 0 && stats.concealed.0 > 0 && stats.resyncs >= 2, "{stats:?}");
}

#[test]
fn pushing_and_pulling_do_not_allocate_whatever_comes() {
    run(SampleRate::HZ_48000);
    run(SampleRate(44_100));
}

#[test]
fn resampling_a_capture_does_not_allocate() {
    let mut resampler = FixedResampler::new(SampleRate(44_100), SampleRate::HZ_48000, 2).unwrap();
    let (input, mut out) = (vec![0.5; 2 * 333], vec![0.0; 2 * 1_000]);
    for _ in 0..100 {
        assert_no_alloc(|| resampler.process_rt(&input, &mut out));
    }
}

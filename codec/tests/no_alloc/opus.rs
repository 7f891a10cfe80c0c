use assert_no_alloc::assert_no_alloc;
use codec::opus::{Decoder, Encoder, EncoderSettings, FrameDecoder, FrameDuration, MAX_FRAME_BYTES};
use codec::publish::{MAX_PAYLOAD_BYTES, StreamEncoder, StreamSettings};
use units::Bitrate;

/// Sound that is no silence: a saw, different in each channel.
fn frame(values: usize, k: usize) -> Vec<f32> {
    (0..values).map(|i| ((i * (97 + i % 2 * 40) + k * 31) % 1_000) as f32 / 1_000.0 - 0.5).collect()
}

#[test]
fn encoding_decoding_and_concealing_do_not_allocate() {
    for duration in FrameDuration::ALL {
        let settings = EncoderSettings::program(2, duration, Bitrate(256_000));
        let (mut encoder, mut decoder) = (Encoder::new(&settings).unwrap(), Decoder::new(2).unwrap());
        let (mut packet, mut heard) = ([0; MAX_FRAME_BYTES], vec![0.0; settings.values()]);
        for k in 0..50 {
            let pcm = frame(settings.values(), k);
            assert_no_alloc(|| {
                let len = encoder.encode_rt(&pcm, &mut packet).unwrap();
                decoder.decode_rt(&packet[..len], &mut heard).unwrap();
                decoder.conceal_rt(&mut heard).unwrap();
                encoder.set_bitrate_rt(Bitrate(128_000 + k as u32)).unwrap();
            });
        }
    }
}

#[test]
fn refusing_does_not_allocate() {
    let settings = EncoderSettings::program(2, FrameDuration::Us5000, Bitrate(256_000));
    let (mut encoder, mut decoder) = (Encoder::new(&settings).unwrap(), Decoder::new(2).unwrap());
    assert_no_alloc(|| {
        assert!(encoder.encode_rt(&[0.0; 3], &mut [0; 9]).is_err());
        assert!(encoder.set_bitrate_rt(Bitrate(1)).is_err());
        assert!(decoder.decode_rt(&[0xEF, 0], &mut [0.0; 480]).is_err());
        assert!(decoder.decode_rt(&[], &mut [0.0; 480]).is_err());
    });
}

#[test]
fn publishing_does_not_allocate_at_any_depth() {
    let settings = StreamSettings::program(2, FrameDuration::Us5000, Bitrate(256_000), 0);
    let mut encoder = StreamEncoder::new(settings).unwrap();
    let mut out = [0; MAX_PAYLOAD_BYTES];
    for k in 0..60 {
        let pcm = frame(480, k);
        assert_no_alloc(|| {
            encoder.set_redundancy_rt(k as u8 / 10 % 4).unwrap();
            encoder.encode_rt(&pcm, &mut out).unwrap();
            if k % 7 == 0 {
                encoder.skip_rt();
            }
        });
    }
}

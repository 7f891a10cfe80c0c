use super::*;
use crate::test_sound::{snr_db, sound};
use units::{Bitrate, SampleCount};

fn program(channels: u8, frame: FrameDuration) -> EncoderSettings {
    EncoderSettings::program(channels, frame, Bitrate(256_000))
}

/// Every packet of so many tenths of a second of sound.
fn encoded(settings: &EncoderSettings, tenths: usize) -> Vec<Vec<u8>> {
    let mut encoder = Encoder::new(settings).unwrap();
    let mut out = [0; MAX_FRAME_BYTES];
    let pcm = sound(4_800 * tenths, settings.channels().into());
    let frames = pcm.chunks_exact(settings.values());
    frames.map(|frame| encoder.encode_rt(frame, &mut out).map(|len| out[..len].to_vec()).unwrap()).collect()
}

#[test]
fn every_frame_of_a_stream_and_of_its_copies_has_one_toc() {
    for frame in FrameDuration::ALL {
        for channels in [1, 2] {
            let toc = packets::Toc(encoded(&program(channels, frame), 1)[0][0]);
            assert_eq!((toc.frame_ticks(), toc.is_stereo()), (frame.ticks(), channels == 2));
            assert_eq!((toc.mode(), toc.bandwidth()), (packets::Mode::Celt, packets::Bandwidth::Full));
            let rates = [
                EncoderSettings::program(channels, frame, Bitrate(510_000)),
                EncoderSettings::program(channels, frame, Bitrate(128_000)),
                EncoderSettings::lite(channels, frame, Bitrate(64_000)),
            ];
            let all = rates.iter().flat_map(|settings| encoded(settings, 4));
            assert!(all.into_iter().all(|packet| packet[0] == toc.0), "{frame:?}, {channels} channels");
        }
    }
}

#[test]
fn silence_keeps_the_toc() {
    let mut encoder = Encoder::new(&program(2, FrameDuration::Us5000)).unwrap();
    let mut out = [0; MAX_FRAME_BYTES];
    for _ in 0..400 {
        encoder.encode_rt(&[0.0; 480], &mut out).unwrap();
        assert_eq!(out[0], 0xEC);
    }
}

#[test]
fn the_lookahead_is_2_5_ms_whatever_the_frame() {
    for frame in FrameDuration::ALL {
        for settings in [program(2, frame), EncoderSettings::talkback(frame, Bitrate(48_000))] {
            assert_eq!(Encoder::new(&settings).unwrap().lookahead(), SampleCount(120));
        }
    }
}

#[test]
fn music_comes_back_later_by_the_lookahead() {
    for frame in FrameDuration::ALL {
        let settings = program(2, frame);
        let mut decoder = Decoder::new(2).unwrap();
        let mut heard = Vec::new();
        for packet in encoded(&settings, 10) {
            let mut out = vec![0.0; settings.values()];
            assert_eq!(decoder.decode_rt(&packet, &mut out).unwrap(), frame.samples());
            heard.extend(out);
        }
        let wanted = sound(heard.len() / 2, 2);
        let at = |delay: usize| snr_db(&wanted[..wanted.len() - 2 * delay], &heard[2 * delay..]);
        assert!(at(120) > 15.0, "{frame:?}: {:.1} dB", at(120));
        assert!(at(120) > at(119) && at(120) > at(121));
    }
}

#[test]
fn the_bit_rate_is_kept_and_can_be_changed() {
    let mut encoder = Encoder::new(&program(2, FrameDuration::Us10000)).unwrap();
    let mut out = [0; MAX_FRAME_BYTES];
    let pcm = sound(48_000, 2);
    let mut kbps = |encoder: &mut Encoder| {
        let bytes: usize = pcm.chunks(960).map(|frame| encoder.encode_rt(frame, &mut out).unwrap()).sum();
        bytes as f64 * 8.0 / 1_000.0
    };
    let before = kbps(&mut encoder);
    assert!((200.0..280.0).contains(&before), "{before:.0}");
    encoder.set_bitrate_rt(Bitrate(128_000)).unwrap();
    let after = kbps(&mut encoder);
    assert!((100.0..140.0).contains(&after), "{after:.0}");
    assert_eq!(encoder.settings().bitrate(), Bitrate(128_000));
}

#[test]
fn bit_rates_end_where_opus_ends() {
    let mut encoder = Encoder::new(&program(2, FrameDuration::Us5000)).unwrap();
    assert!(encoder.set_bitrate_rt(Bitrate(6_000)).is_ok() && encoder.set_bitrate_rt(Bitrate(510_000)).is_ok());
    for wrong in [Bitrate(5_999), Bitrate(510_001)] {
        assert_eq!(encoder.set_bitrate_rt(wrong), Err(OpusError::Bitrate(wrong)));
    }
    assert_eq!(encoder.settings().bitrate(), Bitrate(510_000));
}

#[test]
fn only_whole_frames_of_one_or_two_channels_are_taken() {
    assert_eq!(Encoder::new(&program(3, FrameDuration::Us5000)).unwrap_err(), OpusError::Channels(3));
    assert_eq!(Decoder::new(0).unwrap_err(), OpusError::Channels(0));
    let mut encoder = Encoder::new(&program(2, FrameDuration::Us5000)).unwrap();
    let refused = encoder.encode_rt(&[0.0; 479], &mut [0; 99]);
    assert_eq!(refused, Err(OpusError::FrameLength { expected: 480, given: 479 }));
}

#[test]
fn foreign_bytes_and_short_outputs_leave_the_decoder_usable() {
    let packet = &encoded(&program(2, FrameDuration::Us5000), 1)[3];
    let mut decoder = Decoder::new(2).unwrap();
    let mut out = [0.0; 480];
    assert_eq!(decoder.decode_rt(&[], &mut out), Err(OpusError::Malformed("empty packet")));
    assert!(matches!(decoder.decode_rt(&[0xEF, 0], &mut out), Err(OpusError::Malformed(_))));
    let short = decoder.decode_rt(packet, &mut out[..478]);
    assert_eq!(short, Err(OpusError::OutputTooShort { needed: SampleCount(240) }));
    assert_eq!(decoder.decode_rt(packet, &mut out), Ok(SampleCount(240)));
}

#[test]
fn a_missing_frame_is_concealed_by_sound_like_the_last() {
    let settings = program(2, FrameDuration::Us5000);
    let mut decoder = Decoder::new(2).unwrap();
    let mut out = [0.0; 480];
    for packet in encoded(&settings, 2) {
        decoder.decode_rt(&packet, &mut out).unwrap();
    }
    assert_eq!(decoder.conceal_rt(&mut out), Ok(SampleCount(240)));
    assert!(out.iter().map(|v| v * v).sum::<f32>() > 1e-3, "concealment is not silence");
    assert!(decoder.conceal_rt(&mut out[..100]).is_err(), "not a multiple of 2.5 ms");
}

#[test]
fn durations_are_those_of_opus_and_no_others() {
    for frame in FrameDuration::ALL {
        assert_eq!(FrameDuration::from_micros(frame.micros()), Some(frame));
        assert_eq!(frame.samples().0 as u32 * 1_000, frame.micros() * 48);
    }
    assert_eq!(FrameDuration::from_micros(40_000), None);
}

#[test]
fn any_bytes_decode_or_are_refused() {
    let mut decoder = Decoder::new(2).unwrap();
    let mut out = vec![0.0; 2 * 5_760];
    let mut bytes = [0u8; 40];
    let mut state = 1u32;
    for _ in 0..2_000 {
        for byte in &mut bytes {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *byte = (state >> 24) as u8;
        }
        if let Ok(samples) = decoder.decode_rt(&bytes[..1 + state as usize % 39], &mut out) {
            assert!(samples.0 <= 5_760);
        }
    }
}

use super::*;
use crate::opus::{Decoder, FrameDecoder};
use crate::test_sound::{snr_db, sound};
use packets::Toc;
use packets::red::Red;

const FRAME: usize = 480; // interleaved values of 5 ms

fn five_ms(redundancy: u8) -> StreamSettings {
    StreamSettings::program(2, FrameDuration::Us5000, Bitrate(256_000), redundancy)
}

/// The payloads of `frames` frames of sound.
fn payloads(encoder: &mut StreamEncoder, frames: usize) -> Vec<(bool, Vec<u8>)> {
    let mut out = [0; MAX_PAYLOAD_BYTES];
    let values = encoder.settings().main().values();
    let channels = usize::from(encoder.settings().channels);
    let pcm = sound(frames * values / channels, channels);
    pcm.chunks(values)
        .map(|frame| encoder.encode_rt(frame, &mut out).map(|p| (p.red, out[..p.len].to_vec())).unwrap())
        .collect()
}

fn depths(payloads: &[(bool, Vec<u8>)]) -> Vec<usize> {
    payloads.iter().map(|(red, bytes)| if *red { Red::parse(bytes).unwrap().depth() } else { 0 }).collect()
}

#[test]
fn without_redundancy_payloads_are_plain_opus() {
    let mut encoder = StreamEncoder::new(five_ms(0)).unwrap();
    for (red, bytes) in payloads(&mut encoder, 5) {
        assert!(!red);
        assert_eq!(bytes[0], 0xEC);
    }
}

#[test]
fn the_first_payloads_carry_as_many_copies_as_there_are() {
    let mut encoder = StreamEncoder::new(five_ms(3)).unwrap();
    assert_eq!(depths(&payloads(&mut encoder, 6)), [0, 1, 2, 3, 3, 3]);
}

#[test]
fn copies_lie_whole_frames_back_the_oldest_first_under_the_main_frame_s_toc() {
    let mut encoder = StreamEncoder::new(five_ms(2)).unwrap();
    let all = payloads(&mut encoder, 4);
    let red = Red::parse(&all[3].1).unwrap();
    let copies: Vec<_> = red.redundant().collect();
    assert_eq!(copies.iter().map(|b| b.offset).collect::<Vec<_>>(), [Ticks(480), Ticks(240)]);
    assert!(copies.iter().chain([&red.main()]).all(|b| b.pt == PayloadType::OPUS && Toc(b.payload[0]) == Toc(0xEC)));
    assert_eq!(copies[0].payload, Red::parse(&all[2].1).unwrap().redundant().last().unwrap().payload);
}

#[test]
fn redundancy_changes_at_any_time_and_depth_is_capped() {
    let mut encoder = StreamEncoder::new(five_ms(0)).unwrap();
    payloads(&mut encoder, 3);
    encoder.set_redundancy_rt(9).unwrap();
    assert_eq!(encoder.settings().redundancy, MAX_REDUNDANCY);
    assert_eq!(depths(&payloads(&mut encoder, 4)), [0, 1, 2, 3]);
    encoder.set_redundancy_rt(1).unwrap();
    assert_eq!(depths(&payloads(&mut encoder, 2)), [1, 1]);
    encoder.set_redundancy_rt(0).unwrap();
    assert!(payloads(&mut encoder, 2).iter().all(|(red, _)| !red));
    encoder.set_redundancy_rt(1).unwrap();
    assert_eq!(depths(&payloads(&mut encoder, 2)), [0, 1], "copies from before the pause are gone");
}

#[test]
fn no_copy_reaches_over_a_gap() {
    let mut encoder = StreamEncoder::new(five_ms(2)).unwrap();
    payloads(&mut encoder, 4);
    encoder.skip_rt();
    assert_eq!(depths(&payloads(&mut encoder, 3)), [0, 1, 2]);
}

#[test]
fn copies_that_do_not_fit_are_left_out_the_oldest_first() {
    let fat = StreamSettings::program(2, FrameDuration::Us20000, Bitrate(320_000), 3);
    let mut encoder = StreamEncoder::new(fat).unwrap();
    let all = payloads(&mut encoder, 8);
    assert!(all.iter().all(|(_, bytes)| bytes.len() <= MAX_PAYLOAD_BYTES));
    let deepest = depths(&all).into_iter().max().unwrap();
    assert!((1..3).contains(&deepest), "800 + 240 bytes fit, 800 + 3 × 240 do not: {deepest}");
    let newest = Red::parse(&all[7].1).unwrap().redundant().last().unwrap().offset;
    assert_eq!(newest, Ticks(960));
}

#[test]
fn the_fattest_stream_stays_within_the_payload() {
    let fattest = StreamSettings::program(2, FrameDuration::Us20000, Bitrate(510_000), 3);
    for redundancy in [0, 3] {
        let mut encoder = StreamEncoder::new(StreamSettings { redundancy, ..fattest }).unwrap();
        assert!(payloads(&mut encoder, 20).iter().all(|(_, bytes)| bytes.len() <= MAX_PAYLOAD_BYTES));
    }
}

#[test]
fn voice_has_one_channel() {
    let voice = StreamSettings::talkback(FrameDuration::Us10000, Bitrate(64_000), 1);
    assert_eq!(depths(&payloads(&mut StreamEncoder::new(voice).unwrap(), 3)), [0, 1, 1]);
    let stereo = StreamSettings { channels: 2, ..voice };
    assert_eq!(StreamEncoder::new(stereo).unwrap_err(), OpusError::Channels(2));
}

/// Decodes a stream whose every tenth packet is lost, filling each hole by the copy in the next packet or by concealing.
fn heard_through_loss(all: &[(bool, Vec<u8>)], copies: bool) -> Vec<f32> {
    let mut decoder = Decoder::new(2).unwrap();
    let mut heard = vec![0.0; all.len() * FRAME];
    for (k, out) in heard.chunks_mut(FRAME).enumerate() {
        let red = Red::parse(&all[k].1).unwrap();
        let copy = all.get(k + 1).and_then(|(_, next)| Red::parse(next).unwrap().redundant().last());
        match copy {
            _ if k % 10 != 9 => decoder.decode_rt(red.main().payload, out).unwrap(),
            Some(copy) if copies => decoder.decode_rt(copy.payload, out).unwrap(),
            _ => decoder.conceal_rt(out).unwrap(),
        };
    }
    heard
}

#[test]
fn a_copy_in_the_main_frame_s_decoder_beats_concealment() {
    let mut encoder = StreamEncoder::new(five_ms(1)).unwrap();
    let all = payloads(&mut encoder, 400);
    let captured = sound(400 * 240, 2);
    let lookahead = 2 * encoder.lookahead().0 as usize;
    let snr = |heard: Vec<f32>| snr_db(&captured[..captured.len() - lookahead], &heard[lookahead..]);
    let (repaired, concealed) = (snr(heard_through_loss(&all, true)), snr(heard_through_loss(&all, false)));
    assert!(repaired > concealed + 6.0, "repaired {repaired:.1} dB, concealed {concealed:.1} dB");
}

#[test]
fn a_copy_made_right_after_switching_on_is_as_good_as_any() {
    let pcm = sound(40 * 240, 2);
    let mut out = [0; MAX_PAYLOAD_BYTES];
    let mut first_copy = |from: usize| {
        let mut encoder = StreamEncoder::new(five_ms(u8::from(from == 0))).unwrap();
        for (k, frame) in pcm.chunks(FRAME).take(31).enumerate() {
            if k == from && from > 0 {
                encoder.set_redundancy_rt(1).unwrap();
            }
            encoder.encode_rt(frame, &mut out).unwrap();
        }
        let len = encoder.encode_rt(&pcm[31 * FRAME..32 * FRAME], &mut out).unwrap().len;
        Red::parse(&out[..len]).unwrap().redundant().last().unwrap().payload.to_vec()
    };
    let (warm, just_on) = (first_copy(0), first_copy(30));
    let decoded = |copy: &[u8]| {
        let (mut decoder, mut heard) = (Decoder::new(2).unwrap(), [0.0; FRAME]);
        decoder.decode_rt(copy, &mut heard).unwrap();
        heard
    };
    let likeness = snr_db(&decoded(&warm), &decoded(&just_on));
    assert!(likeness > 10.0, "{likeness:.1} dB");
}

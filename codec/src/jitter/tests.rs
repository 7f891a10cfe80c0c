use super::*;
use packets::{PayloadType, red};
use proptest::prelude::*;
use units::Ticks;

const HZ: f64 = 997.0;
const FRAME: i64 = 240;

/// Decodes frames that carry their own tick into a sine over ticks, so that every output sample tells where it is from.
struct Sine;

fn sine(tick: f64) -> f64 {
    0.5 * (core::f64::consts::TAU * HZ / 48_000.0 * tick).sin()
}

impl FrameDecoder for Sine {
    type Error = ();

    fn decode_rt(&mut self, frame: &[u8], out: &mut [f32]) -> Result<SampleCount, ()> {
        let span = packets::split(frame).map_err(|_| ())?.duration().0 as usize;
        let start = i64::from_le_bytes(*frame[1..].first_chunk::<8>().ok_or(())?);
        let out = out.get_mut(..span).ok_or(())?;
        out.iter_mut().enumerate().for_each(|(n, out)| *out = sine((start + n as i64) as f64) as f32);
        Ok(SampleCount(span as u64))
    }

    fn conceal_rt(&mut self, out: &mut [f32]) -> Result<SampleCount, ()> {
        out.fill(0.0);
        Ok(SampleCount(out.len() as u64))
    }

    fn channels(&self) -> u8 {
        1
    }
}

/// A frame of 5 ms (or two joined ones) that begins at a tick.
fn frame(tick: i64) -> [u8; 9] {
    let mut bytes = [0xE8; 9];
    bytes[1..].copy_from_slice(&tick.to_le_bytes());
    bytes
}

fn joined(tick: i64) -> Vec<u8> {
    [&[0xE9], &tick.to_le_bytes()[..], &(tick + FRAME).to_le_bytes()[..]].concat()
}

/// Network, buffer and device in virtual time.
struct Bench {
    buffer: JitterBuffer<Sine>,
    first: i64,
    rate: u32,
    block: usize,
    skew: f64,
    /// Samples pulled so far.
    pulled: u64,
    last: Option<(Position, bool)>,
}

impl Bench {
    fn new(rate: u32, redundancy: u8) -> Bench {
        Bench::of(Profile::Default, rate, redundancy)
    }

    fn of(profile: Profile, rate: u32, redundancy: u8) -> Bench {
        let mut config = Config::listener(profile, crate::opus::FrameDuration::Us5000, redundancy, SampleCount(128));
        config.output_rate = SampleRate(rate);
        let buffer = JitterBuffer::new(config, Sine).unwrap();
        Bench { buffer, first: 1_000_000, rate, block: 128, skew: 0.0, pulled: 0, last: None }
    }

    fn now_ms(&self) -> f64 {
        self.pulled as f64 * 1_000.0 / f64::from(self.rate)
    }

    fn tick(&self, k: i64) -> i64 {
        self.first + k * FRAME
    }

    fn push(&mut self, k: i64, at_ms: f64) -> Pushed {
        let tick = self.tick(k);
        self.push_payload(k, at_ms, Payload::Opus(&frame(tick)))
    }

    fn push_payload(&mut self, k: i64, at_ms: f64, payload: Payload<'_>) -> Pushed {
        let rtp = RtpTimestamp(self.tick(k) as u32);
        self.buffer.push_rt(mono(at_ms), Seq(k as u16), rtp, payload)
    }

    fn push_red(&mut self, k: i64, at_ms: f64) -> Pushed {
        let (before, main) = (frame(self.tick(k - 1)), frame(self.tick(k)));
        let block = red::Block { pt: PayloadType::OPUS, offset: Ticks(FRAME), payload: &before };
        let mut payload = [0; 64];
        let len = red::build(&[block], PayloadType::OPUS, &main, &mut payload).unwrap();
        self.push_payload(k, at_ms, Payload::Red(&payload[..len]))
    }

    /// Plays until frame `k` is due to leave, then runs `act` for it, for each of the frames.
    fn run(&mut self, frames: core::ops::Range<i64>, mut act: impl FnMut(&mut Bench, i64, f64)) {
        for k in frames {
            let due_ms = (k + 1) as f64 * 5.0 / (1.0 + self.skew * 1e-6);
            while self.now_ms() < due_ms {
                self.pull(0.0);
            }
            act(self, k, due_ms);
        }
    }

    /// One callback that runs `late_ms` after its time; checks the invariants that hold always.
    fn pull(&mut self, late_ms: f64) -> (Pulled, Vec<f32>) {
        let mut out = vec![0.0; self.block];
        let pulled = self.buffer.pull_rt(mono(self.now_ms() + late_ms), &mut out);
        self.pulled += self.block as u64;
        assert_eq!(pulled.spans().iter().map(|span| span.len.0).sum::<u64>(), self.block as u64);
        assert!(out.iter().all(|v| v.is_finite()));
        for position in pulled.spans().iter().filter_map(|span| span.position) {
            if let Some((last, _)) = self.last.filter(|_| !pulled.resynced) {
                assert!(position.ticks_since(last.ticks) >= last.fraction - 1e-6, "{last:?} then {position:?}");
            }
            self.last = Some((position, pulled.resynced));
        }
        (pulled, out)
    }

    /// The largest distance in samples between what is heard in blocks of real sound and what is reported, in `blocks`.
    fn worst_position_error(
        &mut self,
        frames: core::ops::Range<i64>,
        mut arrive_ms: impl FnMut(i64, f64) -> f64,
    ) -> f64 {
        let mut worst = 0f64;
        for k in frames {
            let due_ms = (k + 1) as f64 * 5.0 / (1.0 + self.skew * 1e-6);
            while self.now_ms() < due_ms {
                let (pulled, out) = self.pull(0.0);
                if pulled.count(Kind::Real).0 == self.block as u64 {
                    worst = worst.max(position_error(&pulled, &out));
                }
            }
            let at_ms = arrive_ms(k, due_ms);
            self.push(k, at_ms);
        }
        worst
    }
}

fn mono(ms: f64) -> MonoTime {
    MonoTime(1_000_000_000 + (ms * 1e6) as u64)
}

/// Largest difference between the sound and the sine at the reported positions, by the sine's steepest slope: samples.
fn position_error(pulled: &Pulled, out: &[f32]) -> f64 {
    let slope = 0.5 * core::f64::consts::TAU * HZ / 48_000.0;
    let error = |(n, v): (usize, &f32)| {
        let at = pulled.position_at(SampleCount(n as u64)).unwrap();
        (f64::from(*v) - sine(at.ticks_since(Ticks(0)))).abs() / slope
    };
    out.iter().enumerate().map(error).fold(0.0, f64::max)
}

#[test]
fn every_sample_comes_from_where_it_says() {
    for (rate, skew) in [(48_000, 0.0), (48_000, 200.0), (48_000, -200.0), (44_100, 50.0), (96_000, -50.0)] {
        let mut bench = Bench::new(rate, 0);
        bench.skew = skew;
        bench.worst_position_error(0..4_000, |_, at| at);
        let worst = bench.worst_position_error(4_000..8_000, |_, at| at);
        assert!(worst < 0.1, "{rate} Hz, {skew} ppm: {worst} samples");
        assert_eq!(bench.buffer.stats().concealed, SampleCount(0));
    }
}

#[test]
fn positions_stay_true_while_the_speed_changes() {
    let mut bench = Bench::new(48_000, 0);
    bench.skew = 100.0;
    let jitter = |k: i64, at: f64| at + f64::from((k as u32).wrapping_mul(2_654_435_761) >> 24) * 0.05;
    let worst = bench.worst_position_error(0..12_000, jitter);
    assert!(worst < 0.2, "{worst} samples");
    assert!(bench.buffer.stats().slew.0.abs() > 0.0);
}

#[test]
fn equal_clocks_are_played_at_exactly_their_speed_in_the_end() {
    let mut bench = Bench::new(48_000, 0);
    bench.run(0..20_000, |bench, k, at| {
        bench.push(k, at);
    });
    let stats = bench.buffer.stats();
    assert!(stats.drift.0.abs() < 1e-6 && stats.slew.0.abs() < 2.0, "{stats:?}");
}

#[test]
fn late_packet_is_concealed_then_dropped() {
    let mut bench = Bench::new(48_000, 0);
    bench.run(0..400, |bench, k, at| {
        if k != 300 {
            bench.push(k, at);
        }
    });
    let concealed = bench.buffer.stats().concealed;
    assert!((239..=241).contains(&concealed.0), "{concealed:?}");
    let now = bench.now_ms();
    assert_eq!(bench.push(300, now), Pushed::Late);
    assert_eq!((bench.buffer.stats().late, bench.buffer.stats().lost), (1, 0));
}

#[test]
fn a_packet_that_is_half_late_is_heard_from_its_middle() {
    let mut bench = Bench::new(48_000, 0);
    let (mut missing_since, mut pushed) = (None, false);
    bench.block = 32;
    for k in 0..600 {
        let due_ms = (k + 1) as f64 * 5.0;
        while bench.now_ms() < due_ms {
            let (pulled, _) = bench.pull(0.0);
            if pulled.count(Kind::Concealed).0 > 0 {
                missing_since.get_or_insert(bench.now_ms());
            }
            if missing_since.is_some() && !pushed {
                bench.push(400, bench.now_ms());
                pushed = true;
            }
        }
        if k != 400 {
            bench.push(k, due_ms);
        }
    }
    let concealed = bench.buffer.stats().concealed.0;
    assert!((100..239).contains(&concealed), "{concealed}");
}

#[test]
fn a_lost_packet_is_played_from_its_redundant_copy_across_the_timestamp_wrap() {
    let mut bench = Bench::new(48_000, 1);
    bench.first = (1 << 32) - 300 * FRAME;
    bench.run(0..600, |bench, k, at| {
        if k % 50 != 0 {
            bench.push_red(k, at);
        }
    });
    let stats = bench.buffer.stats();
    assert_eq!((stats.concealed.0, stats.lost, stats.foreign), (0, 11, 0));
    assert!((10 * 240..=11 * 240).contains(&stats.redundant.0), "{stats:?}");
}

#[test]
fn a_packet_that_comes_after_its_copy_was_played_is_not_lost_and_counts_once() {
    for late in [1, 2, 3, 20] {
        let mut bench = Bench::new(48_000, 1);
        bench.run(0..600, |bench, k, at| {
            if k % 50 != 25 {
                bench.push_red(k, at);
            }
            if k % 50 == 25 + late {
                bench.push_red(k - late, at);
                assert_eq!(bench.push_red(k - late, at), Pushed::Duplicate);
            }
        });
        let stats = bench.buffer.stats();
        assert_eq!((stats.concealed.0, stats.lost, stats.received), (0, 0, 600), "{late} frames late: {stats:?}");
    }
}

#[test]
fn deeper_redundancy_is_waited_for_at_once_and_shallower_after_ten_seconds() {
    let mut bench = Bench::new(48_000, 0);
    bench.run(0..400, |bench, k, at| {
        bench.push(k, at);
    });
    let plain_ms = bench.buffer.stats().target_ms;
    let deeper_ms = |bench: &Bench| bench.buffer.stats().target_ms - plain_ms;
    bench.run(400..402, |bench, k, at| {
        bench.push_red(k, at);
    });
    assert!((4.9..5.1).contains(&deeper_ms(&bench)), "{}", deeper_ms(&bench));
    bench.run(402..2_402, |bench, k, at| {
        bench.push(k, at);
    });
    assert!(deeper_ms(&bench) > 4.9, "a copy may have been left out because it did not fit");
    bench.run(2_402..2_404, |bench, k, at| {
        bench.push(k, at);
    });
    assert!(deeper_ms(&bench) < 0.1, "{}", deeper_ms(&bench));
}

#[test]
fn redundancy_that_begins_with_loss_makes_it_good_after_the_first_concealment() {
    let mut bench = Bench::new(48_000, 0);
    bench.run(0..400, |bench, k, at| {
        bench.push(k, at);
    });
    bench.run(400..800, |bench, k, at| {
        if k % 20 != 10 {
            bench.push_red(k, at);
        }
    });
    let stats = bench.buffer.stats();
    assert_eq!(stats.lost, 20);
    assert!(stats.concealed.0 <= 2 * 240, "{stats:?}");
    assert!(stats.redundant.0 >= 17 * 240, "{stats:?}");
}

#[test]
fn a_main_copy_is_preferred_to_a_redundant_one() {
    let mut bench = Bench::new(48_000, 1);
    bench.run(0..400, |bench, k, at| {
        bench.push_red(k, at);
    });
    assert_eq!(bench.buffer.stats().redundant, SampleCount(0));
}

#[test]
fn joined_packets_play_like_single_ones() {
    let mut bench = Bench::new(48_000, 0);
    bench.run(0..800, |bench, k, at| {
        if k % 2 == 1 {
            let (tick, packet) = (bench.tick(k - 1), joined(bench.tick(k - 1)));
            bench.buffer.push_rt(mono(at), Seq((k / 2) as u16), RtpTimestamp(tick as u32), Payload::Opus(&packet));
        }
    });
    let stats = bench.buffer.stats();
    assert_eq!((stats.concealed.0, stats.undecodable, stats.foreign), (0, 0, 0));
    assert!(stats.real.0 > 150_000);
}

#[test]
fn duplicates_and_disorder_are_harmless_and_counted() {
    let mut bench = Bench::new(48_000, 0);
    bench.buffer.set_min_target_rt(core::time::Duration::from_millis(20));
    bench.run(0..600, |bench, k, at| {
        let swapped = if k % 4 < 2 { k ^ 1 } else { k };
        bench.push(swapped, at);
        if k % 10 == 0 {
            assert_eq!(bench.push(swapped, at), Pushed::Duplicate);
        }
    });
    let stats = bench.buffer.stats();
    assert_eq!((stats.duplicates, stats.concealed.0, stats.lost, stats.received), (60, 0, 0, 600));
}

#[test]
fn foreign_bytes_are_counted_and_change_nothing() {
    let mut bench = Bench::new(48_000, 0);
    bench.run(0..400, |bench, k, at| {
        assert_eq!(bench.push_payload(k, at, Payload::Opus(&[])), Pushed::Foreign);
        assert_eq!(bench.push_payload(k, at, Payload::Red(&[0xEF, 0, 3])), Pushed::Foreign);
        assert_eq!(bench.push_payload(k, at, Payload::Opus(&[0xEB, 0xFF])), Pushed::Foreign);
        bench.push(k, at);
        let elsewhere = RtpTimestamp((k as u32).wrapping_mul(0x1357_9BDF) | 0x4000_0000);
        bench.buffer.push_rt(mono(at), Seq(9), elsewhere, Payload::Opus(&frame(0)));
    });
    let stats = bench.buffer.stats();
    assert_eq!((stats.concealed.0, stats.resyncs, stats.received), (0, 0, 400));
    assert_eq!(stats.foreign, 1_600);
}

#[test]
fn a_frame_that_the_decoder_refuses_is_concealed() {
    let mut bench = Bench::new(48_000, 0);
    bench.run(0..400, |bench, k, at| {
        let tick = bench.tick(k);
        let packet = if k == 300 { vec![0xE8, 1, 2] } else { frame(tick).to_vec() };
        bench.push_payload(k, at, Payload::Opus(&packet));
    });
    let stats = bench.buffer.stats();
    assert_eq!((stats.undecodable, stats.resyncs), (1, 0));
    assert!((239..=241).contains(&stats.concealed.0), "{stats:?}");
}

#[test]
fn another_line_of_timestamps_is_one_declared_jump() {
    let mut bench = Bench::new(48_000, 0);
    bench.run(0..1_200, |bench, k, at| {
        bench.first = if k < 600 { 1_000_000 } else { 3_000_000_000 };
        bench.push(k, at);
    });
    let stats = bench.buffer.stats();
    assert_eq!((stats.resyncs, stats.foreign), (1, 3));
    assert!(stats.concealed.0 < 48 * 200, "{stats:?}");
    assert!(bench.last.unwrap().0.ticks.0 > 3_000_000_000);
}

#[test]
fn a_new_source_begins_at_once_when_it_is_announced() {
    let mut bench = Bench::new(48_000, 0);
    bench.run(0..1_200, |bench, k, at| {
        if k == 600 {
            bench.buffer.resync_rt();
            bench.first = 7;
        }
        bench.push(k, at);
    });
    let stats = bench.buffer.stats();
    assert_eq!((stats.resyncs, stats.foreign), (1, 0));
    assert!(stats.concealed.0 < 48 * 200, "{stats:?}");
}

#[test]
fn plain_loss_never_grows_the_buffer() {
    let mut bench = Bench::new(48_000, 0);
    let push = |bench: &mut Bench, k: i64, at: f64| {
        if k < 1_000 || k % 5 != 0 {
            bench.push(k, at);
        }
    };
    bench.run(0..1_000, push);
    let before = bench.buffer.stats().buffering_ms;
    bench.run(1_000..6_000, push);
    let after = bench.buffer.stats();
    assert!((after.buffering_ms - before).abs() < 0.5, "{before} → {after:?}");
    assert!(after.concealed.0 > 900 * 240);
}

#[test]
fn a_longer_way_is_followed_by_growing_once_while_nothing_arrives() {
    let mut bench = Bench::new(48_000, 0);
    bench.run(0..4_000, |bench, k, at| {
        // From frame 2 000 on everything takes six frames longer.
        if !(2_000..2_006).contains(&k) {
            bench.push(if k < 2_000 { k } else { k - 6 }, at);
        }
    });
    let stats = bench.buffer.stats();
    assert_eq!(stats.resyncs, 0);
    assert!(stats.concealed.0 < 48 * 200, "{stats:?}");
    assert!((stats.buffering_ms - stats.target_ms).abs() < 5.0, "{stats:?}");
}

#[test]
fn late_callbacks_move_no_position_and_conceal_nothing() {
    let mut bench = Bench::new(48_000, 0);
    let mut steps = Vec::new();
    bench.run(0..2_000, |bench, k, at| {
        bench.push(k, at);
        let late_ms = if k % 7 == 0 { 30.0 } else { 0.0 };
        let (pulled, _) = bench.pull(late_ms);
        steps.extend(pulled.position().map(|position| position.ticks_since(Ticks(0))));
    });
    assert_eq!((bench.buffer.stats().concealed.0, bench.buffer.stats().resyncs), (0, 0));
    assert!(steps.windows(2).all(|pair| pair[1] > pair[0]));
}

#[test]
fn a_device_that_stood_still_is_caught_up_with_by_one_declared_jump() {
    let stats = after_standing_still(Bench::new(48_000, 0), 400.0);
    assert_eq!(stats.resyncs, 1);
    assert!(stats.buffering_ms < 30.0, "{stats:?}");
}

#[test]
fn a_short_standstill_is_jumped_over_where_people_play_together_and_worked_off_elsewhere() {
    let together = after_standing_still(Bench::of(Profile::Lowest, 48_000, 0), 25.0);
    assert_eq!(together.resyncs, 1);
    assert!(together.buffering_ms < together.target_ms + 1.0, "{together:?}");
    let listening = after_standing_still(Bench::of(Profile::Default, 48_000, 0), 25.0);
    assert_eq!(listening.resyncs, 0);
    assert!(listening.buffering_ms > listening.target_ms + 15.0, "{listening:?}");
}

#[test]
fn an_output_that_tells_how_long_it_stood_still_is_on_time_with_its_next_block() {
    const LOST_MS: f64 = 5_000.0;
    let mut bench = Bench::new(48_000, 0);
    bench.run(0..1_000, |bench, k, at| {
        bench.push(k, at);
    });
    let (before, frames) = (bench.buffer.stats(), SampleCount(5 * 48_000));
    for k in 1_000..2_000 {
        bench.push(k, (k + 1) as f64 * 5.0);
    }
    bench.buffer.leave_out_rt(frames);
    bench.pulled += frames.0;
    bench.run(2_000..2_010, |bench, k, at| {
        bench.push(k, at);
    });
    let after = bench.buffer.stats();
    assert_eq!((before.resyncs, after.resyncs), (0, 1));
    assert!(after.concealed.0 - before.concealed.0 <= CROSSFADE, "{after:?}");
    assert!(
        (after.buffering_ms - before.buffering_ms).abs() < 1.0 && after.buffering_ms < LOST_MS / 100.0,
        "{after:?}"
    );
}

/// A fade counts as made up until its middle: a quarter of a 5 ms frame, and the rounding.
const CROSSFADE: u64 = 61;

/// Ten seconds after the device has lost so much time.
fn after_standing_still(mut bench: Bench, lost_ms: f64) -> Stats {
    let mut stood_ms = 0.0;
    for k in 0..3_000i64 {
        let due_ms = (k + 1) as f64 * 5.0;
        if k == 1_000 {
            stood_ms = lost_ms;
        }
        while bench.now_ms() + stood_ms < due_ms {
            bench.pull(stood_ms);
        }
        bench.push(k, due_ms);
    }
    bench.buffer.stats()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn no_packets_and_no_times_upset_it(
        calls in prop::collection::vec(
            (any::<u8>(), any::<u64>(), any::<u32>(), any::<u16>(), prop::collection::vec(any::<u8>(), 0..40)),
            0..100,
        ),
        rate in prop::sample::select(vec![8_000u32, 44_100, 48_000, 192_000]),
    ) {
        let mut bench = Bench::new(rate, 1);
        let mut out = [0.0; 999];
        for (what, time, rtp, seq, bytes) in calls {
            let at = MonoTime(if what & 1 == 0 { time } else { time >> 30 });
            let pushed = if what & 2 == 0 { Payload::Opus(&bytes) } else { Payload::Red(&bytes) };
            bench.buffer.push_rt(at, Seq(seq), RtpTimestamp(rtp >> (what >> 4)), pushed);
            if what & 12 == 0 {
                bench.buffer.resync_rt();
            }
            let len = usize::from(seq) % out.len();
            let pulled = bench.buffer.pull_rt(at, &mut out[..len]);
            prop_assert_eq!(pulled.spans().iter().map(|span| span.len.0).sum::<u64>(), len as u64);
        }
    }

    #[test]
    fn sound_is_made_up_only_where_its_packet_was_missing(
        fates in prop::collection::vec((0u32..100, 0f64..40.0), 100..300),
        skew in -300f64..300.0,
    ) {
        let mut bench = Bench::new(48_000, 0);
        bench.skew = skew;
        let arrive_ms = |k: usize, delay_ms: f64| (k as f64 + 1.0) * 5.0 / (1.0 + skew * 1e-6) + delay_ms;
        let came = fates.iter().enumerate().filter(|(_, (loss, _))| *loss >= 5);
        let mut arrivals: Vec<_> = came.map(|(k, (_, delay_ms))| (arrive_ms(k, *delay_ms), k as i64)).collect();
        arrivals.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut here_since = vec![f64::INFINITY; fates.len() + 100];
        for (at_ms, k) in arrivals {
            while bench.now_ms() < at_ms {
                let now_ms = bench.now_ms();
                let (pulled, _) = bench.pull(0.0);
                let moves = |span: &&Span| span.kind == Kind::Concealed && span.ticks_per_sample > 0.0;
                for span in pulled.spans().iter().filter(moves) {
                    let first = span.position.unwrap().ticks_since(Ticks(bench.first));
                    let middle = first + (span.len.0 - 1) as f64 / 2.0;
                    // Decoding runs ahead by the resampler's reach and a piece, so up to two callbacks; and a packet
                    // that comes after its first piece was made up is faded to.
                    let decided_ms = now_ms - 3.0 * 2.67 - 0.7;
                    prop_assert!(here_since[(middle / FRAME as f64) as usize] > decided_ms);
                }
            }
            here_since[k as usize] = at_ms;
            bench.push(k, at_ms);
        }
    }
}

//! The recorder with its real thread and real files; the device is made up.

use super::*;
use client_core::take::{EpochName, Found, Left, PartHead, Seat};
use protocol::ids::{LogId, PartId, ParticipantId, SessionId, StreamId, TakeNumber};
use protocol::session::take::CaptureGap;
use sound_files::{PcmHasher, SampleFormat, WavReader};
use std::fs;
use std::path::Path;
use tempfile::TempDir;
use units::{MonoTime, SampleCount, SampleRate, SampleTime};
use uuid::Uuid;

mod foreign;
mod kill;

const RATE: SampleRate = SampleRate(48_000);
const CHANNELS: u8 = 2;

/// What the device gives at a place: never silence, and different everywhere near.
fn sound(run: u32, at: i64, channel: usize) -> f32 {
    let n = at as u64 * 7 + channel as u64 * 3 + u64::from(run) * 11;
    (n % 8_191 + 1) as f32 / 8_192.0
}

/// A device that gives blocks of 480 samples, as fast as they are taken.
struct Device {
    tap: TakeTap,
    run: u32,
    at: i64,
}

impl Device {
    fn give(&mut self, blocks: usize) {
        (0..blocks).for_each(|_| self.give_after(0));
    }

    /// One block, after so many samples that the device lost.
    fn give_after(&mut self, lost: u64) {
        self.at += lost as i64;
        let piece = Piece {
            run: self.run,
            rate: RATE,
            channels: CHANNELS,
            at: SampleTime(self.at),
            lost: SampleCount(lost),
            frames: 480,
            captured_at: MonoTime(0),
        };
        let block: Vec<f32> = (0..2 * 480).map(|i| sound(self.run, self.at + i / 2, i as usize % 2)).collect();
        while !self.tap.write_rt(piece, &block) {
            std::thread::yield_now();
        }
        self.at += 480;
    }

    /// The device is opened anew.
    fn restart(&mut self) {
        (self.run, self.at) = (self.run + 1, 0);
    }
}

struct Studio {
    folder: TempDir,
    recorder: Recorder,
    news: mpsc::Receiver<News>,
    lane: LaneId,
    device: Device,
}

fn session() -> SessionId {
    SessionId(Uuid::from_u128(1))
}

const ME: ParticipantId = ParticipantId(Uuid::from_u128(2));

fn seat(participant: ParticipantId) -> Seat {
    Seat { session: session(), log: LogId(Uuid::from_u128(4)), participant }
}

fn name(run: u32) -> EpochName {
    EpochName { stream: StreamId(Uuid::from_u128(3)), epoch: run + 10 }
}

/// A recorder in `folder` that knows the names of three runs.
fn start(folder: &Path, pre_roll_ms: u64) -> (Recorder, mpsc::Receiver<News>, LaneId, Device) {
    let pre_roll = Duration::from_millis(pre_roll_ms);
    let config = RecorderConfig { pre_roll, reserve_bytes: 0, ..RecorderConfig::new(folder.to_owned()) };
    let (mut recorder, news) = Recorder::start(config, MonoClock::start()).unwrap();
    let (lane, tap) = recorder.open_lane("program").unwrap();
    recorder.try_order(Order::Sit { seat: seat(ME) }).unwrap();
    (0..3).for_each(|run| recorder.try_order(Order::Name { lane, run, name: name(run) }).unwrap());
    (recorder, news, lane, Device { tap, run: 0, at: 0 })
}

impl Studio {
    fn new() -> Studio {
        let folder = tempfile::tempdir().unwrap();
        let (recorder, news, lane, device) = start(folder.path(), 20);
        Studio { folder, recorder, news, lane, device }
    }

    fn roll(&self, take: u32) {
        self.roll_at(take, true);
    }

    fn roll_at(&self, take: u32, prompt: bool) {
        let (take, lanes) = (TakeNumber(take), vec![self.lane]);
        self.recorder.try_order(Order::Roll { take, lanes, prompt }).unwrap();
    }

    fn stop(&self) {
        self.recorder.try_order(Order::Stop).unwrap();
    }

    fn next(&mut self) -> News {
        self.news.blocking_recv().unwrap()
    }

    fn began(&mut self) -> PartHead {
        match self.next() {
            News::Began(began) => began.head,
            other => panic!("{other:?}"),
        }
    }

    fn ended(&mut self) -> (PartId, Left) {
        match self.next() {
            News::Ended { part, left } => (part, left),
            other => panic!("{other:?}"),
        }
    }

    fn trouble(&mut self) -> String {
        match self.next() {
            News::Trouble(sentence) => sentence,
            other => panic!("{other:?}"),
        }
    }

    fn file(&self, head: &PartHead) -> PathBuf {
        let folder = self.folder.path().join(head.seat.session.to_string()).join("take-001");
        folder.join(format!("program-{}.wav", head.part))
    }
}

/// Checks that a file is exactly what the device gave from beginning to end, silence where that is declared, and that
/// its hash is right. `holes` is silence that is not declared as a gap.
fn check(file: &Path, head: &PartHead, left: &Left, holes: &[CaptureGap]) {
    let mut reader = WavReader::open(file).unwrap();
    let frames = (left.to.0 - head.from.0) as usize;
    assert_eq!((reader.truncated(), reader.frames()), (None, SampleCount(frames as u64)));
    assert_eq!((reader.spec().rate, reader.spec().channels, reader.spec().format), (RATE, 2, SampleFormat::F32));
    let mut heard = vec![0.0; frames * 2];
    reader.read(&mut heard).unwrap();
    let missing = |at: i64| {
        let is_in = |gap: &CaptureGap| (gap.at.0..gap.at.0 + gap.samples.0 as i64).contains(&at);
        left.gaps.iter().chain(holes).any(is_in)
    };
    let run = head.name.epoch - 10;
    for (i, value) in heard.iter().enumerate() {
        let at = head.from.0 + i as i64 / 2;
        let expected = if missing(at) { 0.0 } else { sound(run, at, i % 2) };
        assert_eq!(*value, expected, "sample {at}, channel {} of {}", i % 2, file.display());
    }
    let mut hasher = PcmHasher::new(reader.spec());
    hasher.update(&heard);
    assert_eq!(hasher.finish().to_string(), left.pcm_hash);
}

fn gap(at: i64, samples: u64) -> CaptureGap {
    CaptureGap { at: SampleTime(at), samples: SampleCount(samples) }
}

#[test]
fn a_part_holds_every_sample_from_the_pre_roll_to_the_stop_and_silence_where_the_device_had_none() {
    let mut studio = Studio::new();
    studio.device.give(3);
    studio.device.give_after(100);
    studio.roll(1);
    let head = studio.began();
    assert_eq!((head.from, head.name, head.rate, head.channels), (SampleTime(2_020 - 960), name(0), RATE, 2));
    studio.device.give(2);
    studio.device.give_after(7);
    studio.stop();
    let (part, left) = studio.ended();
    assert_eq!((part, left.to, left.reason.clone()), (head.part, SampleTime(3_467), None));
    assert_eq!(left.gaps, [gap(1_440, 100), gap(2_980, 7)]);
    check(&studio.file(&head), &head, &left, &[]);
    let bext = WavReader::open(studio.file(&head)).unwrap().bext().cloned().unwrap();
    assert!(bext.description.starts_with("take 1 program part "), "{bext:?}");
}

#[test]
fn the_pre_roll_is_no_longer_than_what_there_is_and_the_part_tells_where_the_roll_is() {
    let mut studio = Studio::new();
    studio.device.give(1);
    studio.roll(1);
    let short = studio.began();
    assert_eq!((short.from, short.roll), (SampleTime(0), Some(SampleTime(480))));
    studio.device.give(4);
    studio.roll(2);
    studio.ended();
    let whole = studio.began();
    assert_eq!((whole.from, whole.roll), (SampleTime(2_400 - 960), Some(SampleTime(2_400))));
}

#[test]
fn a_recorder_that_comes_late_and_a_sound_that_begins_after_the_roll_tell_of_no_roll() {
    let mut studio = Studio::new();
    studio.device.give(3);
    studio.roll_at(1, false);
    assert_eq!(studio.began().roll, None);
    studio.roll(2);
    studio.ended();
    assert_eq!(studio.began().roll, Some(SampleTime(1_440)));
    // The same order once more is no other roll.
    studio.device.give(1);
    studio.roll(2);
    studio.device.restart();
    studio.device.give(1);
    studio.ended();
    let anew = studio.began();
    assert_eq!((anew.from, anew.name, anew.roll), (SampleTime(0), name(1), None));
}

#[test]
fn two_parts_of_one_run_are_as_far_apart_in_their_files_as_in_time() {
    let mut studio = Studio::new();
    let mut place = |take: u32| {
        studio.device.give(10);
        studio.roll(take);
        let head = studio.began();
        studio.stop();
        studio.ended();
        let folder = studio.folder.path().join(session().to_string()).join(format!("take-{take:03}"));
        let file = folder.join(format!("program-{}.wav", head.part));
        let reference = WavReader::open(file).unwrap().bext().unwrap().time_reference;
        (head.from, reference)
    };
    let (first, second) = (place(1), place(2));
    assert_eq!((second.0.0 - first.0.0) as u64, second.1.0 - first.1.0);
}

#[test]
fn a_device_that_was_opened_anew_ends_its_part_and_begins_another() {
    let mut studio = Studio::new();
    studio.device.give(1);
    studio.roll(1);
    let first = studio.began();
    studio.device.give(3);
    studio.device.restart();
    studio.device.give(2);
    let (_, left) = studio.ended();
    assert_eq!((left.to, left.reason.as_deref()), (SampleTime(1_920), Some("its device was opened anew")));
    check(&studio.file(&first), &first, &left, &[]);
    let second = studio.began();
    assert_eq!((second.from, second.name), (SampleTime(0), name(1)));
    studio.stop();
    let (_, left) = studio.ended();
    check(&studio.file(&second), &second, &left, &[]);
}

#[test]
fn a_lost_device_interrupts_its_part_at_once() {
    let mut studio = Studio::new();
    studio.device.give(1);
    studio.roll(1);
    let head = studio.began();
    studio.device.give(1);
    studio.recorder.try_order(Order::Lost { lane: studio.lane }).unwrap();
    let (_, left) = studio.ended();
    assert_eq!((left.to, left.reason.as_deref()), (SampleTime(960), Some("its device was lost")));
    check(&studio.file(&head), &head, &left, &[]);
}

#[test]
fn sound_that_did_not_reach_the_disk_is_an_alarm_and_damages_the_part() {
    let mut studio = Studio::new();
    studio.device.give(1);
    studio.roll(1);
    let head = studio.began();
    studio.device.at += 50;
    studio.device.give_after(25);
    let alarm = studio.trouble();
    assert!(alarm.contains("50 samples were lost because the disk is too slow"), "{alarm}");
    studio.stop();
    let (_, left) = studio.ended();
    assert_eq!(left.reason.as_deref(), Some("50 samples were lost on the way to the disk"));
    assert_eq!(left.gaps, [gap(530, 25)]);
    check(&studio.file(&head), &head, &left, &[gap(480, 50)]);
}

#[test]
fn a_minute_without_sound_is_silence_and_a_longer_one_ends_the_part() {
    let minute = LONGEST_SILENCE.as_secs() * 48_000;
    let mut studio = Studio::new();
    studio.device.give(1);
    studio.roll(1);
    let head = studio.began();
    studio.device.give_after(minute);
    studio.device.give_after(minute + 1);
    let (_, left) = studio.ended();
    assert_eq!(left.to, SampleTime(960 + minute as i64));
    assert!(left.reason.as_ref().is_some_and(|reason| reason.contains("no sound for 60 s")), "{left:?}");
    check(&studio.file(&head), &head, &left, &[]);
    assert_eq!(studio.began().from, SampleTime(961 + 2 * minute as i64));
}

#[test]
fn a_run_without_a_name_waits_in_the_pre_roll_until_it_has_one() {
    let mut studio = Studio::new();
    studio.device.run = 7;
    studio.device.give(1);
    studio.roll(1);
    let named = EpochName { epoch: 17, ..name(0) };
    studio.recorder.try_order(Order::Name { lane: studio.lane, run: 7, name: named }).unwrap();
    let head = studio.began();
    assert_eq!((head.from, head.name, head.roll), (SampleTime(0), named, Some(SampleTime(480))));
}

#[test]
fn whoever_is_somebody_else_has_no_names_yet() {
    let mut studio = Studio::new();
    studio.device.give(1);
    let participant = ParticipantId(Uuid::from_u128(9));
    let seat = seat(participant);
    studio.recorder.try_order(Order::Sit { seat }).unwrap();
    studio.roll(1);
    studio.device.give(1);
    let renamed = EpochName { epoch: 10, ..name(0) };
    studio.recorder.try_order(Order::Name { lane: studio.lane, run: 0, name: renamed }).unwrap();
    let head = studio.began();
    assert_eq!((head.seat, head.name), (seat, renamed));
}

#[test]
fn a_stream_that_ends_and_a_program_that_ends_end_their_parts_as_they_should() {
    for whole_program in [false, true] {
        let mut studio = Studio::new();
        studio.device.give(1);
        studio.roll(1);
        let head = studio.began();
        let file = studio.file(&head);
        studio.device.give(2);
        let Studio { folder: _folder, recorder, mut news, device, .. } = studio;
        let recorder = if whole_program {
            recorder.finish();
            None
        } else {
            drop(device);
            Some(recorder)
        };
        let Some(News::Ended { left, .. }) = news.blocking_recv() else { panic!("no end") };
        assert_eq!((left.to, left.reason.clone()), (SampleTime(1_440), None));
        check(&file, &head, &left, &[]);
        drop(recorder);
    }
}

#[test]
fn a_disk_without_room_is_said_before_a_part_begins() {
    let folder = tempfile::tempdir().unwrap();
    let config = RecorderConfig { reserve_bytes: u64::MAX, ..RecorderConfig::new(folder.path().to_owned()) };
    let mut studio = Studio::new();
    (studio.recorder, studio.news) = Recorder::start(config, MonoClock::start()).unwrap();
    let (lane, tap) = studio.recorder.open_lane("mic").unwrap();
    (studio.lane, studio.device.tap) = (lane, tap);
    let seat = seat(ME);
    studio.recorder.try_order(Order::Sit { seat }).unwrap();
    studio.recorder.try_order(Order::Name { lane, run: 0, name: name(0) }).unwrap();
    studio.device.give(1);
    studio.roll(1);
    let told = studio.trouble();
    assert!(told.starts_with("take 1: mic is not recorded: the disk is full"), "{told}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let mut studio = Studio::new();
    studio.device.give(1);
    fs::write(studio.folder.path().join(session().to_string()), "a file where a folder should be").unwrap();
    studio.roll(1);
    let told = studio.trouble();
    assert!(told.contains("take-001") && told.contains("--recordings"), "{told}");
}

#[test]
fn parts_are_found_until_the_journal_knows_them_but_not_while_they_are_recorded() {
    let mut studio = Studio::new();
    studio.device.give(1);
    studio.roll(1);
    let head = studio.began();
    let find = |studio: &Studio| find_parts(studio.folder.path(), session());
    assert_eq!(find(&studio), [], "it is being recorded");
    studio.stop();
    let (part, left) = studio.ended();
    let file = studio.file(&head).display().to_string();
    assert_eq!(find(&studio), [Found { head: head.clone(), left: Some(left), file: file.clone() }]);
    studio.recorder.try_order(Order::Settle { part }).unwrap();
    studio.recorder.finish();
    assert_eq!(find_parts(studio.folder.path(), session()), []);
}

#[test]
fn a_part_whose_sound_was_deleted_is_found_without_any() {
    let mut studio = Studio::new();
    studio.device.give(1);
    studio.roll(1);
    let head = studio.began();
    studio.stop();
    studio.ended();
    fs::remove_file(studio.file(&head)).unwrap();
    let found = find_parts(studio.folder.path(), session());
    assert_eq!((found.len(), found[0].left.clone()), (1, None));
}

#[test]
fn the_next_start_tells_what_the_last_one_left() {
    let mut studio = Studio::new();
    studio.device.give(1);
    studio.roll(1);
    let head = studio.began();
    let Studio { folder, recorder, .. } = studio;
    recorder.finish();
    let (_recorder, mut news, ..) = start(folder.path(), 20);
    let Some(News::Found(found)) = news.blocking_recv() else { panic!("nothing was found") };
    assert_eq!((found.head, found.left.unwrap().to), (head, SampleTime(480)));
}

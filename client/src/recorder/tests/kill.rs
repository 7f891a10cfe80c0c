//! A program that records is killed, again and again, and its next start finds what it had.

use super::*;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

/// Tells the child where to record.
const FOLDER: &str = "FARFIELD_TEST_RECORDINGS";
const KILLS: usize = 25;
/// Blocks that a child gives at most: some seconds of work.
const MOST_BLOCKS: u32 = 40_000;

/// The program that is killed: takes of 30 blocks, xruns, and a device that is opened anew.
#[test]
#[ignore = "is started and killed by the test below"]
fn record_until_killed() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let (recorder, mut news, lane, mut device) = start(Path::new(&folder), 50);
    let mut out = std::io::stdout().lock();
    for block in 1..MOST_BLOCKS {
        device.give_after(if block % 17 == 0 { 33 } else { 0 });
        let roll = Order::Roll { take: TakeNumber(1 + block / 60), lanes: vec![lane], prompt: true };
        match block % 60 {
            5 => {
                recorder.try_order(roll).unwrap();
                assert!(matches!(news.blocking_recv(), Some(News::Began(_))));
            }
            20 if block > 120 && device.run < 2 => device.restart(),
            // Once more: nothing changes, but what was captured goes to the disk at once.
            6..35 => recorder.try_order(roll).unwrap(),
            35 => {
                recorder.try_order(Order::Stop).unwrap();
                tell_end(&mut news, &mut out);
            }
            _ => {}
        }
        writeln!(out, "block").unwrap();
    }
}

/// Waits for the part's end; a device that was opened anew ended one before it.
fn tell_end(news: &mut mpsc::Receiver<News>, out: &mut impl Write) {
    loop {
        if let Some(News::Ended { part, left }) = news.blocking_recv() {
            writeln!(out, "ended {part} {} {}", left.to.0, left.pcm_hash).unwrap();
            if left.reason.is_none() {
                return;
            }
        }
    }
}

/// Runs the child, kills it after so many lines, and returns the parts that it said had ended.
fn record_and_kill(folder: &Path, lines: usize) -> Vec<(PartId, i64, String)> {
    let this = std::env::current_exe().unwrap();
    let args = ["--ignored", "--exact", "--nocapture", "recorder::tests::kill::record_until_killed"];
    let child = Command::new(this).args(args).env(FOLDER, folder).stdout(Stdio::piped()).spawn();
    let mut child = child.unwrap();
    let mut told = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let mut all: Vec<String> = told.by_ref().take(lines).collect();
    child.kill().unwrap();
    assert!(!child.wait().unwrap().success(), "it was killed in the middle of its work");
    all.extend(told);
    let ended = |line: &String| {
        let mut words = line.strip_prefix("ended ")?.split(' ');
        Some((words.next()?.parse().ok()?, words.next()?.parse().ok()?, words.next()?.to_owned()))
    };
    all.iter().filter_map(ended).collect()
}

#[test]
fn whenever_the_program_is_killed_every_part_is_found_whole_up_to_there() {
    let (mut interrupted, mut samples, mut ended) = (0, 0, 0);
    for kill in 0..KILLS {
        let folder = tempfile::tempdir().unwrap();
        let told = record_and_kill(folder.path(), 20 + kill * 37 % 400);
        let found = find_parts(folder.path(), session());
        for Found { head, left, file } in &found {
            let left = left.as_ref().unwrap();
            check(Path::new(file), head, left, &[]);
            let killed = left.reason.as_deref() == Some("its recorder was killed");
            interrupted += u32::from(killed);
            samples += if killed { left.to.0 - head.from.0 } else { 0 };
        }
        for (part, to, hash) in &told {
            let left = found.iter().find(|found| found.head.part == *part).and_then(|found| found.left.clone());
            let left = left.unwrap_or_else(|| panic!("part {part} had ended and is not there"));
            assert_eq!((left.to.0, &left.pcm_hash), (*to, hash));
        }
        ended += told.len();
        assert_eq!(find_parts(folder.path(), session()), found, "looking twice changes nothing");
    }
    eprintln!("{KILLS} kills: {interrupted} parts interrupted with {samples} samples, {ended} ended before");
    assert!(interrupted > 0 && samples > 0 && ended > 0, "the kills did not meet a part");
}

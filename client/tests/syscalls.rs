//! What JACK's callback thread asks of the kernel while it runs our callbacks: to wake and to wait, nothing else.
//!
//! The test runs itself under strace (`cargo xtask test` sees that jackd and strace are installed) and reads the trace.
#![cfg(target_os = "linux")]

#[allow(dead_code, reason = "this binary waits for nothing by the clock")]
mod jackd;

use client::pipeline::MonoClock;
use client::pipeline::playout::{PlayerConfig, SourceId, start_player};
use client::pipeline::publish::{PublishConfig, start_publisher};
use client::spec::{InputSpec, JackSpec, OutputSpec};
use codec::jitter::Profile;
use codec::opus::FrameDuration;
use codec::publish::StreamSettings;
use protocol::stream::StreamKind;
use std::collections::BTreeMap;
use std::process::Command;
use units::{Bitrate, RtpTimestamp, Seq};

const BEGIN: &str = "farfield-trace-begins";
const END: &str = "farfield-trace-ends";
const CALLBACK: &str = "ff-callback";
/// Runs the traced half when set.
const TRACED: &str = "FARFIELD_TRACED";

#[test]
fn the_callback_thread_only_wakes_and_waits() {
    if std::env::var_os(TRACED).is_some() {
        return publish_and_play();
    }
    let _jackd = jackd::start();
    let folder = tempfile::tempdir().unwrap();
    let trace = folder.path().join("trace");
    let mut strace = Command::new("strace");
    strace.args(["--quiet=all", "--follow-forks", "--output"]).arg(&trace).arg(std::env::current_exe().unwrap());
    strace.args(["--exact", "the_callback_thread_only_wakes_and_waits", "--nocapture"]).env(TRACED, "1");
    let out = strace.output().expect("strace cannot be started: install it with `apt-get install strace`");
    let said = String::from_utf8_lossy(&out.stdout);
    assert!(out.status.success(), "{said}{}", String::from_utf8_lossy(&out.stderr));
    let callbacks: Vec<&str> = said.lines().filter_map(|line| line.strip_prefix(CALLBACK)).map(str::trim).collect();
    let calls = calls_by_thread(&std::fs::read_to_string(&trace).unwrap());
    // JACK's threads for notices bear the name too; they read their socket and never call us for sound.
    let of_thread = |thread: &&str| calls.get(*thread).filter(|calls| calls.get("futex").is_some_and(|n| *n > 100));
    let busy: Vec<_> = callbacks.iter().filter_map(of_thread).collect();
    println!("{busy:?}");
    assert_eq!(busy.len(), 2, "the capture and the playback callback were traced: {calls:?}");
    for calls in busy {
        let foreign: Vec<&String> = calls.keys().filter(|call| *call != "futex").collect();
        assert!(foreign.is_empty(), "the callback thread calls {foreign:?}");
    }
}

/// How often each thread made each call between the two marks.
fn calls_by_thread(trace: &str) -> BTreeMap<String, BTreeMap<String, u32>> {
    let mut threads: BTreeMap<String, BTreeMap<String, u32>> = BTreeMap::new();
    let between = trace.lines().skip_while(|line| !line.contains(BEGIN)).take_while(|line| !line.contains(END));
    for line in between {
        let Some((thread, call)) = line.split_once(' ') else { continue };
        // A call that another thread's line interrupted was counted where it began.
        let Some((name, _)) = call.trim().split_once('(').filter(|(name, _)| !name.starts_with('<')) else { continue };
        *threads.entry(thread.into()).or_default().entry(name.into()).or_default() += 1;
    }
    threads
}

/// The traced half: publishes from JACK and plays into it for some hundred callbacks.
fn publish_and_play() {
    let clock = MonoClock::start();
    let settings = StreamSettings::program(2, FrameDuration::Us2500, Bitrate(256_000), 1);
    let input = InputSpec::Jack(JackSpec::default());
    let mut started = start_publisher(PublishConfig { input, settings, rtp0: RtpTimestamp(0) }, clock, None).unwrap();
    let output = OutputSpec::Jack(JackSpec::default());
    let player = start_player(PlayerConfig { output, profile: Profile::Lowest, positions: false }, clock).unwrap();
    player.add(SourceId(1), StreamKind::Program, started.publisher.format()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut pass = |packets: u16| {
        for seq in 0..packets {
            let packet = runtime.block_on(started.packets.recv()).unwrap();
            player.push(SourceId(1), clock.now(), Seq(seq), packet.rtp, packet.red, &packet.payload);
        }
    };
    pass(40);
    println!("{BEGIN}");
    pass(200);
    println!("{END}");
    for task in std::fs::read_dir("/proc/self/task").unwrap().flatten() {
        let name = std::fs::read_to_string(task.path().join("comm")).unwrap_or_default();
        println!("{} {}", name.trim(), task.file_name().to_string_lossy());
    }
}

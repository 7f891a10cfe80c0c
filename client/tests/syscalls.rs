//! What JACK's callback thread asks of the kernel while it runs our callbacks: to wake the thread behind it. What else
//! there is belongs to JACK: it waits for the next period, and wakes the server, in memory that it shares with it.
//!
//! The test runs itself under strace (`cargo xtask test` sees that jackd and strace are installed) and reads the trace.
#![cfg(target_os = "linux")]

mod jack_loop;
#[allow(dead_code, reason = "this binary waits for nothing by the clock")]
mod jackd;

use std::collections::BTreeMap;
use std::process::Command;

const BEGIN: &str = "farfield-trace-begins";
const END: &str = "farfield-trace-ends";
const CALLBACK: &str = "ff-callback";
/// Runs the traced half when set.
const TRACED: &str = "FARFIELD_TRACED";

/// What a callback thread may ask for. A futex is private to a process unless it lies in shared memory, as JACK's do; a
/// lock of ours, or the allocator's, that is waited for would be a private one.
const WAKES_OURS: &str = "FUTEX_WAKE_PRIVATE";
const JACKS_OWN: [&str; 3] = ["FUTEX_WAKE", "FUTEX_WAIT", "FUTEX_WAIT_BITSET|FUTEX_CLOCK_REALTIME"];

#[test]
fn the_callback_thread_only_wakes() {
    if std::env::var_os(TRACED).is_some() {
        return publish_and_play();
    }
    let _jackd = jackd::start(48_000);
    let folder = tempfile::tempdir().unwrap();
    let trace = folder.path().join("trace");
    let mut strace = Command::new("strace");
    strace.args(["--quiet=all", "--follow-forks", "--output"]).arg(&trace).arg(std::env::current_exe().unwrap());
    strace.args(["--exact", "the_callback_thread_only_wakes", "--nocapture"]).env(TRACED, "1");
    let out = strace.output().expect("strace cannot be started: install it with `apt-get install strace`");
    let said = String::from_utf8_lossy(&out.stdout);
    assert!(out.status.success(), "{said}{}", String::from_utf8_lossy(&out.stderr));
    let callbacks: Vec<&str> = said.lines().filter_map(|line| line.strip_prefix(CALLBACK)).map(str::trim).collect();
    let calls = calls_by_thread(&std::fs::read_to_string(&trace).unwrap());
    // JACK's threads for notices bear the name too; they read their socket and never call us for sound.
    let of_thread = |thread: &&str| calls.get(*thread).filter(|calls| calls.get(WAKES_OURS).is_some_and(|n| *n > 100));
    let busy: Vec<_> = callbacks.iter().filter_map(of_thread).collect();
    println!("{busy:?}");
    assert_eq!(busy.len(), 2, "the capture and the playback callback were traced: {calls:?}");
    for calls in busy {
        assert_eq!(foreign(calls), [""; 0], "the callback thread may only wake: {calls:?}");
    }
}

#[test]
fn a_lock_that_is_waited_for_and_any_other_call_are_seen_in_a_trace() {
    let trace = format!(
        "7 write(1, \"{BEGIN}\\n\", 21) = 21\n\
         8 futex(0x7f01, FUTEX_WAKE_PRIVATE, 1) = 1\n\
         8 futex(0x7f02, FUTEX_WAIT, 0, {{tv_sec=1, tv_nsec=0}} <unfinished ...>\n\
         9 futex(0x7f03, FUTEX_WAIT_BITSET_PRIVATE, 2, NULL, FUTEX_BITSET_MATCH_ANY <unfinished ...>\n\
         8 <... futex resumed>) = 0\n\
         9 futex(0x7f04, FUTEX_WAIT_PRIVATE, 2, NULL) = 0\n\
         9 mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, -1, 0) = 0x7f05\n\
         7 write(1, \"{END}\\n\", 19) = 19\n\
         9 brk(NULL) = 0x1\n"
    );
    let calls = calls_by_thread(&trace);
    assert_eq!(foreign(&calls["8"]), [""; 0]);
    assert_eq!(foreign(&calls["9"]), ["FUTEX_WAIT_BITSET_PRIVATE", "FUTEX_WAIT_PRIVATE", "mmap"]);
}

/// How often a thread made each call.
type Calls = BTreeMap<String, u32>;

/// The calls that a callback thread has no business making.
fn foreign(calls: &Calls) -> Vec<&str> {
    let allowed = |call: &&str| *call == WAKES_OURS || JACKS_OWN.contains(call);
    calls.keys().map(String::as_str).filter(|call| !allowed(call)).collect()
}

/// How often each thread made each call between the two marks; of a futex, what it was asked to do.
fn calls_by_thread(trace: &str) -> BTreeMap<String, Calls> {
    let mut threads: BTreeMap<String, Calls> = BTreeMap::new();
    let between = trace.lines().skip_while(|line| !line.contains(BEGIN)).take_while(|line| !line.contains(END));
    for line in between {
        let Some((thread, call)) = line.split_once(' ') else { continue };
        // A call that another thread's line interrupted was counted where it began.
        let Some((name, asked)) = call.trim().split_once('(').filter(|(name, _)| !name.starts_with('<')) else {
            continue;
        };
        let of_futex = asked.split(", ").nth(1).filter(|_| name == "futex");
        *threads.entry(thread.into()).or_default().entry(of_futex.unwrap_or(name).into()).or_default() += 1;
    }
    threads
}

/// The traced half: publishes from JACK and plays into it for some hundred callbacks.
fn publish_and_play() {
    let mut pass = jack_loop::start();
    pass(40);
    println!("{BEGIN}");
    pass(200);
    println!("{END}");
    for task in std::fs::read_dir("/proc/self/task").unwrap().flatten() {
        let name = std::fs::read_to_string(task.path().join("comm")).unwrap_or_default();
        println!("{} {}", name.trim(), task.file_name().to_string_lossy());
    }
}

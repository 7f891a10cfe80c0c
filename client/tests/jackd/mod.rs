//! A JACK server with its dummy backend for tests: 64-sample periods.

use std::fs::File;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::Once;
use std::sync::mpsc::sync_channel;
use std::time::{Duration, Instant};

const NAME: &str = "farfield-test";
/// Where JACK counts its servers, dead ones included.
const REGISTRY: &str = "/dev/shm/jack-shm-registry";
/// What a test waits for comes within this time, or the test fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A running server. Asked to end when dropped, which it must be before its process ends: a JACK server that is cut off
/// keeps one of the eight places that a machine has for servers.
pub(crate) struct Jackd {
    child: Child,
    _turn: File,
}

/// Starts the server at a rate in Hz and makes it the default of this process and its children. Waits while another test
/// has one.
pub(crate) fn start(rate: u32) -> Jackd {
    static NAMED: Once = Once::new();
    // SAFETY: the first thing that every test of the binary does, once; no client library was loaded before.
    NAMED.call_once(|| unsafe { std::env::set_var("JACK_DEFAULT_SERVER", NAME) });
    let turn = File::create(std::env::temp_dir().join("farfield-test-jackd.lock")).unwrap();
    turn.lock().unwrap();
    let child = spawn_from_a_lasting_thread(rate);
    let mut jackd = Jackd { child, _turn: turn };
    let begun = Instant::now();
    while !answers() {
        let ended = jackd.child.try_wait().unwrap();
        assert!(
            ended.is_none() && begun.elapsed() < PATIENCE,
            "no JACK server: {ended:?}; if none runs, remove {REGISTRY}"
        );
        std::thread::yield_now();
    }
    jackd
}

/// Asked by another process: a client that is opened in this one makes libjack delete those of a server that has died, under
/// the hands of whoever is about to close them.
fn answers() -> bool {
    let mut ask = Command::new("jack_lsp");
    ask.args(["-s", NAME]).stdout(Stdio::null()).stderr(Stdio::null());
    ask.status().is_ok_and(|status| status.success())
}

/// The kernel signals the child when the thread that started it ends, so that must not be a test's.
fn spawn_from_a_lasting_thread(rate: u32) -> Child {
    let mut command = Command::new("jackd");
    let rate = rate.to_string();
    command.args(["--no-realtime", "--name", NAME, "-d", "dummy", "-r", &rate, "-p", "64"]);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    // SAFETY: `prctl` is async-signal-safe and only marks the child.
    unsafe {
        command.pre_exec(|| {
            libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGTERM);
            Ok(())
        })
    };
    let (started, child) = sync_channel(1);
    std::thread::spawn(move || {
        let _ = started.send(command.spawn());
        loop {
            std::thread::park();
        }
    });
    let child = child.recv().expect("the thread sends");
    child.expect("jackd cannot be started: install it with `apt-get install jackd2`")
}

impl Drop for Jackd {
    fn drop(&mut self) {
        // SAFETY: plain system call; the child has not been waited for, so its number is still its own.
        unsafe { libc::kill(self.child.id() as libc::pid_t, libc::SIGTERM) };
        let _ = self.child.wait();
    }
}

//! Click-in to click-out: a JACK server with its dummy backend, and a JACK client that clicks on one side and listens
//! on the other. Both stand outside of the programs under test, so what they measure is what a studio would hear.

use anyhow::{Context, Result, bail, ensure};
use jack::{AsyncClient, AudioIn, AudioOut, Client, ClientOptions, Control, Port, ProcessHandler, ProcessScope};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};
use units::{SampleCount, SampleRate};

/// Samples per period of the server.
pub const PERIOD: u32 = 64;
/// Samples from one click to the next: a quarter of a second.
pub const CLICK_EVERY: u32 = 187 * PERIOD;
/// Name of the clicking client: `jack:clicker` connects to it.
pub const CLIENT: &str = "clicker";
/// Longest wait for the server.
const PATIENCE: Duration = Duration::from_secs(20);
/// What counts as heard; the click peaks at 0.5.
const THRESHOLD: f32 = 0.1;

/// A JACK server of our own, with 64-sample periods at 48 kHz. Asked to end when dropped: one that is cut off keeps one
/// of the eight places that a machine has for servers.
pub struct Jackd {
    child: Child,
    /// Whether its threads run at real-time priority.
    pub real_time: bool,
}

impl Jackd {
    /// Starts one and makes it the default server of this process and of the children it starts from now on. Call it
    /// before any thread is started: it changes the environment.
    pub fn start() -> Result<Jackd> {
        let name = format!("farfield-{}", std::process::id());
        // SAFETY: by this function's contract no other thread reads or writes the environment meanwhile.
        unsafe { std::env::set_var("JACK_DEFAULT_SERVER", &name) };
        Jackd::start_as(&name, true).or_else(|_| Jackd::start_as(&name, false))
    }

    fn start_as(name: &str, real_time: bool) -> Result<Jackd> {
        let mut command = Command::new("jackd");
        command.arg(if real_time { "--realtime" } else { "--no-realtime" });
        let period = PERIOD.to_string();
        command.args(["--name", name, "-d", "dummy", "-r", "48000", "-p", &period]);
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let child = child.context("jackd cannot be started: run `apt-get install jackd2`")?;
        let mut server = Jackd { child, real_time };
        let begun = Instant::now();
        while Client::new("probe", ClientOptions::NO_START_SERVER).is_err() {
            ensure!(server.child.try_wait()?.is_none(), "the JACK server ended at once");
            ensure!(begun.elapsed() < PATIENCE, "the JACK server does not come up");
            std::thread::yield_now();
        }
        Ok(server)
    }
}

impl Drop for Jackd {
    /// Asked, not killed: a server that is cut off keeps one of the eight places that a machine has for them.
    fn drop(&mut self) {
        // SAFETY: plain system call; the child has not been waited for, so its number is still its own.
        unsafe { libc::kill(self.child.id() as libc::pid_t, libc::SIGTERM) };
        let _ = self.child.wait();
    }
}

/// The clicking client.
pub struct Clicker {
    events: Receiver<Event>,
    _running: AsyncClient<(), Process>,
}

#[derive(Clone, Copy)]
enum Event {
    Said(u32),
    Heard { time: u32, left: f32, right: f32 },
}

struct Process {
    outs: [Port<AudioOut>; 2],
    ears: [Port<AudioIn>; 2],
    events: SyncSender<Event>,
}

impl Clicker {
    /// Connects to the default server and clicks on its first output, never on its second.
    pub fn start() -> Result<Clicker> {
        let (client, _) = Client::new(CLIENT, ClientOptions::NO_START_SERVER)?;
        let out = |name: &str| client.register_port(name, AudioOut::default());
        let ear = |name: &str| client.register_port(name, AudioIn::default());
        let (outs, ears) = ([out("click_1")?, out("click_2")?], [ear("ear_1")?, ear("ear_2")?]);
        let (sender, events) = sync_channel(100_000);
        let running = client.activate_async((), Process { outs, ears, events: sender })?;
        Ok(Clicker { events, _running: running })
    }

    /// The delays of the next `count` clicks that come back, each from its first sample to the first sample heard. A
    /// click that does not come back before the next one is left out.
    ///
    /// # Errors
    /// If for `patience` none comes back, or if one is heard on the side on which none is made.
    pub fn delays(&self, count: usize, patience: Duration) -> Result<Vec<Duration>> {
        let (mut delays, mut clicked) = (Vec::new(), None);
        let mut end = Instant::now() + patience;
        while delays.len() < count {
            ensure!(Instant::now() < end, "no click came back in {patience:?}; {} did before", delays.len());
            match self.events.recv_timeout(patience) {
                Ok(Event::Said(time)) => clicked = Some(time),
                Ok(Event::Heard { left, right, .. }) if right.abs() > THRESHOLD => {
                    bail!("a click on the left is heard on the right: {left} left, {right} right")
                }
                Ok(Event::Heard { time, .. }) => {
                    if let Some(click) = clicked.take() {
                        let samples = SampleCount(u64::from(time.wrapping_sub(click)));
                        delays.push(samples.duration(SampleRate::HZ_48000));
                        end = Instant::now() + patience;
                    }
                }
                Err(error) => bail!("the JACK server stopped calling: {error}"),
            }
        }
        Ok(delays)
    }

    /// Forgets what was heard so far.
    pub fn flush(&self) {
        self.events.try_iter().for_each(drop);
    }
}

impl ProcessHandler for Process {
    fn process(&mut self, _: &Client, scope: &ProcessScope) -> Control {
        let (time, frames) = (scope.last_frame_time(), scope.n_frames());
        let since = time % CLICK_EVERY;
        if since < frames {
            let _ = self.events.try_send(Event::Said(time - since));
        }
        // Ten milliseconds of tone, so that the codec keeps it.
        let level = if since < 8 * PERIOD { 0.5 } else { 0.0 };
        let tone = |i: usize| level * (0.4 * (since as usize + i) as f32).sin();
        let [left, right] = &mut self.outs;
        left.as_mut_slice(scope).iter_mut().enumerate().for_each(|(i, sample)| *sample = tone(i));
        right.as_mut_slice(scope).fill(0.0);
        let [left, right] = &self.ears;
        for (i, (left, right)) in left.as_slice(scope).iter().zip(right.as_slice(scope)).enumerate() {
            if left.abs().max(right.abs()) > THRESHOLD {
                let heard = Event::Heard { time: time.wrapping_add(i as u32), left: *left, right: *right };
                let _ = self.events.try_send(heard);
            }
        }
        Control::Continue
    }
}

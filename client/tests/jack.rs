//! The real callbacks, through a real JACK server with its dummy backend at 64 samples.
//!
//! jackd must be installed (`cargo xtask test` sees to it); without it these tests fail rather than pass unseen.
#![cfg(target_os = "linux")]

mod jackd;

use client::device::{CallbackGate, list_devices};
use client::pipeline::playout::{PlayerConfig, SourceId, start_player};
use client::pipeline::publish::{PublishConfig, Started, start_publisher};
use client::pipeline::{MonoClock, OutputEvent, PipelineError, PublisherEvent};
use client::spec::{InputSpec, JackSpec, OutputSpec};
use codec::jitter::Profile;
use codec::opus::FrameDuration;
use codec::publish::StreamSettings;
use jack::{AsyncClient, AudioIn, AudioOut, Client, ClientOptions, Control, Port, ProcessHandler, ProcessScope};
use jackd::PATIENCE;
use protocol::stream::StreamKind;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Instant;
use tokio::time::timeout;
use units::{Bitrate, RtpTimestamp, SampleRate, Seq, Ticks};

fn jack(name: &str) -> JackSpec {
    JackSpec { name: Some(name.into()), channels: Vec::new() }
}

fn publish(jack: JackSpec) -> Result<Started, PipelineError> {
    let settings = StreamSettings::program(2, FrameDuration::Us2500, Bitrate(256_000), 0);
    let config = PublishConfig { input: InputSpec::Jack(jack), settings, rtp0: RtpTimestamp(77) };
    start_publisher(config, MonoClock::start(), None)
}

/// What a server's rate may be.
const RATES: [u32; 3] = [44_100, 48_000, 96_000];

#[tokio::test]
async fn ticks_follow_jacks_frame_time_without_a_hole_at_every_rate() {
    for rate in RATES {
        let _jackd = jackd::start(rate);
        let mut started = publish(JackSpec::default()).unwrap();
        assert_eq!(started.publisher.format().rate, SampleRate(rate));
        let mut due = None;
        for _ in 0..400 {
            let packet = timeout(PATIENCE, started.packets.recv()).await.unwrap().unwrap();
            assert_eq!(packet.ticks.0 % 120, 0);
            assert!(due.is_none_or(|due| packet.ticks >= due), "ticks never go back");
            assert_eq!(packet.rtp, RtpTimestamp(77).wrapping_add(packet.ticks));
            due = Some(packet.ticks + Ticks(120));
        }
        let Some(PublisherEvent::Epoch(epoch)) = started.events.try_recv() else { panic!("no epoch was begun") };
        assert_eq!((epoch.from, epoch.rate), (Ticks(0), SampleRate(rate)));
        let stats = started.publisher.stats();
        assert_eq!((stats.overflowed.0, stats.refused), (0, 0));
    }
}

#[test]
fn an_absent_client_is_named_with_those_that_are_there_and_how_to_choose_one() {
    let _jackd = jackd::start(48_000);
    let error = publish(jack("nobody")).err().unwrap().to_string();
    let sentence = "JACK has no ports of \"nobody\" to connect to: start it, or name another after `jack:` (system)";
    assert_eq!(error, sentence);
}

#[test]
fn the_server_is_listed_with_its_channels() {
    let _jackd = jackd::start(48_000);
    let system = list_devices().into_iter().find(|info| info.host == "JACK" && info.name == "system").unwrap();
    assert_eq!((system.inputs, system.outputs, system.rates), (2, 2, vec![48_000]));
    assert!(!system.default_input && !system.default_output, "`device` never means JACK");
}

#[tokio::test]
async fn a_click_passes_from_port_to_port_on_its_own_side_at_every_rate() {
    for rate in RATES {
        let _jackd = jackd::start(rate);
        echo(jack("clicker"), jack("clicker"), [true, false]).await;
    }
}

#[tokio::test]
async fn picked_channels_are_taken_and_played_in_the_order_of_the_pick() {
    let _jackd = jackd::start(48_000);
    let picked = |channels: &[u16]| JackSpec { channels: channels.to_vec(), ..jack("clicker") };
    echo(picked(&[2, 1]), jack("clicker"), [false, true]).await;
    echo(jack("clicker"), picked(&[2, 1]), [false, true]).await;
    echo(picked(&[1]), jack("clicker"), [true, true]).await;
    echo(jack("clicker"), picked(&[2]), [false, true]).await;
}

/// Until something holds, which it does in the end.
fn wait_for(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < PATIENCE, "never: {what}");
        std::thread::yield_now();
    }
}

#[test]
fn a_stream_that_comes_while_there_is_no_server_is_heard_when_another_one_runs_and_both_is_told() {
    let first = jackd::start(48_000);
    let output = OutputSpec::Jack(JackSpec::default());
    let clock = MonoClock::start();
    let mut player = start_player(PlayerConfig { output, profile: Profile::Lowest, positions: false }, clock).unwrap();
    let mut events = player.take_events().unwrap();
    let settings = StreamSettings::program(2, FrameDuration::Us2500, Bitrate(256_000), 0);
    let input = PublishConfig { input: InputSpec::Tone, settings, rtp0: RtpTimestamp(0) };
    let mut started = start_publisher(input, clock, None).unwrap();
    drop(first);
    wait_for("the server's end is noticed", || player.output_stats().device_lost);
    player.add(SourceId(1), StreamKind::Program, started.publisher.format()).unwrap();
    player.remove(SourceId(1));
    player.add(SourceId(2), StreamKind::Program, started.publisher.format()).unwrap();
    let _second = jackd::start(48_000);
    let mut seq = 0;
    wait_for("the stream is played", || {
        while let Some(packet) = started.packets.try_recv() {
            player.push(SourceId(2), clock.now(), Seq(seq), packet.rtp, packet.red, &packet.payload);
            seq = seq.wrapping_add(1);
        }
        player.stats(SourceId(2)).is_some_and(|stats| stats.jitter.real.0 > 4_800)
    });
    assert!(!player.output_stats().device_lost);
    let mut told = Vec::new();
    wait_for("its return is told", || {
        told.extend(std::iter::from_fn(|| events.try_recv()));
        told.last() == Some(&OutputEvent::DeviceBack)
    });
    assert_eq!(told[0], OutputEvent::DeviceLost(None));
}

/// A click on the clicker's left goes into our input ports, is encoded, handed to a player without a network between, and
/// comes out of our output ports on the sides named, and only there. How late is the bench's question, not this busy
/// machine's.
async fn echo(input: JackSpec, output: JackSpec, sides: [bool; 2]) {
    let (_clicker, clicks, echoes) = clicker();
    let clock = MonoClock::start();
    let mut started = publish(input).unwrap();
    let output = OutputSpec::Jack(output);
    let player = start_player(PlayerConfig { output, profile: Profile::Lowest, positions: false }, clock).unwrap();
    player.add(SourceId(1), StreamKind::Program, started.publisher.format()).unwrap();
    let begun = Instant::now();
    let (mut seq, mut delays, mut last_click, mut loudest) = (0u16, Vec::new(), None, [0f32; 2]);
    while delays.len() < 8 {
        assert!(begun.elapsed() < PATIENCE, "clicks do not come back: {:?}", player.stats(SourceId(1)));
        let packet = timeout(PATIENCE, started.packets.recv()).await.unwrap().unwrap();
        player.push(SourceId(1), clock.now(), Seq(seq), packet.rtp, packet.red, &packet.payload);
        seq = seq.wrapping_add(1);
        last_click = clicks.try_iter().last().or(last_click);
        for (time, heard) in echoes.try_iter() {
            loudest = [0, 1].map(|side| loudest[side].max(heard[side].abs()));
            delays.extend(last_click.take().map(|click: u32| time.wrapping_sub(click)));
        }
    }
    assert_eq!(loudest.map(|level| level > 0.1), sides, "{loudest:?}");
    println!("port to port, in samples: {delays:?}\n{:?}\n{:?}", player.output_stats(), player.stats(SourceId(1)));
}

/// A JACK client that clicks on its left output every quarter of a second, and hears with two inputs.
struct Clicker {
    gate: Arc<CallbackGate>,
    outs: [Port<AudioOut>; 2],
    ears: [Port<AudioIn>; 2],
    said: SyncSender<u32>,
    heard: SyncSender<Heard>,
}

/// Frame time and both sides.
type Heard = (u32, [f32; 2]);

const CLICK_EVERY: u32 = 187 * 64;

impl ProcessHandler for Clicker {
    fn process(&mut self, _: &Client, scope: &ProcessScope) -> Control {
        let gate = Arc::clone(&self.gate);
        gate.pass_rt(|| self.cycle(scope));
        Control::Continue
    }
}

impl Clicker {
    fn cycle(&mut self, scope: &ProcessScope) {
        let (time, frames) = (scope.last_frame_time(), scope.n_frames());
        let since = time % CLICK_EVERY;
        if since < frames {
            let _ = self.said.try_send(time);
        }
        // Some periods long, so that the codec keeps it.
        let level = if since < 8 * frames { 0.5 } else { 0.0 };
        let tone = |i: usize| level * (0.4 * (since as usize + i) as f32).sin();
        let [left, right] = &mut self.outs;
        left.as_mut_slice(scope).iter_mut().enumerate().for_each(|(i, sample)| *sample = tone(i));
        right.as_mut_slice(scope).fill(0.0);
        let [left, right] = &self.ears;
        let pairs = left.as_slice(scope).iter().zip(right.as_slice(scope));
        for (i, (left, right)) in pairs.enumerate().filter(|(_, (left, right))| left.abs().max(right.abs()) > 0.1) {
            let _ = self.heard.try_send((time.wrapping_add(i as u32), [*left, *right]));
        }
    }
}

/// A running [`Clicker`].
struct Clicking {
    gate: Arc<CallbackGate>,
    _client: AsyncClient<(), Clicker>,
}

impl Drop for Clicking {
    fn drop(&mut self) {
        self.gate.close();
    }
}

/// Starts the client: itself, when it clicked, and what it heard when.
fn clicker() -> (Clicking, Receiver<u32>, Receiver<Heard>) {
    let (client, _) = Client::new("clicker", ClientOptions::NO_START_SERVER).unwrap();
    let outs = ["click_1", "click_2"].map(|name| client.register_port(name, AudioOut::default()).unwrap());
    let ears = ["ear_1", "ear_2"].map(|name| client.register_port(name, AudioIn::default()).unwrap());
    let ((said, clicks), (heard, echoes)) = (sync_channel(64), sync_channel(100_000));
    let gate = Arc::new(CallbackGate::default());
    let clicker = Clicker { gate: Arc::clone(&gate), outs, ears, said, heard };
    let client = client.activate_async((), clicker).unwrap();
    (Clicking { gate, _client: client }, clicks, echoes)
}

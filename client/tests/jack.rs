//! The real callbacks, through a real JACK server with its dummy backend at 64 samples.
//!
//! jackd must be installed (`cargo xtask test` sees to it); without it these tests fail rather than pass unseen.
#![cfg(target_os = "linux")]

mod jackd;

use client::device::list_devices;
use client::pipeline::playout::{PlayerConfig, SourceId, start_player};
use client::pipeline::publish::{PublishConfig, Started, start_publisher};
use client::pipeline::{MonoClock, PipelineError, PublisherEvent};
use client::spec::{InputSpec, JackSpec, OutputSpec};
use codec::jitter::Profile;
use codec::opus::FrameDuration;
use codec::publish::StreamSettings;
use jack::{AsyncClient, AudioIn, AudioOut, Client, ClientOptions, Control, Port, ProcessHandler, ProcessScope};
use jackd::PATIENCE;
use protocol::stream::StreamKind;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Instant;
use tokio::time::timeout;
use units::{Bitrate, RtpTimestamp, Seq, Ticks};

fn jack(name: &str) -> JackSpec {
    JackSpec { name: Some(name.into()), channels: Vec::new() }
}

fn publish(jack: JackSpec) -> Result<Started, PipelineError> {
    let settings = StreamSettings::program(2, FrameDuration::Us2500, Bitrate(256_000), 0);
    let config = PublishConfig { input: InputSpec::Jack(jack), settings, rtp0: RtpTimestamp(77) };
    start_publisher(config, MonoClock::start(), None)
}

#[tokio::test]
async fn ticks_follow_jacks_frame_time_without_a_hole() {
    let _jackd = jackd::start();
    let mut started = publish(JackSpec::default()).unwrap();
    let mut due = None;
    for _ in 0..400 {
        let packet = timeout(PATIENCE, started.packets.recv()).await.unwrap().unwrap();
        assert_eq!(packet.ticks.0 % 120, 0);
        assert!(due.is_none_or(|due| packet.ticks >= due), "ticks never go back");
        assert_eq!(packet.rtp, RtpTimestamp(77).wrapping_add(packet.ticks));
        due = Some(packet.ticks + Ticks(120));
    }
    assert!(matches!(started.events.try_recv(), Some(PublisherEvent::Epoch(start)) if start.from == Ticks(0)));
    let stats = started.publisher.stats();
    assert_eq!((stats.overflowed.0, stats.refused), (0, 0));
}

#[test]
fn an_absent_client_is_named_with_those_that_are_there() {
    let _jackd = jackd::start();
    let error = publish(jack("nobody")).err().unwrap().to_string();
    assert!(error.contains("\"nobody\"") && error.contains("system"), "{error}");
}

#[test]
fn the_server_is_listed_with_its_channels() {
    let _jackd = jackd::start();
    let system = list_devices().into_iter().find(|info| info.host == "JACK" && info.name == "system").unwrap();
    assert_eq!((system.inputs, system.outputs, system.rates), (2, 2, vec![48_000]));
}

/// A click goes into our input ports, is encoded, handed to a player without a network between, and comes out of our
/// output ports: on the left, and only there. How late is the bench's question, not this busy machine's.
#[tokio::test]
async fn a_click_passes_from_port_to_port_on_its_own_side() {
    let _jackd = jackd::start();
    let (_clicker, clicks, echoes) = clicker();
    let clock = MonoClock::start();
    let mut started = publish(jack("clicker")).unwrap();
    let output = OutputSpec::Jack(jack("clicker"));
    let player = start_player(PlayerConfig { output, profile: Profile::Lowest, positions: false }, clock).unwrap();
    player.add(SourceId(1), StreamKind::Program, started.publisher.format()).unwrap();
    let begun = Instant::now();
    let (mut seq, mut delays, mut last_click) = (0u16, Vec::new(), None);
    while delays.len() < 8 {
        assert!(begun.elapsed() < PATIENCE, "clicks do not come back: {:?}", player.stats(SourceId(1)));
        let packet = timeout(PATIENCE, started.packets.recv()).await.unwrap().unwrap();
        player.push(SourceId(1), clock.now(), Seq(seq), packet.rtp, packet.red, &packet.payload);
        seq = seq.wrapping_add(1);
        last_click = clicks.try_iter().last().or(last_click);
        for (time, [left, right]) in echoes.try_iter() {
            assert!(right.abs() < 0.1, "the right side hears {right} beside {left}");
            delays.extend(last_click.take().map(|click: u32| time.wrapping_sub(click)));
        }
    }
    println!("port to port, in samples: {delays:?}\n{:?}\n{:?}", player.output_stats(), player.stats(SourceId(1)));
}

/// A JACK client that clicks on its left output every quarter of a second, and hears with two inputs.
struct Clicker {
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
        Control::Continue
    }
}

/// Starts the client: itself, when it clicked, and what it heard when.
fn clicker() -> (AsyncClient<(), Clicker>, Receiver<u32>, Receiver<Heard>) {
    let (client, _) = Client::new("clicker", ClientOptions::NO_START_SERVER).unwrap();
    let outs = ["click_1", "click_2"].map(|name| client.register_port(name, AudioOut::default()).unwrap());
    let ears = ["ear_1", "ear_2"].map(|name| client.register_port(name, AudioIn::default()).unwrap());
    let ((said, clicks), (heard, echoes)) = (sync_channel(64), sync_channel(100_000));
    let running = client.activate_async((), Clicker { outs, ears, said, heard }).unwrap();
    (running, clicks, echoes)
}

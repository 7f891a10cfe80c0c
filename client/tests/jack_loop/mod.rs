//! What is captured from JACK, published and played into JACK, in one process: both real callbacks at work.

use client::pipeline::MonoClock;
use client::pipeline::playout::{PlayerConfig, SourceId, start_player};
use client::pipeline::publish::{PublishConfig, start_publisher};
use client::spec::{InputSpec, JackSpec, OutputSpec};
use codec::jitter::Profile;
use codec::opus::FrameDuration;
use codec::publish::StreamSettings;
use protocol::stream::StreamKind;
use units::{Bitrate, RtpTimestamp, SampleCount, Seq};

/// Starts both at the default server. What is returned carries so many packets of 2.5 ms from the publisher to the player,
/// blocking, and tells how many samples the player has rendered by then; both end with it.
pub(crate) fn start() -> impl FnMut(u16) -> SampleCount {
    let clock = MonoClock::start();
    let settings = StreamSettings::program(2, FrameDuration::Us2500, Bitrate(256_000), 1);
    let input = InputSpec::Jack(JackSpec::default());
    let mut started = start_publisher(PublishConfig { input, settings, rtp0: RtpTimestamp(0) }, clock, None).unwrap();
    let output = OutputSpec::Jack(JackSpec::default());
    let player = start_player(PlayerConfig { output, profile: Profile::Lowest, positions: false }, clock).unwrap();
    player.add(SourceId(1), StreamKind::Program, started.publisher.format()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    move |packets| {
        // Whole, so that the publisher lives as long as its packets.
        let started = &mut started;
        for seq in 0..packets {
            let packet = runtime.block_on(started.packets.recv()).unwrap();
            player.push(SourceId(1), clock.now(), Seq(seq), packet.rtp, packet.red, &packet.payload);
        }
        player.output_stats().rendered
    }
}

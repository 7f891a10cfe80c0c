//! Streams: their clock maps, and the grant to publish them.

use super::scene::*;
use protocol::command::Command;
use protocol::grants::Role;
use protocol::session::limits::{MAX_DELAY_TICKS, MAX_POSITION};
use protocol::stream::EpochMap;
use protocol::wire::ErrorCode;
use units::{SampleTime, Ssrc, Ticks};

#[test]
fn a_clock_map_has_positions_that_are_some_and_its_source_never_goes_back() {
    let (first, good) = (EpochMap { from: Ticks(240), ..map(1) }, EpochMap { from: Ticks(480), ..map(1) });
    let answer = |map: EpochMap| {
        let mut scene = rolling_scene();
        scene.ask(ME, &Command::StreamEpoch { stream: MY_MIC, map: first.clone() }).unwrap();
        scene.ask(ME, &Command::StreamEpoch { stream: MY_MIC, map: EpochMap { epoch: 2, ..map } }).map(drop)
    };
    let most = Ticks(MAX_DELAY_TICKS);
    let far = EpochMap { sample0: SampleTime(MAX_POSITION), from: Ticks(MAX_POSITION), ..good.clone() };
    let again = EpochMap { ssrc: Ssrc(8), from: Ticks(0), ..good.clone() };
    for map in [good.clone(), far, again, EpochMap { codec_delay: most, resampler_delay: most, ..good.clone() }] {
        assert_eq!(answer(map.clone()), Ok(()), "{map:?}");
    }
    let bad = [
        EpochMap { from: Ticks(-1), ssrc: Ssrc(8), ..good.clone() },
        EpochMap { from: Ticks(MAX_POSITION + 1), ..good.clone() },
        EpochMap { from: Ticks(239), ..good.clone() },
        EpochMap { sample0: SampleTime(-1), ..good.clone() },
        EpochMap { sample0: SampleTime(i64::MAX), ..good.clone() },
        EpochMap { codec_delay: Ticks(-1), ..good.clone() },
        EpochMap { resampler_delay: Ticks(MAX_DELAY_TICKS + 1), ..good.clone() },
    ];
    for map in bad {
        assert_eq!(answer(map.clone()).unwrap_err().code(), ErrorCode::Invalid, "{map:?}");
    }
}

#[test]
fn a_clock_map_counts_up_to_the_highest_position_and_no_further() {
    let mut scene = Scene::of(Role::Owner, When::Plain, Live::None);
    for (from, fits) in [(MAX_POSITION + 1, false), (i64::MIN, false), (-MAX_POSITION - 1, false), (MAX_POSITION, true)]
    {
        let map = EpochMap { from: Ticks(from), ..map(1) };
        let asked = scene.ask(OTHER, &Command::StreamEpoch { stream: PROGRAM, map });
        assert_eq!(asked.is_ok(), fits, "{from}");
    }
}

#[test]
fn losing_the_grant_to_publish_closes_the_stream() {
    let mut scene = Scene::of(Role::Owner, When::Plain, Live::None);
    assert!(scene.state.streams[&PROGRAM].open);
    scene.ask(ME, &Command::ParticipantGrant { participant: OTHER, grants: Role::Listener.grants() }).unwrap();
    assert!(!scene.state.streams[&PROGRAM].open);
}

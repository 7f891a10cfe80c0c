//! What the page holds of this crate, its types and its reducer's golden trace, is what this crate says today.

use protocol::event::{Event, Recorded};
use protocol::grants::Role;
use protocol::ids::{ParticipantId, StreamId};
use protocol::session::{SessionState, apply};
use protocol::stream::{EpochMap, StreamFormat, StreamKind};
use serde_json::json;
use std::path::PathBuf;
use units::{RtpTimestamp, SampleRate, SampleTime, Ssrc, Ticks, WallTime};
use uuid::Uuid;

/// Compares a committed file of the page with what it should be. With `UPDATE_PAGE` set it writes it instead.
fn committed_is(name: &str, expected: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../client/web/src").join(name);
    if std::env::var_os("UPDATE_PAGE").is_some() {
        std::fs::write(&path, expected).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == expected, "{name} is stale: run `UPDATE_PAGE=1 cargo test -p protocol --test typescript`");
}

#[test]
fn the_pages_types_are_those_of_the_protocol() {
    committed_is("protocol.gen.ts", &protocol::typescript::declarations());
}

#[test]
fn the_pages_golden_trace_is_what_the_law_says() {
    let mut state = SessionState::default();
    let steps: Vec<_> = story()
        .into_iter()
        .zip(1..)
        .map(|(event, seq)| {
            let recorded = Recorded { seq, by: None, at: WallTime(1_800_000_000_000 + seq as i64), event };
            apply(&mut state, &recorded);
            json!({ "ev": recorded, "state": state })
        })
        .collect();
    committed_is("lib/reducer.golden.json", &(serde_json::to_string_pretty(&steps).unwrap() + "\n"));
}

/// Every kind of event, in an order that also visits what changes nothing: unknown people and streams.
fn story() -> Vec<Event> {
    let (nina, paul) = (ParticipantId(Uuid::from_u128(1)), ParticipantId(Uuid::from_u128(2)));
    let (program, talk) = (StreamId(Uuid::from_u128(16)), StreamId(Uuid::from_u128(17)));
    let join = |participant, name: &str, role: Role| Event::ParticipantJoin {
        participant,
        name: name.into(),
        role,
        grants: role.grants(),
    };
    let open = |stream, participant, kind, channels| Event::StreamOpen {
        stream,
        participant,
        kind,
        label: format!("{kind:?}"),
        format: StreamFormat { channels, frame_us: 5_000, bitrate: 256_000, redundancy: 1, rate: SampleRate(44_100) },
    };
    let epoch = |stream, epoch, from| Event::StreamEpoch { stream, map: map(epoch, from) };
    vec![
        Event::SessionOpen { title: "Blue hour".into() },
        join(nina, "Nina", Role::Engineer),
        join(paul, "Paul", Role::Mentor),
        open(program, nina, StreamKind::Program, 2),
        epoch(program, 0, 0),
        epoch(talk, 0, 0),
        open(talk, paul, StreamKind::Talkback, 1),
        epoch(program, 1, 96_000),
        Event::StreamClose { stream: program },
        open(program, nina, StreamKind::Program, 1),
        Event::StreamClose { stream: StreamId(Uuid::from_u128(99)) },
        Event::ParticipantLeave { participant: paul },
        Event::ParticipantLeave { participant: ParticipantId(Uuid::from_u128(99)) },
        join(paul, "Paul T.", Role::Producer),
    ]
}

fn map(epoch: u32, from: i64) -> EpochMap {
    EpochMap {
        epoch,
        ssrc: Ssrc(0x1234_5678),
        rtp0: RtpTimestamp(u32::MAX - 480_000),
        from: Ticks(from),
        sample0: SampleTime(from),
        rate: SampleRate(44_100),
        codec_delay: Ticks(120),
        resampler_delay: Ticks(17),
        trusted: true,
    }
}

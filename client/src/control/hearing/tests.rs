use super::*;
use protocol::chain::ChainHash;
use protocol::grants::Role;
use protocol::ids::{LogId, ParticipantId, SessionId};
use protocol::session::SessionState;
use protocol::stream::Stream;
use protocol::wire::{VERSION, Welcome};
use units::{RtpTimestamp, Seq};
use uuid::Uuid;

fn mirror(kind: StreamKind) -> Mirror {
    let (id, participant, format) = (StreamId(Uuid::from_u128(7)), ParticipantId(Uuid::from_u128(2)), usual_format());
    let stream = Stream { id, participant, kind, label: "x".into(), format, epochs: Vec::new(), open: true };
    let mut state = SessionState::default();
    state.streams.insert(id, stream);
    Mirror::new(&Welcome {
        v: VERSION,
        session: SessionId(Uuid::from_u128(1)),
        participant,
        role: Role::Engineer,
        grants: Role::Engineer.grants(),
        resume: String::new(),
        log: LogId(Uuid::from_u128(3)),
        seq: 1,
        hash: ChainHash([0; 32]),
        state: Some(Box::new(state)),
        more: false,
        ping_ms: 5_000,
    })
}

fn ear() -> Ear {
    let clock = MonoClock::start();
    let config = PlayerConfig { output: OutputSpec::Null, profile: jitter::Profile::Default, positions: true };
    Ear::new(start_player(config, clock).unwrap(), clock)
}

fn slot() -> Slot {
    let (source, ssrc, offset) = (Ssrc(1), Ssrc(2), RtpTimestamp(0));
    Slot { mid: "0".into(), stream: StreamId(Uuid::from_u128(7)), source, ssrc, offset }
}

/// A packet of the slot's source: a silent stereo frame of 2.5 ms.
fn packet() -> Received {
    let (seq, rtp, payload) = (Seq(1), RtpTimestamp(120), bytes::Bytes::from_static(&[0xe4, 0xff, 0xfe]));
    Received { ssrc: Ssrc(2), seq, rtp, red: false, payload, arrived: std::time::Instant::now() }
}

#[test]
fn packets_are_taken_while_a_source_is_made_and_play_when_it_is() {
    let (ear, mirror) = (ear(), mirror(StreamKind::Program));
    let made = ear.handle_slots_with(1, &[slot()], &mirror, |maker, id, kind, format| {
        assert!(ear.inner.try_lock().is_ok(), "the network thread waits for this");
        ear.handle_packet(1, packet());
        maker.make(id, kind, format)
    });
    made.unwrap();
    let mut inner = ear.lock();
    assert_eq!((inner.sources.len(), inner.router.dropped()), (1, 0));
    assert!(inner.router.poll_released().is_none(), "what came meanwhile was handed on");
    drop(inner);
    ear.finish().unwrap();
}

#[test]
fn slots_of_a_peer_that_was_given_up_change_nothing() {
    let (ear, mirror) = (ear(), mirror(StreamKind::Program));
    ear.handle_slots(2, &[slot()], &mirror).unwrap();
    ear.handle_slots(1, &[], &mirror).unwrap();
    assert_eq!(ear.lock().sources.len(), 1);
    ear.finish().unwrap();
}

#[test]
fn whoever_hears_what_is_judged_pins_notes_to_that_alone_and_whoever_hears_only_talk_to_nothing_of_it() {
    let ear = ear();
    let anchor = |ear: &Ear, kind| ear.anchor_at(MonoTime(5), &mirror(kind));
    assert_eq!(anchor(&ear, StreamKind::Program), None, "nothing comes here at all");
    ear.handle_slots(1, &[slot()], &mirror(StreamKind::Program)).unwrap();
    assert_eq!(anchor(&ear, StreamKind::Program), Some(Err(Unheard::Silence)));
    assert_eq!(anchor(&ear, StreamKind::Mic), Some(Err(Unheard::Silence)));
    assert_eq!(anchor(&ear, StreamKind::Talkback), None);
    ear.finish().unwrap();
}

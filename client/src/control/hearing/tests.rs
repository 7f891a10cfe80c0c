use super::*;
use protocol::chain::ChainHash;
use protocol::grants::Role;
use protocol::ids::{LogId, ParticipantId, SessionId};
use protocol::session::SessionState;
use protocol::wire::{VERSION, Welcome};
use units::RtpTimestamp;
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

#[test]
fn whoever_hears_what_is_judged_pins_notes_to_that_alone_and_whoever_hears_only_talk_to_nothing_of_it() {
    let (source, ssrc, offset) = (Ssrc(1), Ssrc(2), RtpTimestamp(0));
    let slot = Slot { mid: "0".into(), stream: StreamId(Uuid::from_u128(7)), source, ssrc, offset };
    let ear = ear();
    let anchor = |ear: &Ear, kind| ear.anchor_at(MonoTime(5), &mirror(kind));
    assert_eq!(anchor(&ear, StreamKind::Program), None, "nothing comes here at all");
    ear.handle_slots(1, &[slot], &mirror(StreamKind::Program)).unwrap();
    assert_eq!(anchor(&ear, StreamKind::Program), Some(Err(Unheard::Silence)));
    assert_eq!(anchor(&ear, StreamKind::Mic), Some(Err(Unheard::Silence)));
    assert_eq!(anchor(&ear, StreamKind::Talkback), None);
    ear.finish().unwrap();
}

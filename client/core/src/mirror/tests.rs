use super::*;
use crate::route::Router;
use proptest::prelude::*;
use protocol::command::Command;
use protocol::event::Recorded;
use protocol::grants::Role;
use protocol::session::{Actor, decide};
use protocol::stream::{EpochMap, StreamFormat, StreamKind};
use protocol::wire::{ClientKind, PeerNews, Slot, VERSION};
use units::{RtpTimestamp, SampleRate, SampleTime, Ssrc, Ticks, WallTime};

fn id<T: std::str::FromStr>(n: u32) -> T
where
    T::Err: std::fmt::Debug,
{
    format!("018f4d3e-0000-7000-8000-{n:012}").parse().unwrap()
}

fn welcome(seq: u64, state: SessionState) -> Welcome {
    Welcome {
        more: false,
        v: VERSION,
        session: id(1),
        participant: id(2),
        role: Role::Owner,
        grants: Role::Owner.grants(),
        resume: String::new(),
        log: id(3),
        seq,
        hash: hash(seq),
        state: Some(Box::new(state)),
        ping_ms: 5_000,
    }
}

/// A stand-in for the chain's hash after event `seq`.
fn hash(seq: u64) -> ChainHash {
    ChainHash([seq as u8; 32])
}

fn recorded(seq: u64, event: Event) -> RelayFrame {
    let recorded = Recorded { seq, id: None, by: None, at: WallTime(0), event };
    RelayFrame::Ev(Box::new(Chained { prev: hash(seq - 1), hash: hash(seq), recorded }))
}

fn join(n: u32) -> Event {
    let (role, grants) = (Role::Owner, Role::Owner.grants());
    Event::ParticipantJoin { participant: id(n), name: format!("p{n}"), role, grants, invite: None }
}

fn command() -> impl Strategy<Value = (u32, Command)> {
    let format =
        StreamFormat { channels: 2, frame_us: 5_000, bitrate: 256_000, redundancy: 1, rate: SampleRate(48_000) };
    let map = |epoch| EpochMap {
        epoch,
        ssrc: Ssrc(7),
        rtp0: RtpTimestamp(5),
        from: Ticks(0),
        sample0: SampleTime(0),
        rate: SampleRate(48_000),
        codec_delay: Ticks(120),
        resampler_delay: Ticks(0),
        trusted: true,
    };
    (10u32..13, 20u32..24, 0u32..3, 0u32..3).prop_map(move |(who, stream, what, epoch)| {
        let stream = id(stream);
        let (kind, label, format) = (StreamKind::Mic, "voice".to_owned(), format.clone());
        let command = match what {
            0 => Command::StreamOpen { stream, kind, label, format },
            1 => Command::StreamEpoch { stream, map: map(epoch) },
            _ => Command::StreamClose { stream },
        };
        (who, command)
    })
}

proptest! {
    #[test]
    fn whoever_folds_the_same_events_holds_the_same_state(
        commands in prop::collection::vec(command(), 0..60), late in 0usize..60,
    ) {
        let (mut state, mut seq) = (SessionState::default(), 0);
        let mut early = Mirror::new(&welcome(0, state.clone()));
        let mut comer: Option<Mirror> = None;
        let mut record = |state: &mut SessionState, event: Event, comer: &mut Option<Mirror>| {
            seq += 1;
            let frame = recorded(seq, event);
            let RelayFrame::Ev(told) = &frame else { unreachable!("it was made as one") };
            session::apply(state, &told.recorded);
            for mirror in [Some(&mut early), comer.as_mut()].into_iter().flatten() {
                mirror.handle_frame(&frame).unwrap();
            }
            seq
        };
        for n in 10..13 {
            record(&mut state, join(n), &mut comer);
        }
        let mut last = 3;
        for (n, (who, command)) in commands.into_iter().enumerate() {
            if n == late {
                comer = Some(Mirror::new(&welcome(last, state.clone())));
            }
            let actor = Actor { participant: id(who), grants: &Role::Owner.grants() };
            for event in decide(&state, &actor, &command).unwrap_or_default() {
                last = record(&mut state, event, &mut comer);
            }
        }
        prop_assert_eq!(&early.state, &state);
        if let Some(comer) = comer {
            prop_assert_eq!(&comer.state, &state);
        }
    }

    #[test]
    fn no_frame_makes_the_mirror_panic_however_it_is_bent(
        which in 0usize..8, bends in prop::collection::vec((any::<usize>(), any::<u8>()), 0..6),
    ) {
        let mut text = serde_json::to_vec(&frames()[which]).unwrap();
        for (at, byte) in bends {
            let at = at % text.len();
            text[at] = byte;
        }
        let mut mirror = Mirror::new(&welcome(0, SessionState::default()));
        mirror.handle_frame(&recorded(1, join(10))).unwrap();
        if let Ok(frame) = serde_json::from_slice::<RelayFrame>(&text) {
            let _ = mirror.handle_frame(&frame);
            if let RelayFrame::Sdp(PeerNews::Slots { slots, .. }) = frame {
                let _ = Router::<()>::default().handle_slots(&slots);
            }
        }
    }
}

/// One frame of each kind that changes something.
fn frames() -> Vec<RelayFrame> {
    let (stream, participant, label) = (id(20), id(10), "mix".to_owned());
    let format = StreamFormat { channels: 2, frame_us: 5_000, bitrate: 1, redundancy: 0, rate: SampleRate(48_000) };
    let slot = Slot { mid: "1".into(), stream, source: Ssrc(1), ssrc: Ssrc(2), offset: RtpTimestamp(3) };
    let levels = Ephemeral::Levels { stream, peak_dbfs: vec![-3.0], rms_dbfs: vec![-12.5] };
    let clock = Ephemeral::Clock { stream, epoch: 0, ticks: Ticks(1), at_us: 2, error_us: 3, encoded_us: None };
    let present = Presence { participant, client: ClientKind::Page, hears: vec![stream], talking: true, media: true };
    vec![
        recorded(2, join(11)),
        recorded(2, Event::StreamOpen { stream, participant, kind: StreamKind::Program, label, format }),
        recorded(2, Event::StreamClose { stream }),
        RelayFrame::Eph { from: participant, eph: levels },
        RelayFrame::Eph { from: participant, eph: clock },
        RelayFrame::Pres { people: vec![present] },
        RelayFrame::Sdp(PeerNews::Slots { peer: 1, slots: vec![slot], missing: vec![stream] }),
        RelayFrame::Pong { n: 1, at_us: 5 },
    ]
}

#[test]
fn an_event_out_of_order_is_refused_and_one_that_is_known_is_ignored() {
    let mut mirror = Mirror::new(&welcome(4, SessionState::default()));
    assert_eq!(mirror.handle_frame(&recorded(6, join(1))), Err(EventGap { expected: 5, got: 6 }));
    assert_eq!(mirror.handle_frame(&recorded(4, join(1))), Ok(vec![]));
    assert!(mirror.state.participants.is_empty());
    assert_eq!(mirror.handle_frame(&recorded(5, join(1))), Ok(vec![Change::Came(id(1))]));
}

#[test]
fn an_event_of_another_chain_is_refused_although_its_number_fits() {
    let mut mirror = Mirror::new(&welcome(4, SessionState::default()));
    let RelayFrame::Ev(mut forked) = recorded(5, join(1)) else { unreachable!("it was made as one") };
    forked.prev = hash(9);
    assert_eq!(mirror.handle_frame(&RelayFrame::Ev(forked)), Err(EventGap { expected: 5, got: 5 }));
    assert!(mirror.state.participants.is_empty());
}

#[test]
fn who_comes_back_keeps_what_holds_and_takes_what_does_not() {
    let mut mirror = Mirror::new(&welcome(0, SessionState::default()));
    mirror.handle_frame(&recorded(1, join(10))).unwrap();
    let back = Welcome { state: None, ..welcome(1, SessionState::default()) };
    mirror.handle_welcome(&back);
    assert_eq!(mirror.state.participants.len(), 1);
    assert_eq!(mirror.handle_frame(&recorded(2, join(11))), Ok(vec![Change::Came(id(11))]));
    mirror.handle_welcome(&welcome(7, SessionState::default()));
    assert_eq!((mirror.seq, mirror.state.participants.len()), (7, 0));
    assert_eq!(mirror.place(), Place { log: id(3), seq: 7, hash: hash(7) });
}

#[test]
fn only_a_streams_publisher_is_believed_about_it() {
    let mut mirror = Mirror::new(&welcome(0, SessionState::default()));
    let format = StreamFormat { channels: 2, frame_us: 5_000, bitrate: 1, redundancy: 0, rate: SampleRate(48_000) };
    let (stream, participant, label) = (id(20), id(10), String::new());
    let open = Event::StreamOpen { stream, participant, kind: StreamKind::Program, label, format };
    mirror.handle_frame(&recorded(1, open)).unwrap();
    let eph = Ephemeral::Clock { stream, epoch: 0, ticks: Ticks(0), at_us: 5, error_us: 1, encoded_us: None };
    mirror.handle_frame(&RelayFrame::Eph { from: id(11), eph: eph.clone() }).unwrap();
    assert!(mirror.clocks.is_empty());
    mirror.handle_frame(&RelayFrame::Eph { from: participant, eph }).unwrap();
    assert_eq!(mirror.clocks[&stream].at.at_us, 5);
}

#[test]
fn presence_names_who_changed_and_who_is_gone() {
    let mut mirror = Mirror::new(&welcome(0, SessionState::default()));
    let person =
        |n, talking| Presence { participant: id(n), client: ClientKind::Page, hears: vec![], talking, media: true };
    let here = RelayFrame::Pres { people: vec![person(1, false), person(2, false)] };
    assert_eq!(mirror.handle_frame(&here).unwrap().len(), 2);
    assert_eq!(mirror.handle_frame(&here).unwrap(), []);
    let then = RelayFrame::Pres { people: vec![person(1, true)] };
    assert_eq!(mirror.handle_frame(&then).unwrap(), [Change::Presence(id(1)), Change::Presence(id(2))]);
}

#[test]
fn what_is_saved_is_awaited_over_a_lost_link_and_not_after_a_backup_was_restored() {
    let mut mirror = Mirror::new(&welcome(4, SessionState::default()));
    mirror.handle_saved(4);
    assert!(mirror.has_saved());
    mirror.handle_saved(6);
    mirror.handle_saved(5);
    mirror.handle_welcome(&Welcome { state: None, ..welcome(4, SessionState::default()) });
    mirror.handle_frame(&recorded(5, join(10))).unwrap();
    assert!(!mirror.has_saved(), "event 6 is still to come");
    mirror.handle_frame(&recorded(6, join(11))).unwrap();
    assert!(mirror.has_saved());
    mirror.handle_saved(9);
    mirror.handle_welcome(&welcome(3, SessionState::default()));
    assert!(mirror.has_saved(), "the log is shorter than it was");
}

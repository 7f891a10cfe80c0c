use super::*;
use protocol::event::{Event, Recorded};
use protocol::grants::Role;
use protocol::ids::{ParticipantId, StreamId};
use protocol::session::note::NewNote;
use protocol::session::take::{Phase, Verdict};
use protocol::session::{Actor, apply, decide};
use protocol::stream::{EpochMap, StreamFormat, StreamKind};
use units::{RtpTimestamp, SampleRate, Ssrc, Ticks, WallTime};

const OWNER: ParticipantId = ParticipantId(Uuid::from_u128(1));
const MIX: StreamId = StreamId(Uuid::from_u128(2));
const FRESH: Uuid = Uuid::from_u128(99);

/// A session that is led by commands, as its owner gives them.
struct Scene(SessionState, u64);

impl Scene {
    fn new() -> Scene {
        let mut scene = Scene(SessionState::default(), 0);
        let (role, grants) = (Role::Owner, Role::Owner.grants());
        scene.record(Event::ParticipantJoin { participant: OWNER, name: "Ida".into(), role, grants, invite: None });
        scene
    }

    fn record(&mut self, event: Event) {
        self.1 += 1;
        apply(&mut self.0, &Recorded { seq: self.1, id: None, by: Some(OWNER), at: WallTime(5), event });
    }

    fn does(mut self, line: Value) -> Scene {
        let command = request(line).complete(&self.0, None, FRESH).unwrap();
        let actor = Actor { participant: OWNER, grants: &Role::Owner.grants() };
        for event in decide(&self.0, &actor, &command).unwrap() {
            self.record(event);
        }
        self
    }

    /// A take that is rolling, with one part at 44.1 kHz.
    fn rolling() -> Scene {
        let format =
            StreamFormat { channels: 2, frame_us: 5_000, bitrate: 256_000, redundancy: 1, rate: SampleRate(44_100) };
        let map = EpochMap {
            epoch: 0,
            ssrc: Ssrc(7),
            rtp0: RtpTimestamp(5),
            from: Ticks(0),
            sample0: SampleTime(0),
            rate: SampleRate(44_100),
            codec_delay: Ticks(120),
            resampler_delay: Ticks(0),
            trusted: true,
        };
        let part = json!({"cmd": "part.rolling", "take": 1, "part": Uuid::from_u128(3), "stream": MIX, "epoch": 0,
            "from": 0, "rate": 44_100, "channels": 2});
        Scene::new()
            .does(json!({"cmd": "stream.open", "stream": MIX, "kind": StreamKind::Program, "label": "mix", "format": format}))
            .does(json!({"cmd": "stream.epoch", "stream": MIX, "map": map}))
            .does(json!({"cmd": "take.roll", "slate": "verse"}))
            .does(part)
    }
}

fn request(line: Value) -> Request {
    let Value::Object(mut fields) = line else { panic!("a request is an object") };
    let Some(Value::String(cmd)) = fields.remove("cmd") else { panic!("a request names its command") };
    Request { cmd, fields }
}

fn complete(scene: &Scene, line: Value) -> Result<Command, RequestError> {
    request(line).complete(&scene.0, None, FRESH)
}

fn note(command: Command) -> NewNote {
    let Command::NoteAdd(note) = command else { panic!("{command:?} is no note") };
    note
}

#[test]
fn a_note_without_a_place_is_pinned_to_what_was_heard() {
    let line = json!({"cmd": "note.add", "text": "flat", "reaction_ms": 250});
    assert!(request(line.clone()).wants_heard());
    let note = note(request(line).complete(&Scene::new().0, Some(pin()), FRESH).unwrap());
    assert_eq!(note.on, Anchor::Live { stream: MIX, epoch: 3, at: Ticks(4_800), to: None });
    assert_eq!((note.note, note.uncertainty_ms, note.concealed, note.reaction_ms), (NoteId(FRESH), 2, true, 250));
}

fn pin() -> Pin {
    let heard = HeardAnchor { stream: MIX, epoch: 3, at: Ticks(4_800), uncertainty_ms: 2, concealed: true };
    Pin { heard, reaction_ms: 500 }
}

#[test]
fn a_note_on_what_was_heard_that_does_not_say_its_reaction_offset_takes_its_authors_usual_one() {
    let pinned = |line: Value| note(request(line).complete(&Scene::rolling().0, Some(pin()), FRESH).unwrap());
    assert_eq!(pinned(json!({"cmd": "note.add", "text": "flat"})).reaction_ms, 500);
    assert_eq!(pinned(json!({"cmd": "note.add", "text": "flat", "reaction_ms": 0})).reaction_ms, 0);
    assert_eq!(pinned(json!({"cmd": "note.add", "text": "flat", "take": 1, "at": 1})).reaction_ms, 0);
    let on = json!({"kind": "live", "stream": MIX, "epoch": 0, "at": 5});
    assert_eq!(pinned(json!({"cmd": "note.add", "text": "flat", "on": on})).reaction_ms, 0);
}

#[test]
fn seconds_into_a_take_are_samples_of_its_first_part() {
    let scene = Scene::rolling();
    let line = json!({"cmd": "note.add", "take": 1, "at": 1.5, "to": 2, "text": "late"});
    assert!(!request(line.clone()).wants_heard());
    let (take, part) = (TakeNumber(1), Some(protocol::ids::PartId(Uuid::from_u128(3))));
    let wanted = Anchor::Take { take, part, at: Some(SampleTime(66_150)), to: Some(SampleTime(88_200)) };
    assert_eq!(note(complete(&scene, line).unwrap()).on, wanted);
    let whole = note(complete(&scene, json!({"cmd": "note.add", "take": 1, "text": "x"})).unwrap());
    assert_eq!(whole.on, Anchor::Take { take, part: None, at: None, to: None });
}

#[test]
fn a_place_that_does_not_exist_is_refused_in_words() {
    let armed = Scene::new().does(json!({"cmd": "take.arm"}));
    let at = |at: Value, take: u32| complete(&armed, json!({"cmd": "note.add", "take": take, "at": at, "text": "x"}));
    assert_eq!(at(json!(1), 1), Err(RequestError::NoPart(TakeNumber(1))));
    assert_eq!(at(json!(1), 2), Err(RequestError::NoSuchTake(2)));
    for bad in [json!(-0.1), json!("1:30"), json!(1e9)] {
        assert_eq!(at(bad, 1), Err(RequestError::NoPosition));
    }
}

#[test]
fn a_verdict_says_what_its_author_sees_and_means_the_newest_take() {
    let scene = Scene::rolling();
    let verdict = complete(&scene, json!({"cmd": "take.verdict", "verdict": "approved", "reason": "the one"})).unwrap();
    let belief = Some(Belief { phase: Some(Phase::Rolling), verdict: Some(Verdict::None), status: None });
    let (take, reason) = (TakeNumber(1), "the one".to_owned());
    assert_eq!(verdict, Command::TakeVerdict { take, verdict: Verdict::Approved, reason, belief });
    let stop = complete(&scene, json!({"cmd": "take.stop"})).unwrap();
    let belief = Some(Belief { phase: Some(Phase::Rolling), ..Belief::default() });
    assert_eq!(stop, Command::TakeStop { take: Some(take), belief });
    assert_eq!(complete(&Scene::new(), json!({"cmd": "take.circle"})), Err(RequestError::NoTake));
}

#[test]
fn a_belief_that_is_given_is_left_alone() {
    let line = json!({"cmd": "take.stop", "if": {"phase": "armed"}});
    let belief = Some(Belief { phase: Some(Phase::Armed), ..Belief::default() });
    assert_eq!(complete(&Scene::rolling(), line), Ok(Command::TakeStop { take: Some(TakeNumber(1)), belief }));
}

#[test]
fn a_stop_means_the_take_that_its_author_saw_and_none_that_rolls_after_it() {
    let stop = |scene: &Scene| complete(scene, json!({"cmd": "take.stop"})).unwrap();
    let actor = Actor { participant: OWNER, grants: &Role::Owner.grants() };
    let seen = stop(&Scene::rolling());
    let next = Scene::rolling().does(json!({"cmd": "take.stop"})).does(json!({"cmd": "take.roll"}));
    assert!(decide(&next.0, &actor, &seen).is_err(), "take 1 was stopped and take 2 rolls");
    let nothing_rolls = stop(&Scene::rolling().does(json!({"cmd": "take.stop"})));
    assert!(decide(&next.0, &actor, &nothing_rolls).is_err(), "take 2 was not seen");
    assert!(decide(&next.0, &actor, &stop(&next)).is_ok());
}

#[test]
fn a_roll_means_the_take_that_is_armed_and_where_none_is_the_next_one() {
    let armed = Scene::new().does(json!({"cmd": "take.arm"}));
    let belief = Some(Belief { phase: Some(Phase::Armed), ..Belief::default() });
    let roll = |scene: &Scene| complete(scene, json!({"cmd": "take.roll"})).unwrap();
    assert_eq!(roll(&armed), Command::TakeRoll { take: Some(TakeNumber(1)), slate: None, belief });
    assert_eq!(roll(&Scene::new()), Command::TakeRoll { take: None, slate: None, belief: None });
}

#[test]
fn what_is_no_command_is_refused_in_words() {
    let scene = Scene::rolling();
    let said = |line: Value| complete(&scene, line).unwrap_err().to_string();
    let says = |line: Value, sentence: &str| assert_eq!(said(line), sentence);
    says(json!({"cmd": "take.fly"}), "there is no command \"take.fly\"; `farfield join --help` lists them");
    says(
        json!({"cmd": "take.verdict", "take": 1}),
        "take.verdict cannot be understood: missing field `verdict`; correct the line, `farfield join --help` shows examples",
    );
    says(
        json!({"cmd": "take.circle", "take": "one"}),
        "take.circle cannot be understood: invalid type: string \"one\", expected u32; \
         correct the line, `farfield join --help` shows examples",
    );
    says(json!({"cmd": "take.arm", "slat": "x"}), "take.arm has no field \"slat\"; leave it out");
}

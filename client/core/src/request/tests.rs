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

    /// A take that is rolling, at 44.1 kHz: of its one part the last 2 of 3 s before the roll are in the file.
    fn rolling() -> Scene {
        Scene::rolling_bare().does(part(3, 44_100, Some(132_300)))
    }

    /// A take that is rolling, of which nobody has reported a part.
    fn rolling_bare() -> Scene {
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
        Scene::new()
            .does(json!({"cmd": "stream.open", "stream": MIX, "kind": StreamKind::Program, "label": "mix", "format": format}))
            .does(json!({"cmd": "stream.epoch", "stream": MIX, "map": map}))
            .does(json!({"cmd": "take.roll", "slate": "verse"}))
    }
}

fn part(id: u128, from: i64, roll: Option<i64>) -> Value {
    json!({"cmd": "part.rolling", "take": 1, "part": Uuid::from_u128(id), "stream": MIX, "epoch": 0, "from": from,
        "rate": 44_100, "channels": 2, "roll": roll})
}

fn ended(id: u128, to: i64) -> Value {
    json!({"cmd": "part.stopped", "take": 1, "part": Uuid::from_u128(id), "to": to, "gaps": [], "pcm_hash": "ab".repeat(32)})
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
fn seconds_into_a_take_count_from_its_roll_whichever_part_was_reported_first() {
    // A device that was opened anew in the middle of the take is told before what its recorder had found on its disk.
    let scene = Scene::rolling_bare().does(part(4, 441_000, None)).does(part(3, 44_100, Some(132_300)));
    let line = json!({"cmd": "note.add", "take": 1, "at": 1.5, "to": 2, "text": "late"});
    assert!(!request(line.clone()).wants_heard());
    assert_eq!(note(complete(&scene, line).unwrap()).on, in_part(3, 154_350, Some(176_400)));
    let whole = note(complete(&scene, json!({"cmd": "note.add", "take": 1, "text": "x"})).unwrap());
    assert_eq!(whole.on, Anchor::Take { take: TakeNumber(1), part: None, at: None, to: None });
}

fn in_part(id: u128, at: i64, to: Option<i64>) -> Anchor {
    let part = Some(protocol::ids::PartId(Uuid::from_u128(id)));
    Anchor::Take { take: TakeNumber(1), part, at: Some(SampleTime(at)), to: to.map(SampleTime) }
}

fn at(scene: &Scene, seconds: f64) -> Result<Anchor, RequestError> {
    let line = json!({"cmd": "note.add", "take": 1, "at": seconds, "text": "x"});
    complete(scene, line).map(|command| note(command).on)
}

#[test]
fn a_place_before_the_roll_is_one_as_far_as_the_pre_roll_goes() {
    let scene = Scene::rolling();
    assert_eq!(at(&scene, -2.0), Ok(in_part(3, 0, None)));
    assert_eq!(at(&scene, -2.001), Err(RequestError::NoPosition));
    let line = json!({"cmd": "note.add", "take": 1, "at": 0, "to": -3, "text": "x"});
    assert_eq!(complete(&scene, line), Err(RequestError::NoPosition));
}

#[test]
fn a_place_lies_in_a_part_whose_file_holds_it() {
    let short = Scene::rolling().does(ended(3, 176_400));
    let both = short.does(part(5, 88_200, Some(132_300)));
    assert_eq!(at(&both, 1.0), Ok(in_part(3, 132_300, None)));
    assert_eq!(at(&both, 1.5), Ok(in_part(5, 110_250, None)));
}

#[test]
fn where_nobody_told_the_roll_seconds_count_from_the_beginning_of_what_began_first() {
    let scene = Scene::rolling_bare().does(part(4, 441_000, None)).does(part(3, 44_100, None));
    assert_eq!(at(&scene, 1.0), Ok(in_part(3, 44_100, None)));
    assert_eq!(at(&scene, -0.1), Err(RequestError::NoPosition));
}

#[test]
fn a_place_that_does_not_exist_is_refused_in_words() {
    let armed = Scene::new().does(json!({"cmd": "take.arm"}));
    let at = |at: Value, take: u32| complete(&armed, json!({"cmd": "note.add", "take": take, "at": at, "text": "x"}));
    assert_eq!(at(json!(1), 1), Err(RequestError::NoPart(TakeNumber(1))));
    assert_eq!(at(json!(1), 2), Err(RequestError::NoSuchTake(2)));
    for bad in [json!("1:30"), json!(1e9), json!(-1e9)] {
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
    says(
        json!({"cmd": "take.verdict", "verdict": "good"}),
        "take.verdict cannot be understood: unknown variant `good`, expected one of `none`, `approved`, `rejected`, `redo`; \
         correct the line, `farfield join --help` shows examples",
    );
    says(json!({"cmd": "take.arm", "slat": "x"}), "take.arm has no field \"slat\"; leave it out");
}

//! What the session law promises, case by case.

mod scene;

use protocol::command::{Belief, Command};
use protocol::event::Event;
use protocol::grants::{Grants, Role};
use protocol::ids::{InviteId, MixNumber, NoteId, PartId, ParticipantId, TakeNumber};
use protocol::session::limits::*;
use protocol::session::note::{Anchor, NewNote, NoteStatus, Wording};
use protocol::session::people::{BatonWhy, LobbyWhy, Policy};
use protocol::session::take::{CaptureGap, Flag, PartPhase, Phase, Verdict};
use protocol::session::{Entry, Rejection, due};
use protocol::stream::{EpochMap, StreamKind};
use protocol::wire::ErrorCode;
use scene::*;
use scene::{Live, Scene, When};
use units::{SampleCount, SampleRate, SampleTime, Ssrc, Ticks, WallTime};
use uuid::Uuid;

const ONE: TakeNumber = TakeNumber(1);

fn code(answer: Result<Vec<Event>, Rejection>) -> ErrorCode {
    answer.expect_err("it is refused").code()
}

fn roll() -> Command {
    Command::TakeRoll { take: None, slate: Some("verse".into()), belief: None }
}

fn stop() -> Command {
    Command::TakeStop { take: None, belief: None }
}

fn verdict(verdict: Verdict, belief: Option<Belief>) -> Command {
    Command::TakeVerdict { take: ONE, verdict, reason: "tight".into(), belief }
}

fn rolling(part: PartId) -> Command {
    let (rate, from) = (SampleRate(48_000), SampleTime(48_000));
    Command::PartRolling { take: ONE, part, stream: MY_MIC, epoch: 0, from, rate, channels: 1, roll: None }
}

fn stopped(part: PartId, n: u8) -> Command {
    let (to, gaps) = (SampleTime(96_000), Vec::new());
    Command::PartStopped { take: ONE, part, to, gaps, pcm_hash: hash(n) }
}

/// An owner who publishes a microphone, and an engineer; take 1 rolls with one part.
fn rolling_scene() -> Scene {
    let mut scene = Scene::empty(Role::Owner);
    let open = Command::StreamOpen { stream: MY_MIC, kind: StreamKind::Mic, label: "Voice".into(), format: format() };
    for command in [open, Command::StreamEpoch { stream: MY_MIC, map: map(0) }, roll(), rolling(MY_PART)] {
        scene.ask(ME, &command).unwrap();
    }
    scene
}

/// The same take in review.
fn review_scene() -> Scene {
    let mut scene = rolling_scene();
    scene.ask(ME, &stop()).unwrap();
    scene.ask(ME, &stopped(MY_PART, 1)).unwrap();
    scene
}

#[test]
fn two_who_roll_at_once_get_one_take_and_one_clear_stale() {
    let mut scene = Scene::empty(Role::Owner);
    assert_eq!(scene.ask(ME, &roll()).unwrap().len(), 2, "it arms the next take and rolls it");
    let Err(Rejection::Stale { msg, current }) = scene.ask(OTHER, &roll()) else { panic!("the second is stale") };
    assert_eq!(current.phase, Some(Phase::Rolling));
    assert!(msg.contains("take 1 is rolling"), "{msg}");
    assert_eq!(scene.state.takes.len(), 1);
    scene.ask(OTHER, &stop()).unwrap();
    assert_eq!(code(scene.ask(ME, &stop())), ErrorCode::Stale);
}

#[test]
fn two_verdicts_at_once_that_say_what_they_believe_are_one_verdict_and_one_stale() {
    let mut scene = review_scene();
    scene.record(
        None,
        Event::ParticipantGrant { participant: OTHER, grants: Role::Producer.grants(), was: Role::Engineer.grants() },
    );
    let undecided = Some(Belief { phase: Some(Phase::InReview), verdict: Some(Verdict::None), status: None });
    scene.ask(ME, &verdict(Verdict::Approved, undecided)).unwrap();
    let Err(Rejection::Stale { current, .. }) = scene.ask(OTHER, &verdict(Verdict::Rejected, undecided)) else {
        panic!("the second is stale")
    };
    assert_eq!(current.verdict, Some(Verdict::Approved));
    assert_eq!(scene.state.takes[0].decision.as_ref().unwrap().stamp.by, Some(ME));
}

#[test]
fn a_take_is_submitted_by_itself_after_its_last_part_has_stopped_in_either_order() {
    let mut scene = rolling_scene();
    scene.ask(ME, &rolling(NEW_PART)).unwrap();
    scene.ask(ME, &stop()).unwrap();
    scene.ask(ME, &stopped(MY_PART, 1)).unwrap();
    assert_eq!(scene.state.takes[0].phase, Phase::Recorded);
    scene.ask(ME, &stopped(NEW_PART, 2)).unwrap();
    assert_eq!(scene.state.takes[0].phase, Phase::InReview);

    let mut scene = rolling_scene();
    scene.ask(ME, &stopped(MY_PART, 1)).unwrap();
    assert_eq!(scene.state.takes[0].phase, Phase::Rolling, "its device may have died; the take goes on");
    scene.ask(ME, &stop()).unwrap();
    assert_eq!(scene.state.takes[0].phase, Phase::InReview);
}

#[test]
fn a_take_whose_recorder_is_here_waits_for_it_and_one_whose_recorder_is_gone_can_be_submitted() {
    let mut scene = rolling_scene();
    scene.ask(ME, &stop()).unwrap();
    let submit = Command::TakeSubmit { take: ONE, belief: None };
    assert_eq!(code(scene.ask(OTHER, &submit)), ErrorCode::Stale);
    scene.record(None, Event::ParticipantLeave { participant: ME });
    scene.ask(OTHER, &submit).unwrap();
    assert_eq!(scene.state.takes[0].phase, Phase::InReview);
    scene.ask(ME, &stopped(MY_PART, 1)).unwrap();
    assert_eq!(scene.state.takes[0].parts[0].phase, PartPhase::Stopped, "what comes late is not lost");
}

#[test]
fn audio_that_changes_after_an_approval_voids_it_visibly_and_opens_a_closed_take() {
    let mut scene = review_scene();
    scene.ask(ME, &verdict(Verdict::Approved, None)).unwrap();
    assert_eq!(scene.state.takes[0].decision.as_ref().unwrap().audio, [hash(1)]);
    scene.ask(ME, &Command::TakeClose { take: ONE, belief: None }).unwrap();
    scene.ask(ME, &rolling(NEW_PART)).unwrap();
    let take = &scene.state.takes[0];
    assert_eq!((take.phase, take.verdict), (Phase::InReview, Verdict::None));
    let voided = take.voided.as_ref().unwrap();
    assert_eq!((voided.part, voided.decision.as_ref().unwrap().reason.as_str()), (NEW_PART, "tight"));
}

#[test]
fn a_part_that_was_reported_is_not_reported_with_other_audio() {
    let mut scene = review_scene();
    assert_eq!(scene.ask(ME, &stopped(MY_PART, 1)), Ok(vec![]), "the same again is harmless");
    assert_eq!(code(scene.ask(ME, &stopped(MY_PART, 2))), ErrorCode::Conflict);
    assert_eq!(code(scene.ask(ME, &rolling(MY_PART))), ErrorCode::Conflict);
}

#[test]
fn an_interrupted_part_is_repaired_on_the_next_start() {
    let mut scene = rolling_scene();
    scene.record(None, Event::ParticipantLeave { participant: ME });
    let (take, part, reason) = (ONE, MY_PART, "killed".to_owned());
    let dead = Command::PartInterrupted { take, part, to: None, gaps: vec![], pcm_hash: None, reason: reason.clone() };
    scene.ask(OTHER, &dead).unwrap();
    assert_eq!(scene.state.takes[0].parts[0].length(), None);
    let (to, pcm_hash) = (Some(SampleTime(60_000)), Some(hash(1)));
    let repaired = Command::PartInterrupted { take, part, to, gaps: vec![], pcm_hash, reason };
    scene.ask(ME, &repaired).unwrap();
    let part = &scene.state.takes[0].parts[0];
    assert_eq!((part.phase, part.length()), (PartPhase::Interrupted, Some(SampleCount(12_000))));
}

#[test]
fn capture_gaps_lie_within_their_part_in_order_and_apart() {
    let gap = |at, samples| CaptureGap { at: SampleTime(at), samples: SampleCount(samples) };
    let report =
        |gaps| Command::PartStopped { take: ONE, part: MY_PART, to: SampleTime(96_000), gaps, pcm_hash: hash(1) };
    let good = vec![gap(48_000, 10), gap(48_010, 5), gap(95_999, 1)];
    assert!(rolling_scene().ask(ME, &report(good)).is_ok());
    let bad = [
        vec![gap(47_999, 1)],
        vec![gap(95_999, 2)],
        vec![gap(50_000, 0)],
        vec![gap(50_000, 10), gap(50_009, 1)],
        vec![gap(50_000, u64::MAX)],
    ];
    for gaps in bad {
        assert_eq!(code(rolling_scene().ask(ME, &report(gaps.clone()))), ErrorCode::Invalid, "{gaps:?}");
    }
}

#[test]
fn a_part_without_an_end_has_no_gaps() {
    let gaps = vec![CaptureGap { at: SampleTime(50_000), samples: SampleCount(10) }];
    let dead = |gaps| {
        let (take, part, reason) = (ONE, MY_PART, String::new());
        Command::PartInterrupted { take, part, to: None, gaps, pcm_hash: None, reason }
    };
    assert_eq!(code(rolling_scene().ask(ME, &dead(gaps))), ErrorCode::Invalid);
    assert!(rolling_scene().ask(ME, &dead(vec![])).is_ok());
}

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
fn a_part_is_of_an_epoch_that_its_stream_has() {
    let part = |epoch| {
        let Command::PartRolling { take, part, stream, from, rate, channels, .. } = rolling(NEW_PART) else { panic!() };
        Command::PartRolling { take, part, stream, epoch, from, rate, channels, roll: None }
    };
    let mut scene = rolling_scene();
    assert_eq!(code(scene.ask(ME, &part(1))), ErrorCode::Unknown);
    scene.ask(ME, &Command::StreamEpoch { stream: MY_MIC, map: map(1) }).unwrap();
    assert!(scene.ask(ME, &part(1)).is_ok());
}

#[test]
fn a_roll_is_not_before_its_part_and_no_further_than_a_position_goes() {
    let from = SampleTime(48_000);
    let told = |roll: Option<i64>| {
        let Command::PartRolling { take, part, stream, epoch, rate, channels, .. } = rolling(NEW_PART) else {
            panic!()
        };
        let roll = roll.map(SampleTime);
        let mut scene = rolling_scene();
        let command = Command::PartRolling { take, part, stream, epoch, from, rate, channels, roll };
        scene.ask(ME, &command).map(|_| scene.state.takes[0].part(NEW_PART).unwrap().roll)
    };
    for good in [None, Some(from.0), Some(from.0 + 96_000), Some(MAX_POSITION)] {
        assert_eq!(told(good), Ok(good.map(SampleTime)));
    }
    for bad in [from.0 - 1, -1, i64::MIN, MAX_POSITION + 1, i64::MAX] {
        assert_eq!(told(Some(bad)).unwrap_err().code(), ErrorCode::Invalid, "{bad}");
    }
}

#[test]
fn what_a_recorder_tells_that_does_not_know_of_the_roll_reads_and_writes_as_it_did() {
    let mut scene = rolling_scene();
    let events = scene.ask(ME, &rolling(NEW_PART)).unwrap();
    let part = scene.state.takes[0].part(NEW_PART).unwrap();
    let texts = [json(&rolling(NEW_PART)), json(&events[0]), json(part)];
    assert!(texts.iter().all(|text| !text.contains("\"roll\"")), "{texts:?}");
    assert_eq!(serde_json::from_str::<Command>(&texts[0]).unwrap(), rolling(NEW_PART));
    assert_eq!(serde_json::from_str::<Event>(&texts[1]).unwrap(), events[0]);
}

fn json(thing: &impl serde::Serialize) -> String {
    serde_json::to_string(thing).unwrap()
}

#[test]
fn a_recorder_that_was_offline_while_the_session_was_closed_still_reports_its_part() {
    let mut scene = review_scene();
    scene.ask(ME, &Command::StreamClose { stream: MY_MIC }).unwrap();
    scene.ask(ME, &Command::SessionClose {}).unwrap();
    scene.ask(ME, &Command::StreamEpoch { stream: MY_MIC, map: map(1) }).unwrap();
    scene.ask(ME, &rolling(NEW_PART)).unwrap();
    scene.ask(ME, &stopped(NEW_PART, 2)).unwrap();
    assert_eq!(scene.state.takes[0].part(NEW_PART).unwrap().phase, PartPhase::Stopped);
    assert_eq!(scene.ask(ME, &roll()), Err(Rejection::Closed));
}

#[test]
fn the_hero_before_steps_down_also_when_an_undo_crowns_it() {
    let mut scene = Scene::of(Role::Owner, When::Plain, Live::None);
    let heroes = |scene: &Scene| {
        let takes = scene.state.takes.iter().filter(|take| take.flags.contains(&Flag::Hero));
        takes.map(|take| take.number).collect::<Vec<_>>()
    };
    let newest = |scene: &Scene| scene.state.undoable.last().unwrap().seq;
    scene.ask(ME, &Command::TakeHero { take: REVIEW, on: true }).unwrap();
    scene.ask(ME, &Command::TakeHero { take: CLOSED, on: true }).unwrap();
    assert_eq!(heroes(&scene), [CLOSED]);
    let of = newest(&scene);
    scene.ask(ME, &Command::Undo { of }).unwrap();
    assert_eq!(heroes(&scene), [REVIEW], "one command is one step");

    scene.ask(ME, &Command::TakeHero { take: REVIEW, on: false }).unwrap();
    let of = newest(&scene);
    scene.ask(ME, &Command::TakeHero { take: CLOSED, on: true }).unwrap();
    scene.ask(ME, &Command::Undo { of }).unwrap();
    assert_eq!(heroes(&scene), [REVIEW]);
}

#[test]
fn the_lease_of_the_baton_runs_out_unless_its_holder_uses_it_and_never_during_a_take() {
    let mut scene = Scene::empty(Role::Producer);
    scene.ask(ME, &Command::BatonTake {}).unwrap();
    let until = scene.state.baton.unwrap().until;
    assert_eq!(due(&scene.state, WallTime(until.0 - 1)), []);
    let back = Event::BatonPass { to: None, why: BatonWhy::Expired, lease_ms: 0 };
    assert_eq!(due(&scene.state, until), [back]);
    scene.ask(ME, &roll()).unwrap();
    assert!(scene.state.baton.unwrap().until > until);
    assert_eq!((scene.state.next_due(), due(&scene.state, WallTime(i64::MAX))), (None, vec![]));
    scene.ask(ME, &stop()).unwrap();
    assert!(scene.state.next_due().is_some());
}

#[test]
fn who_leaves_or_may_not_hold_it_any_more_loses_the_baton() {
    let mut scene = Scene::empty(Role::Producer);
    scene.ask(ME, &Command::BatonTake {}).unwrap();
    scene.record(None, Event::ParticipantLeave { participant: ME });
    assert_eq!(scene.state.baton, None);

    let mut scene = Scene::empty(Role::Owner);
    scene.ask(OTHER, &Command::BatonTake {}).unwrap();
    scene.ask(ME, &Command::ParticipantGrant { participant: OTHER, grants: Role::Artist.grants() }).unwrap();
    assert_eq!(scene.state.baton, None);
}

#[test]
fn a_take_that_needs_consent_rolls_when_everybody_who_is_recorded_has_given_it() {
    let mut scene = rolling_scene();
    scene.ask(ME, &stop()).unwrap();
    let policy = Policy { consent: true, ..Policy::default() };
    scene.ask(ME, &Command::SessionPolicy { policy }).unwrap();
    let refused = scene.ask(OTHER, &roll()).unwrap_err();
    assert_eq!((refused.code(), refused.to_string().contains("owner 1 has not agreed")), (ErrorCode::Stale, true));
    scene.ask(ME, &Command::SessionConsent { given: true }).unwrap();
    assert!(scene.ask(OTHER, &roll()).is_ok(), "the engineer publishes nothing that is recorded");
}

#[test]
fn who_comes_to_a_rolling_take_is_not_recorded_without_their_consent() {
    let mut scene = rolling_scene();
    let policy = Policy { consent: true, ..Policy::default() };
    scene.ask(ME, &Command::SessionPolicy { policy }).unwrap();
    assert_eq!(code(scene.ask(ME, &rolling(NEW_PART))), ErrorCode::Stale);
    scene.ask(ME, &Command::SessionConsent { given: true }).unwrap();
    assert!(scene.ask(ME, &rolling(NEW_PART)).is_ok());
}

#[test]
fn newcomers_wait_in_the_lobby_and_who_may_admit_does_not() {
    let mut scene = Scene::empty(Role::Owner);
    let policy = Policy { lobby: true, ..Policy::default() };
    scene.ask(ME, &Command::SessionPolicy { policy }).unwrap();
    let (role, grants) = (Role::Mentor, Role::Mentor.grants());
    assert_eq!(scene.state.entry(WAITS, &grants, &[]), Entry::Wait(LobbyWhy::Policy));
    assert_eq!(scene.state.entry(WAITS, &Role::Producer.grants(), &[]), Entry::Open);
    let (name, invite) = ("Paul".to_owned(), None);
    scene.record(None, Event::LobbyKnock { participant: WAITS, name, role, grants: grants.clone(), invite });
    scene.ask(OTHER, &Command::LobbyAdmit { participant: WAITS }).unwrap();
    assert_eq!(scene.state.entry(WAITS, &grants, &[]), Entry::Open);
    assert_eq!(code(scene.ask(ME, &Command::LobbyAdmit { participant: WAITS })), ErrorCode::Stale);
    scene.ask(OTHER, &Command::ParticipantBan { participant: WAITS, reason: String::new() }).unwrap_err();
}

#[test]
fn who_is_kicked_leaves_with_their_streams_and_does_not_come_back_as_who_they_were() {
    let mut scene = rolling_scene();
    scene.record(
        None,
        Event::ParticipantGrant { participant: ME, grants: Role::Artist.grants(), was: Role::Owner.grants() },
    );
    scene.ask(OTHER, &Command::ParticipantKick { participant: ME, reason: "noise".into() }).unwrap();
    assert!(!scene.state.participants[&ME].present && !scene.state.streams[&MY_MIC].open);
    assert_eq!(scene.state.entry(ME, &Grants::default(), &[]), Entry::SentAway);
    assert_eq!(
        code(scene.ask(OTHER, &Command::ParticipantKick { participant: ME, reason: String::new() })),
        ErrorCode::Stale
    );
    scene.ask(OTHER, &Command::ParticipantBan { participant: ME, reason: String::new() }).unwrap();
    assert_eq!(scene.state.entry(ME, &Grants::default(), &[]), Entry::Banned);
}

#[test]
fn whoever_is_new_and_comes_by_the_way_of_somebody_who_is_kept_out_waits_until_the_ban_is_lifted() {
    let mut scene = Scene::empty(Role::Owner);
    let [theirs, other, made] = [1, 2, 3].map(|n| InviteId(Uuid::from_u128(n)));
    let [eve, ada, new] = [71, 72, 73].map(|n| ParticipantId(Uuid::from_u128(n)));
    let (role, engineer) = (Role::Mentor, Role::Engineer.grants());
    for participant in [eve, ada] {
        let (name, grants, invite) = ("Eve".to_owned(), role.grants(), Some(theirs));
        scene.record(None, Event::ParticipantJoin { participant, name, role, grants, invite });
    }
    scene.ask(ME, &Command::ParticipantKick { participant: eve, reason: String::new() }).unwrap();
    assert_eq!(scene.state.entry(new, &role.grants(), &[theirs]), Entry::Open, "a kick is not for good");
    scene.ask(ME, &Command::ParticipantBan { participant: eve, reason: String::new() }).unwrap();
    assert_eq!(scene.state.entry(new, &role.grants(), &[theirs]), Entry::Wait(LobbyWhy::Link));
    let also = scene.state.entry(new, &engineer, &[theirs]);
    assert_eq!(also, Entry::Wait(LobbyWhy::Link), "also where it lets people admit others");
    let made = scene.state.entry(new, &role.grants(), &[made, theirs]);
    assert_eq!(made, Entry::Wait(LobbyWhy::Link), "made by the right of that one");
    assert_eq!(scene.state.entry(new, &role.grants(), &[other]), Entry::Open, "nobody else is held up");
    assert_eq!(scene.state.entry(new, &role.grants(), &[]), Entry::Open);
    assert_eq!(scene.state.entry(ada, &role.grants(), &[theirs]), Entry::Open, "who has been in comes back");
    let policy = Policy { lobby: true, ..Policy::default() };
    scene.ask(ME, &Command::SessionPolicy { policy }).unwrap();
    let both = scene.state.entry(new, &role.grants(), &[theirs]);
    assert_eq!(both, Entry::Wait(LobbyWhy::Policy), "by another link they would wait too");
    let admits = scene.state.entry(new, &engineer, &[theirs]);
    assert_eq!(admits, Entry::Wait(LobbyWhy::Link), "who may admit others would not");
    scene.ask(ME, &Command::SessionPolicy { policy: Policy::default() }).unwrap();
    scene.ask(ME, &Command::ParticipantUnban { participant: eve }).unwrap();
    assert_eq!(scene.state.entry(new, &role.grants(), &[theirs]), Entry::Open);
}

#[test]
fn what_can_be_done_by_an_invitation_is_what_those_may_who_came_by_it_and_who_is_away_for_good_may_nothing() {
    let mut scene = Scene::empty(Role::Owner);
    let [theirs, other] = [1, 2].map(|n| InviteId(Uuid::from_u128(n)));
    let [ada, eve] = [71, 72].map(|n| ParticipantId(Uuid::from_u128(n)));
    for (participant, role) in [(ada, Role::Mentor), (eve, Role::Producer)] {
        let (name, grants, invite) = ("x".to_owned(), role.grants(), Some(theirs));
        scene.record(participant, Event::ParticipantJoin { participant, name, role, grants, invite });
    }
    let both = || Role::Mentor.grants().0.union(&Role::Producer.grants().0).copied().collect();
    assert_eq!(scene.state.grants_by(theirs), Some(Grants(both())));
    assert_eq!((scene.state.grants_by(other), scene.state.grants_of(eve)), (None, Role::Producer.grants()));
    scene.ask(ME, &Command::ParticipantBan { participant: eve, reason: String::new() }).unwrap();
    assert_eq!(scene.state.grants_by(theirs), Some(Role::Mentor.grants()));
    scene.ask(ME, &Command::ParticipantKick { participant: ada, reason: String::new() }).unwrap();
    assert_eq!([ada, eve, WAITS].map(|who| scene.state.grants_of(who)), [(); 3].map(|()| Grants::default()));
    assert_eq!(scene.state.grants_by(theirs), Some(Role::Mentor.grants()), "who was sent away may come back by it");
    scene.ask(ME, &Command::ParticipantBan { participant: ada, reason: String::new() }).unwrap();
    assert_eq!(scene.state.grants_by(theirs), Some(Grants::default()));
}

#[test]
fn while_somebody_is_kept_out_who_only_knocked_every_newcomer_waits() {
    let mut scene = Scene::empty(Role::Owner);
    let (name, role, invite) = ("Eve".to_owned(), Role::Mentor, Some(InviteId(Uuid::from_u128(1))));
    scene.record(None, Event::LobbyKnock { participant: WAITS, name, role, grants: role.grants(), invite });
    scene.ask(ME, &Command::ParticipantBan { participant: WAITS, reason: String::new() }).unwrap();
    let new = ParticipantId(Uuid::from_u128(73));
    assert_eq!(scene.state.entry(new, &role.grants(), &[]), Entry::Wait(LobbyWhy::Policy));
    assert_eq!(scene.state.entry(new, &Role::Engineer.grants(), &[]), Entry::Open);
    scene.ask(ME, &Command::ParticipantUnban { participant: WAITS }).unwrap();
    assert_eq!(scene.state.entry(new, &role.grants(), &[]), Entry::Open);
}

#[test]
fn an_engineer_sends_no_owner_away_and_the_last_owner_stays_one() {
    let mut scene = Scene::empty(Role::Owner);
    let kick = Command::ParticipantKick { participant: ME, reason: String::new() };
    assert_eq!(code(scene.ask(OTHER, &kick)), ErrorCode::Forbidden);
    assert_eq!(code(scene.ask(ME, &kick)), ErrorCode::Invalid);
    let less = Command::ParticipantGrant { participant: ME, grants: Role::Artist.grants() };
    assert_eq!(code(scene.ask(ME, &less)), ErrorCode::Invalid);
}

#[test]
fn losing_the_grant_to_publish_closes_the_stream() {
    let mut scene = Scene::of(Role::Owner, When::Plain, Live::None);
    assert!(scene.state.streams[&PROGRAM].open);
    scene.ask(ME, &Command::ParticipantGrant { participant: OTHER, grants: Role::Listener.grants() }).unwrap();
    assert!(!scene.state.streams[&PROGRAM].open);
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
fn open_notes_are_carried_over_to_the_next_mix_version_and_settled_ones_are_not() {
    let mut scene = Scene::of(Role::Owner, When::Plain, Live::None);
    let on = Anchor::Mix { mix: MixNumber(1), at: Some(SampleTime(9)), to: None };
    let [open, done, reply] = [1, 2, 3].map(|n| NoteId(Uuid::from_u128(900 + n)));
    for id in [open, done] {
        scene.ask(ME, &Command::NoteAdd(NewNote { on, ..note(id, "more bass") })).unwrap();
    }
    scene.ask(ME, &Command::NoteReply { note: reply, parent: open, text: "how much?".into() }).unwrap();
    let settle = |status| Command::NoteStatus { note: done, status, belief: None };
    scene.ask(ME, &settle(NoteStatus::Done)).unwrap();
    scene.ask(ME, &Command::MixAdd { file: mix(2) }).unwrap();
    let carried = |scene: &Scene| [open, done, reply].map(|id| scene.state.notes[&id].carried);
    assert_eq!(carried(&scene), [Some(MixNumber(2)), None, None]);
    scene.ask(ME, &settle(NoteStatus::Open)).unwrap();
    assert_eq!(
        carried(&scene),
        [Some(MixNumber(2)), Some(MixNumber(2)), None],
        "open again, so it is still to be done"
    );
}

#[test]
fn a_note_keeps_what_was_heard_its_reaction_and_its_doubt_apart() {
    let mut scene = Scene::of(Role::Mentor, When::Plain, Live::None);
    let on = Anchor::Live { stream: PROGRAM, epoch: 0, at: Ticks(96_000), to: Some(Ticks(144_000)) };
    let new = NewNote { on, reaction_ms: 500, uncertainty_ms: 155, concealed: true, ..note(NEW_NOTE, "flat") };
    scene.ask(ME, &Command::NoteAdd(new)).unwrap();
    let kept = &scene.state.notes[&NEW_NOTE];
    assert_eq!((kept.wording.on, kept.reaction_ms, kept.uncertainty_ms, kept.concealed), (on, 500, 155, true));
    assert_eq!(kept.made.by, Some(ME));
}

#[test]
fn a_position_outside_what_it_is_pinned_to_is_invalid_and_one_at_its_end_is_not() {
    let mut scene = Scene::of(Role::Owner, When::Plain, Live::None);
    let end = 48_000 * 60;
    let mix = |at, to: Option<i64>| Anchor::Mix { mix: MixNumber(1), at: Some(SampleTime(at)), to: to.map(SampleTime) };
    let live = |at| Anchor::Live { stream: PROGRAM, epoch: 0, at: Ticks(at), to: None };
    let answer = |scene: &mut Scene, on| {
        let id = NoteId(Uuid::from_u128(1_000 + scene.state.notes.len() as u128));
        scene.ask(ME, &Command::NoteAdd(NewNote { on, ..note(id, "here") })).map_err(|rejection| rejection.code())
    };
    for on in [mix(0, None), mix(end, None), mix(5, Some(5)), mix(0, Some(end)), live(MAX_POSITION)] {
        assert!(answer(&mut scene, on).is_ok(), "{on:?}");
    }
    for on in
        [mix(-1, None), mix(end + 1, None), mix(5, Some(4)), mix(0, Some(end + 1)), live(MAX_POSITION + 1), live(-1)]
    {
        assert_eq!(answer(&mut scene, on), Err(ErrorCode::Invalid), "{on:?}");
    }
    let nowhere = [
        Anchor::Mix { mix: MixNumber(9), at: None, to: None },
        Anchor::Take { take: TakeNumber(99), part: None, at: None, to: None },
        Anchor::Take { take: RECORDED, part: Some(NEW_PART), at: None, to: None },
        Anchor::Live { stream: PROGRAM, epoch: 7, at: Ticks(0), to: None },
        Anchor::Live { stream: NEW_STREAM, epoch: 0, at: Ticks(0), to: None },
    ];
    for on in nowhere {
        assert_eq!(answer(&mut scene, on), Err(ErrorCode::Unknown), "{on:?}");
    }
}

#[test]
fn hostile_text_is_cleaned_and_too_much_of_it_refused() {
    let mut scene = Scene::of(Role::Owner, When::Plain, Live::None);
    let say = |text: &str| Command::ChatSay { text: text.into() };
    scene.ask(ME, &say("<b>hi</b>\u{202e}\u{1b}[31m\r\n👩‍🎤")).unwrap();
    assert_eq!(scene.state.chat.last().unwrap().text, "<b>hi</b>[31m\n👩‍🎤");
    assert_eq!(code(scene.ask(ME, &say("\u{200b}\u{feff} "))), ErrorCode::Invalid);
    assert!(scene.ask(ME, &say(&"😀".repeat(1_000))).is_ok());
    assert_eq!(code(scene.ask(ME, &say(&"😀".repeat(1_001)))), ErrorCode::Invalid);
    assert_eq!(code(scene.ask(ME, &Command::SessionOpen { title: "\u{202e}".into() })), ErrorCode::Invalid);
    let label = "a\u{200b}b".to_owned();
    let open = Command::StreamOpen { stream: NEW_STREAM, kind: StreamKind::Mic, label, format: format() };
    assert_eq!(code(scene.ask(ME, &open)), ErrorCode::Invalid);
}

#[test]
fn the_same_note_again_is_harmless_and_another_under_its_id_is_a_conflict() {
    let mut scene = Scene::of(Role::Owner, When::Plain, Live::None);
    let add = |text| Command::NoteAdd(note(NEW_NOTE, text));
    scene.ask(ME, &add("flat")).unwrap();
    assert_eq!(scene.ask(ME, &add("flat")), Ok(vec![]));
    assert_eq!(code(scene.ask(ME, &add("sharp"))), ErrorCode::Conflict);
    assert_eq!(code(scene.ask(OTHER, &add("flat"))), ErrorCode::Conflict);
}

#[test]
fn an_answer_to_an_answer_answers_the_note_and_has_no_status_of_its_own() {
    let mut scene = Scene::of(Role::Owner, When::Plain, Live::None);
    let [first, second] = [1, 2].map(|n| NoteId(Uuid::from_u128(900 + n)));
    scene.ask(ME, &Command::NoteReply { note: first, parent: THEIR_NOTE, text: "yes".into() }).unwrap();
    scene.ask(OTHER, &Command::NoteReply { note: second, parent: first, text: "good".into() }).unwrap();
    let reply = &scene.state.notes[&second];
    assert_eq!((reply.parent, reply.wording.on), (Some(THEIR_NOTE), scene.state.notes[&THEIR_NOTE].wording.on));
    let settle = Command::NoteStatus { note: second, status: NoteStatus::Done, belief: None };
    assert_eq!(code(scene.ask(ME, &settle)), ErrorCode::Invalid);
}

#[test]
fn an_undo_puts_back_what_was_and_the_next_one_goes_a_step_further_back() {
    let mut scene = review_scene();
    let newest = |scene: &Scene| scene.state.undoable.last().unwrap().seq;
    scene.ask(ME, &verdict(Verdict::Approved, None)).unwrap();
    let approved = newest(&scene);
    assert_eq!(code(scene.ask(OTHER, &Command::Undo { of: approved })), ErrorCode::Forbidden);
    scene.ask(ME, &Command::Undo { of: approved }).unwrap();
    assert_eq!((scene.state.takes[0].verdict, &scene.state.takes[0].decision), (Verdict::None, &None));
    assert_eq!(code(scene.ask(ME, &Command::Undo { of: approved })), ErrorCode::Unknown);
    for slate in ["bridge", "chorus"] {
        scene.ask(ME, &Command::TakeSlate { take: ONE, slate: slate.into() }).unwrap();
    }
    let slates = [(); 2].map(|()| {
        let of = newest(&scene);
        scene.ask(ME, &Command::Undo { of }).unwrap();
        scene.state.takes[0].slate.clone()
    });
    assert_eq!(slates, ["bridge", "verse"]);
    assert!(scene.state.undoable.is_empty(), "what an undo puts back is no change of its own");
}

#[test]
fn what_has_changed_since_is_not_undone() {
    let mut scene = review_scene();
    scene.ask(ME, &verdict(Verdict::Approved, None)).unwrap();
    let approved = scene.state.undoable.last().unwrap().seq;
    scene.ask(ME, &verdict(Verdict::Redo, None)).unwrap();
    assert_eq!(code(scene.ask(ME, &Command::Undo { of: approved })), ErrorCode::Stale);
    let other = Event::ParticipantGrant { participant: OTHER, grants: Role::Owner.grants(), was: Grants::default() };
    scene.record(None, other);
    scene.ask(OTHER, &verdict(Verdict::Approved, None)).unwrap();
    assert_eq!(code(scene.ask(ME, &Command::Undo { of: approved })), ErrorCode::Stale, "it is the other's by now");
}

/// Somebody else approves take 1, and the owner rejects it by mistake.
fn rejected_by_mistake() -> (Scene, Command) {
    let mut scene = review_scene();
    let producer = Role::Producer.grants();
    scene.record(None, Event::ParticipantGrant { participant: OTHER, grants: producer, was: Grants::default() });
    scene.ask(OTHER, &verdict(Verdict::Approved, None)).unwrap();
    scene.ask(ME, &verdict(Verdict::Rejected, None)).unwrap();
    let undo = Command::Undo { of: scene.state.undoable.last().unwrap().seq };
    (scene, undo)
}

#[test]
fn an_undo_puts_an_approval_back_in_the_name_of_who_gave_it() {
    let (mut scene, undo) = rejected_by_mistake();
    scene.ask(ME, &undo).unwrap();
    let decision = scene.state.takes[0].decision.as_ref().unwrap();
    assert_eq!((scene.state.takes[0].verdict, decision.stamp.by), (Verdict::Approved, Some(OTHER)));
    assert_eq!((decision.audio.clone(), decision.reason.as_str()), (vec![hash(1)], "tight"));
    let text = serde_json::to_string(&scene.state).unwrap();
    assert_eq!(serde_json::from_str::<protocol::session::SessionState>(&text).unwrap(), scene.state);
}

#[test]
fn an_undo_approves_no_audio_that_nobody_approved() {
    let (mut scene, undo) = rejected_by_mistake();
    scene.ask(ME, &rolling(NEW_PART)).unwrap();
    scene.ask(ME, &stopped(NEW_PART, 2)).unwrap();
    assert_eq!(code(scene.ask(ME, &undo)), ErrorCode::Stale);
    assert_eq!(scene.state.takes[0].verdict, Verdict::Rejected);
}

#[test]
fn an_event_from_before_decisions_were_kept_is_read_and_not_undone() {
    let mut scene = review_scene();
    let old = format!(
        r#"{{"type":"take.verdict","data":{{"take":1,"verdict":"redo","reason":"","audio":["{}"],"was":{{"verdict":"approved","reason":"tight"}}}}}}"#,
        hash(1)
    );
    let of = scene.record(ME, serde_json::from_str(&old).unwrap());
    assert_eq!(scene.state.takes[0].verdict, Verdict::Redo);
    assert_eq!(code(scene.ask(ME, &Command::Undo { of })), ErrorCode::Stale);
}

#[test]
fn a_note_that_was_taken_back_stands_again_after_an_undo() {
    let mut scene = Scene::of(Role::Artist, When::Plain, Live::None);
    let edit = Command::NoteEdit { note: MY_NOTE, wording: Wording { text: "sharp".into(), ..wording("") } };
    scene.ask(ME, &Command::NoteRetract { note: MY_NOTE }).unwrap();
    assert_eq!(code(scene.ask(ME, &edit)), ErrorCode::Stale);
    let of = scene.state.undoable.last().unwrap().seq;
    scene.ask(ME, &Command::Undo { of }).unwrap();
    assert!(scene.ask(ME, &edit).is_ok());
}

#[test]
fn lists_of_the_state_keep_the_newest_of_chat_and_changes() {
    let mut scene = Scene::of(Role::Owner, When::Plain, Live::None);
    for n in 0..=CHAT_KEPT {
        scene.ask(ME, &Command::ChatSay { text: format!("{n}") }).unwrap();
        scene.ask(ME, &Command::TakeSlate { take: REVIEW, slate: format!("{n}") }).unwrap();
    }
    assert_eq!((scene.state.chat.len(), scene.state.chat[0].text.as_str()), (CHAT_KEPT, "1"));
    let own = |id| scene.state.undoable.iter().filter(|change| change.by == Some(id)).count();
    assert_eq!((own(ME), own(OTHER)), (UNDO_KEPT, 3), "one person's changes push nobody else's out");
}

#[test]
fn changes_of_everybody_are_bounded_too() {
    let mut scene = Scene::empty(Role::Owner);
    for n in 0..UNDO_KEPT_IN_ALL as u128 + 1 {
        let by = ParticipantId(Uuid::from_u128(1_000 + n));
        scene.record(by, Event::NoteAdd(note(NoteId(Uuid::from_u128(9_000 + n)), "flat")));
    }
    let first = scene.state.undoable.first().unwrap().by;
    assert_eq!((scene.state.undoable.len(), first), (UNDO_KEPT_IN_ALL, Some(ParticipantId(Uuid::from_u128(1_001)))));
}

/// How many of the same can be had, and what the one after them meets.
fn fill(mut one: impl FnMut(u128) -> Result<(), Rejection>) -> (usize, ErrorCode) {
    let mut had = 0;
    loop {
        match one(10_000 + had as u128) {
            Ok(()) => had += 1,
            Err(rejection) => return (had, rejection.code()),
        }
    }
}

#[test]
fn every_collection_is_full_at_its_limit_and_not_before() {
    let mut scene = rolling_scene();
    let mut ask = |command: Command| scene.ask(ME, &command).map(drop);
    let full = |limit| (limit, ErrorCode::TooMany);
    let id = Uuid::from_u128;
    let role = Role::Listener;
    let parts = fill(|n| ask(rolling(PartId(id(n)))));
    assert_eq!(parts, full(MAX_PARTS - 1), "one is there already");
    let invites = fill(|n| ask(Command::InviteMake { invite: protocol::ids::InviteId(id(n)), role, once: true }));
    assert_eq!(invites, full(MAX_INVITES));
    let credits = fill(|n| ask(Command::CreditSet { credit: credit(protocol::ids::CreditId(id(n)), ME) }));
    assert_eq!(credits, full(MAX_CREDITS));
    let mixes = fill(|n| {
        let pcm_hash = format!("{n:064x}");
        ask(Command::MixAdd { file: protocol::session::mix::MixFile { pcm_hash, ..mix(1) } })
    });
    assert_eq!(mixes, full(MAX_MIXES));
    let on = Anchor::Live { stream: MY_MIC, epoch: 0, at: Ticks(0), to: None };
    ask(Command::NoteAdd(NewNote { on, ..note(NEW_NOTE, "flat") })).unwrap();
    let reply = |n| Command::NoteReply { note: NoteId(id(n)), parent: NEW_NOTE, text: "yes".into() };
    assert_eq!(fill(|n| ask(reply(n))), full(MAX_REPLIES));
    ask(stop()).unwrap();
    let mut cycle = || ask(Command::TakeArm { slate: String::new() });
    cycle().unwrap();
    let takes = fill(|n| {
        let take = TakeNumber(n as u32 - 10_000 + 2);
        ask(Command::TakeCancel { take, belief: None })?;
        ask(Command::TakeArm { slate: String::new() })
    });
    assert_eq!(takes, full(MAX_TAKES - 2));
}

#[test]
fn a_participant_is_named_in_sentences_that_say_what_to_do() {
    let mut scene = Scene::of(Role::Mentor, When::Theirs, Live::None);
    let told = |answer: Result<Vec<Event>, Rejection>| answer.unwrap_err().to_string();
    let baton = told(scene.ask(ME, &Command::BatonTake {}));
    assert_eq!(baton, "engineer 2 holds the baton; ask for it or wait until it is put down");
    let verdict = told(scene.ask(ME, &verdict(Verdict::Approved, None)));
    assert_eq!(verdict, "a mentor decides in a lesson only; ask the session's owner to make it one");
    let roll = told(scene.ask(ME, &roll()));
    assert_eq!(roll, "take the baton first, then ask again");
    let nobody = Command::NoteAssign { note: MY_NOTE, to: Some(ParticipantId(Uuid::from_u128(99))) };
    assert!(told(scene.ask(ME, &nobody)).contains("look at the list again"));
}

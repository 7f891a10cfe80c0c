//! Takes: who rolls, who decides, and what ends an approval.

use super::scene::*;
use protocol::command::{Belief, Command};
use protocol::event::Event;
use protocol::grants::Role;
use protocol::session::Rejection;
use protocol::session::people::Policy;
use protocol::session::take::{Flag, PartPhase, Phase, Verdict};
use protocol::wire::ErrorCode;
use units::SampleTime;

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

/// A closed take that was approved, and one part more that rolls, whose recorder was not heard of in time.
fn closed_scene_with_a_late_part() -> Scene {
    let mut scene = review_scene();
    scene.ask(ME, &verdict(Verdict::Approved, None)).unwrap();
    assert_eq!(scene.state.takes[0].decision.as_ref().unwrap().audio, [hash(1)]);
    scene.ask(ME, &Command::TakeClose { take: ONE, belief: None }).unwrap();
    scene.ask(ME, &rolling(NEW_PART)).unwrap();
    scene
}

fn interrupted(audio: Option<u8>) -> Command {
    let (take, part, gaps, reason) = (ONE, NEW_PART, vec![], "killed".to_owned());
    let (to, pcm_hash) = (audio.map(|_| SampleTime(96_000)), audio.map(hash));
    Command::PartInterrupted { take, part, to, gaps, pcm_hash, reason }
}

#[test]
fn audio_that_changes_after_an_approval_voids_it_visibly_and_opens_a_closed_take() {
    for audio in [stopped(NEW_PART, 2), interrupted(Some(2))] {
        let mut scene = closed_scene_with_a_late_part();
        scene.ask(ME, &audio).unwrap();
        let take = &scene.state.takes[0];
        assert_eq!((take.phase, take.verdict), (Phase::InReview, Verdict::None), "{audio:?}");
        let voided = take.voided.as_ref().unwrap();
        assert_eq!((voided.part, voided.decision.as_ref().unwrap().reason.as_str()), (NEW_PART, "tight"));
    }
}

#[test]
fn an_approval_stands_while_no_audio_is_added_and_falls_when_a_lost_part_is_found_after_all() {
    let mut scene = closed_scene_with_a_late_part();
    let stands = |scene: &Scene| {
        let take = &scene.state.takes[0];
        assert_eq!((take.phase, take.verdict, &take.voided), (Phase::Closed, Verdict::Approved, &None));
    };
    stands(&scene);
    scene.ask(ME, &interrupted(None)).unwrap();
    stands(&scene);
    scene.ask(ME, &interrupted(Some(2))).unwrap();
    assert_eq!((scene.state.takes[0].phase, scene.state.takes[0].verdict), (Phase::InReview, Verdict::None));
}

#[test]
fn a_recorder_that_comes_back_without_its_file_leaves_what_was_decided_without_it() {
    let mut scene = rolling_scene();
    scene.ask(ME, &rolling(NEW_PART)).unwrap();
    scene.ask(ME, &stopped(MY_PART, 1)).unwrap();
    scene.ask(ME, &stop()).unwrap();
    scene.record(None, Event::ParticipantLeave { participant: ME });
    scene.ask(OTHER, &Command::TakeSubmit { take: ONE, belief: None }).unwrap();
    scene.ask(ME, &verdict(Verdict::Approved, None)).unwrap();
    let events = scene.ask(ME, &interrupted(None)).unwrap();
    assert!(matches!(events[..], [Event::PartInterrupted { .. }]), "{events:?}");
    assert_eq!(scene.state.takes[0].verdict, Verdict::Approved);
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

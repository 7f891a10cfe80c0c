use super::*;
use protocol::wire::Health;

fn told(frames: &[RelayFrame]) -> Vec<(ParticipantId, Ephemeral)> {
    let eph = frames.iter().filter_map(|frame| match frame {
        RelayFrame::Eph { from, eph } => Some((*from, eph.clone())),
        _ => None,
    });
    eph.collect()
}

fn health(n: u128) -> Ephemeral {
    let (buffer_ms, received, lost, concealed, played) = (5.0, 200, 0, 0, 48_000);
    let (delay_ms, doubt_ms) = (Some(20.0), Some(1.0));
    Ephemeral::Health(Health { stream: stream(n), delay_ms, doubt_ms, buffer_ms, received, lost, concealed, played })
}

/// An engineer (1) who publishes program (1) and talkback (2), a mentor (2), a listener (3).
fn studio() -> (House, [LinkId; 3]) {
    let mut house = House::new();
    let links = [house.enter(1, Role::Engineer), house.enter(2, Role::Mentor), house.enter(3, Role::Listener)];
    house.command(links[0], 1, open(1, StreamKind::Program));
    house.command(links[0], 2, open(2, StreamKind::Talkback));
    house.pass(FLUSH_EVERY);
    for link in links {
        house.take(link);
    }
    (house, links)
}

#[test]
fn of_many_levels_in_a_tenth_of_a_second_the_newest_is_told() {
    let (mut house, [engineer, mentor, _]) = studio();
    house.frame(engineer, ClientFrame::Eph(levels(1, -60.0)));
    house.take(mentor);
    for dbfs in [-50.0, -40.0, -30.0] {
        house.frame(engineer, ClientFrame::Eph(levels(1, dbfs)));
    }
    assert_eq!(told(&house.take(mentor)), []);
    house.pass(FLUSH_EVERY);
    assert_eq!(told(&house.take(mentor)), [(person(1), levels(1, -30.0))]);
}

#[test]
fn levels_reach_only_those_who_may_hear_the_stream() {
    let (mut house, [engineer, mentor, listener]) = studio();
    house.frame(engineer, ClientFrame::Eph(levels(1, -20.0)));
    house.frame(engineer, ClientFrame::Eph(levels(2, -30.0)));
    house.pass(FLUSH_EVERY);
    assert_eq!(told(&house.take(mentor)).len(), 2);
    assert_eq!(told(&house.take(listener)), [(person(1), levels(1, -20.0))]);
    assert_eq!(told(&house.take(engineer)), []);
}

#[test]
fn health_reaches_everybody_who_hears_program() {
    let (mut house, [engineer, mentor, listener]) = studio();
    house.frame(mentor, ClientFrame::Eph(health(1)));
    house.pass(FLUSH_EVERY);
    assert_eq!(told(&house.take(engineer)), [(person(2), health(1))]);
    assert_eq!(told(&house.take(listener)), [(person(2), health(1))]);
    assert_eq!(told(&house.take(mentor)), []);
}

#[test]
fn nobody_tells_levels_of_somebody_elses_stream_or_health_of_one_they_do_not_hear() {
    let (mut house, [engineer, mentor, listener]) = studio();
    house.frame(mentor, ClientFrame::Eph(levels(1, 0.0)));
    house.frame(listener, ClientFrame::Eph(health(2)));
    house.frame(engineer, ClientFrame::Eph(levels(9, 0.0)));
    house.pass(FLUSH_EVERY);
    assert!([engineer, mentor, listener].into_iter().all(|link| told(&house.take(link)).is_empty()));
}

#[test]
fn levels_that_are_no_numbers_or_of_too_many_channels_are_dropped() {
    let (mut house, [engineer, mentor, _]) = studio();
    house.frame(engineer, ClientFrame::Eph(levels(1, f32::INFINITY)));
    let wide = Ephemeral::Levels { stream: stream(1), peak_dbfs: vec![-1.0; 3], rms_dbfs: vec![] };
    house.frame(engineer, ClientFrame::Eph(wide));
    house.pass(FLUSH_EVERY);
    assert_eq!(told(&house.take(mentor)), []);
}

#[test]
fn a_flood_of_ephemerals_costs_the_sender_alone() {
    let (mut house, [engineer, mentor, listener]) = studio();
    for _ in 0..10_000 {
        house.frame(mentor, ClientFrame::Eph(health(1)));
    }
    house.frame(engineer, ClientFrame::Eph(levels(1, -20.0)));
    house.pass(FLUSH_EVERY);
    assert!(house.take(listener).len() <= 4);
    assert_eq!(told(&house.take(mentor)), [(person(1), levels(1, -20.0))]);
}

//! Thousands of random sessions in virtual time: up to twenty people who read late, lose their links, go on asking
//! without one and come back, a journal that answers late and has no room now and then, a relay that dies. In the end
//! every mirror is the room's state, and nothing that was acknowledged is lost or doubled.

#[path = "../../../protocol/tests/play/mod.rs"]
mod play;
mod world;

use protocol::command::Command;
use protocol::event::{Recorded, TYPES};
use protocol::ids::CommandId;
use protocol::session::{Actor, SessionState, apply, decide};
use std::collections::{BTreeMap, BTreeSet};
use world::{Client, World};

const SEEDS: u64 = 2_000;
const STEPS: usize = 120;
/// Links are the relay's store's, which is not here; and for a part that comes in after the verdict it takes more luck than
/// these sessions have. Those of `protocol/tests/sessions.rs` have them all.
const ELSEWHERE: [&str; 3] = ["invite.make", "invite.revoke", "take.void"];

#[test]
fn all_mirrors_are_equal_after_any_interleaving_of_drops_resumes_and_edits_without_a_link() {
    let mut seen = world::Figures::default();
    for seed in 0..SEEDS {
        let mut world = World::new(seed);
        // Twenty people take longer to get far enough ahead of somebody who is away.
        let steps = if world.is_large() { 40 * STEPS } else { STEPS };
        (0..steps).for_each(|_| world.step());
        world.settle();
        check(&world, seed);
        world.figures.coverage.count_log(&world.log());
        seen += world.figures;
    }
    println!("{SEEDS} sessions: {seen:#?}");
    let world::Figures { done, refused, unsaved, tails, wholes, deaths, mirrors, ref coverage } = seen;
    assert!([done, refused, unsaved, tails, deaths, mirrors].iter().all(|count| *count > 1_000), "{seen:?}");
    assert!(wholes > 0, "{seen:?}");
    assert!(5 * done > 3 * (done + refused), "most of what is asked is granted: {done} of {}", done + refused);
    let missing: Vec<_> =
        TYPES.into_iter().filter(|kind| !ELSEWHERE.contains(kind) && !coverage.events.contains_key(*kind)).collect();
    assert!(missing.is_empty(), "{missing:?} never happened");
}

fn check(world: &World, seed: u64) {
    let log = world.log();
    let mut fold = SessionState::default();
    log.iter().for_each(|recorded| apply(&mut fold, recorded));
    assert_eq!(&fold, world.room.state(), "seed {seed}: the room is the fold of its log");
    for client in world.clients.iter().filter(|client| client.is_in()) {
        assert_eq!(client.place, Some(world.room.place()), "seed {seed}, {}", client.me);
        assert_eq!(client.state, fold, "seed {seed}, {}", client.me);
        assert!(client.pending.is_empty(), "seed {seed}, {}: everything is answered", client.me);
    }
    let numbers = log.iter().map(|recorded| recorded.seq);
    assert!(numbers.eq(1..=log.len() as u64), "seed {seed}: the log has no gap");
    let mut commands = BTreeSet::new();
    for run in log.chunk_by(|a, b| a.id.is_some() && a.id == b.id) {
        let fresh = run[0].id.is_none_or(|id| commands.insert((run[0].by, id)));
        assert!(fresh, "seed {seed}: a command was carried out twice, at {}", run[0].seq);
    }
    acknowledged_is_in(&log, &world.clients, seed);
}

/// What was acknowledged is in the log: the last event that it caused has the number that it was answered with. Where no
/// event is of it, nothing was to be changed there.
fn acknowledged_is_in(log: &[Recorded], clients: &[Client], seed: u64) {
    let mut told: BTreeMap<u64, Vec<(&Client, CommandId)>> = BTreeMap::new();
    for client in clients {
        client.done.iter().for_each(|(id, seq)| told.entry(*seq).or_default().push((client, *id)));
    }
    let last: BTreeMap<_, u64> = log.iter().filter_map(|event| Some(((event.by?, event.id?), event.seq))).collect();
    let mut fold = SessionState::default();
    for recorded in log {
        apply(&mut fold, recorded);
        for (client, id) in told.remove(&recorded.seq).unwrap_or_default() {
            let is_there = last.get(&(client.me, id)).map(|last| *last == recorded.seq);
            let holds = is_there.unwrap_or_else(|| changes_nothing(&fold, client, &client.said[&id]));
            assert!(holds, "seed {seed}: {id} was acknowledged as {} and is not there", recorded.seq);
        }
    }
    assert!(told.is_empty(), "seed {seed}: acknowledged beyond the log's end: {:?}", told.keys());
}

fn changes_nothing(state: &SessionState, client: &Client, command: &Command) -> bool {
    let Some(person) = state.participants.get(&client.me) else { return false };
    decide(state, &Actor { participant: client.me, grants: &person.grants }, command) == Ok(Vec::new())
}

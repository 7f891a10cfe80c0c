//! Twenty people on a real relay over real WebSockets who do whatever comes into their heads, lose their links, work on
//! without one and come back: in the end everybody holds the same session, and it is the one that is exported.

use protocol::command::Command;
use protocol::export::Bundle;
use tests::mirror::{Figures, Mirror, ask};
use tests::programs::Relay;
use tests::rng::{Rng, seed};

/// What each of them does, one thing after the other. With what they say in the end no more commands than may be sent at
/// once.
const STEPS: usize = 16;
const ROLES: [&str; 20] = [
    "owner", "engineer", "artist", "producer", "mentor", "student", "listener", "artist", "engineer", "producer",
    "student", "artist", "mentor", "listener", "engineer", "student", "artist", "producer", "mentor", "owner",
];

/// One person's time in the session.
async fn live(mut mirror: Mirror, mut rng: Rng) -> Mirror {
    for _ in 0..STEPS {
        let choice = (rng.uniform() * 10.0) as usize;
        match choice {
            // Nothing of the answer is seen.
            0 | 1 => {
                mirror.ask(ask(&mirror, &mut rng)).await;
                mirror.lose();
            }
            // Two edits without a link.
            2 | 3 => {
                mirror.lose();
                mirror.ask(ask(&mirror, &mut rng)).await;
                mirror.ask(ask(&mirror, &mut rng)).await;
                mirror.come_back().await.unwrap();
            }
            _ => {
                mirror.ask(ask(&mirror, &mut rng)).await;
                mirror.settle().await.unwrap();
            }
        }
    }
    // So much is said in any case that who is away all the time is further behind than a tail goes.
    for text in ["so", "that", "was", "me"] {
        mirror.ask(Command::ChatSay { text: text.into() }).await;
    }
    mirror.settle().await.unwrap();
    mirror
}

async fn everybody_lives(relay: &Relay, seed: u64) -> Vec<Mirror> {
    let session = relay.new_session("Blue hour").unwrap();
    let mut people = Vec::new();
    for (n, role) in ROLES.iter().enumerate() {
        people.push(Mirror::join(session.link(role), &format!("{role} {n}")).await.unwrap());
    }
    // The last one is away all the time, works on what they saw last, and is told everything when they come back.
    let mut away = people.pop().unwrap();
    away.lose();
    let mut rng = Rng::new(seed);
    for _ in 0..5 {
        away.ask(ask(&away, &mut rng)).await;
    }
    let lives = people.into_iter().zip(1..).map(|(mirror, n)| tokio::spawn(live(mirror, Rng::new(seed + n))));
    let lives: Vec<_> = lives.collect();
    let mut people = Vec::new();
    for life in lives {
        people.push(life.await.unwrap());
    }
    away.settle().await.unwrap();
    people.push(away);
    people
}

#[test]
fn twenty_mirrors_and_the_export_are_equal_after_drops_resumes_and_edits_without_a_link() {
    // What everybody asks follows from the seed and from what they see, which hangs on who is faster.
    let (relay, seed) = (Relay::start().unwrap(), seed());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let mut people = everybody_lives(&relay, seed).await;
        people[0].ask(Command::ChatSay { text: "that is all".into() }).await;
        people[0].settle().await.unwrap();
        let end = people[0].last_done().unwrap();
        let mut all = Figures::default();
        for mirror in &mut people {
            mirror.read_to(end).await.unwrap();
            all += mirror.figures;
        }
        println!("{} events, {all:?}", people[0].place.seq);
        let bundle = Bundle::read(&people[0].export().await.unwrap()).unwrap();
        for mirror in &people {
            assert_eq!(
                (mirror.place.seq, mirror.place.hash),
                (bundle.seq, bundle.hash),
                "{} of seed {seed}",
                mirror.me
            );
            assert_eq!(mirror.state, bundle.state, "{} of seed {seed}", mirror.me);
        }
        assert!(all.done > 100 && all.refused > 0 && all.tails > 20 && all.wholes > 0, "{all:?} of seed {seed}");
    });
}

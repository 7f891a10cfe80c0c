use super::person::{Goal, Lost, Person, take_part};
use super::plan::{Plan, first};
use super::tape::Tape;
use crate::programs::{PATIENCE, Relay};
use anyhow::{Context, Result};
use std::future::Future;
use std::sync::Arc;
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// How much load there is.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// Seed of what is asked.
    pub seed: u64,
    /// Sessions.
    pub sessions: usize,
    /// Participants of each.
    pub people: usize,
}

/// Everybody who asks, and what they were told. They stop when this is dropped.
pub struct Crowd {
    runtime: Runtime,
    tape: Arc<Tape>,
    goal: watch::Sender<Goal>,
    people: JoinSet<Result<Person, Lost>>,
}

impl Crowd {
    /// Makes the sessions on this relay and lets everybody in, who begin to ask. Blocks meanwhile.
    ///
    /// # Errors
    /// When the relay does not let them in.
    pub fn gather(relay: &Relay, load: Load, plan: Plan) -> Result<Crowd> {
        let runtime = Runtime::new()?;
        let (tape, (goal, told)) = (Arc::new(Tape::default()), watch::channel(Goal::Ask(0)));
        let mut people = JoinSet::new();
        for session in 0..load.sessions {
            let made = relay.new_session(&format!("Session {session}"))?;
            let engineer = async { Person::by_link(made.link("engineer"), "Eva", 1).await?.ask_once(first()).await };
            runtime.block_on(engineer)?;
            for one in 0..load.people {
                let seed = load.seed.wrapping_add((1000 * session + one) as u64);
                let person = runtime.block_on(Person::by_link(made.link("mentor"), &format!("Mentor {one}"), seed))?;
                let (tape, told) = (Arc::clone(&tape), told.clone());
                people.spawn_on(async move { take_part(person, &tape, plan, told).await }, runtime.handle());
            }
        }
        Ok(Crowd { runtime, tape, goal, people })
    }

    /// What everybody was told so far.
    pub fn tape(&self) -> &Tape {
        &self.tape
    }

    /// Waits for something on the tape. Blocks, at most [`PATIENCE`].
    ///
    /// # Errors
    /// When it never came.
    pub fn wait_for<T>(&self, what: &str, wanted: impl Future<Output = T>) -> Result<T> {
        let waited = self.runtime.block_on(async { timeout(PATIENCE, wanted).await });
        waited.with_context(|| format!("{what} never came"))
    }

    /// Tells that the relay is there again, for the `again`th time.
    pub fn is_back(&self, again: u32) {
        self.goal.send_replace(Goal::Ask(again));
    }

    /// Nobody asks anything new; returns when all is answered and everybody has left. Blocks.
    ///
    /// # Errors
    /// When somebody was lost on the way, or something is never answered.
    pub fn settle(mut self) -> Result<Arc<Tape>> {
        self.goal.send_replace(Goal::Settle);
        let all = async {
            while let Some(one) = self.people.join_next().await {
                one??;
            }
            anyhow::Ok(())
        };
        let settled = self.runtime.block_on(async { timeout(PATIENCE, all).await });
        settled.context("not everything was answered in the end")??;
        Ok(self.tape)
    }
}

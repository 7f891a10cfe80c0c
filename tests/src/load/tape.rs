use crate::acks::{Ack, Seen};
use protocol::ids::CommandId;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use tokio::sync::Notify;

/// What everybody was told, in the order in which they took it down.
pub struct Tape {
    begun: Instant,
    links: AtomicU64,
    answered: AtomicUsize,
    not_saved: AtomicUsize,
    more: Notify,
    lines: Mutex<Lines>,
}

#[derive(Default)]
struct Lines {
    acks: Vec<Ack>,
    seen: Vec<Seen>,
    /// When each command was first sent.
    sent_us: HashMap<CommandId, u64>,
    /// From a command's sending to its first answer.
    answer_us: Vec<u64>,
    /// From a command's sending to the moment at which somebody has its event.
    spread_us: Vec<u64>,
}

impl Default for Tape {
    fn default() -> Tape {
        let (links, answered, not_saved, more, lines) = Default::default();
        Tape { begun: Instant::now(), links, answered, not_saved, more, lines }
    }
}

impl Tape {
    /// Microseconds since the tape began.
    pub fn now_us(&self) -> u64 {
        self.begun.elapsed().as_micros() as u64
    }

    /// Returns once so many commands were answered in all.
    pub async fn answered(&self, many: usize) {
        self.reaches(&self.answered, many).await;
    }

    /// Returns once somebody was told so often in all that something could not be saved.
    pub async fn not_saved(&self, often: usize) {
        self.reaches(&self.not_saved, often).await;
    }

    /// Commands that were answered, and how often somebody was told that something could not be saved.
    pub fn counts(&self) -> (usize, usize) {
        (self.answered.load(Relaxed), self.not_saved.load(Relaxed))
    }

    /// All answers and all events that were seen.
    pub fn told(&self) -> (Vec<Ack>, Vec<Seen>) {
        let lines = self.lines();
        (lines.acks.clone(), lines.seen.clone())
    }

    /// How long answers took, and how long events took to each who has them, in microseconds; empties both.
    pub fn take_delays(&self) -> (Vec<u64>, Vec<u64>) {
        let mut lines = self.lines();
        (std::mem::take(&mut lines.answer_us), std::mem::take(&mut lines.spread_us))
    }

    async fn reaches(&self, count: &AtomicUsize, many: usize) {
        loop {
            let more = self.more.notified();
            if count.load(Relaxed) >= many {
                return;
            }
            more.await;
        }
    }

    pub(super) fn refuse(&self) {
        self.not_saved.fetch_add(1, Relaxed);
        self.more.notify_waiters();
    }

    pub(super) fn next_link(&self) -> u64 {
        self.links.fetch_add(1, Relaxed)
    }

    pub(super) fn send(&self, command: CommandId, at_us: u64) {
        self.lines().sent_us.insert(command, at_us);
    }

    /// `first`: it is no answer to a repeated command.
    pub(super) fn answer(&self, ack: Ack, first: bool) {
        let mut lines = self.lines();
        if first {
            lines.answer_us.push(ack.acked_us.saturating_sub(ack.sent_us));
        }
        lines.acks.push(ack);
        drop(lines);
        self.answered.fetch_add(usize::from(first), Relaxed);
        self.more.notify_waiters();
    }

    /// `by`: the command that caused the event.
    pub(super) fn see(&self, seen: Seen, by: Option<CommandId>) {
        let now_us = self.now_us();
        let mut lines = self.lines();
        let sent_us = by.and_then(|by| lines.sent_us.get(&by).copied());
        lines.spread_us.extend(sent_us.map(|sent_us| now_us.saturating_sub(sent_us)));
        lines.seen.push(seen);
    }

    fn lines(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

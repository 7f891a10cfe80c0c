//! The independent judge of what a relay acknowledged: nothing lost, doubled or reordered.
//!
//! It reads the journal's file by SQL of its own and computes the chain itself, so that a mistake in the relay's code is
//! not made here a second time. Whoever puts load on a relay records what it was told ([`Ack`], [`Seen`]) outside the
//! relay, kills it as often as it likes, and asks [`judge`] at the end.
//!
//! *Absent*: the relay's and the protocol's types.

mod file;

pub use file::{FileError, Log, read};

use std::collections::{BTreeMap, HashMap, HashSet};
use uuid::Uuid;

/// A command that was answered with `ok`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ack {
    /// In which session.
    pub session: Uuid,
    /// Whose command.
    pub participant: Uuid,
    /// Its id.
    pub command: Uuid,
    /// The number it was answered with.
    pub seq: u64,
    /// When it was first sent, in microseconds of the load's own clock.
    pub sent_us: u64,
    /// When the answer was there, by the same clock.
    pub acked_us: u64,
    /// Events that it must have caused: 0 where it changed nothing, none where that is not known.
    pub events: Option<usize>,
}

/// An event that somebody received live.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// In which session.
    pub session: Uuid,
    /// On which link. A link that came in again is another one.
    pub link: u64,
    /// The event's number.
    pub seq: u64,
    /// The hash that came with it.
    pub hash: [u8; 32],
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Verdict {
    /// An acknowledged command is not remembered.
    #[error("lost: command {command} was acknowledged at {seq}, but the journal does not remember it")]
    LostCommand {
        /// Which.
        command: Uuid,
        /// With which number.
        seq: u64,
    },
    /// An event that was acknowledged or received is not in the log.
    #[error("lost: event {seq} of session {session} was acknowledged or received, but the log ends before or skips it")]
    LostEvent {
        /// Whose.
        session: Uuid,
        /// Which.
        seq: u64,
    },
    /// A command has not caused as many events as it must.
    #[error("lost: command {command} caused {found} events and must have caused {expected}")]
    LostEffect {
        /// Which.
        command: Uuid,
        /// How many.
        found: usize,
        /// How many there must be.
        expected: usize,
    },
    /// A link skipped an event.
    #[error("lost on the way: link {link} of session {session} received {seq} after {after}")]
    Skipped {
        /// Whose.
        session: Uuid,
        /// Which link.
        link: u64,
        /// The event before.
        after: u64,
        /// The event then.
        seq: u64,
    },
    /// A command was done more than once.
    #[error("doubled: command {command} caused {found} events and must have caused {expected}")]
    DoubledEffect {
        /// Which.
        command: Uuid,
        /// How many.
        found: usize,
        /// How many there must be.
        expected: usize,
    },
    /// A command was answered with two numbers, or remembered with another one than it was answered with.
    #[error("doubled: command {command} was answered with {seq} and with {other}")]
    TwoAnswers {
        /// Which.
        command: Uuid,
        /// One number.
        seq: u64,
        /// The other.
        other: u64,
    },
    /// A link received an event again.
    #[error("doubled: link {link} of session {session} received {seq} twice")]
    Twice {
        /// Whose.
        session: Uuid,
        /// Which link.
        link: u64,
        /// Which event.
        seq: u64,
    },
    /// A link received an earlier event after a later one.
    #[error("reordered: link {link} of session {session} received {seq} after {after}")]
    Backwards {
        /// Whose.
        session: Uuid,
        /// Which link.
        link: u64,
        /// The event before.
        after: u64,
        /// The event then.
        seq: u64,
    },
    /// A command that was sent after another one's answer has a lower number.
    #[error("reordered: command {command} was sent when {before} was already acknowledged, but has number {seq}")]
    Overtaken {
        /// Which.
        command: Uuid,
        /// The higher number of the earlier one.
        before: u64,
        /// Its number.
        seq: u64,
    },
    /// What was received is not what is stored.
    #[error("changed: event {seq} of session {session} was received with another hash than is stored")]
    Changed {
        /// Whose.
        session: Uuid,
        /// Which.
        seq: u64,
    },
    /// The log's own numbers or hashes do not follow each other.
    #[error("broken: event {seq} of session {session} does not follow the one before it")]
    Broken {
        /// Whose.
        session: Uuid,
        /// Which.
        seq: u64,
    },
}

/// Everything that is wrong, sorted. `acks` in any order, answers to repeated commands included; `seen` in the order of
/// arrival on each link.
pub fn judge(logs: &HashMap<Uuid, Log>, acks: &[Ack], seen: &[Seen]) -> Vec<Verdict> {
    let nothing = Log::default();
    let log = |session: &Uuid| logs.get(session).unwrap_or(&nothing);
    let mut found = Vec::new();
    for (session, log) in logs {
        found.extend(log.broken.iter().map(|seq| Verdict::Broken { session: *session, seq: *seq }));
    }
    acks.iter().for_each(|ack| judge_ack(log(&ack.session), ack, &mut found));
    judge_order(acks, &mut found);
    seen.iter().for_each(|seen| judge_stored(log(&seen.session), seen, &mut found));
    judge_links(seen, &mut found);
    found.sort();
    found.dedup();
    found
}

fn judge_ack(log: &Log, ack: &Ack, found: &mut Vec<Verdict>) {
    let Ack { session, command, seq, .. } = *ack;
    match log.remembered.get(&(ack.participant, command)) {
        None => found.push(Verdict::LostCommand { command, seq }),
        Some(other) if *other != seq => found.push(Verdict::TwoAnswers { command, seq, other: *other }),
        Some(_) => {}
    }
    if seq > 0 && !log.hashes.contains_key(&seq) {
        found.push(Verdict::LostEvent { session, seq });
    }
    let caused = log.caused.get(&command).copied().unwrap_or_default();
    match ack.events {
        Some(expected) if caused < expected => found.push(Verdict::LostEffect { command, found: caused, expected }),
        Some(expected) if caused > expected => found.push(Verdict::DoubledEffect { command, found: caused, expected }),
        _ => {}
    }
}

/// In one session, what was sent after an answer has no lower number than that answer.
fn judge_order(acks: &[Ack], found: &mut Vec<Verdict>) {
    let mut sessions: BTreeMap<Uuid, Vec<&Ack>> = BTreeMap::new();
    let mut by_time: Vec<_> = acks.iter().collect();
    by_time.sort_by_key(|ack| ack.sent_us);
    // A repeated command is answered as it was at first: only the first answer says something about the order.
    let mut known = HashSet::new();
    for ack in by_time {
        if known.insert((ack.session, ack.participant, ack.command)) {
            sessions.entry(ack.session).or_default().push(ack);
        }
    }
    sessions.values().for_each(|acks| judge_session_order(acks, found));
}

fn judge_session_order(by_sent: &[&Ack], found: &mut Vec<Verdict>) {
    let mut by_acked = by_sent.to_vec();
    by_acked.sort_by_key(|ack| ack.acked_us);
    let (mut answered, mut before) = (by_acked.into_iter().peekable(), 0);
    for ack in by_sent {
        while let Some(earlier) = answered.next_if(|earlier| earlier.acked_us < ack.sent_us) {
            before = earlier.seq.max(before);
        }
        if ack.seq < before {
            found.push(Verdict::Overtaken { command: ack.command, before, seq: ack.seq });
        }
    }
}

fn judge_stored(log: &Log, seen: &Seen, found: &mut Vec<Verdict>) {
    let Seen { session, seq, hash, .. } = *seen;
    match log.hashes.get(&seq) {
        None => found.push(Verdict::LostEvent { session, seq }),
        Some(stored) if *stored != hash => found.push(Verdict::Changed { session, seq }),
        Some(_) => {}
    }
}

/// On one link the numbers go up by one.
fn judge_links(seen: &[Seen], found: &mut Vec<Verdict>) {
    let mut last = HashMap::new();
    for &Seen { session, link, seq, .. } in seen {
        let Some(after) = last.insert((session, link), seq) else { continue };
        match seq {
            _ if seq == after + 1 => {}
            _ if seq > after => found.push(Verdict::Skipped { session, link, after, seq }),
            _ if seq == after => found.push(Verdict::Twice { session, link, seq }),
            _ => found.push(Verdict::Backwards { session, link, after, seq }),
        }
    }
}

#[cfg(test)]
mod tests;

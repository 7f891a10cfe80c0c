//! How much redundancy a publisher is asked for.

use super::munger::RunId;
use super::redundancy::Redundancy;
use super::source::Run;
use core::time::Duration;
use units::MonoTime;

/// How often packets that did not come are counted.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What is lost between a publisher and the relay, and what the publisher was asked for last.
#[derive(Clone, Debug, Default)]
pub(crate) struct Uplink {
    redundancy: Redundancy,
    looked: Option<Looked>,
    pub(crate) next_look: MonoTime,
    asked: u8,
}

/// The counts of a run when they were last looked at.
#[derive(Clone, Copy, Debug)]
struct Looked {
    run: RunId,
    number: i64,
    received: u64,
}

impl Uplink {
    /// Takes in what has come and what has not since it was last asked; a new run begins anew.
    pub(crate) fn handle_counts(&mut self, now: MonoTime, run: &Run) {
        self.next_look = now + LOOK_EVERY;
        let looked = Looked { run: run.id, number: run.number, received: run.received };
        let before = self.looked.replace(looked).filter(|before| before.run == run.id);
        if let Some(before) = before {
            let sent = (run.number - before.number).max(0) as u64;
            let came = run.received - before.received;
            self.redundancy.handle_loss(now, sent, sent.saturating_sub(came));
        }
    }

    /// The depth to ask the publisher for when its listeners need `listeners`; none when it was asked for that already.
    pub(crate) fn ask(&mut self, listeners: u8) -> Option<u8> {
        let depth = self.redundancy.depth().max(listeners);
        (std::mem::replace(&mut self.asked, depth) != depth).then_some(depth)
    }
}

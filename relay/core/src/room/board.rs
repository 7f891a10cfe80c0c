use protocol::ids::{ParticipantId, StreamId};
use protocol::wire::Ephemeral;
use std::collections::BTreeMap;

/// What waits to be passed on: the newest of a sender, kind and stream. Its size is bounded by what senders may tell:
/// only streams that exist are put on it.
#[derive(Default)]
pub(super) struct Board(BTreeMap<(ParticipantId, u8, StreamId), Ephemeral>);

impl Board {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Replaces what this sender told of the same kind and stream. Talking is not passed on and not put here.
    pub(super) fn put(&mut self, from: ParticipantId, eph: Ephemeral) {
        let (kind, stream) = match &eph {
            Ephemeral::Talk { .. } => return,
            Ephemeral::Levels { stream, .. } => (0, *stream),
            Ephemeral::Clock { stream, .. } => (1, *stream),
            Ephemeral::Health(health) => (2, health.stream),
        };
        self.0.insert((from, kind, stream), eph);
    }

    /// Everything that waits.
    pub(super) fn take(&mut self) -> impl Iterator<Item = (ParticipantId, Ephemeral)> + use<> {
        std::mem::take(&mut self.0).into_iter().map(|((from, _, _), eph)| (from, eph))
    }

    /// Drops what somebody who left told.
    pub(super) fn forget(&mut self, from: ParticipantId) {
        self.0.retain(|(sender, _, _), _| *sender != from);
    }
}

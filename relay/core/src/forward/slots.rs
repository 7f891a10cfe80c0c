//! Which receiving section of a listener's peer carries which stream.

use crate::plan::HeardStream;
use protocol::ids::StreamId;
use protocol::stream::StreamKind;

/// What one section carries, and what it carried last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SlotUse {
    /// The stream it carries now.
    pub stream: Option<StreamId>,
    /// The kind it carried last, kept when it falls free.
    pub carried: Option<StreamKind>,
}

/// Puts the most important streams of `heard` into `slots` and returns those that found no place, in order.
///
/// A stream that has a slot keeps it. A free slot that carried the same kind before is taken first (a page's player for
/// program goes on with program), then one that was never used, then any.
pub fn assign(slots: &mut [SlotUse], heard: &[HeardStream]) -> Vec<StreamId> {
    let (wanted, missing) = heard.split_at(heard.len().min(slots.len()));
    for slot in slots.iter_mut() {
        slot.stream = slot.stream.filter(|stream| wanted.iter().any(|one| one.stream == *stream));
    }
    for one in wanted {
        if slots.iter().all(|slot| slot.stream != Some(one.stream)) {
            let free = slots.iter_mut().filter(|slot| slot.stream.is_none());
            if let Some(slot) = free.min_by_key(|slot| unfitness(slot.carried, one.kind)) {
                *slot = SlotUse { stream: Some(one.stream), carried: Some(one.kind) };
            }
        }
    }
    missing.iter().map(|one| one.stream).collect()
}

/// How badly a free slot that carried `carried` suits `kind`: lower is better.
fn unfitness(carried: Option<StreamKind>, kind: StreamKind) -> u8 {
    match carried {
        Some(before) if before == kind => 0,
        None => 1,
        Some(StreamKind::Program) => 3,
        Some(_) => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use protocol::ids::ParticipantId;
    use uuid::Uuid;

    fn heard(id: u128, kind: StreamKind) -> HeardStream {
        HeardStream {
            stream: StreamId(Uuid::from_u128(id)),
            kind,
            publisher: ParticipantId(Uuid::nil()),
            redundancy: 1,
        }
    }

    fn ids(slots: &[SlotUse]) -> Vec<Option<u128>> {
        slots.iter().map(|slot| slot.stream.map(|stream| stream.0.as_u128())).collect()
    }

    #[test]
    fn a_stream_keeps_its_slot_when_others_come_and_go() {
        let mut slots = [SlotUse::default(); 3];
        let (program, talk, mic) =
            (heard(1, StreamKind::Program), heard(2, StreamKind::Talkback), heard(3, StreamKind::Mic));
        assert!(assign(&mut slots, &[talk, mic]).is_empty());
        assign(&mut slots, &[program, mic]);
        assert_eq!(ids(&slots), [None, Some(3), Some(1)], "the untouched slot serves before the one that talked");
        assign(&mut slots, &[program, talk, mic]);
        assert_eq!(ids(&slots), [Some(2), Some(3), Some(1)]);
    }

    #[test]
    fn program_goes_back_to_the_slot_that_carried_program() {
        let mut slots = [SlotUse::default(); 2];
        assign(&mut slots, &[heard(1, StreamKind::Program)]);
        assign(&mut slots, &[]);
        assign(&mut slots, &[heard(9, StreamKind::Talkback)]);
        assert_eq!(ids(&slots), [None, Some(9)]);
        assign(&mut slots, &[heard(2, StreamKind::Program), heard(9, StreamKind::Talkback)]);
        assert_eq!(ids(&slots), [Some(2), Some(9)]);
    }

    #[test]
    fn the_least_important_streams_are_missing_and_give_way() {
        let mut slots = [SlotUse::default(); 1];
        let (program, mic) = (heard(1, StreamKind::Program), heard(2, StreamKind::Mic));
        assert!(assign(&mut slots, &[mic]).is_empty());
        assert_eq!(assign(&mut slots, &[program, mic]), [mic.stream]);
        assert_eq!(ids(&slots), [Some(1)]);
    }

    proptest! {
        #[test]
        fn every_wanted_stream_has_exactly_one_slot(
            plans in prop::collection::vec(prop::collection::btree_set(0u128..12, 0..10), 1..8), count in 0usize..6,
        ) {
            let mut slots = vec![SlotUse::default(); count];
            for plan in plans {
                let plan: Vec<HeardStream> = plan.into_iter().map(|id| heard(id, StreamKind::Mic)).collect();
                let before = slots.clone();
                let missing = assign(&mut slots, &plan);
                prop_assert_eq!(missing.len(), plan.len().saturating_sub(count));
                for (n, one) in plan.iter().enumerate() {
                    let places = slots.iter().filter(|slot| slot.stream == Some(one.stream)).count();
                    prop_assert_eq!(places, usize::from(n < count));
                    let had = before.iter().position(|slot| slot.stream == Some(one.stream));
                    if let (Some(had), true) = (had, n < count) {
                        prop_assert_eq!(slots[had].stream, Some(one.stream), "kept its slot");
                    }
                }
            }
        }
    }
}

use super::{Bucket, Refusal};
use protocol::grants::Role;
use protocol::ids::ParticipantId;
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;
use units::MonoTime;

/// One person may come in so often for long, beside the burst.
const RETURN_EVERY: Duration = Duration::from_secs(30);
/// Times that one person may come in at once.
const RETURN_BURST: u32 = 60;
/// So often somebody new may come in by an invitation for one role for long, beside the burst.
const NEWCOMER_EVERY: Duration = Duration::from_secs(20);
/// New people who may come in at once by invitations for one role.
const NEWCOMER_BURST: u32 = 200;
/// People whose coming is counted before those are forgotten whose bucket is full again.
const COUNTED: usize = 1_000;

/// How often people come in. Whoever comes is recorded, and that they leave is too, for good: without a limit anybody
/// with a link could fill the log alone. It outlives their links. New people count by the role that they are invited for,
/// so that whoever was given a listener's link keeps no engineer out.
#[derive(Default)]
pub(super) struct Arrivals {
    people: HashMap<ParticipantId, Bucket>,
    newcomers: BTreeMap<Role, Bucket>,
}

impl Arrivals {
    /// Counts one coming of somebody; with a role, of somebody new.
    pub(super) fn charge(&mut self, now: MonoTime, who: ParticipantId, new_as: Option<Role>) -> Result<(), Refusal> {
        if self.people.len() >= COUNTED {
            self.people.retain(|_, bucket| !bucket.is_full(now));
        }
        let own = self.people.entry(who).or_insert_with(|| Bucket::every(RETURN_EVERY, RETURN_BURST));
        if !own.try_take(now) {
            return Err(Refusal::comes_too_often());
        }
        let Some(role) = new_as else { return Ok(()) };
        let new = self.newcomers.entry(role).or_insert_with(|| Bucket::every(NEWCOMER_EVERY, NEWCOMER_BURST));
        if new.try_take(now) { Ok(()) } else { Err(Refusal::crowded()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    const NOW: MonoTime = MonoTime(5_000_000_000);

    fn person(n: u32) -> ParticipantId {
        ParticipantId(Uuid::from_u128(n.into()))
    }

    #[test]
    fn one_person_comes_in_so_often_and_no_more_until_time_has_passed() {
        let mut arrivals = Arrivals::default();
        assert!((0..RETURN_BURST).all(|_| arrivals.charge(NOW, person(1), None).is_ok()));
        assert_eq!(arrivals.charge(NOW, person(1), None), Err(Refusal::comes_too_often()));
        assert_eq!(arrivals.charge(NOW, person(2), None), Ok(()));
        let later = NOW + RETURN_EVERY;
        assert_eq!(arrivals.charge(later, person(1), None), Ok(()));
        assert_eq!(arrivals.charge(later, person(1), None), Err(Refusal::comes_too_often()));
    }

    #[test]
    fn a_flood_of_listeners_keeps_no_engineer_out_and_nobody_who_comes_back() {
        let mut arrivals = Arrivals::default();
        let mut come = |n, role| arrivals.charge(NOW, person(n), role);
        assert!((0..NEWCOMER_BURST).all(|n| come(n, Some(Role::Listener)).is_ok()));
        assert_eq!(come(9_001, Some(Role::Listener)), Err(Refusal::crowded()));
        assert_eq!((come(9_002, Some(Role::Engineer)), come(1, None)), (Ok(()), Ok(())));
    }

    #[test]
    fn people_who_came_long_ago_are_not_counted_for_ever() {
        let mut arrivals = Arrivals::default();
        let times = (0..10 * COUNTED as u32).map(|n| (n, NOW + RETURN_EVERY * n));
        times.into_iter().for_each(|(n, now)| arrivals.charge(now, person(n), None).unwrap());
        assert!(arrivals.people.len() <= COUNTED);
    }
}

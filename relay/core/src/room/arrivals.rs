use super::{Bucket, Refusal};
use protocol::grants::Role;
use protocol::ids::{InviteId, ParticipantId};
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;
use units::MonoTime;

/// One person may come in so often for long, beside the burst.
const RETURN_EVERY: Duration = Duration::from_secs(30);
/// Times that one person may come in at once.
const RETURN_BURST: u32 = 60;
/// So often somebody new may come in by one invitation for long, beside the burst.
const NEWCOMER_EVERY: Duration = Duration::from_secs(20);
/// New people who may come in at once by one invitation.
const NEWCOMER_BURST: u32 = 200;
/// So often somebody new may come in by whatever invitation for long, beside the burst.
const ANYBODY_EVERY: Duration = Duration::from_secs(2);
/// New people who may come in at once by all invitations together: more than a few links let in.
const ANYBODY_BURST: u32 = 1_400;
/// People whose coming is counted before those are forgotten whose bucket is full again.
const COUNTED: usize = 1_000;

/// By which invitation somebody new comes; where that is not known, those for one role count as one.
pub(super) type Way = (Role, Option<InviteId>);

/// How often people come in. Whoever comes is recorded, and that they leave is too, for good: without a limit anybody
/// with a link could fill the log alone. It outlives their links, and the room: see
/// [`super::Counted`]. New people count by the invitation that they come by,
/// so that whoever was given one link keeps nobody out who was given another. Only who may make links has many of them:
/// against that, all new people count together, too.
pub struct Arrivals {
    people: HashMap<ParticipantId, Bucket>,
    newcomers: BTreeMap<Way, Bucket>,
    anybody: Bucket,
}

impl Default for Arrivals {
    fn default() -> Arrivals {
        let anybody = Bucket::every(ANYBODY_EVERY, ANYBODY_BURST);
        Arrivals { people: HashMap::new(), newcomers: BTreeMap::new(), anybody }
    }
}

impl Arrivals {
    /// From when on it counts as if nobody had ever come.
    pub(super) fn forgotten_at(&self) -> MonoTime {
        let buckets = self.people.values().chain(self.newcomers.values()).chain([&self.anybody]);
        buckets.map(Bucket::full_at).max().unwrap_or_default()
    }

    /// Counts one coming of somebody; with a way, of somebody new.
    pub(super) fn charge(&mut self, now: MonoTime, who: ParticipantId, new_by: Option<Way>) -> Result<(), Refusal> {
        if self.people.len() >= COUNTED {
            self.people.retain(|_, bucket| !bucket.is_full(now));
        }
        let own = self.people.entry(who).or_insert_with(|| Bucket::every(RETURN_EVERY, RETURN_BURST));
        if !own.try_take(now) {
            return Err(Refusal::comes_too_often());
        }
        new_by.map_or(Ok(()), |way| self.charge_newcomer(now, way))
    }

    /// What one way does not let in takes nothing from the others.
    fn charge_newcomer(&mut self, now: MonoTime, way: Way) -> Result<(), Refusal> {
        let new = self.newcomers.entry(way).or_insert_with(|| Bucket::every(NEWCOMER_EVERY, NEWCOMER_BURST));
        if !new.try_take(now) {
            return Err(Refusal::crowded_link());
        }
        if self.anybody.try_take(now) { Ok(()) } else { Err(Refusal::crowded()) }
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

    fn link(n: u32) -> Option<InviteId> {
        Some(InviteId(Uuid::from_u128(n.into())))
    }

    #[test]
    fn a_flood_by_one_link_keeps_nobody_out_who_comes_by_another_or_comes_back() {
        let mut arrivals = Arrivals::default();
        let mut come = |n, way| arrivals.charge(NOW, person(n), way);
        let noisy = Some((Role::Listener, link(1)));
        assert!((0..NEWCOMER_BURST).all(|n| come(n, noisy).is_ok()));
        // However often they try.
        assert!((1_000..6_000).all(|n| come(n, noisy) == Err(Refusal::crowded_link())));
        assert_eq!(come(9_001, Some((Role::Listener, link(2)))), Ok(()));
        assert_eq!((come(9_002, Some((Role::Engineer, link(3)))), come(1, None)), (Ok(()), Ok(())));
    }

    #[test]
    fn where_nobody_knows_the_link_the_role_counts() {
        let mut arrivals = Arrivals::default();
        let mut come = |n, role| arrivals.charge(NOW, person(n), Some((role, None)));
        assert!((0..NEWCOMER_BURST).all(|n| come(n, Role::Listener).is_ok()));
        assert_eq!(come(9_001, Role::Listener), Err(Refusal::crowded_link()));
        assert_eq!(come(9_002, Role::Engineer), Ok(()));
    }

    #[test]
    fn a_flood_by_many_links_has_an_end_too_and_lets_those_in_who_come_back() {
        let mut arrivals = Arrivals::default();
        let mut come = |now, n| arrivals.charge(now, person(n), Some((Role::Listener, link(n % 100))));
        assert!((0..ANYBODY_BURST).all(|n| come(NOW, n).is_ok()));
        assert_eq!(come(NOW, 9_001), Err(Refusal::crowded()));
        assert_eq!(come(NOW + ANYBODY_EVERY, 9_002), Ok(()));
        assert_eq!(arrivals.charge(NOW, person(1), None), Ok(()));
    }

    #[test]
    fn people_who_came_long_ago_are_not_counted_for_ever() {
        let mut arrivals = Arrivals::default();
        let times = (0..10 * COUNTED as u32).map(|n| (n, NOW + RETURN_EVERY * n));
        times.into_iter().for_each(|(n, now)| arrivals.charge(now, person(n), None).unwrap());
        assert!(arrivals.people.len() <= COUNTED);
    }
}

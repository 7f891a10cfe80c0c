use super::arrivals::Arrivals;
use protocol::ids::SessionId;
use std::collections::HashMap;
use units::MonoTime;

/// Sessions whose counts are kept while they do not run.
const MAX_COUNTED: usize = 1_000;

/// How often people came into sessions that do not run: a room ends with the last who leaves, and whoever comes and goes
/// alone is counted like anybody else.
///
/// At most 1 000 sessions are kept. One more takes the place of that which would have been forgotten first.
#[derive(Default)]
pub struct Counted(HashMap<SessionId, Arrivals>);

impl Counted {
    /// What was counted in a session that begins to run.
    pub fn take(&mut self, session: SessionId) -> Arrivals {
        self.0.remove(&session).unwrap_or_default()
    }

    /// Keeps what was counted in a session that has ended for as long as it makes a difference.
    pub fn keep(&mut self, now: MonoTime, session: SessionId, arrivals: Arrivals) {
        if arrivals.forgotten_at() <= now {
            return;
        }
        if self.0.len() >= MAX_COUNTED {
            self.0.retain(|_, kept| kept.forgotten_at() > now);
        }
        if self.0.len() >= MAX_COUNTED {
            let first = self.0.iter().min_by_key(|(_, kept)| kept.forgotten_at()).map(|(session, _)| *session);
            first.map(|session| self.0.remove(&session));
        }
        self.0.insert(session, arrivals);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::ids::ParticipantId;
    use std::time::Duration;
    use uuid::Uuid;

    const NOW: MonoTime = MonoTime(5_000_000_000);
    const EVE: ParticipantId = ParticipantId(Uuid::nil());

    fn session(n: usize) -> SessionId {
        SessionId(Uuid::from_u128(n as u128))
    }

    /// How often one more person may come.
    fn rest(mut arrivals: Arrivals, now: MonoTime) -> usize {
        (0..1_000).filter(|_| arrivals.charge(now, EVE, None).is_ok()).count()
    }

    fn visited(times: usize, now: MonoTime) -> Arrivals {
        let mut arrivals = Arrivals::default();
        (0..times).for_each(|_| arrivals.charge(now, EVE, None).unwrap());
        arrivals
    }

    #[test]
    fn what_was_counted_goes_on_where_it_ended_and_is_handed_out_once() {
        let mut counted = Counted::default();
        let fresh = rest(Arrivals::default(), NOW);
        counted.keep(NOW, session(1), visited(10, NOW));
        assert_eq!(rest(counted.take(session(1)), NOW), fresh - 10);
        assert_eq!(rest(counted.take(session(1)), NOW), fresh);
    }

    #[test]
    fn no_more_sessions_are_kept_than_there_is_room_for_and_the_busiest_stay() {
        let mut counted = Counted::default();
        (1..=MAX_COUNTED).for_each(|n| counted.keep(NOW, session(n), visited(if n == 1 { 9 } else { 10 }, NOW)));
        counted.keep(NOW, session(0), visited(10, NOW));
        assert_eq!((counted.0.len(), counted.0.contains_key(&session(1))), (MAX_COUNTED, false));
        let later = NOW + Duration::from_secs(3_600);
        counted.keep(later, session(1), visited(1, later));
        assert_eq!(counted.0.len(), 1, "what is full again is forgotten");
        counted.keep(later, session(2), Arrivals::default());
        assert_eq!(counted.0.len(), 1);
    }
}

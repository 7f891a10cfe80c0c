use crate::event::{Event, Recorded, Stored};
use crate::ids::{ParticipantId, TakeNumber};
use crate::session::take::Flag;
use units::WallTime;

/// A time that somebody spent in the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Visit {
    pub(super) who: ParticipantId,
    pub(super) from: WallTime,
    /// None when they are still there at the log's end.
    pub(super) to: Option<WallTime>,
}

/// Who was there when, in the order in which they came.
pub(super) fn visits(events: &[Stored]) -> Vec<Visit> {
    let mut visits: Vec<Visit> = Vec::new();
    for Recorded { at, event, .. } in events.iter().map(Stored::recorded) {
        let open = |who: &ParticipantId, visits: &[Visit]| {
            visits.iter().rposition(|visit| visit.who == *who && visit.to.is_none())
        };
        match event {
            Event::ParticipantJoin { participant, .. } if open(participant, &visits).is_none() => {
                visits.push(Visit { who: *participant, from: *at, to: None });
            }
            Event::ParticipantLeave { participant } => {
                if let Some(visit) = open(participant, &visits) {
                    visits[visit].to = Some(*at);
                }
            }
            _ => {}
        }
    }
    visits
}

/// What was decided about takes, in the order in which it was. Only the last word about each holds.
pub(super) fn decisions(events: &[Stored]) -> impl Iterator<Item = (TakeNumber, &Recorded)> {
    events.iter().map(Stored::recorded).filter_map(|recorded| match recorded.event {
        Event::TakeVerdict { take, .. }
        | Event::TakeVoid { take, .. }
        | Event::TakeReopen { take, .. }
        | Event::TakeFlag { take, flag: Flag::Circled | Flag::Hero, .. } => Some((take, recorded)),
        _ => None,
    })
}

//! The session's news as lines for people and programs.

use crate::report::Line;
use client_core::mirror::{Change, Mirror};
use protocol::ids::{ParticipantId, StreamId};

/// What to tell of a change; nothing of our own coming and going.
pub(super) fn line_of(mirror: &Mirror, change: &Change) -> Option<Line> {
    match change {
        Change::Came(who) | Change::Left(who) | Change::Presence(who) if *who == mirror.me => None,
        Change::Came(who) | Change::Left(who) | Change::Presence(who) => peer(mirror, *who),
        Change::Opened(stream) | Change::Closed(stream) => stream_line(mirror, *stream),
        Change::Epoch(_) => None,
    }
}

/// Everything that was there before we came.
pub(super) fn opening_lines(mirror: &Mirror) -> Vec<Line> {
    let present = mirror.state.participants.iter().filter(|(who, person)| person.present && **who != mirror.me);
    let people = present.filter_map(|(who, _)| peer(mirror, *who));
    let open = mirror.state.streams.values().filter(|stream| stream.open);
    people.chain(open.filter_map(|stream| stream_line(mirror, stream.id))).collect()
}

fn peer(mirror: &Mirror, participant: ParticipantId) -> Option<Line> {
    let person = mirror.state.participants.get(&participant)?;
    let presence = mirror.people.iter().find(|presence| presence.participant == participant);
    Some(Line::Peer {
        participant,
        name: person.name.clone(),
        role: Some(person.role),
        present: person.present,
        media: presence.is_some_and(|presence| presence.media),
        talking: presence.is_some_and(|presence| presence.talking),
        hears: presence.map(|presence| presence.hears.clone()).unwrap_or_default(),
    })
}

fn stream_line(mirror: &Mirror, stream: StreamId) -> Option<Line> {
    let stream = mirror.state.streams.get(&stream)?;
    Some(Line::Stream {
        stream: stream.id,
        kind: stream.kind,
        label: stream.label.clone(),
        participant: stream.participant,
        name: mirror.name_of(stream.participant),
        own: stream.participant == mirror.me,
        open: stream.open,
        format: stream.format.clone(),
    })
}

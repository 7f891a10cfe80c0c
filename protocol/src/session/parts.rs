//! A state in parts that each fit into one frame, and whole again.

use super::SessionState;
use super::take::Take;
use crate::stream::Stream;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::mem::take;

/// Bytes that a map's entry takes beside its key and value: quotes, colon, comma.
const ENTRY_BYTES: usize = 4;

/// Takes a state apart. Each part has at most `most` bytes of JSON as long as no single thing in it takes more than
/// that: no person, stream, epoch, note, change, take without its parts, part of a take. None does that
/// [`decide`](super::decide) let in when `most` is 160 KiB. There is at least one part; [`absorb`] puts them together
/// again. The session's own rules are in the first.
pub fn split(state: &SessionState, most: usize) -> Vec<SessionState> {
    let head = head_of(state);
    let mut parts = Parts { done: Vec::new(), bytes: json_bytes(&head), part: head, most };
    parts.add_map(&state.participants, |part| &mut part.participants);
    state.streams.values().for_each(|stream| parts.add_stream(stream));
    parts.add_map(&state.invites, |part| &mut part.invites);
    parts.add_map(&state.lobby, |part| &mut part.lobby);
    parts.add_set(&state.admitted, |part| &mut part.admitted);
    parts.add_set(&state.banned, |part| &mut part.banned);
    state.takes.iter().for_each(|take| parts.add_take(take));
    parts.add_map(&state.notes, |part| &mut part.notes);
    parts.add_list(&state.mixes, |part| &mut part.mixes);
    parts.add_map(&state.credits, |part| &mut part.credits);
    parts.add_list(&state.chat, |part| &mut part.chat);
    parts.add_list(&state.undoable, |part| &mut part.undoable);
    parts.done.push(parts.part);
    parts.done
}

/// What there is one of.
fn head_of(state: &SessionState) -> SessionState {
    SessionState {
        title: state.title.clone(),
        closed: state.closed,
        policy: state.policy,
        song: state.song.clone(),
        baton: state.baton,
        undone_by: state.undone_by,
        ..SessionState::default()
    }
}

/// Puts the next part of a state to those before it.
pub fn absorb(state: &mut SessionState, part: SessionState) {
    state.participants.extend(part.participants);
    for (id, mut stream) in part.streams {
        match state.streams.get_mut(&id) {
            Some(known) => known.epochs.append(&mut stream.epochs),
            None => drop(state.streams.insert(id, stream)),
        }
    }
    for mut take in part.takes {
        match state.takes.last_mut().filter(|last| last.number == take.number) {
            Some(last) => last.parts.append(&mut take.parts),
            None => state.takes.push(take),
        }
    }
    state.invites.extend(part.invites);
    state.lobby.extend(part.lobby);
    state.admitted.extend(part.admitted);
    state.banned.extend(part.banned);
    state.notes.extend(part.notes);
    state.mixes.extend(part.mixes);
    state.credits.extend(part.credits);
    state.chat.extend(part.chat);
    state.undoable.extend(part.undoable);
}

struct Parts {
    done: Vec<SessionState>,
    part: SessionState,
    bytes: usize,
    most: usize,
}

impl Parts {
    /// Begins another part when so many bytes more would be too many. Whether it did.
    fn make_room(&mut self, bytes: usize) -> bool {
        let full = self.bytes + bytes > self.most;
        if full {
            let next = SessionState { title: self.part.title.clone(), ..SessionState::default() };
            self.bytes = json_bytes(&next);
            self.done.push(std::mem::replace(&mut self.part, next));
        }
        self.bytes += bytes;
        full
    }

    fn add_map<K: Ord + Clone + Serialize, V: Clone + Serialize>(
        &mut self,
        from: &BTreeMap<K, V>,
        of: impl Fn(&mut SessionState) -> &mut BTreeMap<K, V>,
    ) {
        for (key, value) in from {
            self.make_room(json_bytes(key) + json_bytes(value) + ENTRY_BYTES);
            of(&mut self.part).insert(key.clone(), value.clone());
        }
    }

    fn add_set<T: Ord + Clone + Serialize>(
        &mut self,
        from: &BTreeSet<T>,
        of: impl Fn(&mut SessionState) -> &mut BTreeSet<T>,
    ) {
        for one in from {
            self.make_room(json_bytes(one) + ENTRY_BYTES);
            of(&mut self.part).insert(one.clone());
        }
    }

    fn add_list<T: Clone + Serialize>(&mut self, from: &[T], of: impl Fn(&mut SessionState) -> &mut Vec<T>) {
        for one in from {
            self.make_room(json_bytes(one) + ENTRY_BYTES);
            of(&mut self.part).push(one.clone());
        }
    }

    /// A take whose parts do not fit goes on in the next part.
    fn add_take(&mut self, whole: &Take) {
        let mut bare = whole.clone();
        let pieces = take(&mut bare.parts);
        let bare_bytes = json_bytes(&bare) + ENTRY_BYTES;
        self.make_room(bare_bytes);
        self.part.takes.push(bare.clone());
        for piece in pieces {
            if self.make_room(json_bytes(&piece) + ENTRY_BYTES) {
                self.bytes += bare_bytes;
                self.part.takes.push(bare.clone());
            }
            self.part.takes.last_mut().expect("it was just put there").parts.push(piece);
        }
    }

    /// A stream whose epochs do not fit goes on in the next part.
    fn add_stream(&mut self, stream: &Stream) {
        let mut bare = stream.clone();
        let epochs = take(&mut bare.epochs);
        let bare_bytes = json_bytes(&stream.id) + json_bytes(&bare) + ENTRY_BYTES;
        self.make_room(bare_bytes);
        let mut piece = bare.clone();
        for epoch in epochs {
            let bytes = json_bytes(&epoch) + 1;
            if self.bytes + bytes > self.most {
                self.part.streams.insert(stream.id, std::mem::replace(&mut piece, bare.clone()));
                self.make_room(bytes);
                self.bytes += bare_bytes;
            } else {
                self.bytes += bytes;
            }
            piece.epochs.push(epoch);
        }
        self.part.streams.insert(stream.id, piece);
    }
}

/// How long a value is as JSON.
fn json_bytes(value: &impl Serialize) -> usize {
    serde_json::to_vec(value).map_or(0, |text| text.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grants::Role;
    use crate::ids::{InviteId, ParticipantId, StreamId};
    use crate::session::{MAX_LABEL_CHARS, Participant};
    use crate::stream::{EpochMap, StreamFormat, StreamKind};
    use proptest::prelude::*;
    use units::{RtpTimestamp, SampleRate, SampleTime, Ssrc, Ticks};
    use uuid::Uuid;

    /// The longest that anything gets: a name of characters that take the most bytes, every number at its longest.
    fn longest(people: u128, streams: &[usize]) -> SessionState {
        let name = "\u{1F3BB}".repeat(MAX_LABEL_CHARS);
        let person = Participant {
            name: name.clone(),
            role: Role::Engineer,
            grants: Role::Owner.grants(),
            present: false,
            consented: false,
            sent_away: false,
            invite: Some(InviteId(Uuid::from_u128(u128::MAX))),
        };
        let id = |n: u128| Uuid::from_u128(u128::MAX - n);
        let map = |n: usize| EpochMap {
            epoch: u32::MAX - n as u32,
            ssrc: Ssrc(u32::MAX),
            rtp0: RtpTimestamp(u32::MAX),
            from: Ticks(i64::MIN),
            sample0: SampleTime(i64::MIN),
            rate: SampleRate(384_000),
            codec_delay: Ticks(i64::MIN),
            resampler_delay: Ticks(i64::MIN),
            trusted: false,
        };
        let rate = SampleRate(384_000);
        let format = StreamFormat { channels: 2, frame_us: 20_000, bitrate: 510_000, redundancy: 3, rate };
        let stream = |(n, epochs): (usize, &usize)| Stream {
            id: StreamId(id(n as u128)),
            participant: ParticipantId(id(0)),
            kind: StreamKind::Talkback,
            label: name.clone(),
            format: format.clone(),
            epochs: (0..*epochs).map(map).collect(),
            open: false,
        };
        SessionState {
            title: name.clone(),
            participants: (0..people).map(|n| (ParticipantId(id(n)), person.clone())).collect(),
            streams: streams.iter().enumerate().map(stream).map(|stream| (stream.id, stream)).collect(),
            ..SessionState::default()
        }
    }

    fn whole(mut parts: Vec<SessionState>) -> SessionState {
        let mut state = parts.remove(0);
        parts.into_iter().for_each(|part| absorb(&mut state, part));
        state
    }

    #[test]
    fn a_state_that_fits_is_one_part() {
        let state = longest(3, &[2, 0]);
        assert_eq!(split(&state, json_bytes(&state) + 5 * ENTRY_BYTES), [state]);
        assert_eq!(split(&SessionState::default(), 0).len(), 1);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn parts_are_small_and_add_up_to_the_whole(
            people in 0u128..120, streams in prop::collection::vec(0usize..60, 0..20), most in 2_048usize..60_000,
        ) {
            let state = longest(people, &streams);
            let parts = split(&state, most);
            for part in &parts {
                prop_assert!(json_bytes(part) <= most, "{} of {most}", json_bytes(part));
            }
            prop_assert!(parts.len() <= 2 + 2 * json_bytes(&state) / (most - 1_500));
            prop_assert_eq!(whole(parts), state);
        }
    }
}

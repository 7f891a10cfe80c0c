mod notes;
mod people;
mod takes;
mod undo;

use super::SessionState;
use super::limits::CHAT_KEPT;
use super::people::Said;
use super::take::Stamp;
use crate::event::{Event, Recorded};
use crate::ids::{ParticipantId, StreamId};
use crate::stream::Stream;

/// Number of the fold: whenever a log adds up to another state than before, it is one higher. A state that was kept under
/// another number is not this version's, and is folded anew from the events.
pub const FOLD: u32 = 2;

/// Folds one event into the state. Events are facts, so this cannot fail; one that names something unknown, or that this
/// version does not know, changes nothing.
pub fn apply(state: &mut SessionState, recorded: &Recorded) {
    let stamp = Stamp { by: recorded.by, at: recorded.at };
    let event = &recorded.event;
    if !(state.apply_to_people(stamp, event) || state.apply_to_takes(stamp, event)) {
        state.apply_to_notes(recorded.seq, stamp, event);
        state.apply_to_the_rest(recorded.seq, stamp, event);
    }
    state.apply_to_changes(recorded);
}

impl SessionState {
    fn apply_to_the_rest(&mut self, seq: u64, stamp: Stamp, event: &Event) {
        match event {
            Event::SessionOpen { title } => (self.title, self.closed) = (title.clone(), false),
            Event::SessionClose {} => self.closed = true,
            Event::SessionPolicy { policy, .. } => self.policy = *policy,
            Event::SessionSong { song, .. } => self.song.clone_from(song),
            Event::StreamOpen { stream, .. } => self.open_stream(*stream, event),
            Event::StreamEpoch { stream, map } => self.with_stream(*stream, |stream| stream.epochs.push(map.clone())),
            Event::StreamClose { stream } => self.with_stream(*stream, |stream| stream.open = false),
            Event::ChatSay { text } => {
                self.chat.push(Said { seq, by: stamp.by, at: stamp.at, text: text.clone() });
                keep_newest(&mut self.chat, CHAT_KEPT);
            }
            _ => {}
        }
    }

    fn open_stream(&mut self, id: StreamId, event: &Event) {
        let Event::StreamOpen { participant, kind, label, format, .. } = event else { return };
        let epochs = self.streams.remove(&id).map(|known| known.epochs).unwrap_or_default();
        let (participant, kind, label, format): (ParticipantId, _, _, _) =
            (*participant, *kind, label.clone(), format.clone());
        self.streams.insert(id, Stream { id, participant, kind, label, format, epochs, open: true });
    }

    fn with_stream(&mut self, id: StreamId, change: impl FnOnce(&mut Stream)) {
        if let Some(stream) = self.streams.get_mut(&id) {
            change(stream);
        }
    }
}

fn keep_newest<T>(list: &mut Vec<T>, most: usize) {
    list.drain(..list.len().saturating_sub(most));
}

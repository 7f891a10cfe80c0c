use super::{Participant, SessionState};
use crate::event::Event;
use crate::stream::Stream;

/// Folds one event into the state. Events are facts, so this cannot fail; one that names something unknown changes
/// nothing.
pub fn apply(state: &mut SessionState, event: &Event) {
    match event {
        Event::SessionOpen { title } => state.title.clone_from(title),
        Event::ParticipantJoin { participant, name, role, grants } => {
            let person = Participant { name: name.clone(), role: *role, grants: grants.clone(), present: true };
            state.participants.insert(*participant, person);
        }
        Event::ParticipantLeave { participant } => {
            if let Some(person) = state.participants.get_mut(participant) {
                person.present = false;
            }
        }
        Event::StreamOpen { stream, participant, kind, label, format } => {
            let epochs = state.streams.remove(stream).map(|known| known.epochs).unwrap_or_default();
            let (participant, kind, label, format) = (*participant, *kind, label.clone(), format.clone());
            let opened = Stream { id: *stream, participant, kind, label, format, epochs, open: true };
            state.streams.insert(*stream, opened);
        }
        Event::StreamEpoch { stream, map } => {
            if let Some(stream) = state.streams.get_mut(stream) {
                stream.epochs.push(map.clone());
            }
        }
        Event::StreamClose { stream } => {
            if let Some(stream) = state.streams.get_mut(stream) {
                stream.open = false;
            }
        }
    }
}

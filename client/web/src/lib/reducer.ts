/** The page's fold of the session's events: the same law as `protocol::session::apply`, held equal by a golden trace. */
import type { Recorded, SessionState } from "./types";

export const emptyState = (): SessionState => ({ title: "", participants: {}, streams: {} });

/** The state after one event. Nothing is changed in place; an event that names something unknown changes nothing. */
export function reduce(state: SessionState, event: Recorded): SessionState {
  switch (event.type) {
    case "session.open":
      return { ...state, title: event.data.title };
    case "participant.join": {
      const { participant, ...person } = event.data;
      return withParticipant(state, participant, { ...person, present: true });
    }
    case "participant.leave": {
      const person = state.participants[event.data.participant];
      return person ? withParticipant(state, event.data.participant, { ...person, present: false }) : state;
    }
    case "stream.open": {
      const { stream: id, ...stream } = event.data;
      const epochs = state.streams[id]?.epochs ?? [];
      return withStream(state, id, { id, ...stream, epochs, open: true });
    }
    case "stream.epoch": {
      const stream = state.streams[event.data.stream];
      if (!stream) return state;
      return withStream(state, stream.id, { ...stream, epochs: [...stream.epochs, event.data.map] });
    }
    case "stream.close": {
      const stream = state.streams[event.data.stream];
      return stream ? withStream(state, stream.id, { ...stream, open: false }) : state;
    }
    default:
      return state;
  }
}

/** The state with its next part put to it: a large one comes in several, the epochs of one stream too. */
export function absorb(state: SessionState, part: SessionState): SessionState {
  const streams = { ...state.streams };
  for (const [id, stream] of Object.entries(part.streams)) {
    const known = streams[id];
    streams[id] = known ? { ...known, epochs: [...known.epochs, ...stream.epochs] } : stream;
  }
  return { ...state, participants: { ...state.participants, ...part.participants }, streams };
}

type Participants = SessionState["participants"];
type Streams = SessionState["streams"];

const withParticipant = (state: SessionState, id: string, person: Participants[string]): SessionState => ({
  ...state,
  participants: { ...state.participants, [id]: person },
});

const withStream = (state: SessionState, id: string, stream: Streams[string]): SessionState => ({
  ...state,
  streams: { ...state.streams, [id]: stream },
});

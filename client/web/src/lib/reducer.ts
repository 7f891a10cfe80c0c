/** The page's fold of the session's events: the same law as `protocol::session::apply`, held equal by golden traces. */
import { LIMITS } from "../protocol.gen";
import { withChange } from "./reduce/changes";
import { reduceNotes } from "./reduce/notes";
import { reducePeople } from "./reduce/people";
import { reduceTakes } from "./reduce/takes";
import type { Recorded, SessionState, Stream } from "./types";

export const emptyState = (): SessionState => ({
  title: "",
  participants: {},
  streams: {},
  closed: false,
  policy: { decides: "producer", lobby: false, consent: false },
  song: { tempo_mbpm: null, metre: null, key: null },
  baton: null,
  invites: {},
  lobby: {},
  admitted: [],
  banned: [],
  takes: [],
  notes: {},
  mixes: [],
  credits: {},
  chat: [],
  undoable: [],
  undone_by: null,
});

/** The state after one event. Nothing is changed in place; an event that names something unknown changes nothing. */
export function reduce(state: SessionState, event: Recorded): SessionState {
  const next = reducePeople(state, event) ?? reduceTakes(state, event) ?? reduceNotes(state, event) ?? reduceRest(state, event);
  return withChange(next, event);
}

function reduceRest(state: SessionState, event: Recorded): SessionState {
  switch (event.type) {
    case "session.open":
      return { ...state, title: event.data.title, closed: false };
    case "session.close":
      return { ...state, closed: true };
    case "session.policy":
      return { ...state, policy: event.data.policy };
    case "session.song":
      return { ...state, song: event.data.song };
    case "stream.open": {
      const { stream: id, ...stream } = event.data;
      const epochs = state.streams[id]?.epochs ?? [];
      return { ...state, streams: { ...state.streams, [id]: { id, ...stream, epochs, open: true } } };
    }
    case "stream.epoch":
      return withStream(state, event.data.stream, (stream) => ({ epochs: [...stream.epochs, event.data.map] }));
    case "stream.close":
      return withStream(state, event.data.stream, () => ({ open: false }));
    case "chat.say": {
      const said = { seq: event.seq, by: event.by, at: event.at, text: event.data.text };
      return { ...state, chat: [...state.chat, said].slice(-LIMITS.chat_kept) };
    }
    default:
      return state;
  }
}

/** The state with its next part put to it: a large one comes in several, one stream or one take too. */
export function absorb(state: SessionState, part: SessionState): SessionState {
  const streams = { ...state.streams };
  for (const [id, stream] of Object.entries(part.streams)) {
    const known = streams[id];
    streams[id] = known ? { ...known, epochs: [...known.epochs, ...stream.epochs] } : stream;
  }
  const takes = [...state.takes];
  for (const take of part.takes) {
    const known = takes[take.number - 1];
    takes[take.number - 1] = known ? { ...known, parts: [...known.parts, ...take.parts] } : take;
  }
  return {
    ...state,
    participants: { ...state.participants, ...part.participants },
    streams,
    invites: { ...state.invites, ...part.invites },
    lobby: { ...state.lobby, ...part.lobby },
    admitted: [...state.admitted, ...part.admitted],
    banned: [...state.banned, ...part.banned],
    takes,
    notes: { ...state.notes, ...part.notes },
    mixes: [...state.mixes, ...part.mixes],
    credits: { ...state.credits, ...part.credits },
    chat: [...state.chat, ...part.chat],
    undoable: [...state.undoable, ...part.undoable],
  };
}

function withStream(state: SessionState, id: string, change: (stream: Stream) => Partial<Stream>): SessionState {
  const stream = state.streams[id];
  return stream ? { ...state, streams: { ...state.streams, [id]: { ...stream, ...change(stream) } } } : state;
}

/** Notes, mix versions and credits. */
import type { Note, NoteStatus, Recorded, SessionState, Stamp } from "../types";

/** The state after an event about notes; nothing when the event is about something else. */
export function reduceNotes(state: SessionState, event: Recorded): SessionState | undefined {
  const stamp = { by: event.by, at: event.at };
  switch (event.type) {
    case "note.add": {
      const { note: id, on, text, tag, severity, ...rest } = event.data;
      const note: Note = { ...NEW, ...rest, id, seq: event.seq, made: stamp, wording: { on, text, tag, severity } };
      return { ...state, notes: { ...state.notes, [id]: note } };
    }
    case "note.edit":
      return withNote(state, event.data.note, () => ({ wording: event.data.wording, edited: event.at }));
    case "note.status":
      return withNote(state, event.data.note, (note) => settled(state, note, event.data.status, stamp));
    case "note.assign":
      return withNote(state, event.data.note, () => ({ assignee: event.data.to }));
    case "note.retract":
      return withNote(state, event.data.note, () => ({ retracted: event.data.retracted }));
    case "mix.add": {
      const { mix: number, file } = event.data;
      if (number !== state.mixes.length + 1) return state;
      const carry = (note: Note) => (note.wording.on.kind === "mix" && isOpen(note) ? { ...note, carried: number } : note);
      const notes = Object.fromEntries(Object.entries(state.notes).map(([id, note]) => [id, carry(note)]));
      return { ...state, mixes: [...state.mixes, { number, file, added: stamp }], notes };
    }
    case "credit.set":
      return { ...state, credits: { ...state.credits, [event.data.credit.id]: event.data.credit } };
    case "credit.remove": {
      const { [event.data.credit]: _, ...credits } = state.credits;
      return { ...state, credits };
    }
    default:
      return undefined;
  }
}

const NEW = {
  edited: null,
  status: "open",
  settled: null,
  assignee: null,
  carried: null,
  retracted: false,
} satisfies Partial<Note>;

/** Something is still to be done: open, no answer, not taken back. */
const isOpen = (note: Note): boolean => note.status === "open" && note.parent === null && !note.retracted;

/** A note that is open again belongs to the newest mix version too. */
function settled(state: SessionState, note: Note, status: NoteStatus, stamp: Stamp): Partial<Note> {
  const on = note.wording.on;
  if (on.kind !== "mix" || !isOpen({ ...note, status })) return { status, settled: stamp };
  const newest = state.mixes.at(-1)?.number ?? 0;
  return { status, settled: stamp, carried: newest > on.mix ? newest : null };
}

function withNote(state: SessionState, id: string, change: (note: Note) => Partial<Note>): SessionState {
  const note = state.notes[id];
  return note ? { ...state, notes: { ...state.notes, [id]: { ...note, ...change(note) } } } : state;
}

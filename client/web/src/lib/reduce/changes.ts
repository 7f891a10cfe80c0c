/** What can be undone. */
import { LIMITS } from "../../protocol.gen";
import type { Change, Recorded, SessionState } from "../types";

/** Events that say what they replaced, so that their author can put it back. */
const UNDOABLE: ReadonlySet<string> = new Set([
  "session.policy",
  "session.song",
  "take.slate",
  "take.verdict",
  "take.flag",
  "note.add",
  "note.edit",
  "note.status",
  "note.assign",
  "note.retract",
  "credit.set",
  "credit.remove",
]);

/**
 * The state with what an event changed kept for an undo: one change for each command, the newest of each person. What an
 * undo puts back is none, so that undoing again goes one step further back.
 */
export function withChange(state: SessionState, event: Recorded): SessionState {
  const id = event.id ?? null;
  if (event.type === "undo") {
    return { ...state, undoable: state.undoable.filter((change) => change.seq !== event.data.of), undone_by: id };
  }
  const isPutBack = id !== null && id === state.undone_by;
  if (event.by === null || !UNDOABLE.has(event.type) || isPutBack) return state;
  return { ...state, undoable: keptWith(state.undoable, event, id) };
}

function keptWith(changes: readonly Change[], { seq, by, type, data }: Recorded, id: string | null): Change[] {
  const last = changes.at(-1);
  const same = last && id !== null && last.id === id && last.by === by ? last : undefined;
  const earlier = same ? [...same.earlier, same.event] : [];
  const kept = [...(same ? changes.slice(0, -1) : changes), { seq, by, id, event: { type, data }, earlier } as Change];
  const own = kept.filter((change) => change.by === by);
  const oldest = own.length > LIMITS.undo_kept ? own[0] : undefined;
  return kept.filter((change) => change !== oldest).slice(-LIMITS.undo_kept_in_all);
}

/** What can be undone. */
import { LIMITS } from "../../protocol.gen";
import type { Change, Recorded, SessionState } from "../types";

/**
 * What an event changes that says what it replaced, so that its author can put it back; undefined for any other. Whoever
 * changed a thing last has the last word on it, also where they made it as it was before.
 */
function thing(event: Change["event"]): string | undefined {
  switch (event.type) {
    case "session.policy":
    case "session.song":
      return event.type;
    case "take.slate":
    case "take.verdict":
      return `${event.type} ${event.data.take}`;
    case "take.flag":
      return `${event.type} ${event.data.take} ${event.data.flag}`;
    case "note.add":
    case "note.retract":
      return `note ${event.data.note}`;
    case "note.edit":
    case "note.status":
    case "note.assign":
      return `${event.type} ${event.data.note}`;
    case "credit.set":
      return `credit ${event.data.credit.id}`;
    case "credit.remove":
      return `credit ${event.data.credit}`;
    default:
      return undefined;
  }
}

const things = ({ earlier, event }: Change): string[] => [...earlier, event].flatMap((changed) => thing(changed) ?? []);

/** Whether two changes are about one thing at least. */
export function meets(one: Change, other: Change): boolean {
  const others = things(other);
  return things(one).some((about) => others.includes(about));
}

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
  if (event.by === null || thing(event) === undefined || isPutBack) return state;
  return { ...state, undoable: keptWith(state.undoable, event, id) };
}

function keptWith(changes: readonly Change[], { seq, by, type, data }: Recorded, id: string | null): Change[] {
  const last = changes.at(-1);
  const same = last && id !== null && last.id === id && last.by === by ? last : undefined;
  const earlier = same ? [...same.earlier, same.event] : [];
  const kept = [...(same ? changes.slice(0, -1) : changes), { seq, by, id, event: { type, data }, earlier } as Change];
  const own = kept.filter((change) => change.by === by);
  const fallen = own.length > LIMITS.undo_kept ? own[0] : undefined;
  // It was somebody's word on its things and stays that: what was before it is not the newest again.
  const isOver = (change: Change) => fallen !== undefined && change.seq <= fallen.seq && meets(change, fallen);
  return kept.filter((change) => !isOver(change)).slice(-LIMITS.undo_kept_in_all);
}

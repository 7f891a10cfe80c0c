/**
 * Whether the relay would take a command now, and if not, why: the same answer as `protocol::session::decide`, held equal
 * by golden traces, for greying buttons and for saying what would help. The relay stays the judge.
 */
import { Ask, stale, type Rejection } from "./gate/ask";
import { aboutTheDesk } from "./gate/desk";
import { aboutNotes } from "./gate/notes";
import { aboutPeople, aboutTheBaton, aboutTheSession } from "./gate/people";
import { aboutTakes } from "./gate/takes";
import { undo } from "./gate/undo";
import type { Action, Command, SessionState } from "./types";

export { liveTake, PHASES, type Rejection } from "./gate/ask";

/** Why this person cannot have this now: a sentence. None when they can. */
export const blocked = (state: SessionState, me: string, asked: Command): string | undefined => rejection(state, me, asked)?.why;

/** The command without what its author believes. */
export function plainly(asked: Command): Command {
  const { if: _, ...data } = asked.data as { if?: unknown };
  return { ...asked, data } as Command;
}

/** Why this person may not do such a thing at all now: for fields that stand open before there is anything to ask. */
export const forbidden = (state: SessionState, me: string, action: Action): string | undefined =>
  (state.closed ? CLOSED : new Ask(state, me).must(action))?.why;

/** Why this person cannot have this now, as the relay would answer. What recorders tell is the relay's alone to judge. */
export function rejection(state: SessionState, me: string, asked: Command): Rejection | undefined {
  if (state.closed && !OUTLIVES.includes(asked.type)) return CLOSED;
  const ask = new Ask(state, me);
  switch (asked.type.split(".")[0]) {
    case "take":
      return aboutTakes(ask, asked);
    case "note":
      return aboutNotes(ask, asked);
    case "baton":
      return aboutTheBaton(ask, asked);
    case "session":
      return aboutTheSession(ask, asked);
    case "invite":
    case "lobby":
    case "participant":
      return aboutPeople(ask, asked);
    case "undo":
      return asked.type === "undo" ? undo(ask, asked.data.of) : undefined;
    default:
      return aboutTheDesk(ask, asked);
  }
}

const CLOSED = stale("The session is closed; its owner can open it again.");

/** What is granted in a closed session too: opening it, sending people away, and ending what has begun. */
const OUTLIVES: readonly Command["type"][] = [
  "session.open",
  "invite.revoke",
  "participant.kick",
  "participant.ban",
  "stream.close",
];

/** Undo: one's own changes, as long as they are still the newest of their thing. */
import { meets } from "../reduce/changes";
import type { Action, Change, SessionState } from "../types";
import { Ask, rejected, stale, type Rejection } from "./ask";
import { sameThing } from "./notes";
import { mark } from "./takes";

export function undo(ask: Ask, of: number): Rejection | undefined {
  const change = ask.state.undoable.find((change) => change.seq === of);
  if (!change) return rejected("unknown", "This cannot be undone, or not any more; change it by hand.");
  if (change.by !== ask.me) return rejected("forbidden", "Only who made a change undoes it; make another change instead.");
  const [action, own] = actionOf(ask, change.event);
  const events = [...change.earlier, change.event];
  const last = !ask.state.undoable.some((later) => later.seq > of && meets(later, change));
  const newest = last && events.every((event) => stands(ask.state, change.by, event) && leadsBack(ask.state, event));
  return (
    ask.must(action, own) ??
    (newest ? undefined : stale("It has been changed again since; look at it before you undo.")) ??
    crownsAgain(ask, events)
  );
}

/** Who puts the hero back crowns a take, which has its own law. */
function crownsAgain(ask: Ask, events: readonly Change["event"][]): Rejection | undefined {
  const crowned = events.findLast((event) => event.type === "take.flag" && event.data.flag === "hero" && !event.data.on);
  return crowned?.type === "take.flag" ? mark(ask, crowned.data.take, "decide") : undefined;
}

/** A decision is only put back where it was about the audio that the take has now. */
function leadsBack(state: SessionState, event: Change["event"]): boolean {
  if (event.type !== "take.verdict") return true;
  const { verdict, decision } = event.data.was;
  const audio = state.takes[event.data.take - 1]?.parts.flatMap((part) => part.pcm_hash ?? []);
  return verdict === "none" || sameThing(decision?.audio, audio);
}

function actionOf(ask: Ask, event: Change["event"]): [Action, boolean] {
  switch (event.type) {
    case "session.policy":
      return ["administer", false];
    case "session.song":
      return ["set_song", false];
    case "take.slate":
      return ["slate", ask.state.takes[event.data.take - 1]?.only === ask.me];
    case "take.verdict":
      return ["decide", false];
    case "take.flag":
      return [event.data.flag === "hero" ? "decide" : "mark", false];
    case "note.status":
    case "note.assign":
      return ["settle", false];
    case "credit.set":
      return ["credit", event.data.credit.participant === ask.me];
    case "credit.remove":
      return ["credit", event.data.was.participant === ask.me];
    case "note.retract":
      return ["retract", ask.state.notes[event.data.note]?.made.by === ask.me];
    default:
      // What is left is what only a note's author does: writing it and changing what it says.
      return ["edit", true];
  }
}

function stands(state: SessionState, by: string | null, event: Change["event"]): boolean {
  switch (event.type) {
    case "session.policy":
      return sameThing(state.policy, event.data.policy);
    case "session.song":
      return sameThing(state.song, event.data.song);
    case "take.slate":
      return state.takes[event.data.take - 1]?.slate === event.data.slate;
    case "take.flag":
      return state.takes[event.data.take - 1]?.flags.includes(event.data.flag) === event.data.on;
    case "take.verdict": {
      const take = state.takes[event.data.take - 1];
      const decision = take?.decision ?? null;
      const theirs = decision === null || (decision.stamp.by === by && decision.reason === event.data.reason);
      return take?.phase === "in_review" && take.verdict === event.data.verdict && theirs;
    }
    case "credit.set":
      return sameThing(state.credits[event.data.credit.id], event.data.credit);
    case "credit.remove":
      return !(event.data.credit in state.credits);
    default:
      return noteStands(state, event);
  }
}

function noteStands(state: SessionState, event: Change["event"]): boolean {
  switch (event.type) {
    case "note.add":
      return state.notes[event.data.note]?.retracted === false;
    case "note.edit": {
      const note = state.notes[event.data.note];
      return note?.retracted === false && sameThing(note.wording, event.data.wording);
    }
    case "note.status":
      return state.notes[event.data.note]?.status === event.data.status;
    case "note.assign":
      return (state.notes[event.data.note]?.assignee ?? null) === (event.data.to ?? null);
    case "note.retract":
      return state.notes[event.data.note]?.retracted === event.data.retracted;
    default:
      return false;
  }
}

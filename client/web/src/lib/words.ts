/** What is asked and what happens, in a few words: for pending marks, refusals and screen readers. */
import { clockTime } from "./timeline";
import { FLAGS, nameOf, VERDICTS } from "./takes";
import type { Change, Command, Recorded, SessionState } from "./types";

const ruling = { none: "take the verdict back on", approved: "approve", rejected: "reject", redo: "ask to redo" } as const;
const status = { open: "open", done: "done", wont_fix: "left as it is" } as const;

/** What a command asks for: `approve take 3`. */
export const asks = (command: Command): string => asksOfNotes(command) ?? asksOfTakes(command) ?? REST[command.type] ?? command.type;

function asksOfNotes(command: Command): string | undefined {
  switch (command.type) {
    case "note.add":
      return `note ${excerpt(command.data.text)}`;
    case "note.reply":
      return `reply ${excerpt(command.data.text)}`;
    case "note.edit":
      return `edit ${excerpt(command.data.wording.text)}`;
    case "note.status":
      return `mark a note ${status[command.data.status]}`;
    case "chat.say":
      return `message ${excerpt(command.data.text)}`;
    default:
      return undefined;
  }
}

function asksOfTakes(command: Command): string | undefined {
  switch (command.type) {
    case "take.verdict":
      return `${ruling[command.data.verdict]} take ${command.data.take}`;
    case "take.vote":
      return `vote on take ${command.data.take}`;
    case "take.circle":
      return `${command.data.on ? "circle" : "uncircle"} take ${command.data.take}`;
    case "take.hero":
      return `${command.data.on ? "make" : "unmake"} take ${command.data.take} the hero`;
    case "take.roll":
      return command.data.take == null ? "roll" : `roll take ${command.data.take}`;
    case "take.cancel":
    case "take.close":
    case "take.reopen":
    case "take.submit":
      return `${command.type.slice(5)} take ${command.data.take}`;
    case "take.slate":
      return `slate take ${command.data.take}`;
    case "take.false_start":
    case "take.wild":
      return `mark take ${command.data.take}`;
    default:
      return undefined;
  }
}

const REST: { readonly [type in Command["type"]]?: string } = {
  "note.assign": "assign a note",
  "note.retract": "take a note back",
  "take.arm": "arm a take",
  "take.stop": "stop",
  "session.open": "open the session",
  "session.close": "close the session",
  "session.policy": "change the session's rules",
  "session.song": "say what is known of the song",
  "invite.make": "note an invitation",
  "invite.revoke": "revoke an invitation",
  "participant.grant": "change what somebody may do",
  "participant.unban": "let somebody come back",
  "mix.add": "add a mix version",
  "baton.take": "take the baton",
  "baton.give": "pass the baton",
  "baton.reclaim": "take the baton back",
  "lobby.admit": "let somebody in",
  "lobby.deny": "turn somebody away",
  "participant.kick": "send somebody away",
  "participant.ban": "keep somebody out",
  "credit.set": "credit",
  "credit.remove": "remove a credit",
  "session.consent": "consent to recording",
  undo: "undo",
};

/** What undoing a change puts back: `the verdict on take 7`. */
export function undoes({ event }: Change): string {
  switch (event.type) {
    case "take.verdict":
      return `the verdict on take ${event.data.take}`;
    case "take.flag":
      return `take ${event.data.take} ${event.data.on ? "" : "no longer "}${FLAGS[event.data.flag]}`;
    case "take.slate":
      return `the slate of take ${event.data.take}`;
    case "note.add":
      return `note ${excerpt(event.data.text)}`;
    default:
      return CHANGED[event.type] ?? "your last change";
  }
}

const CHANGED: { readonly [type: string]: string } = {
  "note.edit": "the wording of a note",
  "note.status": "the status of a note",
  "note.assign": "whom a note is for",
  "note.retract": "taking a note back",
  "credit.set": "a credit",
  "credit.remove": "removing a credit",
  "session.song": "what is known of the song",
  "session.policy": "the session's rules",
};

const EXCERPT = 40;

/** The beginning of a text in quotation marks. */
export function excerpt(text: string): string {
  const letters = [...text.replace(/\s+/g, " ")];
  return `“${letters.length > EXCERPT ? `${letters.slice(0, EXCERPT - 1).join("")}…` : letters.join("")}”`;
}

export interface Said {
  text: string;
  /** Recording begins or ends: said at once, over whatever else is being said. */
  urgent: boolean;
}

/** What a screen reader says of an event that `me` did not cause; none for what is not worth an interruption. */
export function announced(before: SessionState, event: Recorded, me: string): Said | undefined {
  const urgent = announcedTransport(before, event);
  if (urgent) return { text: urgent, urgent: true };
  const text = event.by === me ? undefined : announcedOther(before, event, me);
  return text === undefined ? undefined : { text, urgent: false };
}

function announcedTransport(state: SessionState, event: Recorded): string | undefined {
  if (event.type === "take.roll") {
    const slate = state.takes[event.data.take - 1]?.slate ?? "";
    return `Recording: take ${event.data.take}${slate === "" ? "" : `, ${slate}`}.`;
  }
  return event.type === "take.stop" ? `Take ${event.data.take} stopped. Not recording.` : undefined;
}

function announcedOther(state: SessionState, event: Recorded, me: string): string | undefined {
  const who = nameOf(state, event.by);
  switch (event.type) {
    case "note.add":
      return `${who} ${event.data.parent === null ? "notes" : "replies"}${event.data.tag ? `, ${event.data.tag}` : ""}: ${event.data.text}`;
    case "chat.say":
      return `${who} says: ${event.data.text}`;
    case "take.verdict":
      return verdictWords(state, event, who);
    case "take.void":
      return `The approval of take ${event.data.take} no longer holds: its audio changed.`;
    case "take.flag":
      return `${who}: take ${event.data.take} ${event.data.on ? "" : "no longer "}${FLAGS[event.data.flag]}.`;
    case "take.arm":
      return `Take ${event.data.take} is armed${event.data.slate === "" ? "" : `: ${event.data.slate}`}.`;
    case "part.interrupted":
      return `A recorder of take ${event.data.take} broke off${event.data.reason === "" ? "" : `: ${event.data.reason}`}.`;
    case "lobby.knock":
      return `${event.data.name} waits to be let in.`;
    case "baton.pass":
      return batonWords(state, event.data.to, me);
    case "note.assign":
      return event.data.to === me ? `${who} gave you a note.` : undefined;
    default:
      return undefined;
  }
}

/** What an undo puts back is not said to be decided by who undid. */
function verdictWords(state: SessionState, event: Extract<Recorded, { type: "take.verdict" }>, who: string): string {
  const { take, verdict, reason, decided } = event.data;
  const why = reason === "" ? "" : `, ${reason}`;
  if (decided) return `${who} took a verdict back: take ${take} ${VERDICTS[verdict]}, as ${nameOf(state, decided.by)} decided before${why}.`;
  const undone = event.id != null && event.id === state.undone_by;
  return undone ? `${who} took a verdict back: take ${take} ${VERDICTS[verdict]} again.` : `${who}: take ${take} ${VERDICTS[verdict]}${why}.`;
}

function batonWords(state: SessionState, to: string | null, me: string): string {
  if (to === null) return "The baton lies on the desk.";
  return to === me ? "You have the baton." : `${nameOf(state, to)} has the baton.`;
}

/** `± 5 ms`, `± 1.2 s`. */
export const doubt = (ms: number): string => (ms < 1000 ? `± ${Math.ceil(ms)} ms` : `± ${(ms / 1000).toFixed(1)} s`);

/** A place as people read it, `01:23.4` or `01:23.4–01:27.0`. */
export const span = (from: number, to: number | undefined): string =>
  to === undefined ? clockTime(from) : `${clockTime(from)}–${clockTime(to)}`;

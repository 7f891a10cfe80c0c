/** One person in front of one state: what the rules about takes, notes and people have in common. */
import { RULES } from "../../protocol.gen";
import { may } from "../may";
import type { Action, Condition, ErrorCode, Note, Participant, Phase, SessionState, Take } from "../types";
import { line, lines, type Fit } from "./text";

/** Why something cannot be had: the code that the relay would answer with, and a sentence for people. */
export interface Rejection {
  code: ErrorCode;
  why: string;
}

/** A thing, or why there is none to act on. */
export type Found<T> = { found: T } | { rejected: Rejection };

export const rejected = (code: ErrorCode, why: string): Rejection => ({ code, why });
export const stale = (why: string): Rejection => rejected("stale", why);
export const invalid = (why: string): Rejection => rejected("invalid", why);
export const unknown = (what: string, which: string | number = ""): Rejection =>
  rejected("unknown", `There is no ${what}${which === "" ? "" : ` ${which}`} in this session.`);

/** Phases in words, as the takes list and refusals use them. */
export const PHASES: { readonly [phase in Phase]: string } = {
  armed: "armed",
  rolling: "rolling",
  recorded: "recorded",
  in_review: "in review",
  closed: "closed",
  cancelled: "cancelled",
};

/** The take that has the transport: armed or rolling. */
export const liveTake = (state: SessionState): Take | undefined =>
  state.takes.findLast((take) => take.phase === "armed" || take.phase === "rolling");

export class Ask {
  constructor(
    readonly state: SessionState,
    readonly me: string,
  ) {}

  may(action: Action, own: boolean): boolean {
    return may(this.state, this.me, action, own);
  }

  /** Why not, where a grant is missing or its condition does not hold. */
  must(action: Action, own = false): Rejection | undefined {
    if (this.may(action, own)) return undefined;
    const grants = this.state.participants[this.me]?.grants ?? [];
    const mine = RULES[action].find((rule) => grants.includes(rule.grant));
    return rejected("forbidden", mine && mine.when !== "always" ? this.#wanting(mine.when) : (MISSING[action] ?? FORBIDDEN));
  }

  #wanting(when: Exclude<Condition, "always">): string {
    const holder = this.state.baton ? this.name(this.state.baton.holder) : "Somebody else";
    switch (when) {
      case "own":
        return "This is somebody else's; ask them, or whoever runs the session.";
      case "lesson":
        return "A mentor decides in a lesson only; ask the session's owner to make it one.";
      case "baton":
        return "Take the baton first.";
      case "baton_free":
        return `${holder} holds the baton; ask them for it or take it back.`;
      case "own_baton_free":
        return `You roll takes of your own parts only, and ${holder} holds the baton; ask them.`;
    }
  }

  name(id: string): string {
    return this.state.participants[id]?.name || "Somebody";
  }

  person(id: string): Found<Participant> {
    const person = this.state.participants[id];
    return person ? { found: person } : { rejected: unknown("such person") };
  }

  take(number: number): Found<Take> {
    const take = this.state.takes[number - 1];
    return take ? { found: take } : { rejected: unknown("take", number) };
  }

  note(id: string): Found<Note> {
    const note = this.state.notes[id];
    return note ? { found: note } : { rejected: unknown("such note") };
  }
}

/** Why a text that has to say something is not taken. */
export const text = (given: string, most: number, why: string): Rejection | undefined => whyUnfit(lines(given, most), why);

/** As `text`, of one line. */
export const label = (given: string, most: number, why: string): Rejection | undefined => whyUnfit(line(given, most), why);

/** Why a text of one line that may stay empty is not taken. */
export const optional = (given: string | null | undefined, most: number, why: string): Rejection | undefined =>
  line(given ?? "", most) === "too_long" ? invalid(why) : undefined;

const whyUnfit = (fit: Fit, why: string): Rejection | undefined => (typeof fit === "string" ? invalid(why) : undefined);

/** Why nothing more fits into a list. */
export const roomFor = (count: number, most: number, what: string, wayOut: string): Rejection | undefined =>
  count < most ? undefined : rejected("too_many", `A session holds ${most} ${what} at most; ${wayOut}.`);

const FORBIDDEN = "Your invitation does not let you do this; ask the session's owner for another one.";
/** Where more can be said than that a grant is missing. */
const MISSING: { readonly [action in Action]?: string } = {
  decide: "The producer decides about takes; you can say what you think of it.",
  roll: "Your invitation does not let you record; ask whoever runs the session.",
  write: "Your invitation lets you listen only; ask the session's owner for another one.",
};

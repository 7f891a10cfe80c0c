/** A note while it is being written: what it is pinned to is frozen at the first key or press, the words come after. */
import type { HeardAnchor } from "./heard/types";
import { clockTime, lineOf, Places, readTime, secondsOf, TICKS_PER_MS } from "./timeline";
import type { Anchor, NewNote, SessionState, Severity } from "./types";
import { doubt, span } from "./words";

/** What a note is pinned to. */
export type Pin =
  | { kind: "heard"; heard: HeardAnchor; to: number | null }
  | { kind: "take"; take: number }
  /** At a sample of its file, or as a whole. */
  | { kind: "mix"; mix: number; at: number | null }
  /** Nothing was heard and no take was recorded yet: the words wait for something to be about. */
  | { kind: "nothing" };

export interface Draft {
  pin: Pin;
  text: string;
  tag: string | undefined;
  severity: Severity;
  reaction_ms: number;
}

/** One key each, in this order. */
export const TAGS = ["pitch", "timing", "noise", "level", "tone", "words", "feel", "edit", "great"] as const;
export const SEVERITIES: { readonly [severity in Severity]: string } = { info: "to know", minor: "to do", major: "must do" };
/** Letting a key or button go sooner is a press, not a range. */
export const HOLD_MS = 400;
/** A place is moved by tenths of a second. */
export const NUDGE_TICKS = 100 * TICKS_PER_MS;

/**
 * What a press pins to: the sound that was heard then; where nothing was, the take that rolls or was rolled last, as a
 * whole.
 */
export function pinned(state: SessionState, heard: HeardAnchor | null): Pin {
  if (heard) return { kind: "heard", heard, to: null };
  const take = state.takes.filter((take) => take.rolled !== null).at(-1);
  return take ? { kind: "take", take: take.number } : { kind: "nothing" };
}

export const begin = (pin: Pin, reaction_ms: number): Draft => ({ pin, text: "", tag: undefined, severity: "minor", reaction_ms });

/** Moves the place by tenths of a second. */
export function nudged(draft: Draft, tenths: number): Draft {
  if (draft.pin.kind !== "heard") return draft;
  const at = Math.max(0, draft.pin.heard.at + tenths * NUDGE_TICKS);
  const to = draft.pin.to === null ? null : Math.max(at, draft.pin.to);
  return { ...draft, pin: { ...draft.pin, heard: { ...draft.pin.heard, at }, to } };
}

/** Ends the range at what was heard, or begins it there when it lies before. Another stream or another run makes no range. */
export function ranged(state: SessionState, draft: Draft, end: HeardAnchor | null): Draft {
  const pin = draft.pin;
  if (pin.kind !== "heard" || !end || !isOneLine(state, pin.heard, end)) return draft;
  const isLater = end.at >= pin.heard.at;
  const [at, to] = isLater ? [pin.heard.at, end.at] : [end.at, pin.to ?? pin.heard.at];
  const epoch = isLater ? pin.heard.epoch : end.epoch;
  const uncertainty_ms = Math.max(pin.heard.uncertainty_ms, end.uncertainty_ms);
  const concealed = pin.heard.concealed || end.concealed;
  return { ...draft, pin: { kind: "heard", heard: { ...pin.heard, epoch, at, uncertainty_ms, concealed }, to } };
}

function isOneLine(state: SessionState, a: HeardAnchor, b: HeardAnchor): boolean {
  const line = lineOf(state, a.stream, a.epoch);
  return line !== undefined && line === lineOf(state, b.stream, b.epoch);
}

export const point = (draft: Draft): Draft =>
  draft.pin.kind === "heard" ? { ...draft, pin: { ...draft.pin, to: null } } : draft;

/** The note as it is sent; none without words or without anything it is about. A tag alone is a note in one word. */
export function toNote(draft: Draft, note: string): NewNote | undefined {
  const text = draft.text.trim() === "" ? (draft.tag ?? "") : draft.text.trim();
  const on = anchorOf(draft.pin);
  if (text === "" || !on) return undefined;
  const heard = draft.pin.kind === "heard" ? draft.pin.heard : undefined;
  return {
    note,
    on,
    reaction_ms: heard ? draft.reaction_ms : 0,
    uncertainty_ms: Math.ceil(heard?.uncertainty_ms ?? 0),
    concealed: heard?.concealed ?? false,
    text,
    tag: draft.tag ?? null,
    severity: draft.severity,
    parent: null,
  };
}

function anchorOf(pin: Pin): Anchor | undefined {
  if (pin.kind === "nothing") return undefined;
  if (pin.kind === "take") return { kind: "take", take: pin.take, part: null, at: null, to: null };
  if (pin.kind === "mix") return { kind: "mix", mix: pin.mix, at: pin.at, to: null };
  const { stream, epoch, at } = pin.heard;
  return { kind: "live", stream, epoch, at: Math.round(at), to: pin.to === null ? null : Math.round(pin.to) };
}

/** Where the draft is pinned, in words: `01:23.1 of take 7`. */
export function where(state: SessionState, { pin, reaction_ms }: Draft): string {
  if (pin.kind === "nothing") return "nothing yet";
  if (pin.kind === "take") return `take ${pin.take} as a whole`;
  if (pin.kind === "mix") return inMix(state, pin.mix, pin.at);
  const place = new Places(state).of(pin.heard.stream, pin.heard.epoch, pin.heard.at);
  const long = pin.to === null ? undefined : secondsOf(pin.to - pin.heard.at);
  if (!place) return long === undefined ? "what you heard just then" : `the ${clockTime(long)} that you heard`;
  const seconds = place.seconds - reaction_ms / 1000;
  return `${span(seconds, long === undefined ? undefined : seconds + long)} of take ${place.take.number}`;
}

function inMix(state: SessionState, mix: number, at: number | null): string {
  const rate = state.mixes[mix - 1]?.file.rate;
  return at === null || rate === undefined ? `mix ${mix} as a whole` : `${clockTime(at / rate)} of mix ${mix}`;
}

/** The sample of a mix at a time as people write it, `1:12.5`; none where it is no time or the mix is shorter. */
export function sampleOf({ mixes }: SessionState, mix: number, time: string): number | null {
  const file = mixes[mix - 1]?.file;
  const seconds = readTime(time);
  const sample = file && seconds !== undefined ? Math.round(seconds * file.rate) : Infinity;
  return file && sample <= file.length ? sample : null;
}

/** How exact that is: `−0.25 s, ± 5 ms, heard through a dropout`. */
export function exactness({ pin, reaction_ms }: Draft): string {
  if (pin.kind !== "heard") return "";
  const back = reaction_ms === 0 ? [] : [`−${reaction_ms / 1000} s`];
  const dropout = pin.heard.concealed ? ["heard through a dropout"] : [];
  return [...back, doubt(pin.heard.uncertainty_ms), ...dropout].join(", ");
}

/** The running timeline: where notes and takes lie in the last minutes, as this ear heard them. */
import type { HeardAnchor } from "./heard/types";
import type { NoteView } from "./notes";
import { TICKS_PER_MS } from "./timeline";
import type { SessionState } from "./types";

export interface Mark {
  view: NoteView;
  /** How long ago it was heard, in ms, the reaction taken off. */
  agoMs: number;
  /** How long it lasts, in ms. */
  longMs: number;
}

export interface Span {
  number: number;
  /** How long ago it began and ended, in ms; an end of 0 is now. */
  fromMs: number;
  toMs: number;
}

/** Notes on live sound within the last `windowMs`. By what is heard now where that is the same run of the stream. */
export function marks(views: readonly NoteView[], now: HeardAnchor | null, nowMs: number, windowMs: number): Mark[] {
  return views.flatMap((view) => {
    const { wording, made, reaction_ms } = view.note;
    const on = wording.on;
    if (on.kind !== "live") return [];
    const same = now !== null && now.stream === on.stream && now.epoch === on.epoch;
    const agoMs = (same ? (now.at - on.at) / TICKS_PER_MS : nowMs - made.at) + reaction_ms;
    const longMs = on.to === null ? 0 : (on.to - on.at) / TICKS_PER_MS;
    return agoMs - longMs <= windowMs && agoMs >= 0 ? [{ view, agoMs, longMs }] : [];
  });
}

/** When takes rolled within the last `windowMs`, by the relay's clock. */
export function rolled(state: SessionState, nowMs: number, windowMs: number): Span[] {
  return state.takes.flatMap(({ number, rolled, stopped }) => {
    const toMs = stopped ? nowMs - stopped.at : 0;
    if (!rolled || toMs > windowMs) return [];
    return [{ number, fromMs: Math.min(windowMs, nowMs - rolled.at), toMs: Math.max(0, toMs) }];
  });
}

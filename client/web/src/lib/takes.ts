/** Takes in words and marks, for the list, the header and the transport. */
import { clockTime, dayTime, lengthOf } from "./timeline";
import type { Flag, Part, SessionState, Take, Verdict } from "./types";

export const VERDICTS: { readonly [verdict in Verdict]: string } = {
  none: "undecided",
  approved: "approved",
  rejected: "rejected",
  redo: "do again",
};

/** A shape for each verdict, so that colour is never alone. */
export const VERDICT_SHAPES: { readonly [verdict in Verdict]: string } = { none: "○", approved: "✓", rejected: "✕", redo: "↻" };

export const FLAGS: { readonly [flag in Flag]: string } = {
  circled: "circled",
  hero: "hero",
  false_start: "false start",
  wild: "wild",
};

/** What somebody is called, or what to call the relay and those who are not known. */
export const nameOf = (state: SessionState, id: string | null): string =>
  id === null ? "the relay" : (state.participants[id]?.name ?? "somebody");

/** `by Lea, 14:03 · “great feel”`; none while nothing is decided. */
export function decided(state: SessionState, take: Take): string | undefined {
  if (!take.decision) return undefined;
  const { stamp, reason } = take.decision;
  return `by ${nameOf(state, stamp.by)}, ${dayTime(stamp.at)}${quoted(reason)}`;
}

/** What became of an approval whose audio has changed since. */
export function voided(state: SessionState, take: Take): string | undefined {
  if (!take.voided) return undefined;
  const who = take.voided.decision ? ` by ${nameOf(state, take.voided.decision.stamp.by)}` : "";
  return `the approval${who} no longer holds: its audio changed at ${dayTime(take.voided.at)}; decide again`;
}

/** What the others think, in the order of their names. */
export const votes = (state: SessionState, take: Take): string[] =>
  Object.entries(take.votes)
    .map(([id, vote]) => `${nameOf(state, id)}: ${VERDICTS[vote.verdict]}${quoted(vote.reason)}`)
    .sort();

const quoted = (reason: string): string => (reason === "" ? "" : ` · “${reason}”`);

/** How a recorder's part stands. */
export interface Fill {
  id: string;
  who: string;
  words: string;
  kind: "live" | "done" | "broken";
}

export const fills = (state: SessionState, take: Take): Fill[] =>
  take.parts.map((part) => ({ id: part.id, who: nameOf(state, part.participant), ...fill(part) }));

function fill(part: Part): Pick<Fill, "words" | "kind"> {
  const missing = part.gaps.length === 0 ? "" : `, ${part.gaps.length} ${part.gaps.length === 1 ? "gap" : "gaps"} at the source`;
  if (part.phase === "rolling") return { kind: "live", words: "recording" };
  if (part.phase === "interrupted") {
    const left = part.to === null ? "nothing told yet" : `${clockTime((part.to - part.from) / part.rate)} saved`;
    return { kind: "broken", words: `broken off, ${left}${missing}` };
  }
  const seconds = ((part.to ?? part.from) - part.from) / part.rate;
  return { kind: missing === "" ? "done" : "broken", words: `${clockTime(seconds)} recorded${missing}` };
}

export function lengthWords(take: Take, nowMs: number): string {
  const seconds = lengthOf(take, nowMs);
  return seconds === undefined ? "–" : clockTime(seconds);
}

/** The take that keys act on when nobody has chosen one: what rolls, else the newest to be decided about, else the newest. */
export function natural(state: SessionState): Take | undefined {
  const newest = [...state.takes].reverse().filter((take) => take.phase !== "cancelled");
  return (
    newest.find((take) => take.phase === "rolling") ??
    newest.find((take) => take.phase === "in_review" && take.verdict === "none") ??
    newest.find((take) => take.phase === "in_review" || take.phase === "recorded") ??
    newest[0]
  );
}

/** `Take 7`, with its slate where it has one. */
export const title = (take: Take): string => `Take ${take.number}${take.slate === "" ? "" : ` · ${take.slate}`}`;

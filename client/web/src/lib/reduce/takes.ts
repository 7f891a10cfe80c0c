/** Takes and their parts. */
import type { Flag, Part, Recorded, SessionState, Take } from "../types";
import { lentAnew } from "./people";

const FLAGS: readonly Flag[] = ["circled", "hero", "false_start", "wild"];

/** The state after an event about a take; nothing when the event is about something else. */
export const reduceTakes = (state: SessionState, event: Recorded): SessionState | undefined =>
  reduceTransport(state, event) ?? reduceReview(state, event) ?? reduceParts(state, event);

/** From arming to what is recorded. */
function reduceTransport(state: SessionState, event: Recorded): SessionState | undefined {
  const stamp = { by: event.by, at: event.at };
  switch (event.type) {
    case "take.arm": {
      const { take: number, slate, only } = event.data;
      if (number !== state.takes.length + 1) return state;
      return { ...state, takes: [...state.takes, { ...ARMED, number, slate, only, armed: stamp }] };
    }
    case "take.roll": {
      const next = withTake(state, event.data.take, () => ({ phase: "rolling", rolled: stamp }));
      return { ...next, baton: lentAnew(state.baton, event) };
    }
    case "take.stop": {
      const next = withTake(state, event.data.take, () => ({ phase: "recorded", stopped: stamp }));
      return { ...next, baton: lentAnew(state.baton, event) };
    }
    case "take.cancel":
      return withTake(state, event.data.take, () => ({ phase: "cancelled" }));
    case "take.slate":
      return withTake(state, event.data.take, () => ({ slate: event.data.slate }));
    default:
      return undefined;
  }
}

/** What is thought and decided of it. */
function reduceReview(state: SessionState, event: Recorded): SessionState | undefined {
  switch (event.type) {
    case "take.submit":
    case "take.reopen":
      return withTake(state, event.data.take, () => ({ phase: "in_review" }));
    case "take.close":
      return withTake(state, event.data.take, () => ({ phase: "closed" }));
    case "take.verdict": {
      const { take, verdict, reason, audio, decided } = event.data;
      const decision = { reason, stamp: decided ?? { by: event.by, at: event.at }, audio };
      return withTake(state, take, () => ({ verdict, decision: verdict === "none" ? null : decision }));
    }
    case "take.void": {
      const { take, part } = event.data;
      const voided = (take: Take) => ({ decision: take.decision, part, at: event.at });
      return withTake(state, take, (take) => ({ verdict: "none", decision: null, voided: voided(take) }));
    }
    case "take.vote": {
      const { take, participant, verdict, reason } = event.data;
      return withTake(state, take, ({ votes: { [participant]: _, ...votes } }) => ({
        votes: verdict === "none" ? votes : { ...votes, [participant]: { verdict, reason } },
      }));
    }
    case "take.flag": {
      const { take, flag, on } = event.data;
      return withTake(state, take, ({ flags }) => ({ flags: FLAGS.filter((one) => (one === flag ? on : flags.includes(one))) }));
    }
    default:
      return undefined;
  }
}

/** What each recorder tells. */
function reduceParts(state: SessionState, event: Recorded): SessionState | undefined {
  switch (event.type) {
    case "part.rolling": {
      const { take, part: id, ...part } = event.data;
      const begun: Part = { ...part, id, to: null, gaps: [], pcm_hash: null, phase: "rolling" };
      return withTake(state, take, ({ parts }) => ({ parts: [...parts, begun] }));
    }
    case "part.stopped": {
      const { take, part, to, gaps, pcm_hash } = event.data;
      return withTake(state, take, withPart(part, { to, gaps, pcm_hash, phase: "stopped" }));
    }
    case "part.interrupted": {
      const { take, part, to, gaps, pcm_hash } = event.data;
      return withTake(state, take, withPart(part, { to, gaps, pcm_hash, phase: "interrupted" }));
    }
    default:
      return undefined;
  }
}

const ARMED = {
  phase: "armed",
  verdict: "none",
  decision: null,
  voided: null,
  flags: [],
  votes: {},
  parts: [],
  rolled: null,
  stopped: null,
} satisfies Partial<Take>;

function withTake(state: SessionState, n: number, change: (take: Take) => Partial<Take>): SessionState {
  if (!state.takes[n - 1]) return state;
  return { ...state, takes: state.takes.map((take) => (take.number === n ? { ...take, ...change(take) } : take)) };
}

const withPart =
  (id: string, change: Partial<Part>) =>
  ({ parts }: Take): Partial<Take> => ({
    parts: parts.map((part) => (part.id === id ? { ...part, ...change } : part)),
  });

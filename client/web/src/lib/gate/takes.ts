/** Takes: arm, cancel, roll, stop, slate and submit; verdicts, votes and marks. */
import { LIMITS } from "../../protocol.gen";
import type { Action, Belief, Command, Phase, SessionState, Take, Verdict } from "../types";
import { Ask, liveTake, optional, PHASES, roomFor, stale, type Rejection } from "./ask";

const VERDICT_WAITS = "A verdict needs a take in review: wait for its recorders, or reopen it.";
const LONG_SLATE = "A slate has up to 80 characters; say it shorter.";
const LONG_REASON = "A reason has up to 500 characters; say it shorter.";

export function aboutTakes(ask: Ask, asked: Command): Rejection | undefined {
  switch (asked.type) {
    case "take.arm":
      return arm(ask, asked.data.slate);
    case "take.roll":
      return roll(ask, asked.data.take, asked.data.slate, asked.data.if);
    case "take.cancel":
      return act(ask, asked.data, "roll", "armed", "Only an armed take can be cancelled.");
    case "take.stop":
      return stop(ask, asked.data);
    case "take.slate":
      return onTake(ask, asked.data.take, (take) => ask.must("slate", isOwn(ask, take)) ?? slate(asked.data.slate));
    case "take.submit":
      return act(ask, asked.data, "stop", "recorded", "Only a recorded take can be submitted.") ?? busy(ask, asked.data.take);
    case "take.verdict":
      return act(ask, asked.data, "decide", "in_review", VERDICT_WAITS) ?? reason(asked.data.reason);
    case "take.close":
      return act(ask, asked.data, "decide", "in_review", "Only a take in review can be closed.");
    case "take.reopen":
      return act(ask, asked.data, "decide", "closed", "Only a closed take can be reopened.") ?? reason(asked.data.reason);
    default:
      return opinions(ask, asked);
  }
}

function opinions(ask: Ask, asked: Command): Rejection | undefined {
  switch (asked.type) {
    case "take.vote":
      return onTake(ask, asked.data.take, (take) => vote(ask, take, asked.data.verdict, asked.data.reason));
    case "take.circle":
    case "take.false_start":
    case "take.wild":
      return mark(ask, asked.data.take, "mark");
    case "take.hero":
      return mark(ask, asked.data.take, "decide");
    default:
      return undefined;
  }
}

export const reason = (given: string | null | undefined): Rejection | undefined => optional(given, LIMITS.reason_chars, LONG_REASON);
const slate = (given: string | null | undefined): Rejection | undefined => optional(given, LIMITS.label_chars, LONG_SLATE);

const isOwn = (ask: Ask, take: Take): boolean => take.only === ask.me;

function onTake(ask: Ask, number: number, then: (take: Take) => Rejection | undefined): Rejection | undefined {
  const take = ask.take(number);
  return "rejected" in take ? take.rejected : then(take.found);
}

/** A grant, and a take that is where it must be and as somebody believes. */
function act(ask: Ask, on: { take: number; if?: Belief | null }, action: Action, phase: Phase, law: string): Rejection | undefined {
  return onTake(ask, on.take, (take) => ask.must(action, isOwn(ask, take)) ?? isIn(take, phase, law) ?? isBelieved(take, on.if));
}

const isIn = (take: Take, phase: Phase, law: string): Rejection | undefined =>
  take.phase === phase ? undefined : stale(`Take ${take.number} is ${PHASES[take.phase]}. ${law}`);

function isBelieved(take: Take, belief: Belief | null | undefined): Rejection | undefined {
  const phase = belief?.phase == null || belief.phase === take.phase;
  const verdict = belief?.verdict == null || belief.verdict === take.verdict;
  return phase && verdict ? undefined : stale(`Take ${take.number} has changed by now; look at it again before you decide.`);
}

/** Only who rolls takes of their own parts asks for one of those. */
function arm(ask: Ask, given: string | null | undefined): Rejection | undefined {
  const live = liveTake(ask.state);
  const { takes } = ask.state;
  return (
    (ask.may("roll", false) ? undefined : ask.must("roll", true)) ??
    (live && stale(`Take ${live.number} is ${PHASES[live.phase]}; use that one, or cancel it first.`)) ??
    roomFor(takes.length, LIMITS.takes, "takes", "begin another session") ??
    slate(given)
  );
}

function roll(ask: Ask, number: number | null | undefined, given: string | null | undefined, belief?: Belief | null): Rejection | undefined {
  const known = number ?? liveTake(ask.state)?.number;
  if (known === undefined) return armAndRoll(ask, given, belief);
  return (
    act(ask, { take: known, if: belief ?? null }, "roll", "armed", "Only an armed take can roll.") ??
    onTake(ask, known, (take) => consent(ask.state, take.only)) ??
    slate(given)
  );
}

function armAndRoll(ask: Ask, given: string | null | undefined, belief?: Belief | null): Rejection | undefined {
  const none = belief?.phase != null && belief.phase !== "armed";
  return (
    arm(ask, given) ??
    (none ? stale("No take is armed; arm one first.") : undefined) ??
    consent(ask.state, ask.may("roll", false) ? null : ask.me)
  );
}

function stop(ask: Ask, { take: number, if: belief }: { take?: number | null; if?: Belief | null }): Rejection | undefined {
  const live = liveTake(ask.state);
  const known = number ?? (live ?? ask.state.takes.at(-1))?.number;
  const none = stale("No take is rolling; roll one first.");
  if (known === undefined) return none;
  if (number == null && !live) return onTake(ask, known, (take) => ask.must("stop", isOwn(ask, take)) ?? none);
  return act(ask, { take: known, if: belief ?? null }, "stop", "rolling", "Only a rolling take can be stopped.");
}

function consent(state: SessionState, only: string | null): Rejection | undefined {
  if (!state.policy.consent) return undefined;
  const recorded = Object.values(state.streams).filter(
    (stream) => stream.open && stream.kind !== "talkback" && (only === null || only === stream.participant),
  );
  const asks = recorded.map((stream) => state.participants[stream.participant]).find((person) => person?.consented === false);
  return asks && stale(`${asks.name} has not agreed to be recorded; ask them first.`);
}

/** A take is not submitted over the head of a recorder that is still here. */
function busy(ask: Ask, number: number): Rejection | undefined {
  const parts = ask.state.takes[number - 1]?.parts ?? [];
  const part = parts.find((part) => part.phase === "rolling" && ask.state.participants[part.participant]?.present);
  return part && stale(`${ask.name(part.participant)}'s recorder has not finished take ${number}; wait for it.`);
}

function vote(ask: Ask, take: Take, verdict: Verdict, given: string | null | undefined): Rejection | undefined {
  const early = take.phase === "armed" || take.phase === "cancelled";
  const full = () => roomFor(Object.keys(take.votes).length, LIMITS.votes, "votes about one take", "write a note instead");
  return (
    ask.must("vote") ??
    (early ? stale(`Take ${take.number} is ${PHASES[take.phase]}. A vote needs a take that was recorded.`) : undefined) ??
    reason(given) ??
    (take.votes[ask.me] === undefined && verdict !== "none" ? full() : undefined)
  );
}

export function mark(ask: Ask, number: number, action: "mark" | "decide"): Rejection | undefined {
  return onTake(ask, number, (take) => {
    const never = take.phase === "cancelled" ? stale(`Take ${number} is cancelled. It was never recorded; mark another.`) : undefined;
    return never ?? ask.must(action);
  });
}

/** Verdicts as somebody gives them: what is asked, with what one believes of the take, and what the dialog says. */
import { may } from "./may";
import { nameOf, title, VERDICTS } from "./takes";
import type { Command, SessionState, Take, Verdict } from "./types";

export type Ruled = Exclude<Verdict, "none">;

export const ACTS: { readonly [verdict in Ruled]: string } = { approved: "Approve", rejected: "Reject", redo: "Redo" };

/** Who decides gives a verdict, the others vote. The belief is what they saw when they began. */
export function ruling(state: SessionState, me: string, take: Take, verdict: Ruled, reason = ""): Command {
  const decide: Command = {
    type: "take.verdict",
    data: { take: take.number, verdict, reason, if: { phase: take.phase, verdict: take.verdict } },
  };
  const vote: Command = { type: "take.vote", data: { take: take.number, verdict, reason } };
  return isVoter(state, me) ? vote : decide;
}

/** Whether this person votes, because somebody else decides. */
export const isVoter = (state: SessionState, me: string): boolean => !may(state, me, "decide") && may(state, me, "vote");

export const rulingTitle = (voting: boolean, take: Take, verdict: Ruled): string =>
  `${voting ? "Vote: " : ""}${ACTS[verdict]} ${title(take).replace(/^T/, "t")}`;

/** What is worth knowing before one presses: most of all that somebody was faster. */
export function rulingHint(state: SessionState, seen: Take, voting: boolean): string {
  const now = state.takes[seen.number - 1];
  if (now && !voting && (now.verdict !== seen.verdict || now.phase !== seen.phase)) {
    const who = now.decision ? ` by ${nameOf(state, now.decision.stamp.by)}` : "";
    return `Somebody was faster: it is ${VERDICTS[now.verdict]}${who} by now. Close this and look at it again.`;
  }
  if (voting) return "The others see what you think; whoever decides has the last word.";
  return seen.verdict === "none" ? "It can be undone." : `Until now it is ${VERDICTS[seen.verdict]}. It can be undone.`;
}

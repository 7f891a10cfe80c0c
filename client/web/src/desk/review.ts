/** The dialogs that ask why: verdicts, reopening, sending somebody away. */
import { isVoter, rulingHint, ruling, rulingTitle, ACTS, type Ruled } from "../lib/ruling";
import { title } from "../lib/takes";
import type { Take } from "../lib/types";
import type { Journal } from "./journal.svelte";

/** Opens the dialog for a verdict or vote, or says why there is none to give. */
export function rule(journal: Journal, verdict: Ruled, take: Take | undefined = journal.take): void {
  if (!take) return journal.io.news("There is no take yet.");
  const why = journal.why(ruling(journal.state, journal.me, take, verdict));
  if (why) return journal.io.news(why);
  // Whoever decides about a take stays with it, until another one rolls.
  journal.chosenTake = take.number;
  const voting = isVoter(journal.state, journal.me);
  journal.asking = {
    title: rulingTitle(voting, take, verdict),
    hint: () => rulingHint(journal.state, take, voting),
    field: "Why (may stay empty)",
    action: voting ? "Vote" : ACTS[verdict],
    command: (reason) => ruling(journal.state, journal.me, take, verdict, reason),
  };
}

export function reopen(journal: Journal, take: Take): void {
  journal.asking = {
    title: `Reopen ${title(take).replace(/^T/, "t")}`,
    hint: () => "It can then be decided about anew.",
    field: "Why (may stay empty)",
    action: "Reopen",
    command: (reason) => ({ type: "take.reopen", data: { take: take.number, reason, if: { phase: "closed" } } }),
  };
}

export function closeSession(journal: Journal): void {
  journal.asking = {
    title: "Close the session",
    hint: () => "Nobody records, decides or writes in it any more, until its owner opens it again. Listening goes on.",
    action: "Close it",
    danger: true,
    command: () => ({ type: "session.close", data: {} }),
  };
}

const KEPT_OUT =
  "They stop hearing at once and cannot come back as who they are, until you let them. Whoever is new and comes by their link, or by one made with it, waits in the lobby from now on. By any other link of this session they can come as somebody new: revoke those that they may have, under Invitations.";
const SENT_AWAY =
  "They stop hearing at once. Their link still lets them in as somebody new; keep them out, and whoever is new and comes by it waits in the lobby.";

/** `ban`: not only now, but for good. */
export function sendAway(journal: Journal, participant: string, name: string, ban: boolean): void {
  const type = ban ? "participant.ban" : "participant.kick";
  const why = journal.why({ type, data: { participant, reason: "" } });
  if (why) return journal.io.news(why);
  journal.asking = {
    title: `${ban ? "Keep out" : "Send away"}: ${name}`,
    hint: () => (ban ? KEPT_OUT : SENT_AWAY),
    field: "Why (they read it; may stay empty)",
    action: ban ? "Keep out" : "Send away",
    danger: true,
    command: (reason) => ({ type, data: { participant, reason } }),
  };
}

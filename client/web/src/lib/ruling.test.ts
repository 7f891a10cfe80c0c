import { expect, test } from "vitest";
import { emptyState } from "./reducer";
import { ruling, rulingHint } from "./ruling";
import type { Grants, SessionState, Take } from "./types";

const take: Take = {
  number: 1, slate: "verse", phase: "in_review", verdict: "none", decision: null, voided: null, flags: [], votes: {},
  only: null, parts: [], armed: { by: "n", at: 0 }, rolled: null, stopped: null,
};
const person = (name: string, grants: Grants) => ({ name, role: "producer" as const, grants, present: true, consented: false, sent_away: false });
const state: SessionState = {
  ...emptyState(),
  takes: [take],
  participants: { lea: person("Lea", ["take:decide", "note:write"]), ada: person("Ada", ["note:write"]) },
};

test("who_decides_gives_a_verdict_with_what_they_saw", () => {
  expect(ruling(state, "lea", take, "approved", "great")).toEqual({
    type: "take.verdict",
    data: { take: 1, verdict: "approved", reason: "great", if: { phase: "in_review", verdict: "none" } },
  });
});

test("the_others_vote", () => {
  expect(ruling(state, "ada", take, "redo")).toMatchObject({ type: "take.vote", data: { verdict: "redo" } });
});

test("the_dialog_says_that_somebody_was_faster", () => {
  const decision = { reason: "", stamp: { by: "lea", at: 0 }, audio: [] };
  const later: SessionState = { ...state, takes: [{ ...take, verdict: "rejected", decision }] };
  expect(rulingHint(later, take, false)).toBe(
    "Somebody was faster: it is rejected by Lea by now. Close this and look at it again.",
  );
  expect(rulingHint(state, take, false)).toBe("It can be undone.");
  expect(rulingHint(later, take, true)).not.toContain("faster");
});

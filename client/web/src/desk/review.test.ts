import { expect, test } from "vitest";
import type { Journal } from "./journal.svelte";
import { sendAway } from "./review";

/** What the dialog says before somebody is sent away or kept out. */
function hint(ban: boolean): string {
  const journal = { why: () => undefined } as unknown as Journal;
  sendAway(journal, "eve", "Eve", ban);
  return journal.asking!.hint();
}

test("who_keeps_somebody_out_reads_how_far_that_reaches_and_what_else_to_do", () => {
  expect(hint(true)).toMatch(/cannot come back as who they are, until you let them\./);
  expect(hint(true)).toMatch(/new and comes by their link, or by one made with it, waits in the lobby/);
  expect(hint(true)).toMatch(/By any other link .* as somebody new: revoke those that they may have, under Invitations\.$/);
});

test("who_sends_somebody_away_reads_that_their_link_still_lets_them_in", () => {
  expect(hint(false)).toMatch(/Their link still lets them in as somebody new; keep them out, and whoever is new .* waits in the lobby\.$/);
});

import { expect, test } from "vitest";
import { may } from "./may";
import golden from "./reducer.golden.json";
import { emptyState } from "./reducer";
import type { Action, Grants, Role, SessionState } from "./types";

interface Row {
  role: Role;
  grants: Grants;
  action: Action;
  here: string;
}

/** The twelve ways a session can stand, in the order of the golden digits. */
const stands = ["producer", "mentor"].flatMap((decides) =>
  [null, "me", "other"].flatMap((holder) => [false, true].map((own) => ({ decides, holder, own }))),
);

const session = (row: Row, { decides, holder }: (typeof stands)[number]): SessionState => ({
  ...emptyState(),
  policy: { ...emptyState().policy, decides: decides as "producer" | "mentor" },
  baton: holder === null ? null : { holder, until: 0, lease_ms: 0 },
  participants: { me: { name: "Me", role: row.role, grants: row.grants, present: true, consented: false, sent_away: false } },
});

test("the_page_allows_what_the_relay_allows", () => {
  const rows = (golden as unknown as { may: Row[] }).may;
  expect(rows.length).toBe(7 * 22);
  for (const row of rows) {
    const answers = stands.map((stand) => (may(session(row, stand), "me", row.action, stand.own) ? "1" : "0"));
    expect(answers.join(""), `${row.role}: ${row.action}`).toBe(row.here);
  }
});

test("who_is_not_in_the_session_may_do_nothing", () => {
  expect(may(emptyState(), "me", "write")).toBe(false);
});

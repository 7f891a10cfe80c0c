import { expect, test } from "vitest";
import { PRESETS } from "../protocol.gen";
import { covers, GRANT_GROUPS, GRANT_WORDS, grantNews, presetOf, ROLES, sameGrants, toggled } from "./grants";
import type { Grant } from "./types";

test("every_grant_stands_in_one_group_and_has_words_of_its_own", () => {
  const shown = GRANT_GROUPS.flatMap((group) => group.grants);
  expect([...shown].sort()).toEqual(Object.keys(GRANT_WORDS).sort());
  expect([...new Set(ROLES.flatMap((role) => PRESETS[role]))].sort()).toEqual([...shown].sort());
  expect(new Set(Object.values(GRANT_WORDS)).size).toBe(shown.length);
});

test("one_grant_more_and_the_same_one_less_is_what_it_was", () => {
  for (const grant of Object.keys(GRANT_WORDS) as Grant[]) {
    const once = toggled(PRESETS.mentor, grant);
    expect(once.includes(grant)).toBe(!PRESETS.mentor.includes(grant));
    expect(sameGrants(toggled(once, grant), PRESETS.mentor), grant).toBe(true);
  }
});

test("a_set_is_a_role_only_where_it_is_all_of_it", () => {
  for (const role of ROLES) expect(presetOf([...PRESETS[role]].reverse())).toBe(role);
  expect(presetOf(toggled(PRESETS.mentor, "export"))).toBeUndefined();
});

test("nobody_hands_out_more_than_they_have_but_for_conditions", () => {
  expect(covers(PRESETS.engineer, PRESETS.artist)).toBe(true);
  expect(covers(PRESETS.engineer, PRESETS.producer)).toBe(false);
});

test("whose_grants_were_changed_reads_what_is_new_and_what_is_over", () => {
  const more = toggled(toggled(PRESETS.listener, "hear:talk"), "publish:talk");
  expect(grantNews("Nina", PRESETS.listener, more)).toBe("Nina changed what you may do: now also hear talkback and talk back.");
  const other = toggled(toggled(PRESETS.mentor, "export"), "upload");
  expect(grantNews("Nina", PRESETS.mentor, other)).toBe("Nina changed what you may do: now also upload own parts; no longer export the session.");
  expect(grantNews("Nina", PRESETS.mentor, PRESETS.engineer)).toBe("Nina changed what you may do: now as engineer.");
});

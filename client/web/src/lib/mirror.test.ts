import { expect, test } from "vitest";
import { emptyMirror, follow, replaced } from "./mirror";
import { emptyState } from "./reducer";
import type { Recorded } from "./types";

const event = (type: string, data: unknown, rest: object = {}) => ({ seq: 1, by: null, at: 0, type, data, ...rest }) as unknown as Recorded;
const opened = (title: string) => event("session.open", { title });
const after = (...events: Recorded[]) => events.reduce(follow, emptyMirror());

test("an_event_of_a_later_version_is_passed_over_and_the_fold_goes_on", () => {
  const mirror = after(opened("Blue hour"), event("tune.call", { hz: 440 }), opened("Later hour"));
  expect([mirror.outdated, mirror.state.title]).toEqual([false, "Later hour"]);
});

test("a_critical_event_that_is_not_known_stops_the_fold_for_good", () => {
  const mirror = after(opened("Blue hour"), event("tune.call", { hz: 440 }, { critical: true }), opened("Later hour"));
  expect([mirror.outdated, mirror.state.title]).toEqual([true, "Blue hour"]);
  expect(replaced(mirror, { ...emptyState(), title: "Later hour" })).toBe(mirror);
});

test("a_known_event_is_folded_whether_or_not_it_is_marked_critical", () => {
  expect(after(event("session.open", { title: "Blue hour" }, { critical: true })).state.title).toBe("Blue hour");
});

test("a_known_event_whose_content_cannot_be_read_stops_the_fold_too", () => {
  const mirror = after(opened("Blue hour"), event("take.arm", null), opened("Later hour"));
  expect([mirror.outdated, mirror.state.title]).toEqual([true, "Blue hour"]);
});

test("a_state_as_a_whole_takes_the_place_of_the_one_before_and_none_leaves_it", () => {
  const mirror = after(opened("Blue hour"));
  expect(replaced(mirror, { ...emptyState(), title: "Later hour" }).state.title).toBe("Later hour");
  expect(replaced(mirror, null)).toBe(mirror);
});

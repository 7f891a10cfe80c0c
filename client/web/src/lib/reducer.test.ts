import { expect, test } from "vitest";
import golden from "./reducer.golden.json";
import { emptyState, reduce } from "./reducer";
import type { Recorded, SessionState } from "./types";

test("every_step_of_the_golden_trace_folds_as_in_rust", () => {
  let state = emptyState();
  for (const step of golden as unknown as { ev: Recorded; state: SessionState }[]) {
    state = reduce(state, step.ev);
    expect(state).toEqual(step.state);
  }
});

test("an_event_of_a_later_version_changes_nothing", () => {
  const state = emptyState();
  expect(reduce(state, { seq: 1, by: null, at: 0, type: "take.armed", data: {} } as unknown as Recorded)).toBe(state);
});

import { expect, test } from "vitest";
import golden from "./reducer.golden.json";
import { emptyState, reduce } from "./reducer";
import type { Recorded, SessionState } from "./types";

interface Session {
  seed: number;
  log: Recorded[];
  state: SessionState;
}
const { steps, sessions } = golden as unknown as { steps: { ev: Recorded; state: SessionState }[]; sessions: Session[] };

test("every_step_of_the_golden_story_folds_as_in_rust", () => {
  let state = emptyState();
  for (const step of steps) {
    state = reduce(state, step.ev);
    expect(state).toEqual(step.state);
  }
});

test.each(sessions)("the_random_session_$seed_folds_as_in_rust", ({ log, state }) => {
  expect(log.reduce((before, event) => reduce(before, event), emptyState())).toEqual(state);
});

test("an_event_of_a_later_version_changes_nothing", () => {
  const state = emptyState();
  expect(reduce(state, { seq: 1, by: null, at: 0, type: "take.armed", data: {} } as unknown as Recorded)).toBe(state);
});

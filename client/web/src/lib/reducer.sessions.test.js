/**
 * The reducer and the gate against as many random sessions as one likes:
 * `cargo run -p protocol --example sessions -- 2000 > sessions.jsonl`, then `SESSIONS=sessions.jsonl npm test`.
 * It is no TypeScript because the page knows nothing of files.
 */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { rejection } from "./gate";
import { emptyState, reduce } from "./reducer";

test.runIf(process.env.SESSIONS)("thousands_of_random_sessions_fold_and_answer_as_in_rust", { timeout: 300_000 }, () => {
  const lines = readFileSync(process.env.SESSIONS, "utf8").trim().split("\n");
  expect(lines.length).toBeGreaterThan(0);
  for (const line of lines) {
    const { seed, log, state, asks } = JSON.parse(line);
    expect(log.reduce((before, event) => answered(before, event, asks, seed), emptyState()), `seed ${seed}`).toEqual(state);
  }
});

/** The state after an event, once the page has answered what was asked there as the law did. */
function answered(before, event, asks, seed) {
  const state = reduce(before, event);
  for (const [, who, asked, code] of asks.filter(([seq]) => seq === event.seq)) {
    const answer = rejection(state, who, asked)?.code ?? null;
    expect(answer, `seed ${seed}, after event ${event.seq}, ${who} asks ${JSON.stringify(asked)}`).toBe(code);
  }
  return state;
}

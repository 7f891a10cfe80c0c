/**
 * The reducer against as many random sessions as one likes:
 * `cargo run -p protocol --example sessions -- 2000 > sessions.jsonl`, then `SESSIONS=sessions.jsonl npm test`.
 * It is no TypeScript because the page knows nothing of files.
 */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { emptyState, reduce } from "./reducer";

test.runIf(process.env.SESSIONS)("thousands_of_random_sessions_fold_as_in_rust", { timeout: 300_000 }, () => {
  const lines = readFileSync(process.env.SESSIONS, "utf8").trim().split("\n");
  expect(lines.length).toBeGreaterThan(0);
  for (const line of lines) {
    const { seed, log, state } = JSON.parse(line);
    expect(log.reduce((before, event) => reduce(before, event), emptyState()), `seed ${seed}`).toEqual(state);
  }
});

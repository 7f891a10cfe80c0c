import { expect, test } from "vitest";
import { rejection } from "./gate";
import golden from "./gate.golden.json";
import { emptyState, reduce } from "./reducer";
import type { Command, ErrorCode, Recorded } from "./types";

/** After which event, who, what, and the code that the law answers with; none where it is granted. */
type Row = [number, string, Command, ErrorCode | null];
interface Session {
  log: Recorded[];
  asks: Row[];
}
const sessions = golden as unknown as Session[];

/** What the page answers differently, and how often each command met each answer. */
function compare({ log, asks }: Session, seen: Map<string, number>): unknown[] {
  let state = emptyState();
  let at = 0;
  return asks.flatMap(([seq, who, asked, code]) => {
    for (; at < seq; at += 1) state = reduce(state, log[at]!);
    const answer = rejection(state, who, asked);
    const key = `${asked.type} ${code ?? "granted"}`;
    seen.set(key, (seen.get(key) ?? 0) + 1);
    return (answer?.code ?? null) === code ? [] : [{ seq, who, asked, law: code, page: answer ?? null }];
  });
}

test("the_page_answers_every_golden_question_as_the_law_does", () => {
  const seen = new Map<string, number>();
  const different = sessions.flatMap((session) => compare(session, seen));
  console.info([...seen].sort().map(([key, count]) => `${key} ${count}`).join("\n"));
  expect(different).toEqual([]);
  expect([...seen.values()].reduce((a, b) => a + b)).toBeGreaterThan(2000);
  const commands = [...new Set([...seen.keys()].map((key) => key.split(" ")[0]))];
  expect(commands.length).toBe(43);
  for (const command of commands) {
    expect(seen.has(`${command} granted`), `${command} is granted`).toBe(true);
    expect([...seen.keys()].filter((key) => key.startsWith(`${command} `)).length, `${command} is refused`).toBeGreaterThan(1);
  }
  for (const code of ["forbidden", "unknown", "invalid", "conflict", "stale", "too_many"]) {
    expect([...seen.keys()].some((key) => key.endsWith(` ${code}`)), code).toBe(true);
  }
});

test("every_refusal_is_a_sentence", () => {
  const whys = sessions.flatMap(({ log, asks }) => {
    const state = log.reduce((state, event) => reduce(state, event), emptyState());
    return asks.flatMap(([, who, asked]) => rejection(state, who, asked)?.why ?? []);
  });
  expect(whys.length).toBeGreaterThan(0);
  for (const why of new Set(whys)) expect(why).toMatch(/^\p{L}.*\.$/su);
});

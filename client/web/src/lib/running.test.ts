import { expect, test } from "vitest";
import type { HeardAnchor } from "./heard/types";
import { views } from "./notes";
import { emptyState } from "./reducer";
import { marks, rolled } from "./running";
import type { Note, SessionState, Take } from "./types";

const note = (at: number, to: number | null, madeAt: number): Note => ({
  id: "n", seq: 1, made: { by: "lea", at: madeAt }, edited: null, reaction_ms: 250, uncertainty_ms: 0, concealed: false,
  status: "open", settled: null, assignee: null, parent: null, carried: null, retracted: false,
  wording: { on: { kind: "live", stream: "s", epoch: 0, at, to }, text: "x", tag: null, severity: "minor" },
});
const shown = (one: Note) => views({ ...emptyState(), notes: { n: one } }, [], "me");
const now = (at: number): HeardAnchor => ({ stream: "s", epoch: 0, at, uncertainty_ms: 5, concealed: false, reaction_ms: 250 });

test("a_note_lies_where_this_ear_heard_it", () => {
  const [mark] = marks(shown(note(48_000, 72_000, 0)), now(96_000), 99_999, 180_000);
  expect([mark?.agoMs, mark?.longMs]).toEqual([1250, 500]);
});

test("another_run_of_the_stream_is_placed_by_the_relays_clock", () => {
  const [mark] = marks(shown(note(48_000, null, 7000)), { ...now(0), epoch: 1 }, 10_000, 180_000);
  expect(mark?.agoMs).toBe(3250);
});

test("what_is_older_than_the_picture_or_not_heard_yet_is_not_on_it", () => {
  const at = (ticks: number) => marks(shown(note(0, null, 0)), now(ticks), 0, 180_000).length;
  expect([at(179_750 * 48), at(179_751 * 48), at(-13_000)]).toEqual([1, 0, 0]);
});

test("a_rolling_take_reaches_to_now_and_an_old_one_is_gone", () => {
  const take = (number: number, from: number, to: number | null): Take => ({
    number, slate: "", phase: "rolling", verdict: "none", decision: null, voided: null, flags: [], votes: {}, only: null,
    parts: [], armed: { by: "n", at: 0 }, rolled: { by: "n", at: from }, stopped: to === null ? null : { by: "n", at: to },
  });
  const state: SessionState = { ...emptyState(), takes: [take(1, 0, 10_000), take(2, 20_000, 30_000), take(3, 190_000, null)] };
  expect(rolled(state, 200_000, 180_000)).toEqual([
    { number: 2, fromMs: 180_000, toMs: 170_000 },
    { number: 3, fromMs: 10_000, toMs: 0 },
  ]);
});

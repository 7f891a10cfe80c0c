import { expect, test } from "vitest";
import type { Counters } from "../stats";
import { Gauge } from "./gauge";

/** Counters after so many ms of sound, with a constant output and buffer delay. */
const counters = (ms: number, over: Partial<Counters> = {}): Counters => ({
  received: ms / 10, lost: 0, concealed: 0, played: 48 * ms, bufferDelay: 0.03 * 48 * ms, bufferEmitted: 48 * ms,
  playoutDelay: 0.025 * 48 * ms, playoutSamples: 48 * ms, ...over,
});

function gauge(looks: readonly [number, Counters][]): Gauge {
  const made = new Gauge();
  for (const [atMs, look] of looks) made.push(atMs, look);
  return made;
}

test("latency_is_the_mean_of_the_last_second_and_not_of_all_time", () => {
  const early = counters(1000);
  const late = (ms: number) => counters(1000 + ms, { playoutDelay: early.playoutDelay! + 0.1 * 48 * ms });
  const looks = [0, 200, 400, 600, 800, 1000, 1200].map((ms): [number, Counters] => [5000 + ms, late(ms)]);
  expect(gauge([[4000, early], ...looks.slice(1)]).playoutMs).toBeCloseTo(100, 6);
});

test("a_browser_without_playout_statistics_has_no_playout_latency", () => {
  const plain = counters(100);
  delete plain.playoutDelay;
  delete plain.playoutSamples;
  expect(gauge([[0, plain]]).playoutMs).toBeUndefined();
  expect(new Gauge().playoutMs).toBeUndefined();
});

test("the_buffers_change_is_that_of_the_last_two_seconds", () => {
  const looks: [number, Counters][] = [];
  let delay = 0;
  for (let n = 0; n <= 30; n += 1) {
    looks.push([200 * n, counters(200 * n, { bufferDelay: delay })]);
    delay += 48 * 200 * (n < 10 ? 0.2 : n < 25 ? 0.03 : 0.045);
  }
  expect(gauge(looks).bufferChangeMs).toBeCloseTo(15, 6);
  expect(gauge(looks.slice(0, 24)).bufferChangeMs).toBeCloseTo(0, 6);
});

test("concealment_counts_between_the_looks_that_saw_it_and_nowhere_else", () => {
  const made = gauge([
    [0, counters(0)], [200, counters(200)], [400, counters(400, { concealed: 480 })], [600, counters(600, { concealed: 480 })],
  ]);
  expect(made.concealed(250, 300)).toBe(true);
  expect(made.concealed(399, 500)).toBe(true);
  expect(made.concealed(0, 200)).toBe(false);
  expect(made.concealed(400, 600)).toBe(false);
});

test("what_is_decoded_ahead_is_what_the_counters_leave_over_and_never_what_cannot_be", () => {
  const ahead = (over: Partial<Counters>) => gauge([[0, counters(1000, over)]]).aheadMs;
  const stretched = { inserted: 480, removed: 120 };
  expect(ahead({ stretched, bufferEmitted: 48_000, concealed: 0 })).toBe(7.5);
  expect(ahead({ stretched, bufferEmitted: 48_000 - 720, concealed: 360 })).toBe(0);
  expect(ahead({ stretched, bufferEmitted: 48_000 - 720, concealed: 359 })).toBeUndefined();
  expect(ahead({ stretched, bufferEmitted: 48_480, concealed: 0 })).toBe(7.5);
  expect(ahead({ stretched, bufferEmitted: 48_600, concealed: 0 })).toBeUndefined();
  expect(ahead({})).toBeUndefined();
});

test("a_receiver_that_begins_anew_is_not_compared_with_the_one_before", () => {
  const made = gauge([[0, counters(9000, { concealed: 5 })], [200, counters(0)], [400, counters(200, { concealed: 1 })]]);
  expect(made.playoutMs).toBeCloseTo(25, 6);
  expect(made.concealed(0, 200)).toBe(false);
  expect(made.concealed(250, 300)).toBe(true);
});

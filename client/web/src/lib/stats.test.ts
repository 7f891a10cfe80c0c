import { expect, test } from "vitest";
import { between, History, readCounters, readRoundTripMs, type Counters } from "./stats";

const counters = (values: Partial<Counters>): Counters => ({
  received: 0, lost: 0, concealed: 0, played: 0, bufferDelay: 0, bufferEmitted: 0, ...values,
});

test("counters_are_found_by_media_section_with_the_playout_they_name", () => {
  const report = new Map<string, Record<string, unknown>>([
    ["A", { type: "inbound-rtp", kind: "audio", mid: "0", packetsReceived: 9, packetsLost: -1, concealedSamples: 4,
      totalSamplesReceived: 480, jitterBufferDelay: 1, jitterBufferEmittedCount: 2, playoutId: "P" }],
    ["P", { type: "media-playout", totalPlayoutDelay: 3, totalSamplesCount: 100 }],
    ["V", { type: "inbound-rtp", kind: "video", mid: "1" }],
    ["C", { type: "candidate-pair", nominated: true, currentRoundTripTime: 0.012 }],
  ]);
  expect([...readCounters(report).keys()]).toEqual(["0"]);
  expect(readCounters(report).get("0")).toMatchObject({ received: 9, lost: 0, concealed: 4, playoutDelay: 3 });
  expect(readRoundTripMs(report)).toBe(12);
});

test("delays_are_means_over_the_samples_of_the_interval_alone", () => {
  const before = counters({ bufferDelay: 10, bufferEmitted: 1000, playoutDelay: 5, playoutSamples: 100, played: 1 });
  const now = counters({ bufferDelay: 10.96, bufferEmitted: 1048, playoutDelay: 5.5, playoutSamples: 150, played: 2 });
  const interval = between(before, now);
  expect(interval.bufferMs).toBeCloseTo(20);
  expect(interval.playoutMs).toBeCloseTo(10);
});

test("a_receiver_that_began_anew_counts_from_zero", () => {
  expect(between(counters({ played: 900, concealed: 50 }), counters({ played: 480, concealed: 3 }))).toMatchObject({
    played: 480, concealed: 3,
  });
});

test("nothing_emitted_means_no_delay_is_known", () => {
  expect(between(counters({}), counters({})).bufferMs).toBeUndefined();
});

test("the_window_forgets_and_the_total_does_not", () => {
  const history = new History(3);
  for (let second = 1; second <= 6; second += 1) {
    history.push(counters({ played: second * 48_000, concealed: second >= 2 ? 7 : 0 }));
  }
  expect(history.sum("concealed")).toBe(0);
  expect(history.sum("played")).toBe(3 * 48_000);
  expect(history.total.concealed).toBe(7);
});

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { RelayClock } from "../clock";
import { OUTPUT } from "../delay";
import { PageEar, type EarIo } from "./ear";
import { MAP, slot, streams } from "./testing";

const PLAYOUT_MS = 25;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("document", new EventTarget());
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** A browser that has been playing 10 ms packets since page time 0; `concealed` grows from `lossMs` on. */
function browser(over: Partial<EarIo> = {}, lossMs = Infinity): PageEar {
  const stats = () => {
    const played = 48 * performance.now();
    const inbound = {
      type: "inbound-rtp", kind: "audio", mid: "0", playoutId: "p", totalSamplesReceived: played,
      packetsReceived: played / 480, concealedSamples: performance.now() > lossMs ? 480 : 0,
    };
    const playout = { type: "media-playout", totalPlayoutDelay: (PLAYOUT_MS / 1000) * played, totalSamplesCount: played };
    return Promise.resolve(new Map<string, unknown>([["i", inbound], ["p", playout]]) as unknown as RTCStatsReport);
  };
  const heard = () => {
    const atMs = Math.floor(performance.now() / 10) * 10;
    return { ssrc: 9, rtp: 1000 + 48 * atMs, unixMs: performance.timeOrigin + atMs };
  };
  const ear = new PageEar({
    heard, stats, main: () => slot(7, 0), streams: () => streams({ s: [MAP] }), clock: () => undefined,
    relay: new RelayClock(), webAudioLatencyMs: () => undefined, outputLabel: () => "", reactionMs: () => 500,
    held: () => "", ...over,
  });
  ear.handleSlots([slot(7, 0)]);
  return ear;
}

test("a_press_is_answered_at_once_with_what_was_in_the_ear_then", async () => {
  const ear = browser();
  await vi.advanceTimersByTimeAsync(5000);
  const pressMs = performance.now() - 3;
  const anchor = ear.freeze(pressMs);
  expect(anchor).toMatchObject({ stream: "s", epoch: 0, concealed: false, reaction_ms: 500 });
  expect(Math.abs(anchor!.at / 48 - (pressMs - PLAYOUT_MS - OUTPUT.chromiumMeanExtraMs))).toBeLessThan(0.1);
  expect(ear.reason).toBe("");
});

test("without_sound_the_press_is_answered_with_a_sentence", async () => {
  const ear = browser({ main: () => undefined });
  await vi.advanceTimersByTimeAsync(1000);
  expect(ear.freeze(performance.now())).toBeNull();
  expect(ear.reason).toMatch(/^Nothing is being played/);
});

test("concealment_that_is_only_counted_after_the_press_settles_into_its_anchor", async () => {
  const ear = browser({}, 5010);
  await vi.advanceTimersByTimeAsync(5050);
  const anchor = ear.freeze(performance.now())!;
  expect([anchor.concealed, ear.settled(anchor).concealed]).toEqual([false, false]);
  await vi.advanceTimersByTimeAsync(400);
  expect(ear.settled(anchor)).toEqual({ ...anchor, concealed: true });
});

test("wireless_headphones_widen_the_doubt", async () => {
  const [wired, wireless] = [browser(), browser({ outputLabel: () => "Nina's AirPods" })];
  await vi.advanceTimersByTimeAsync(3000);
  const doubt = (ear: PageEar) => ear.freeze(performance.now())!.uncertainty_ms;
  expect(doubt(wireless) - doubt(wired)).toBe(150);
});

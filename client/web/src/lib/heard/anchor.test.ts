import { expect, test } from "vitest";
import { RelayClock } from "../clock";
import { OUTPUT } from "../delay";
import type { Clock } from "../types";
import { DOUBT, heardAt, wasConcealed, type Told } from "./anchor";
import { Gauge } from "./gauge";
import { Carried } from "./place";
import { ReadingRing } from "./ring";
import { MAP, poll, seeded, slot, streams, truth, wrapped, type Playing } from "./testing";

const PLAYOUT_MS = 25;

/** Everything told up to a press, of packets that play with this latency. */
function told(playing: readonly Playing[], pressMs: number, over: Partial<Told> = {}): Told {
  const readings = new ReadingRing();
  for (let now = Math.max(0, pressMs - 3000); now < pressMs; now += 50) poll(readings, playing, now);
  poll(readings, playing, pressMs);
  const gauge = new Gauge();
  for (let ms = 0; ms <= 2000; ms += 200) gauge.push(pressMs - 2000 + ms, counters(ms));
  const carried = new Carried();
  carried.handleSlots([slot(7, 0)]);
  return {
    main: slot(7, 0), readings, gauge, carried, streams: streams({ s: [MAP] }), clock: undefined, relay: new RelayClock(),
    roundTripMs: undefined, webAudioLatencyMs: undefined, wireless: false, held: "", reactionMs: 250, ...over,
  };
}

function counters(ms: number, concealed = 0) {
  const [played, received] = [48 * ms, ms / 10];
  const playout = { playoutDelay: (PLAYOUT_MS / 1000) * played, playoutSamples: played };
  return { received, lost: 0, concealed, played, bufferDelay: 0.03 * played, bufferEmitted: played, ...playout };
}

const steady = (over: Partial<Playing> = {}): Playing => ({
  ssrc: 9, rtp0: 1000, fromMs: 0, untilMs: Infinity, frameMs: 10, ppm: 0, ...over,
});

const anchorOf = (pressMs: number, all: Told) => {
  const answer = heardAt(pressMs, all);
  if ("reason" in answer) throw new Error(answer.reason);
  return answer.anchor;
};

test("what_is_stored_is_what_left_the_buffer_the_outputs_latency_before_the_press", () => {
  const anchor = anchorOf(5000, told([steady()], 5000));
  const leftMs = 5000 - PLAYOUT_MS - OUTPUT.chromiumMeanExtraMs;
  expect(anchor).toEqual({
    stream: "s", epoch: 0, at: 48 * leftMs, uncertainty_ms: DOUBT.usual, concealed: false, reaction_ms: 250,
  });
});

test("from_10_s_before_the_wrap_to_10_s_after_it_and_over_a_restart_every_anchor_is_true_to_2_ms", () => {
  const random = seeded(11);
  for (let run = 0; run < 2000; run += 1) {
    const rtp0 = 2 ** 32 - 480_000;
    const [endMs, againMs] = [12_000, 12_300 + 3000 * random()];
    const source0 = Math.floor(2 ** 32 * random());
    const ppm = 600 * random() - 300;
    const before = steady({ rtp0, untilMs: endMs, ppm });
    const after = steady({ rtp0: Math.ceil(truth(before, endMs) + 48 * (againMs - endMs)), fromMs: againMs, ppm });
    const pressMs = 1000 + 19_000 * random();
    const maps = [{ ...MAP, rtp0 }, { ...MAP, epoch: 1, ssrc: 8, rtp0: source0 }];
    const carried = new Carried();
    carried.handleSlots([slot(7, 0)]);
    if (pressMs > againMs - 100) carried.handleSlots([slot(8, wrapped(after.rtp0 - source0))]);
    const answer = heardAt(pressMs, told([before, after], pressMs, { carried, streams: streams({ s: maps }) }));
    const leftMs = pressMs - PLAYOUT_MS - OUTPUT.chromiumMeanExtraMs;
    const heard = leftMs < endMs ? { p: before, epoch: 0 } : leftMs > againMs ? { p: after, epoch: 1 } : undefined;
    // Between two polls the first or last moments of a run may go unseen.
    if (!heard && leftMs > endMs + 30) expect(answer, `run ${run}`).toHaveProperty("reason");
    if (!heard || (leftMs > againMs && leftMs < againMs + 60)) continue;
    if (!("anchor" in answer)) throw new Error(`run ${run}: ${answer.reason}`);
    expect(answer.anchor.epoch, `run ${run}`).toBe(heard.epoch);
    const ticks = 48 * (leftMs - heard.p.fromMs) * (1 + ppm * 1e-6);
    expect(Math.abs(answer.anchor.at - ticks), `run ${run}`).toBeLessThan(96);
  }
});

test("what_the_browser_decoded_ahead_of_its_turn_leaves_later", () => {
  const gauge = new Gauge();
  const counted = (ms: number) => ({ ...counters(ms), stretched: { inserted: 480, removed: 120 } });
  gauge.push(4000, counted(1000));
  gauge.push(5000, counted(2000));
  const usual = anchorOf(5000, told([steady()], 5000)).at;
  expect(anchorOf(5000, told([steady()], 5000, { gauge })).at).toBe(usual - 48 * (7.5 - OUTPUT.chromiumUsualAheadMs));
});

test("where_nothing_is_heard_it_says_why_in_a_sentence", () => {
  const reason = (all: Told) => heardAt(5000, all);
  expect(reason(told([steady()], 5000, { main: undefined }))).toMatchObject({ reason: /^Nothing is being played/ });
  expect(reason(told([steady({ untilMs: 4000 })], 5000))).toMatchObject({ reason: /^No sound was arriving/ });
  expect(reason(told([steady()], 5000, { streams: {} }))).toMatchObject({ reason: /^The studio has not told/ });
  expect(reason(told([steady()], 5000, { held: "It is muted." }))).toEqual({ reason: "It is muted." });
});

test("bluetooth_and_a_changing_buffer_widen_the_doubt", () => {
  const wireless = anchorOf(5000, told([steady()], 5000, { wireless: true }));
  expect(wireless.uncertainty_ms).toBe(DOUBT.usual + DOUBT.wireless);
  const gauge = new Gauge();
  gauge.push(4000, counters(0));
  gauge.push(4500, counters(500));
  gauge.push(5000, { ...counters(1000), bufferDelay: 0.03 * 48 * 500 + 0.07 * 48 * 500 });
  expect(anchorOf(5000, told([steady()], 5000, { gauge })).uncertainty_ms).toBe(DOUBT.usual + 40);
});

test("without_playout_statistics_the_sound_systems_own_latency_counts_and_without_either_a_guess_that_says_so", () => {
  const gauge = new Gauge();
  const at = (over: Partial<Told>) => anchorOf(5000, told([steady({ frameMs: 1 })], 5000, { gauge, ...over }));
  expect(Math.abs(at({ webAudioLatencyMs: 40 }).at / 48 - (5000 - 40 - OUTPUT.webAudioExtraMs))).toBeLessThan(1);
  expect(at({}).uncertainty_ms).toBe(DOUBT.usual + DOUBT.output);
});

test("made_up_sound_shortly_before_is_told_and_older_is_not", () => {
  const gauge = new Gauge();
  for (let n = 0; n <= 25; n += 1) gauge.push(200 * n, counters(200 * n, n > 23 ? 480 : 0));
  expect(anchorOf(5000, told([steady()], 5000, { gauge })).concealed).toBe(true);
  gauge.push(5200, counters(5200, 480));
  expect([wasConcealed(gauge, 4700), wasConcealed(gauge, 5150)]).toEqual([true, false]);
});

test("without_the_browsers_word_the_clocks_stand_in_with_their_doubt", () => {
  const relay = new RelayClock();
  relay.handlePong(4000, 4010, 1_000_005);
  const clock: Clock = { stream: "s", epoch: 0, ticks: 48_000, at_us: 1_000_000_000, error_us: 3000, encoded_us: 12_000 };
  const readings = new ReadingRing();
  const anchor = anchorOf(5000, told([], 5000, { readings, relay, clock, roundTripMs: 8 }));
  // Relay time 1 001 000 at the press; less output 30.5, buffer 30, publisher 15 and half the round trip 4.
  expect(anchor.at).toBe(48_000 + 48 * (1000 - 30.5 - 30 - 15 - 4) + MAP.codec_delay);
  expect(anchor.uncertainty_ms).toBe(DOUBT.usual + DOUBT.clocks);
  expect(heardAt(5000, told([], 5000, { readings, relay }))).toMatchObject({ reason: /^The studio has not told/ });
});

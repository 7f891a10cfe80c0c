import { expect, test } from "vitest";
import { ahead, ReadingRing } from "./ring";
import { poll, seeded, truth, type Playing } from "./testing";

const steady = (over: Partial<Playing> = {}): Playing => ({
  ssrc: 9, rtp0: 5000, fromMs: 0, untilMs: Infinity, frameMs: 10, ppm: 0, ...over,
});

/** Polls each 50 ms and at the press, and asks for what left `latencyMs` before it. */
function ask(playing: readonly Playing[], pressMs: number, latencyMs: number, frameMs: number) {
  const ring = new ReadingRing();
  for (let now = Math.max(0, pressMs - 3000); now < pressMs; now += 50) poll(ring, playing, now);
  poll(ring, playing, pressMs);
  return ring.at(pressMs - latencyMs, frameMs);
}

test("whatever_the_wrap_the_frame_the_skew_and_the_latency_the_place_is_true_to_a_millisecond", () => {
  const random = seeded(1);
  for (let run = 0; run < 5000; run += 1) {
    const frameMs = [2.5, 5, 10, 20][Math.floor(random() * 4)]!;
    const rtp0 = Math.floor(2 ** 32 - 480_000 * random());
    const p = steady({ rtp0, frameMs, ppm: 600 * random() - 300, fromMs: 50 * random() });
    const [pressMs, latencyMs] = [1000 + 20_000 * random(), 300 * random()];
    const found = ask([p], pressMs, latencyMs, frameMs);
    expect(found?.ssrc).toBe(9);
    const off = Math.abs(ahead(truth(p, pressMs - latencyMs), found!.rtp));
    expect(off, `run ${run}`).toBeLessThan(48);
  }
});

test("the_reading_in_force_then_counts_and_not_the_newest", () => {
  const old = steady({ untilMs: 2000 });
  const next = steady({ ssrc: 10, rtp0: 900_000, fromMs: 2030 });
  expect(ask([old, next], 2060, 60, 10)).toMatchObject({ ssrc: 9, rtp: truth(old, 2000) });
  expect(ask([old, next], 2060, 20, 10)?.ssrc).toBe(10);
});

test("beyond_a_frame_and_20_ms_nothing_was_heard_and_up_to_it_the_sound_goes_on", () => {
  const p = steady({ untilMs: 1000 });
  expect(ask([p], 1129.9, 100, 10)?.rtp).toBeCloseTo(truth(p, 1029.9), 3);
  expect(ask([p], 1130.1, 100, 10)).toBeUndefined();
  expect(ask([{ ...p, frameMs: 20 }], 1139.9, 100, 20)).toBeDefined();
  expect(ask([{ ...p, frameMs: 20 }], 1140.1, 100, 20)).toBeUndefined();
});

test("before_the_first_reading_and_in_a_silence_between_two_runs_nothing_was_heard", () => {
  const late = steady({ fromMs: 1000 });
  expect(ask([late], 1040, 100, 10)).toBeUndefined();
  const again = steady({ fromMs: 3000, rtp0: 5000 + 48 * 3000 });
  expect(ask([steady({ untilMs: 1000 }), again], 3100, 1000, 10)).toBeUndefined();
});

test("the_silence_before_a_restart_on_the_same_source_is_no_sound", () => {
  const before = steady({ untilMs: 2000 });
  const after = steady({ fromMs: 2500, rtp0: 5000 + 48 * 2500 });
  expect(ask([before, after], 2510, 200, 10)).toBeUndefined();
});

test("two_readings_that_contradict_each_other_widen_the_doubt", () => {
  const ring = new ReadingRing();
  ring.push({ ssrc: 9, rtp: 0, atMs: 100 }, 100);
  ring.push({ ssrc: 9, rtp: 48 * 60, atMs: 150 }, 150);
  expect(ring.at(125, 10)).toEqual({ ssrc: 9, rtp: 48 * 25, spreadMs: 10 });
});

test("readings_of_another_clock_or_from_the_past_are_left_out", () => {
  const ring = new ReadingRing();
  ring.push({ ssrc: 9, rtp: 1, atMs: 3_600_000 }, 1000);
  ring.push({ ssrc: 9, rtp: 1, atMs: -3_600_000 }, 1000);
  expect(ring.isEmpty).toBe(true);
  ring.push({ ssrc: 9, rtp: 480, atMs: 990 }, 1000);
  ring.push({ ssrc: 9, rtp: 7, atMs: 980 }, 1050);
  expect(ring.at(995, 10)?.rtp).toBe(480 + 48 * 5);
});

test("gulps_and_coarse_steps_are_averaged_over_a_second", () => {
  const random = seeded(3);
  const off: number[] = [];
  for (let run = 0; run < 300; run += 1) {
    const ring = new ReadingRing();
    const press = 3000 + 1000 * random();
    for (let now = press - 2000; now <= press; now += 50) {
      const late = 20 * random();
      ring.push({ ssrc: 9, rtp: Math.round(48 * (now - late)), atMs: now - 1 }, now);
    }
    off.push(Math.abs(ring.at(press - 40, 10)!.rtp / 48 - (press - 40 - 9)));
  }
  off.sort((a, b) => a - b);
  expect(off[285]).toBeLessThan(5);
  expect(off[299]).toBeLessThan(9);
});

test("after_time_was_stretched_the_readings_from_before_it_no_longer_count", () => {
  const random = seeded(4);
  for (let run = 0; run < 300; run += 1) {
    const ring = new ReadingRing();
    const press = 3000 + 1000 * random();
    const [stretchedMs, atMs] = [(random() < 0.5 ? -1 : 1) * (8 + 12 * random()), press - 350 - 500 * random()];
    for (let now = press - 2000; now <= press; now += 50) {
      const late = 6 * random() + (now > atMs ? stretchedMs : 0);
      ring.push({ ssrc: 9, rtp: Math.round(48 * (now - late)), atMs: now - 1 }, now);
    }
    const off = ring.at(press - 40, 10)!.rtp / 48 - (press - 40 - 2 - stretchedMs);
    expect(Math.abs(off), `run ${run}`).toBeLessThan(4);
  }
});

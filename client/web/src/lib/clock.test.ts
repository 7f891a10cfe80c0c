import { expect, test } from "vitest";
import { RelayClock } from "./clock";

test("the_true_offset_lies_within_the_error_even_on_a_lopsided_path", () => {
  const clock = new RelayClock();
  const offset = 1_700_000_000_000;
  for (const [out, back] of [[40, 5], [3, 30], [9, 2]] as const) {
    clock.handlePong(1000, 1000 + out + back, offset + 1000 + out);
  }
  expect(clock.rttMs).toBe(11);
  expect(Math.abs(clock.toRelay(2000) - (offset + 2000))).toBeLessThanOrEqual(clock.errorMs(2000));
  expect(clock.errorMs(1011)).toBeCloseTo(5.5);
});

test("an_old_sample_is_forgotten_after_a_minute", () => {
  const clock = new RelayClock();
  clock.handlePong(0, 2, 1);
  clock.handlePong(61_000, 61_020, 61_010);
  expect(clock.rttMs).toBe(20);
});

test("nothing_is_known_before_the_first_pong", () => {
  const clock = new RelayClock();
  expect(clock.known).toBe(false);
  expect(clock.errorMs(5)).toBe(Infinity);
  expect(clock.toRelay(5)).toBeNaN();
});

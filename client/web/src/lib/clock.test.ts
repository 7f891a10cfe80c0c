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

/** A clock that knows the relay's to be ahead by an hour, by a round trip of 4 ms at its zero. */
function anHourAhead(): RelayClock {
  const clock = new RelayClock();
  clock.handlePong(0, 4, 3_600_002);
  return clock;
}

test.each([0, 2 * 3_600_000])("a_relay_whose_clock_jumps_by_an_hour_to_%i_ms_is_believed_by_its_next_answer", (offset) => {
  const clock = anHourAhead();
  clock.handlePong(2000, 2060, offset + 2030);
  expect(clock.toRelay(2060)).toBe(offset + 2060);
  expect([clock.rttMs, clock.errorMs(2060)]).toEqual([60, 30]);
});

test("a_worse_answer_that_may_still_be_right_changes_nothing_and_one_that_cannot_be_begins_anew", () => {
  // Half of both round trips, what may drift in ten seconds, and the steps of both times: 2 + 20 + 2 + 2 ms.
  for (const [away, believed] of [[25.9, 3_600_000], [26.1, 3_600_026.1], [-25.9, 3_600_000], [-26.1, 3_599_973.9]] as const) {
    const clock = anHourAhead();
    clock.handlePong(9964, 10_004, 3_600_000 + 9984 + away);
    expect(clock.toRelay(0), `${away} ms away`).toBeCloseTo(believed, 6);
  }
});

test("nothing_is_known_before_the_first_pong", () => {
  const clock = new RelayClock();
  expect(clock.known).toBe(false);
  expect(clock.errorMs(5)).toBe(Infinity);
  expect(clock.toRelay(5)).toBeNaN();
});

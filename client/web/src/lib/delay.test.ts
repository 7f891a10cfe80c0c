import { expect, test } from "vitest";
import { RelayClock } from "./clock";
import { delayToBuffer, LIMITS, outputDelay, stages, unwrapNear, upper, verdict } from "./delay";
import type { EpochMap } from "./types";

const map: EpochMap = {
  epoch: 0, ssrc: 7, rtp0: 2 ** 32 - 48_000, from: 0, sample0: 0, rate: 48_000, codec_delay: 120, resampler_delay: 0,
  trusted: true,
};
const slot = { mid: "0", stream: "s", source: 7, ssrc: 9, offset: 2 ** 32 - 1000 };

function relayClock(offsetMs: number, rttMs: number): RelayClock {
  const clock = new RelayClock();
  clock.handlePong(0, rttMs, offsetMs + rttMs / 2);
  return clock;
}

test("a_frame_captured_a_tenth_of_a_second_ago_is_a_tenth_of_a_second_late_across_the_wrap", () => {
  const clock = { stream: "s", epoch: 0, ticks: 96_000, at_us: 1_700_000_002_000_000, error_us: 2000 };
  const heard = { rtp: (map.rtp0 + 96_000 + 48 * 500 + slot.offset) >>> 0, atMs: 2600 };
  const delay = delayToBuffer(heard, slot, [map], clock, relayClock(1_700_000_000_000, 10));
  expect(delay?.ms).toBeCloseTo(100 + 120 / 48, 3);
  expect(delay?.doubtMs).toBeCloseTo(2 + 5 + 2590 * 200e-6 + 497.5 * 200e-6, 6);
});

test("the_delays_of_the_epoch_in_force_are_taken_off", () => {
  const clock = { stream: "s", epoch: 1, ticks: 96_000, at_us: 0, error_us: 0 };
  const later = { ...map, epoch: 1, from: 90_000, codec_delay: 480, resampler_delay: 48 };
  const heard = { rtp: (map.rtp0 + 96_000 + slot.offset) >>> 0, atMs: 0 };
  expect(delayToBuffer(heard, slot, [map, later], clock, relayClock(0, 0))?.ms).toBeCloseTo(11, 6);
  const after = { ...later, from: 96_001 };
  expect(delayToBuffer(heard, slot, [map, after], clock, relayClock(0, 0))?.ms).toBeCloseTo(2.5, 6);
});

test("without_a_clock_a_map_or_a_pong_nothing_is_claimed", () => {
  const heard = { rtp: 0, atMs: 0 };
  const clock = { stream: "s", epoch: 0, ticks: 0, at_us: 0, error_us: 0 };
  expect(delayToBuffer(heard, slot, [map], undefined, relayClock(0, 1))).toBeUndefined();
  expect(delayToBuffer(heard, slot, [], clock, relayClock(0, 1))).toBeUndefined();
  expect(delayToBuffer(heard, slot, [map], clock, new RelayClock())).toBeUndefined();
});

test("a_clock_of_a_run_long_gone_is_not_used", () => {
  const clock = { stream: "s", epoch: 0, ticks: 48_000 * 3600, at_us: 0, error_us: 0 };
  const heard = { rtp: (map.rtp0 + slot.offset + 480) >>> 0, atMs: 0 };
  expect(delayToBuffer(heard, slot, [map], clock, relayClock(0, 1))).toBeUndefined();
});

test("ticks_unwrap_to_the_nearest_turn", () => {
  expect(unwrapNear(5, 2 ** 32 - 10)).toBe(2 ** 32 + 5);
  expect(unwrapNear(2 ** 32 - 5, 3)).toBe(-5);
  expect(unwrapNear(7, 9)).toBe(7);
});

test("good_needs_zero_concealed_samples_and_a_known_delay_at_most_at_the_limit", () => {
  expect(verdict(LIMITS.goodMs, 0, 480_000)).toBe("good");
  expect(verdict(LIMITS.goodMs + 0.1, 0, 480_000)).toBe("watch");
  expect(verdict(40, 1, 480_000)).toBe("watch");
  expect(verdict(undefined, 0, 480_000)).toBe("watch");
});

test("bad_begins_just_past_its_limits_and_silence_is_its_own_word", () => {
  expect(verdict(LIMITS.badMs, 4800, 480_000)).toBe("watch");
  expect(verdict(LIMITS.badMs + 0.1, 0, 480_000)).toBe("bad");
  expect(verdict(40, 4801, 480_000)).toBe("bad");
  expect(verdict(40, 0, 0)).toBe("silent");
});

test("the_output_is_measured_where_the_browser_tells_and_doubted_where_it_does_not", () => {
  expect(outputDelay(30, 99)).toEqual({ ms: 38, doubtMs: 5 });
  expect(outputDelay(undefined, 20)).toEqual({ ms: 31, doubtMs: 25 });
  expect(outputDelay(undefined, undefined)).toBeUndefined();
});

test("the_stages_and_the_doubt_add_up_to_what_is_shown", () => {
  const clock = { stream: "s", epoch: 0, ticks: 0, at_us: 0, error_us: 0, encoded_us: 11_500 };
  const [toBuffer, output] = [{ ms: 60, doubtMs: 3 }, { ms: 38, doubtMs: 5 }];
  const parts = stages(toBuffer, 25, output, clock);
  expect(parts).toEqual({ captureMs: 11.5, networkMs: 23.5, bufferMs: 25, outputMs: 38 });
  const sum = 11.5 + parts.networkMs + parts.bufferMs + parts.outputMs + 3 + 5;
  expect(sum).toBe(upper({ ms: toBuffer.ms + output.ms, doubtMs: 8 }));
});

test("a_stage_is_never_negative_and_never_makes_the_others_smaller_than_the_whole", () => {
  const clock = { stream: "s", epoch: 0, ticks: 0, at_us: 0, error_us: 0, encoded_us: 90_000 };
  expect(stages({ ms: 30, doubtMs: 0 }, 45, { ms: 8, doubtMs: 0 }, clock)).toEqual({
    captureMs: 0, networkMs: 0, bufferMs: 30, outputMs: 8,
  });
});

test("the_network_takes_half_a_round_trip_at_least", () => {
  const clock = { stream: "s", epoch: 0, ticks: 0, at_us: 0, error_us: 0, encoded_us: 11_000 };
  expect(stages({ ms: 36, doubtMs: 0 }, 25, { ms: 8, doubtMs: 0 }, clock, 3)).toMatchObject({
    captureMs: 9.5, networkMs: 1.5,
  });
});

test("a_publisher_that_does_not_tell_its_capture_has_it_in_the_network", () => {
  const clock = { stream: "s", epoch: 0, ticks: 0, at_us: 0, error_us: 0 };
  expect(stages({ ms: 60, doubtMs: 0 }, 25, { ms: 8, doubtMs: 0 }, clock)).toMatchObject({
    captureMs: undefined, networkMs: 35,
  });
});

import { expect, test } from "vitest";
import { Bar, place, TICKS_DB } from "./ballistics";
import { FULL_SCALE, StereoMeter } from "./stereo";

const RATE = 48_000;

function tone(hz: number, amplitude: number, seconds: number, rate = RATE, phase = 0): Float32Array {
  return Float32Array.from({ length: Math.round(seconds * rate) }, (_, i) =>
    amplitude * Math.sin((2 * Math.PI * hz * i) / rate + phase));
}

function measured(left: Float32Array, right: Float32Array, rate = RATE) {
  const meter = new StereoMeter(rate);
  meter.process(left, right);
  return meter.take();
}

test("a_full_scale_sine_in_one_channel_is_minus_3_01_lufs_at_any_rate", () => {
  for (const rate of [44_100, 48_000, 96_000]) {
    const sine = tone(997, 1, 5, rate);
    const reading = measured(sine, new Float32Array(sine.length), rate);
    expect(reading.shortLufs).toBeCloseTo(-3.01, 1);
    expect(reading.integratedLufs).toBeCloseTo(-3.01, 1);
  }
});

test("stereo_at_minus_23_dbfs_is_minus_23_lufs_as_ebu_3341_case_1_says", () => {
  const sine = tone(1000, 10 ** (-23 / 20), 20);
  const reading = measured(sine, sine);
  expect(Math.abs(reading.integratedLufs + 23)).toBeLessThan(0.1);
  expect(Math.abs(reading.shortLufs + 23)).toBeLessThan(0.1);
});

test("quiet_parts_are_gated_as_in_ebu_3341_case_3", () => {
  const parts = [[-36, 5], [-23, 20], [-36, 5]].map(([db, s]) => tone(1000, 10 ** ((db as number) / 20), s as number));
  const meter = new StereoMeter(RATE);
  for (const part of parts) meter.process(part, part);
  expect(Math.abs(meter.take().integratedLufs + 23)).toBeLessThan(0.1);
});

test("silence_has_no_loudness_and_no_phase", () => {
  const reading = measured(new Float32Array(RATE), new Float32Array(RATE));
  expect(reading.integratedLufs).toBe(-Infinity);
  expect(reading.peak).toEqual([-Infinity, -Infinity]);
  expect(reading.correlation).toBe(0);
});

test("the_true_peak_between_the_samples_is_found", () => {
  const sine = tone(RATE / 4, 0.5, 1, RATE, Math.PI / 4);
  const reading = measured(sine, sine);
  expect(reading.peak[0]).toBeCloseTo(-9.03, 1);
  expect(Math.abs(reading.truePeak[0] + 6.02)).toBeLessThan(0.4);
});

test("rms_of_a_sine_lies_3_db_below_its_peak_and_channels_stay_apart", () => {
  const reading = measured(tone(1000, 0.5, 3), tone(1000, 0.25, 3));
  expect(reading.rms[0]).toBeCloseTo(-9.03, 1);
  expect(reading.peak[1] - reading.rms[1]).toBeCloseTo(3.01, 1);
  expect(reading.peak[0] - reading.peak[1]).toBeCloseTo(6.02, 1);
});

test("correlation_is_plus_1_in_phase_minus_1_against_it_and_0_at_right_angles", () => {
  const sine = tone(500, 0.5, 3);
  expect(measured(sine, sine).correlation).toBeCloseTo(1, 3);
  expect(measured(sine, sine.map((x) => -x)).correlation).toBeCloseTo(-1, 3);
  expect(Math.abs(measured(sine, tone(500, 0.5, 3, RATE, Math.PI / 2)).correlation)).toBeLessThan(0.02);
});

test("a_sample_at_full_scale_is_over_and_one_just_below_is_not", () => {
  expect(measured(new Float32Array([FULL_SCALE]), new Float32Array([-1])).overs).toEqual([1, 1]);
  expect(measured(new Float32Array([32766 / 32768]), new Float32Array([0])).overs).toEqual([0, 0]);
});

test("a_reading_is_of_what_came_since_the_last", () => {
  const meter = new StereoMeter(RATE);
  meter.process(tone(1000, 0.5, 0.1), tone(1000, 0.5, 0.1));
  meter.take();
  meter.process(new Float32Array(480), new Float32Array(480));
  expect(meter.take().peak[0]).toBe(-Infinity);
});

test("a_bar_rises_at_once_and_falls_20_db_in_1_7_s", () => {
  const bar = new Bar();
  bar.handle(-6, 1000);
  expect(bar.level).toBe(-6);
  for (let now = 1010; now <= 2700; now += 10) bar.handle(-Infinity, now);
  expect(bar.level).toBeCloseTo(-26, 6);
});

test("a_peak_is_held_for_2_s_and_then_let_go", () => {
  const bar = new Bar();
  bar.handle(-6, 0);
  bar.handle(-30, 2000);
  expect(bar.held).toBe(-6);
  bar.handle(-30, 2001);
  expect(bar.held).toBeLessThan(-20);
});

test("an_over_light_stays", () => {
  const bar = new Bar();
  bar.handle(0, 0, true);
  bar.handle(-40, 9000);
  expect(bar.over).toBe(true);
});

test("the_scale_rises_from_0_at_minus_60_to_1_at_0_without_a_jump", () => {
  expect(place(-Infinity)).toBe(0);
  expect(place(-60)).toBe(0);
  expect(place(0)).toBe(1);
  const places = TICKS_DB.map(place);
  expect([...places].sort((a, b) => a - b)).toEqual(places);
  for (const db of [-30, -12]) expect(place(db + 1e-9) - place(db)).toBeLessThan(1e-6);
});

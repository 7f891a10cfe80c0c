import { expect, test } from "vitest";
import { level, ms, signed } from "./format";

test("levels_carry_a_sign_and_one_decimal", () => {
  expect([-6.24, 0.26, 0, -0.04, -Infinity].map(level)).toEqual(["−6.2", "+0.3", "0.0", "0.0", "−∞"]);
});

test("a_delay_is_rounded_up", () => {
  expect([12, 12.01, undefined].map(ms)).toEqual(["12 ms", "13 ms", "–"]);
});

test("a_small_negative_number_is_not_minus_zero", () => {
  expect([-0.001, -0.62, 0.5].map((value) => signed(value, 2))).toEqual(["0.00", "−0.62", "0.50"]);
});

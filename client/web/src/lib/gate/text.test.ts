import { expect, test } from "vitest";
import { hasHidden, line, lines } from "./text";

test("scripts_and_emoji_are_kept_as_they_are_written", () => {
  for (const text of ["flat on “hour”", "ضعيف هنا", "می‌خواهم", "👩‍🎤 yes", "नमस्ते", "e\u0301", "<b>&amp;"]) {
    expect(lines(text, 20)).toEqual({ text });
  }
});

test("what_hides_or_reorders_is_taken_out", () => {
  expect(lines("\u001b[31mred\u0007", 20)).toEqual({ text: "[31mred" });
  expect(lines("a\u202eb\u2066c\u200bd\ufeffe\u{e0041}f\u0000", 20)).toEqual({ text: "abcdef" });
  expect([hasHidden("a\u202eb"), hasHidden("\ufdd0"), hasHidden("plain")]).toEqual([true, true, false]);
});

test("line_ends_become_one_kind_and_vanish_in_a_single_line", () => {
  expect(lines("a\r\nb\rc\u2028d\te", 20)).toEqual({ text: "a\nb\nc\nd e" });
  expect(line("a\r\nb\nc", 20)).toEqual({ text: "a b c" });
});

test("a_text_of_nothing_is_empty_and_one_over_the_limit_is_too_long", () => {
  for (const text of ["", " \n\t ", "\u200b\ufeff", "\u200d\u200e"]) expect(lines(text, 20)).toBe("empty");
  expect(lines("👩".repeat(20), 20)).toEqual({ text: "👩".repeat(20) });
  expect(lines("👩".repeat(21), 20)).toBe("too_long");
});

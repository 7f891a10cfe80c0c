import { expect, test } from "vitest";
import { metreWords, readMetre, readTempo, songWords } from "./song";

test("a_song_is_told_in_the_parts_that_are_known", () => {
  expect(songWords({ tempo_mbpm: 92_500, metre: { beats: 6, unit: 8 }, key: "F♯ minor" })).toBe("92.5 bpm · 6/8 · F♯ minor");
  expect(songWords({ tempo_mbpm: null, metre: null, key: null })).toBe("");
});

test("a_tempo_is_read_with_point_or_comma_and_only_within_its_limits", () => {
  expect([readTempo("92,5"), readTempo("10"), readTempo("999")]).toEqual([92_500, 10_000, 999_000]);
  expect([readTempo("9.9"), readTempo("999.1"), readTempo(""), readTempo("fast")]).toEqual([null, null, null, null]);
});

test("a_metre_reads_back_and_its_unit_is_a_note", () => {
  expect(metreWords(readMetre(" 7/8 "))).toBe("7/8");
  expect([readMetre("4/3"), readMetre("0/4"), readMetre("65/4"), readMetre("4")]).toEqual([null, null, null, null]);
});

import { expect, test } from "vitest";
import { begin, exactness, nudged, pinned, point, ranged, sampleOf, toNote, where } from "./compose";
import type { HeardAnchor } from "./heard/types";
import { emptyState } from "./reducer";
import type { SessionState, Take } from "./types";

const heard: HeardAnchor = { stream: "s", epoch: 0, at: 480_000, uncertainty_ms: 4.2, concealed: false, reaction_ms: 250 };
const draft = begin({ kind: "heard", heard, to: null }, 250);
const format = { channels: 2, frame_us: 5000, bitrate: 256_000, redundancy: 1, rate: 48_000 };
const map = {
  epoch: 0, ssrc: 7, rtp0: 0, from: 0, sample0: 0, rate: 48_000, codec_delay: 0, resampler_delay: 0, trusted: true,
};
const take: Take = {
  number: 1, slate: "", phase: "rolling", verdict: "none", decision: null, voided: null, flags: [], votes: {}, only: null,
  parts: [{
    id: "p", participant: "n", stream: "s", epoch: 0, from: 48_000, to: null, rate: 48_000, channels: 2, gaps: [],
    pcm_hash: null, phase: "rolling",
  }],
  armed: { by: "n", at: 0 }, rolled: { by: "n", at: 1 }, stopped: null,
};
const state: SessionState = {
  ...emptyState(),
  takes: [take],
  streams: { s: { id: "s", participant: "n", kind: "program", label: "Program", format, epochs: [map], open: true } },
};

test("the_reaction_stays_apart_from_what_was_heard", () => {
  const note = toNote({ ...draft, text: " flat " }, "n1");
  expect(note).toMatchObject({ on: { kind: "live", at: 480_000, to: null }, reaction_ms: 250, uncertainty_ms: 5, text: "flat" });
  expect(where(state, draft)).toBe("00:03.7 of take 1");
  expect(where(state, { ...draft, reaction_ms: 0 })).toBe("00:04.0 of take 1");
});

test("a_tag_alone_is_a_note_and_nothing_at_all_is_none", () => {
  expect(toNote({ ...draft, tag: "pitch" }, "n1")).toMatchObject({ text: "pitch", tag: "pitch" });
  expect(toNote({ ...draft, text: "  " }, "n1")).toBeUndefined();
});

test("a_tenth_of_a_second_is_4800_ticks_and_no_place_lies_before_the_beginning", () => {
  expect(toNote({ ...nudged(draft, -2), text: "x" }, "n")?.on).toMatchObject({ at: 480_000 - 9600 });
  expect(toNote({ ...nudged(draft, -1000), text: "x" }, "n")?.on).toMatchObject({ at: 0 });
});

test("a_range_goes_from_the_earlier_press_to_the_later_one", () => {
  const later = ranged(state, draft, { ...heard, at: 528_000, uncertainty_ms: 9, concealed: true });
  expect(later.pin).toMatchObject({ heard: { at: 480_000, uncertainty_ms: 9, concealed: true }, to: 528_000 });
  expect(ranged(state, draft, { ...heard, at: 432_000 }).pin).toMatchObject({ heard: { at: 432_000 }, to: 480_000 });
  expect(where(state, later)).toBe("00:03.7–00:04.7 of take 1");
  expect(point(later).pin).toMatchObject({ to: null });
});

test("a_range_spans_the_epochs_of_each_hour_of_a_run_and_no_others", () => {
  const hours = { from: 500_000, sample0: 500_000 };
  const over = (next: object): SessionState => {
    const stream = state.streams["s"]!;
    return { ...state, streams: { s: { ...stream, epochs: [map, { ...map, epoch: 1, ...hours, ...next }] } } };
  };
  const later = { ...heard, epoch: 1, at: 528_000 };
  expect(ranged(over({}), draft, later).pin).toMatchObject({ heard: { epoch: 0, at: 480_000 }, to: 528_000 });
  const backwards = ranged(over({}), begin({ kind: "heard", heard: later, to: null }, 250), heard);
  expect(backwards.pin).toMatchObject({ heard: { epoch: 0, at: 480_000 }, to: 528_000 });
  expect(ranged(over({ ssrc: 8 }), draft, later)).toBe(draft);
  expect(ranged(state, draft, { ...heard, epoch: 1 })).toBe(draft);
  expect(ranged(state, draft, { ...heard, stream: "other" })).toBe(draft);
  expect(ranged(state, draft, null)).toBe(draft);
});

test("a_range_that_is_nudged_never_ends_before_it_begins", () => {
  const short = ranged(state, draft, { ...heard, at: 480_100 });
  expect(nudged(short, 5).pin).toMatchObject({ heard: { at: 504_000 }, to: 504_000 });
});

test("where_nothing_was_heard_a_note_is_pinned_to_the_take_or_to_nothing", () => {
  expect(pinned(state, null)).toEqual({ kind: "take", take: 1 });
  expect(pinned(emptyState(), null)).toEqual({ kind: "nothing" });
  expect(toNote({ ...begin({ kind: "nothing" }, 250), text: "words wait" }, "n")).toBeUndefined();
  const note = toNote({ ...begin({ kind: "take", take: 1 }, 250), text: "whole" }, "n");
  expect(note).toMatchObject({ on: { kind: "take", take: 1, at: null }, reaction_ms: 0, uncertainty_ms: 0 });
});

test("a_note_on_a_mix_is_pinned_where_somebody_says_or_to_the_whole", () => {
  const file = { title: "rough", rate: 44_100, channels: 2, length: 120 * 44_100, pcm_hash: "0" };
  const mixed = { ...state, mixes: [{ number: 1, file, added: { by: "n", at: 0 } }] };
  const at = sampleOf(mixed, 1, "1:12.5");
  expect(at).toBe(72.5 * 44_100);
  expect(["2:00.1", "soon", "", "1:2:3:4"].map((time) => sampleOf(mixed, 1, time))).toEqual([null, null, null, null]);
  const on = begin({ kind: "mix", mix: 1, at }, 250);
  expect(where(mixed, on)).toBe("01:12.5 of mix 1");
  expect(toNote({ ...on, text: "s is sharp" }, "n")).toMatchObject({ on: { kind: "mix", mix: 1, at, to: null }, reaction_ms: 0 });
  expect(where(mixed, begin({ kind: "mix", mix: 1, at: null }, 250))).toBe("mix 1 as a whole");
});

test("how_exact_a_place_is_stands_beside_it", () => {
  expect(exactness(draft)).toBe("−0.25 s, ± 5 ms");
  const through = { ...draft, reaction_ms: 0, pin: { kind: "heard" as const, heard: { ...heard, concealed: true }, to: null } };
  expect(exactness(through)).toBe("± 5 ms, heard through a dropout");
});

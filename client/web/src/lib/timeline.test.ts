import { expect, test } from "vitest";
import { emptyState } from "./reducer";
import golden from "./timeline.golden.json";
import { clockTime, lengthOf, Places, sampleAt, sinceRoll } from "./timeline";
import type { EpochMap, Part, SessionState, Take } from "./types";

const map: EpochMap = {
  epoch: 0, ssrc: 7, rtp0: 4_294_487_295, from: 96_000, sample0: 1000, rate: 44_100, codec_delay: 120,
  resampler_delay: 17, trusted: true,
};
const part = (from: number, to: number | null): Part => ({
  id: `p${from}`, participant: "n", stream: "s", epoch: 0, from, to, rate: 44_100, channels: 2, gaps: [], pcm_hash: null,
  phase: to === null ? "rolling" : "stopped",
});
const take = (number: number, parts: Part[]): Take => ({
  number, slate: "", phase: "in_review", verdict: "none", decision: null, voided: null, flags: [], votes: {}, only: null,
  parts, armed: { by: "n", at: 0 }, rolled: { by: "n", at: 5000 }, stopped: null,
});
const format = { channels: 2, frame_us: 5000, bitrate: 256_000, redundancy: 1, rate: 44_100 };
const state = (takes: Take[]): SessionState => ({
  ...emptyState(),
  takes,
  streams: { s: { id: "s", participant: "n", kind: "program", label: "Program", format, epochs: [map], open: true } },
});
/** A session in which no clock map is known. */
const bare = emptyState();
const ticksOf = (sample: number) => 96_137 + Math.ceil(((sample - 1000) * 48_000) / 44_100);

test("the_delays_are_taken_off_before_ticks_become_samples", () => {
  expect(sampleAt(map, 96_137)).toBe(1000);
  expect(sampleAt(map, 96_136)).toBe(999);
  expect(sampleAt(map, 96_137 + 48_000)).toBe(1000 + 44_100);
});

test("a_heard_place_lies_in_the_part_that_recorded_it", () => {
  const session = state([take(1, [part(10_000, 50_000)]), take(2, [part(60_000, null)])]);
  const places = new Places(session);
  const place = (sample: number) => places.of("s", 0, ticksOf(sample));
  expect(place(9_999)).toBeUndefined();
  expect(place(10_000)).toMatchObject({ take: { number: 1 }, part: { from: 10_000 } });
  expect(place(49_999)).toMatchObject({ take: { number: 1 } });
  expect(place(50_000)).toBeUndefined();
  expect(place(60_000 + 6 * 44_100)).toMatchObject({ take: { number: 2 }, seconds: 1 });
});

test("a_note_on_the_end_of_a_take_stays_there_when_the_history_of_the_next_one_reaches_over_it", () => {
  const rolled = (from: number, roll: number, to: number | null): Part => ({ ...part(from * 44_100, to && to * 44_100), roll: roll * 44_100 });
  const first = take(1, [rolled(10, 15, 60)]);
  const next = take(2, [rolled(58, 63, null)]);
  const noted = (takes: Take[], second: number) => new Places(state(takes)).of("s", 0, ticksOf(second * 44_100));
  for (const takes of [[first], [first, next]]) {
    const place = noted(takes, 59);
    expect([place?.take.number, place?.seconds]).toEqual([1, 44]);
  }
  expect(noted([first, next], 60)).toMatchObject({ take: { number: 2 }, seconds: -3 });
});

test("what_was_heard_where_takes_overlap_is_on_the_take_that_the_exports_lay_it_on", () => {
  const places = new Places(golden.state as unknown as SessionState);
  for (const { stream, at, take, since_roll_ms } of golden.heard) {
    const place = places.of(stream, 0, at);
    expect([place?.take.number ?? null, place ? Math.round(place.seconds * 1000) : null], `${at}`).toEqual([take, since_roll_ms]);
  }
});

/** The session with these epochs of its stream. */
function mapped(takes: Take[], epochs: EpochMap[]): SessionState {
  const known = state(takes);
  return { ...known, streams: { s: { ...known.streams["s"]!, epochs } } };
}

test("a_part_holds_what_the_next_hour_s_epoch_of_its_run_names_and_nothing_of_another_run_or_count", () => {
  const hour = { from: map.from + 3600 * 48_000, sample0: map.sample0 + 3600 * 44_100 };
  const ticks = hour.from + 120 + 17 + 48_000;
  const at = (next: Partial<EpochMap>) =>
    new Places(mapped([take(1, [part(1000, null)])], [map, { ...map, epoch: 1, ...hour, ...next }])).of("s", 1, ticks);
  const delays = { codec_delay: 120, resampler_delay: 17 };
  const same = new Places(mapped([take(1, [part(1000, null)])], [{ ...map, ...delays }, { ...map, ...delays, epoch: 1, ...hour }]));
  expect(same.of("s", 1, ticks)?.take.number).toBe(1);
  expect(same.of("s", 1, ticks)?.seconds).toBe(same.of("s", 0, ticks)?.seconds);
  expect(at({ ssrc: 8 })).toBeUndefined();
  expect(at({ sample0: 0 })).toBeUndefined();
  expect(new Places(state([take(1, [part(0, null)])])).of("s", 1, 96_137)).toBeUndefined();
});

test("a_take_lasts_from_its_roll_to_its_stop_and_a_rolling_one_until_now", () => {
  expect(lengthOf({ ...take(1, [part(0, 6 * 44_100)]), stopped: { by: "n", at: 7000 } }, 0)).toBe(2);
  expect(lengthOf({ ...take(1, [part(0, null)]), phase: "rolling" }, 8500)).toBe(3.5);
  expect(lengthOf({ ...take(1, []), rolled: null }, 8500)).toBeUndefined();
});

test("a_place_in_a_take_counts_from_the_roll_as_its_clock_does", () => {
  const stopped = { ...take(1, [part(0, 6 * 44_100)]), stopped: { by: "n", at: 7000 } };
  expect(sinceRoll(bare, stopped, stopped.parts[0]!, 6 * 44_100)).toBe(lengthOf(stopped, 0));
  expect([0, 4, 5].map((second) => sinceRoll(bare, stopped, stopped.parts[0]!, second * 44_100))).toEqual([-4, 0, 1]);
});

test("a_recorder_that_came_later_has_its_beginning_after_the_roll", () => {
  const late = { ...take(1, [part(0, 44_100)]), stopped: { by: "n", at: 9000 } };
  expect(sinceRoll(bare, late, late.parts[0]!, 0)).toBe(3);
});

test("until_a_part_has_ended_as_it_should_its_pre_roll_is_five_seconds", () => {
  const rolling = take(1, [part(0, null)]);
  expect(sinceRoll(bare, rolling, rolling.parts[0]!, 6 * 44_100)).toBe(1);
  const broken = { ...part(0, 44_100), phase: "interrupted" as const };
  expect(sinceRoll(bare, { ...rolling, stopped: { by: "n", at: 9000 } }, broken, 6 * 44_100)).toBe(1);
});

test("a_place_counts_from_the_sample_at_which_its_recorder_rolled_however_short_the_pre_roll", () => {
  const told = { ...part(1000, null), roll: 1000 + 2 * 44_100 };
  const rolling = { ...take(1, [told]), phase: "rolling" as const };
  expect([0, 2, 3.5].map((second) => sinceRoll(bare, rolling, told, second * 44_100))).toEqual([-2, 0, 1.5]);
  // Whatever the relay's clock says, and however the part ended.
  const ended = { ...told, to: 1000 + 9 * 44_100, phase: "interrupted" as const };
  const stopped = { ...take(1, [ended]), stopped: { by: "n", at: 6000 } };
  expect(sinceRoll(bare, stopped, ended, 9 * 44_100)).toBe(7);
  expect(new Places(state([stopped])).of("s", 0, ticksOf(1000 + 3 * 44_100))?.seconds).toBeCloseTo(1, 4);
});

test("a_part_after_a_device_was_opened_anew_counts_from_the_roll_that_the_one_before_it_told", () => {
  const anew: EpochMap = { ...map, epoch: 1, from: map.from + 10 * 48_000, sample0: 0, rate: 96_000, resampler_delay: 5 };
  const before = { ...part(1000, 5000), roll: 1000 + 2 * 44_100, phase: "interrupted" as const };
  const after: Part = { ...part(96_000, null), id: "after", epoch: 1, rate: 96_000 };
  const rolling = { ...take(1, [before, after]), phase: "rolling" as const };
  const session = (maps: EpochMap[]): SessionState => {
    const known = state([rolling]);
    return { ...known, streams: { s: { ...known.streams["s"]!, epochs: maps } } };
  };
  // The map begins ten seconds into the run, the part a second later, the roll two seconds into it.
  expect(sinceRoll(session([map, anew]), rolling, after, 0)).toBeCloseTo(9, 9);
  const restarted = { ...anew, ssrc: 8 };
  expect(sinceRoll(session([map, restarted]), rolling, after, 0)).toBe(-5);
});

test("times_are_cut_to_tenths", () => {
  expect([clockTime(0), clockTime(83.49), clockTime(59.99), clockTime(3600.1), clockTime(-1), clockTime(-0.04), clockTime(0.3)]).toEqual([
    "00:00.0", "01:23.4", "00:59.9", "1:00:00.1", "−00:01.0", "00:00.0", "00:00.3",
  ]);
});

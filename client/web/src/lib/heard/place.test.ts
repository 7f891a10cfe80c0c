import { expect, test } from "vitest";
import { Carried } from "./place";
import { MAP, seeded, slot, streams, wrapped } from "./testing";

test("whatever_offset_and_start_the_ticks_since_the_epochs_start_come_back_across_the_wrap", () => {
  const random = seeded(5);
  for (let run = 0; run < 2000; run += 1) {
    const [rtp0, offset] = [Math.floor(2 ** 32 * random()), Math.floor(2 ** 32 * random())];
    const carried = new Carried();
    carried.handleSlots([slot(7, offset)]);
    const ticks = Math.floor(2 ** 31 * random()) + 0.25;
    const place = carried.locate(9, wrapped(rtp0 + offset + ticks), streams({ s: [{ ...MAP, rtp0 }] }));
    expect(place).toMatchObject({ stream: "s", epoch: 0 });
    expect(place!.ticks).toBeCloseTo(ticks, 2);
  }
});

test("after_more_than_a_day_the_newest_map_tells_which_round_of_the_clock_it_is", () => {
  const carried = new Carried();
  carried.handleSlots([slot(7, 0)]);
  const day = 2 ** 32 + 48_000;
  const maps = [MAP, { ...MAP, epoch: 1, from: day }];
  expect(carried.locate(9, wrapped(1000 + day + 480), streams({ s: maps }))).toMatchObject({ epoch: 1, ticks: day + 480 });
  expect(carried.locate(9, wrapped(1000 + day - 480), streams({ s: maps }))).toMatchObject({ epoch: 0, ticks: day - 480 });
});

test("what_still_lies_in_the_buffer_at_a_publishers_restart_belongs_to_the_one_before", () => {
  const carried = new Carried();
  carried.handleSlots([slot(7, 0)]);
  // The new process counts from 2^32 − 100, and its first tick is the listener's 1 000 000.
  const restarted = { ...MAP, epoch: 1, ssrc: 8, rtp0: 2 ** 32 - 100 };
  carried.handleSlots([slot(8, 1_000_100)]);
  const known = streams({ s: [MAP, restarted] });
  expect(carried.locate(9, 999_999, known)).toMatchObject({ epoch: 0, ticks: 998_999 });
  expect(carried.locate(9, 1_000_000, known)).toMatchObject({ epoch: 1, ticks: 0 });
});

test("a_restart_as_another_stream_in_the_same_section_is_told_apart_too", () => {
  const carried = new Carried();
  carried.handleSlots([slot(7, 0)]);
  carried.handleSlots([slot(8, 1_000_000 - 500, "t")]);
  const known = streams({ s: [MAP], t: [{ ...MAP, ssrc: 8, rtp0: 500 }] });
  expect(carried.locate(9, 999_999, known)?.stream).toBe("s");
  expect(carried.locate(9, 1_000_000, known)).toMatchObject({ stream: "t", ticks: 0 });
});

test("without_a_clock_map_or_a_slot_there_is_no_place", () => {
  const carried = new Carried();
  expect(carried.locate(9, 0, streams({ s: [MAP] }))).toBeUndefined();
  carried.handleSlots([slot(7, 0)]);
  expect(carried.locate(9, 0, streams({ s: [] }))).toBeUndefined();
  expect(carried.locate(9, 0, {})).toBeUndefined();
});

test("a_reconnect_keeps_the_source_before_it_in_reach", () => {
  const carried = new Carried();
  carried.handleSlots([slot(7, 0)]);
  carried.handleSlots([]);
  carried.handleSlots([slot(7, 480, "s", 10)]);
  const known = streams({ s: [MAP] });
  expect(carried.locate(9, 2000, known)?.ticks).toBe(1000);
  expect(carried.locate(10, 2480, known)?.ticks).toBe(1000);
});

import { expect, test } from "vitest";
import { grouped, inMix, passes, views } from "./notes";
import type { Item } from "./outbox";
import { emptyState, reduce } from "./reducer";
import type { Anchor, Command, NewNote, Recorded, SessionState } from "./types";

const map = {
  epoch: 0, ssrc: 7, rtp0: 0, from: 0, sample0: 0, rate: 48_000, codec_delay: 0, resampler_delay: 0, trusted: true,
};
const format = { channels: 2, frame_us: 5000, bitrate: 256_000, redundancy: 1, rate: 48_000 };
const SECOND = 48_000;
/** When what is not said to happen at a time happens, in seconds. */
const LATER = 100;

/** A session as the log tells it: two takes, recorded for 10 s from second 10 and 30 of the stream, 2 s before they rolled. */
function session(...more: [string, object][]): SessionState {
  const part = (take: number) => ({ take, part: `p${take}`, participant: "nina", stream: "s", epoch: 0, rate: SECOND, channels: 2 });
  const log: [string, object, number?][] = [
    ["participant.join", { participant: "me", name: "Me", role: "producer", grants: ["note:write"] }],
    ["participant.join", { participant: "lea", name: "Lea", role: "producer", grants: ["note:write"] }],
    ["stream.open", { stream: "s", participant: "nina", kind: "program", label: "P", format }],
    ["stream.epoch", { stream: "s", map }],
    ...[1, 2].flatMap((take): [string, object, number?][] => [
      ["take.arm", { take, slate: take === 1 ? "verse" : "", only: null }],
      ["take.roll", { take }, take * 20 - 8],
      ["part.rolling", { ...part(take), from: (take * 20 - 10) * SECOND }],
      ["take.stop", { take }, take * 20],
      ["part.stopped", { take, part: `p${take}`, to: take * 20 * SECOND, gaps: [], pcm_hash: "0" }],
    ]),
    ...more,
  ];
  return log.reduce((state, [type, data, at], n) => reduce(state, { seq: n + 1, by: "lea", at: 1000 * (at ?? LATER + n), type, data } as Recorded), emptyState());
}
const live = (seconds: number, to?: number): Anchor => ({
  kind: "live", stream: "s", epoch: 0, at: seconds * SECOND, to: to === undefined ? null : to * SECOND,
});
const note = (id: string, on: Anchor, rest: Partial<NewNote> = {}): NewNote => ({
  note: id, on, reaction_ms: 0, uncertainty_ms: 5, concealed: false, text: id, tag: null, severity: "minor", parent: null, ...rest,
});
const added = (...given: Parameters<typeof note>): [string, object] => ["note.add", note(...given)];
const item = (asked: Command, stage: Item["stage"] = "waiting"): Item => ({ id: "c", asked, madeMs: 5, stage });
const ids = (state: SessionState, items: Item[] = []) =>
  grouped(state, views(state, items, "me")).map((group) => [group.title, group.notes.map((view) => view.id)]);

test("a_note_stands_at_its_place_in_the_take_less_the_reaction", () => {
  const [view] = views(session(added("a", live(15.5, 16), { reaction_ms: 500 })), [], "me");
  expect(view).toMatchObject({ take: { number: 1 }, seconds: 3, toSeconds: 3.5, author: "Lea", keeping: "saved", mine: false });
});

test("a_note_on_a_take_and_one_on_what_was_heard_there_have_one_time", () => {
  const onTake: Anchor = { kind: "take", take: 1, part: "p1", at: 5 * SECOND, to: null };
  expect(views(session(added("a", live(15)), added("b", onTake)), [], "me").map(({ seconds }) => seconds)).toEqual([3, 3]);
  expect(views(session(added("a", live(11))), [], "me")[0]).toMatchObject({ seconds: -1 });
});

test("a_note_counts_from_the_sample_at_which_the_take_rolled_also_while_it_rolls", () => {
  const state = session(
    ["take.arm", { take: 3, slate: "", only: null }],
    ["take.roll", { take: 3 }],
    ["part.rolling", { take: 3, part: "p3", participant: "nina", stream: "s", epoch: 0, rate: SECOND, channels: 2, from: 50 * SECOND, roll: 52 * SECOND }],
    added("live", live(53.5)),
    added("on take", { kind: "take", take: 3, part: "p3", at: SECOND, to: 4 * SECOND }),
  );
  const [onTake, heard] = views(state, [], "me");
  expect([heard?.seconds, onTake?.seconds, onTake?.toSeconds]).toEqual([1.5, -1, 2]);
});

test("the_newest_take_comes_first_and_what_lies_between_takes_after_the_take_before_it", () => {
  const state = session(added("one", live(11)), added("two", live(31)), added("later two", live(32)), added("between", live(50)));
  expect(ids(state)).toEqual([["After take 2", ["between"]], ["Take 2", ["later two", "two"]], ["Take 1 · verse", ["one"]]]);
});

test("what_is_on_its_way_is_shown_at_the_top_of_its_take_until_it_is_saved", () => {
  const mine = item({ type: "note.add", data: note("b", live(12)) });
  const before = session(added("a", live(11)));
  expect(ids(before, [mine])).toEqual([["Take 1 · verse", ["b", "a"]]]);
  expect(views(before, [mine], "me")[0]).toMatchObject({ keeping: "waiting", mine: true, author: "you" });
  const after = session(added("a", live(11)), added("b", live(12)));
  expect(ids(after, [{ ...mine, stage: "saved", seq: 16 }])).toEqual([["Take 1 · verse", ["b", "a"]]]);
  expect(views(after, [{ ...mine, stage: "saved" }], "me")[0]).toMatchObject({ keeping: "saved" });
});

test("replies_hang_on_their_note_oldest_first_also_while_on_their_way", () => {
  const reply = item({ type: "note.reply", data: { note: "r2", parent: "a", text: "yes" } });
  const state = session(added("a", live(11)), added("r0", live(11), { parent: "a" }), added("r1", live(11), { parent: "a" }));
  const [view] = views(state, [reply], "me");
  expect(view?.replies.map((one) => [one.id, one.keeping])).toEqual([["r0", "saved"], ["r1", "saved"], ["r2", "waiting"]]);
});

test("what_was_taken_back_is_not_shown", () => {
  expect(views(session(added("a", live(11)), ["note.retract", { note: "a", retracted: true }]), [], "me")).toEqual([]);
});

test("a_change_that_is_not_saved_stands_beside_its_note", () => {
  const done = item({ type: "note.status", data: { note: "a", status: "done" } }, "sent");
  const [view] = views(session(added("a", live(11)), added("b", live(12))), [done], "me").filter(({ id }) => id === "a");
  expect([view?.changes, view?.note.status]).toEqual([[done], "open"]);
});

test("a_mix_note_that_is_carried_over_says_so", () => {
  const file = { title: "rough", rate: SECOND, channels: 2, length: 10 * SECOND, pcm_hash: "1" };
  const on: Anchor = { kind: "mix", mix: 1, at: 2 * SECOND, to: null };
  const state = session(["mix.add", { mix: 1, file }], added("a", on), ["mix.add", { mix: 2, file: { ...file, pcm_hash: "2" } }]);
  expect(ids(state)).toEqual([["Mix 1 · carried to mix 2", ["a"]]]);
  expect(views(state, [], "me")[0]).toMatchObject({ seconds: 2, take: undefined });
});

test("a_mix_version_has_its_own_notes_and_those_that_were_open_when_it_came", () => {
  const file = (n: number) => ({ title: "rough", rate: SECOND, channels: 2, length: 10 * SECOND, pcm_hash: `${n}` });
  const on = (mix: number): Anchor => ({ kind: "mix", mix, at: null, to: null });
  const state = session(
    ["mix.add", { mix: 1, file: file(1) }], added("open", on(1)), added("done", on(1)), ["note.status", { note: "done", status: "done" }],
    ["mix.add", { mix: 2, file: file(2) }], added("new", on(2)), added("elsewhere", live(11)),
  );
  const names = (mix: number) => inMix(views(state, [], "me"), mix).map(({ id }) => id).sort();
  expect([names(1), names(2)]).toEqual([["done", "open"], ["new", "open"]]);
});

test("a_filter_finds_words_tags_and_names_and_never_hides_what_is_on_its_way", () => {
  const state = session(added("flat", live(11), { tag: "pitch" }), added("creak", live(12)), ["note.status", { note: "creak", status: "done" }]);
  const coming = item({ type: "note.add", data: note("new", live(13)) });
  const found = (which: Parameters<typeof passes>[1]["which"], text: string) =>
    views(state, [coming], "me").filter((view) => passes(view, { which, text }, "me")).map(({ id }) => id);
  expect(found("all", "PITCH")).toEqual(["new", "flat"]);
  expect(found("all", "lea")).toEqual(["new", "creak", "flat"]);
  expect(found("open", "")).toEqual(["new", "flat"]);
  expect(found("done", "")).toEqual(["new", "creak"]);
  expect(found("mine", "")).toEqual(["new"]);
});

test("ten_thousand_notes_are_placed_without_comparing_each_with_each", () => {
  const base = session();
  const one = session(added("a", live(11))).notes["a"]!;
  const notes = Object.fromEntries(Array.from({ length: 10_000 }, (_, at) => [`${at}`, { ...one, id: `${at}`, seq: 100 + at }]));
  const shown = views({ ...base, notes }, [], "me");
  expect([shown.length, shown[0]?.id, shown.at(-1)?.id]).toEqual([10_000, "9999", "0"]);
});

import { expect, test } from "vitest";
import { PRESETS } from "../protocol.gen";
import { audience, beware, initials, people } from "./people";
import { emptyState } from "./reducer";
import type { Grants, Health, Presence, Role, SessionState, Stream } from "./types";

const person = (name: string, role: Role, grants: Grants) => ({ name, role, grants, present: true, consented: false, sent_away: false });
const format = { channels: 2, frame_us: 5000, bitrate: 256_000, redundancy: 1, rate: 48_000 };
const epoch = {
  epoch: 0, ssrc: 7, rtp0: 0, from: 0, sample0: 0, rate: 48_000, codec_delay: 0, resampler_delay: 0, trusted: false,
};
const stream = (id: string, participant: string, kind: Stream["kind"]): Stream => ({
  id, participant, kind, label: id, format, epochs: [epoch], open: true,
});
const state: SessionState = {
  ...emptyState(),
  title: "Blue hour",
  participants: {
    n: person("Nina Simon", "engineer", ["hear:program", "hear:talk"]),
    p: person("Paul", "mentor", ["hear:program", "hear:talk"]),
    l: person("Lea", "listener", ["hear:program"]),
    g: { ...person("Gone", "mentor", ["hear:program"]), present: false },
  },
  streams: { s: stream("s", "n", "program"), t: stream("t", "p", "talkback") },
};
const here = (participant: string, hears: string[], talking = false): Presence => ({
  participant, client: "page", hears, talking, media: true,
});

const none = new Map<string, Health>();

test("who_hears_is_shown_with_the_most_that_it_can_be_late_and_who_hears_nothing_is_not", () => {
  const counts = { stream: "s", buffer_ms: 0, received: 50, lost: 0, played: 48_000 };
  const arrivals = new Map([
    ["p", { ...counts, delay_ms: 88.2, concealed: 0 }],
    ["n", { ...counts, concealed: 480 }],
    ["l", { ...counts, delay_ms: 40, concealed: 9 }],
  ]);
  const shown = people(state, [here("p", ["s"]), here("n", ["t"]), here("l", [])], "p", arrivals);
  expect(shown.map(({ earWords, dropouts }) => [earWords, dropouts])).toEqual([
    ["hears program, 89 ms", false], ["hears talkback", true], ["hears nothing", false],
  ]);
});

test("oneself_comes_first_then_the_studio_then_the_others", () => {
  const shown = people(state, [here("p", ["s"]), here("n", ["t"], true), here("l", [])], "p", none);
  expect(shown.map((one) => one.name)).toEqual(["Paul", "Nina Simon", "Lea"]);
  expect(shown[0]).toMatchObject({ you: true, ear: "hears", earWords: "hears program" });
  expect(shown[1]).toMatchObject({ talking: true, ear: "hears", earWords: "hears talkback", publishes: ["program"] });
  expect(shown[2]).toMatchObject({ ear: "deaf", earWords: "hears nothing" });
});

test("who_hears_only_a_part_is_shown_so", () => {
  const three = { ...state, streams: { ...state.streams, m: stream("m", "n", "mic") } };
  expect(people(three, [here("l", ["s"])], "p", none).find((one) => one.id === "l")).toMatchObject({
    ear: "part", earWords: "hears program only",
  });
});

test("who_may_do_other_things_than_their_role_says_is_shown_so", () => {
  const roles = { ...state, participants: {
    a: person("A", "mentor", PRESETS.mentor), b: person("B", "mentor", [...PRESETS.engineer].reverse()), c: person("C", "mentor", []),
  } };
  expect(people(roles, [], "a", none).map(({ may }) => may)).toEqual(["", "may do as engineer", "may do things of their own"]);
});

test("with_no_stream_open_there_is_nothing_to_hear", () => {
  const silent = { ...state, streams: { s: { ...stream("s", "n", "program"), open: false } } };
  expect(people(silent, [], "p", none).every((one) => one.ear === "none")).toBe(true);
});

test("talkback_that_nobody_has_used_is_nothing_to_hear_and_the_button_says_who_will", () => {
  const unused = { ...state, streams: { ...state.streams, t: { ...state.streams["t"]!, epochs: [] } } };
  const all = [here("n", []), here("p", ["s"]), here("l", ["s"])];
  expect(people(unused, all, "p", none).find((one) => one.id === "n")).toMatchObject({ ear: "none" });
  expect(audience(unused, all, "t")).toBe("Nina Simon will hear you");
});

test("whoever_lets_people_in_is_told_by_whose_invitation_they_come_where_that_one_is_kept_out", () => {
  const eve = { ...person("Eve", "mentor", []), invite: "theirs" };
  const banning = { ...state, participants: { ...state.participants, eve }, banned: ["eve", "somebody who only knocked"] };
  expect(beware(banning, "theirs")).toBe("by the invitation of Eve, who is kept out");
  for (const invite of ["another", null, undefined]) expect(beware(banning, invite)).toBe("");
  expect(beware({ ...banning, banned: [] }, "theirs")).toBe("");
});

test("initials_are_of_the_first_and_the_last_word", () => {
  expect(initials("Nina van der Berg")).toBe("NB");
  expect(initials("paul")).toBe("P");
  expect(initials("🎻 Anna")).toBe("🎻A");
  expect(initials(" ")).toBe("?");
});

test("the_talk_button_names_who_hears", () => {
  expect(audience(state, [], "t")).toBe("nobody hears you yet");
  expect(audience(state, [here("n", ["t"])], "t")).toBe("Nina Simon hears you");
  expect(audience(state, [here("n", ["t"]), here("l", ["t"])], "t")).toBe("Nina Simon and Lea hear you");
  expect(audience(state, [here("n", ["t"]), here("l", ["t"]), here("p", ["t"])], "t")).toBe(
    "Nina Simon and 2 others hear you");
});

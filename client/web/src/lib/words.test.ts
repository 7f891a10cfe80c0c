import { expect, test } from "vitest";
import { emptyState } from "./reducer";
import type { Change, Recorded, SessionState } from "./types";
import { announced, asks, doubt, excerpt, span, undoes } from "./words";

const state = {
  ...emptyState(),
  participants: { lea: { name: "Lea", role: "producer" as const, grants: [], present: true, consented: false, sent_away: false } },
};
const event = (type: string, data: object, by: string | null = "lea") => ({ seq: 1, by, at: 0, type, data }) as unknown as Recorded;
const note = { text: "flat", tag: "pitch", parent: null };

test("what_others_add_is_said_and_what_one_adds_oneself_is_not", () => {
  expect(announced(state, event("note.add", note), "me")).toEqual({ text: "Lea notes, pitch: flat", urgent: false });
  expect(announced(state, event("note.add", note), "lea")).toBeUndefined();
});

test("recording_is_said_at_once_whoever_began_it", () => {
  expect(announced(state, event("take.roll", { take: 1 }), "lea")).toEqual({ text: "Recording: take 1.", urgent: true });
  expect(announced(state, event("take.stop", { take: 1 }), "me")).toEqual({ text: "Take 1 stopped. Not recording.", urgent: true });
});

test("an_event_of_a_later_version_is_not_said", () => {
  expect(announced(state, event("take.sung", { take: 1 }), "me")).toBeUndefined();
});

test("who_takes_a_verdict_back_is_not_said_to_have_decided_what_stood_before", () => {
  const verdict = (data: object) => ({ take: 3, verdict: "approved", reason: "tight", audio: [], was: { verdict: "redo", decision: null }, ...data });
  const said = (before: SessionState, data: object) => announced(before, { ...event("take.verdict", verdict(data)), id: "c" }, "me")?.text;
  const undoing = { ...state, undone_by: "c" };
  expect(said(state, { decided: null })).toBe("Lea: take 3 approved, tight.");
  expect(said(undoing, { decided: { by: "noah", at: 0 } })).toBe("Lea took a verdict back: take 3 approved, as somebody decided before, tight.");
  expect(said(undoing, { decided: null, verdict: "none", reason: "" })).toBe("Lea took a verdict back: take 3 undecided again.");
});

test("every_command_has_words_and_long_texts_are_cut_between_letters", () => {
  expect(asks({ type: "take.verdict", data: { take: 3, verdict: "approved", reason: "" } })).toBe("approve take 3");
  expect(asks({ type: "chat.say", data: { text: "hi\nthere" } })).toBe("message “hi there”");
  expect(excerpt("👩".repeat(41))).toBe(`“${"👩".repeat(39)}…”`);
  expect(excerpt("👩".repeat(40))).toBe(`“${"👩".repeat(40)}”`);
});

test("doubt_is_rounded_up_and_a_range_has_two_ends", () => {
  expect([doubt(4.2), doubt(999), doubt(1500)]).toEqual(["± 5 ms", "± 999 ms", "± 1.5 s"]);
  expect([span(1, undefined), span(1, 2.5)]).toEqual(["00:01.0", "00:01.0–00:02.5"]);
});

test("undoing_says_what_it_puts_back", () => {
  const change = (type: string, data: object) => ({ seq: 1, by: "me", event: { type, data } }) as unknown as Change;
  expect(undoes(change("take.verdict", { take: 7 }))).toBe("the verdict on take 7");
  expect(undoes(change("take.flag", { take: 6, flag: "hero", on: false }))).toBe("take 6 no longer hero");
  expect(undoes(change("note.status", { note: "n" }))).toBe("the status of a note");
});

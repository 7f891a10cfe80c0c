import { expect, test } from "vitest";
import { LIMITS } from "../protocol.gen";
import { blocked, forbidden, rejection } from "./gate";
import { emptyState, reduce } from "./reducer";
import type { Command, Grants, Note, Phase, Recorded, SessionState, Take } from "./types";

const stamp = { by: "nina", at: 0 };
const take = (number: number, phase: Phase, only: string | null = null): Take => ({
  number, slate: "", phase, verdict: "none", decision: null, voided: null, flags: [], votes: {}, only, parts: [],
  armed: stamp, rolled: null, stopped: null,
});
const person = (name: string, grants: Grants) => ({ name, role: "listener" as const, grants, present: true, consented: false, sent_away: false });
const note = (by: string, parent: string | null = null): Note => ({
  id: "n", seq: 1, made: { by, at: 0 }, edited: null, reaction_ms: 0, uncertainty_ms: 0, concealed: false, status: "open",
  settled: null, assignee: null, parent, carried: null, retracted: false,
  wording: { on: { kind: "take", take: 1, part: null, at: null, to: null }, text: "x", tag: null, severity: "minor" },
});

/** A session in which "me" has these grants. */
const session = (grants: Grants, rest: Partial<SessionState> = {}): SessionState => ({
  ...emptyState(),
  participants: { me: person("Me", grants), nina: person("Nina", ["take:roll", "admin"]) },
  ...rest,
});
const roll: Command = { type: "take.roll", data: { take: null } };
const verdict = (number: number): Command => ({ type: "take.verdict", data: { take: number, verdict: "approved", reason: "" } });
const nina = { holder: "nina", until: 0, lease_ms: 1 };
const mine = { holder: "me", until: 0, lease_ms: 1 };

test("an_engineer_rolls_unless_somebody_else_has_the_baton", () => {
  expect(blocked(session(["take:roll"]), "me", roll)).toBeUndefined();
  expect(blocked(session(["take:roll"], { baton: mine }), "me", roll)).toBeUndefined();
  expect(blocked(session(["take:roll"], { baton: nina }), "me", roll)).toBe(
    "Nina holds the baton; ask them for it or take it back.",
  );
});

test("a_producer_rolls_with_the_baton_only", () => {
  expect(blocked(session(["take:roll:baton"]), "me", roll)).toBe("Take the baton first.");
  expect(blocked(session(["take:roll:baton"], { baton: mine }), "me", roll)).toBeUndefined();
});

test("a_rolling_take_can_be_stopped_and_not_rolled_again", () => {
  const state = session(["take:roll"], { takes: [take(1, "rolling")] });
  expect(blocked(state, "me", { type: "take.stop", data: { take: null } })).toBeUndefined();
  expect(blocked(state, "me", roll)).toMatch(/^Take 1 is rolling\./);
  expect(blocked(session(["take:roll"]), "me", { type: "take.stop", data: { take: null } })).toBe("No take is rolling; roll one first.");
});

test("whoever_runs_the_machine_can_always_stop_it", () => {
  const state = session(["take:roll"], { takes: [take(1, "rolling")], baton: nina });
  expect(blocked(state, "me", { type: "take.stop", data: { take: 1 } })).toBeUndefined();
});

test("an_artist_rolls_own_parts_and_stops_only_such_takes", () => {
  expect(blocked(session(["take:roll:own"]), "me", roll)).toBeUndefined();
  const stop: Command = { type: "take.stop", data: { take: 1 } };
  expect(blocked(session(["take:roll:own"], { takes: [take(1, "rolling", "me")] }), "me", stop)).toBeUndefined();
  expect(blocked(session(["take:roll:own"], { takes: [take(1, "rolling")] }), "me", stop)).toMatch(/somebody else's/);
});

test("a_verdict_needs_the_grant_and_a_take_in_review", () => {
  const takes = [take(1, "in_review"), take(2, "recorded")];
  expect(blocked(session(["take:decide"], { takes }), "me", verdict(1))).toBeUndefined();
  expect(blocked(session(["take:decide"], { takes }), "me", verdict(2))).toMatch(/^Take 2 is recorded\. A verdict needs a take in review/);
  expect(blocked(session(["note:write"], { takes }), "me", verdict(1))).toMatch(/The producer decides/);
  expect(blocked(session(["take:decide"], { takes }), "me", verdict(9))).toBe("There is no take 9 in this session.");
});

test("a_mentor_decides_in_a_lesson_only", () => {
  const lesson = { decides: "mentor" as const, lobby: false, consent: false };
  const takes = [take(1, "in_review")];
  expect(blocked(session(["take:decide:lesson"], { takes }), "me", verdict(1))).toMatch(/^A mentor decides in a lesson only/);
  expect(blocked(session(["take:decide:lesson"], { takes, policy: lesson }), "me", verdict(1))).toBeUndefined();
});

test("whoever_has_not_agreed_is_not_recorded", () => {
  const policy = { decides: "producer" as const, lobby: false, consent: true };
  const format = { channels: 2, frame_us: 5000, bitrate: 256_000, redundancy: 1, rate: 48_000 };
  const streams = { s: { id: "s", participant: "nina", kind: "program" as const, label: "P", format, epochs: [], open: true } };
  expect(blocked(session(["take:roll"], { policy, streams }), "me", roll)).toBe("Nina has not agreed to be recorded; ask them first.");
});

test("notes_are_changed_by_their_author_and_settled_by_whoever_may", () => {
  const edit: Command = { type: "note.edit", data: { note: "n", wording: note("me").wording } };
  const done: Command = { type: "note.status", data: { note: "n", status: "done" } };
  const with_ = (by: string, parent: string | null = null) => session(["note:write", "note:status"], { notes: { n: note(by, parent) }, takes: [take(1, "in_review")] });
  expect(blocked(with_("me"), "me", edit)).toBeUndefined();
  expect(blocked(with_("nina"), "me", edit)).toMatch(/somebody else's/);
  expect(blocked(with_("nina"), "me", done)).toBeUndefined();
  expect(blocked(with_("nina", "root"), "me", done)).toMatch(/A reply has no status/);
  expect(blocked(session([], { notes: { n: note("me") } }), "me", edit)).toMatch(/Your invitation/);
});

test("nobody_sends_themselves_away_nor_whoever_runs_the_session", () => {
  const kick = (participant: string): Command => ({ type: "participant.kick", data: { participant, reason: "" } });
  expect(blocked(session(["invite"]), "me", kick("me"))).toMatch(/leave instead/);
  expect(blocked(session(["invite"]), "me", kick("nina"))).toMatch(/Your invitation/);
  expect(blocked(session(["invite", "admin"]), "me", kick("nina"))).toBeUndefined();
});

test("an_owner_who_cannot_come_back_is_not_the_one_who_stays", () => {
  const less: Command = { type: "participant.grant", data: { participant: "me", grants: [] } };
  const me = person("Me", ["admin"]);
  const nina = person("Nina", ["admin"]);
  expect(blocked(session(["admin"], { participants: { me, nina } }), "me", less)).toBeUndefined();
  const why = /give that to another first/;
  expect(blocked(session(["admin"], { participants: { me, nina: { ...nina, sent_away: true } } }), "me", less)).toMatch(why);
  expect(blocked(session(["admin"], { participants: { me, nina }, banned: ["nina"] }), "me", less)).toMatch(why);
});

test("what_somebody_else_has_made_the_same_again_is_not_undone_until_they_have_undone_it", () => {
  const flags = (seq: number, by: string, on: boolean, id = `${seq}`): Recorded =>
    ({ seq, by, id, at: 0, type: "take.flag", data: { take: 1, flag: "circled", on } }) as Recorded;
  const before = session(["take:roll"], { takes: [take(1, "in_review")] });
  const after = (...log: Recorded[]): SessionState => log.reduce(reduce, before);
  const undone = (seq: number, by: string, of: number): Recorded => ({ seq, by, id: `${seq}`, at: 0, type: "undo", data: { of } }) as Recorded;
  const mine: Command = { type: "undo", data: { of: 1 } };
  const theirs = [flags(1, "me", true), flags(2, "nina", false), flags(3, "nina", true)];
  expect(blocked(after(flags(1, "me", true)), "me", mine)).toBeUndefined();
  expect(blocked(after(...theirs), "me", mine)).toMatch(/changed again since/);
  const back = [undone(4, "nina", 3), flags(5, "nina", false, "4"), undone(6, "nina", 2), flags(7, "nina", true, "6")];
  expect(blocked(after(...theirs, ...back), "me", mine)).toBeUndefined();
});

test("the_baton_is_given_by_who_has_it", () => {
  const give: Command = { type: "baton.give", data: { to: null } };
  expect(blocked(session(["take:roll:baton"], { baton: mine }), "me", give)).toBeUndefined();
  expect(blocked(session(["take:roll:baton"], { baton: nina }), "me", give)).toMatch(/You do not hold the baton/);
  expect(blocked(session(["take:roll:baton"], { baton: nina }), "me", { type: "baton.take", data: {} })).toMatch(/^Nina holds the baton/);
  expect(blocked(session(["take:roll:baton"], { baton: nina }), "me", { type: "baton.reclaim", data: {} })).toMatch(/Your invitation/);
});

test("in_a_closed_session_nothing_is_asked", () => {
  expect(blocked(session(["take:roll"], { closed: true }), "me", roll)).toBe("The session is closed; its owner can open it again.");
});

test("a_listener_writes_nothing_and_reads_why", () => {
  expect(blocked(session(["hear:program"]), "me", { type: "chat.say", data: { text: "" } })).toBe(
    "Your invitation lets you listen only; ask the session's owner for another one.",
  );
});

test("a_session_is_closed_between_takes_only", () => {
  const close: Command = { type: "session.close", data: {} };
  expect(blocked(session(["admin"]), "me", close)).toBeUndefined();
  expect(blocked(session(["admin"], { takes: [take(1, "rolling")] }), "me", close)).toBe("Take 1 is rolling; stop or cancel it first.");
});

test("what_is_full_takes_nothing_more_and_one_less_does", () => {
  const file = (n: number) => ({ title: "rough", rate: 48_000, channels: 2, length: 1, pcm_hash: n.toString(16).padStart(64, "0") });
  const credit = (id: string) => ({ id, participant: "me", name: "Me", did: "sang" });
  const named = <T>(count: number, of: (n: number) => T) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`${n}`, of(n)]));
  const grants: Grants = ["take:roll", "note:write", "note:status", "publish:program", "invite", "admin", "hear:program"];
  const add: Command = { type: "note.add", data: { note: "new", on: note("me").wording.on, reaction_ms: 0, uncertainty_ms: 0, concealed: false, text: "x", tag: null, severity: "minor", parent: null } };
  const full: [Command, (count: number) => Partial<SessionState>, number][] = [
    [{ type: "take.arm", data: { slate: "" } }, (count) => ({ takes: Array.from({ length: count }, (_, n) => take(n + 1, "closed")) }), LIMITS.takes],
    [add, (count) => ({ takes: [take(1, "closed")], notes: named(count, () => note("me")) }), LIMITS.notes],
    [{ type: "mix.add", data: { file: file(1e6) } }, (count) => ({ mixes: Array.from({ length: count }, (_, n) => ({ number: n + 1, file: file(n), added: stamp })) }), LIMITS.mixes],
    [{ type: "credit.set", data: { credit: credit("new") } }, (count) => ({ credits: named(count, (n) => credit(`${n}`)) }), LIMITS.credits],
    [{ type: "invite.make", data: { invite: "new", role: "listener", once: false } }, (count) => ({ invites: named(count, () => ({ role: "listener" as const, once: false, revoked: true })) }), LIMITS.invites],
    [{ type: "participant.ban", data: { participant: "nina", reason: "" } }, (count) => ({ banned: Array.from({ length: count }, (_, n) => `${n}`) }), LIMITS.banned],
  ];
  for (const [asked, holding, most] of full) {
    expect(rejection(session(grants, holding(most)), "me", asked)?.code, asked.type).toBe("too_many");
    expect(rejection(session(grants, holding(most - 1)), "me", asked), asked.type).toBeUndefined();
  }
});

test("a_field_stands_open_for_whoever_may_write_and_says_why_to_the_others", () => {
  expect(forbidden(session(["note:write"]), "me", "write")).toBeUndefined();
  expect(forbidden(session(["hear:program"]), "me", "write")).toMatch(/^Your invitation lets you listen only/);
  expect(forbidden(session(["note:write"], { closed: true }), "me", "write")).toMatch(/^The session is closed/);
});

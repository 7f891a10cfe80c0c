import { expect, test } from "vitest";
import { CAPACITY, coming, isForNow, Outbox, type Item } from "./outbox";
import type { ClientFrame, Command } from "./types";

/** A link and a clock in one, and a store that outlives the page. */
class World {
  nowMs = 1_800_000_000_000;
  sent: string[] = [];
  up = true;
  items: readonly Item[] = [];
  timers: { at: number; then: () => void }[] = [];
  kept = new Map<string, string>();
  box = this.page();

  page(): Outbox {
    const store = {
      getItem: (key: string) => this.kept.get(key) ?? null,
      setItem: (key: string, value: string) => void this.kept.set(key, value),
      removeItem: (key: string) => void this.kept.delete(key),
    };
    const send = (frame: ClientFrame) => {
      if (this.up && frame.t === "cmd") this.sent.push(frame.id);
      return this.up;
    };
    const later = (ms: number, then: () => void) => {
      const timer = { at: this.nowMs + ms, then };
      this.timers.push(timer);
      return () => void (this.timers = this.timers.filter((one) => one !== timer));
    };
    this.box = new Outbox({ send, later, nowMs: () => this.nowMs, store }, (items) => (this.items = items));
    this.box.open("s", "me");
    return this.box;
  }

  pass(ms: number): void {
    const end = this.nowMs + ms;
    for (;;) {
      const next = this.timers.filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      this.timers = this.timers.filter((timer) => timer !== next);
      this.nowMs = Math.max(this.nowMs, next.at);
      next.then();
    }
    this.nowMs = end;
  }

  say(text: string): string {
    return this.box.add(chat(text)) ?? "";
  }

  get stages(): string[] {
    return this.items.map((item) => item.stage);
  }
}

const chat = (text: string): Command => ({ type: "chat.say", data: { text } });

test("nothing_is_saved_before_its_ok", () => {
  const world = new World();
  world.box.live();
  const id = world.say("hello");
  expect([world.sent, world.stages]).toEqual([[id], ["sent"]]);
  world.box.handleOk(id, 7);
  expect(world.stages).toEqual(["saved"]);
});

test("what_is_saved_is_shown_as_coming_until_the_mirror_has_it", () => {
  const world = new World();
  world.box.live();
  const id = world.say("hello");
  world.box.mirrored(7);
  expect(world.stages).toEqual(["sent"]);
  world.box.handleOk(id, 7);
  world.box.mirrored(6);
  expect(world.stages).toEqual(["saved"]);
  world.box.mirrored(7);
  expect(world.items).toEqual([]);
});

test("what_is_coming_of_one_kind_is_neither_refused_nor_in_the_session_yet", () => {
  const world = new World();
  const { box } = world;
  const policy = (lobby: boolean) => ({ type: "session.policy", data: { policy: { decides: "producer", lobby, consent: false } } }) as const;
  const comes = () => coming(world.items, "session.policy").map((item) => item.asked.data.policy.lobby);
  world.say("hello");
  box.live();
  const [first, second] = [box.add(policy(true))!, box.add(policy(false))!];
  expect(comes()).toEqual([true, false]);
  box.handleErr(second, "forbidden", "no");
  expect(comes()).toEqual([true]);
  box.handleOk(first, 7);
  expect(comes()).toEqual([true]);
  box.mirrored(7);
  expect(comes()).toEqual([]);
});

test("an_event_that_it_caused_saves_a_command_whose_ok_was_lost", () => {
  const world = new World();
  world.box.live();
  const id = world.say("hello");
  world.box.lost();
  world.box.handleOk(id, 7);
  world.box.mirrored(7);
  world.sent = [];
  world.box.live();
  expect([world.items, world.sent]).toEqual([[], []]);
});

test("what_was_asked_without_a_link_waits_and_goes_out_in_order", () => {
  const world = new World();
  const ids = ["one", "two", "three"].map((text) => world.say(text));
  expect([world.sent, world.stages]).toEqual([[], ["waiting", "waiting", "waiting"]]);
  world.box.live();
  expect(world.sent).toEqual(ids);
});

test("after_a_lost_link_only_what_has_no_answer_goes_out_again_in_order", () => {
  const world = new World();
  world.box.live();
  const ids = ["one", "two", "three"].map((text) => world.say(text));
  world.box.handleOk(ids[0]!, 4);
  world.box.lost();
  expect(world.stages).toEqual(["saved", "waiting", "waiting"]);
  world.sent = [];
  world.box.live();
  expect(world.sent).toEqual([ids[1], ids[2]]);
});

test("a_closed_tab_loses_nothing_and_changes_no_id", () => {
  const world = new World();
  const ids = ["one", "two"].map((text) => world.say(text));
  world.page().live();
  expect(world.sent).toEqual(ids);
  for (const id of ids) world.box.handleOk(id, 5);
  world.page();
  expect([world.items, world.kept.size]).toEqual([[], 0]);
});

test("somebody_who_comes_back_as_somebody_else_takes_along_what_waits", () => {
  const world = new World();
  const id = world.say("one");
  world.box.open("s", "me again");
  world.box.live();
  expect([world.sent, [...world.kept.keys()]]).toEqual([[id], ["farfield.outbox.s.me again"]]);
});

test("of_what_was_sent_somebody_new_asks_again_only_what_cannot_be_done_twice", () => {
  const world = new World();
  world.box.live();
  const chat = world.say("one");
  const note = (id: string) =>
    world.box.add({ type: "note.reply", data: { note: id, parent: "p", text: "yes" } as never })!;
  const [reply, saved] = [note("r1"), note("r2")];
  world.box.lost();
  const unsent = world.say("two");
  world.sent.length = 0;
  world.box.open("s", "me again", (id) => id === "r2");
  world.box.live();
  expect(world.sent).toEqual([reply, unsent]);
  expect(world.items.find((item) => item.id === chat)).toMatchObject({ stage: "refused", code: "gone" });
  expect(world.items.some((item) => item.id === saved)).toBe(false);
});

test("what_is_meant_now_does_not_go_out_late_from_behind_others_nor_by_a_clock_that_was_set_back", () => {
  const world = new World();
  world.box.live();
  for (let n = 0; n < 30; n += 1) world.say(`${n}`);
  const [late, earlier] = [1, 2].map(() => world.box.add({ type: "take.roll", data: {} as never })!);
  world.nowMs += 15_001;
  world.items.filter((item) => item.stage === "sent").forEach((item) => world.box.handleOk(item.id, 1));
  world.pass(60_000);
  world.items.filter((item) => item.stage === "sent").forEach((item) => world.box.handleOk(item.id, 1));
  world.pass(60_000);
  expect(world.sent).not.toContain(late);
  expect(world.sent).not.toContain(earlier);
  expect(world.items.filter((item) => item.stage === "refused").map((item) => item.id)).toEqual([late, earlier]);
  for (let n = 0; n < 30; n += 1) world.say(`${n}`);
  const back = world.box.add({ type: "take.roll", data: {} as never })!;
  world.nowMs -= 3_600_000;
  world.items.filter((item) => item.stage === "sent").forEach((item) => world.box.handleOk(item.id, 1));
  world.pass(10_000);
  expect(world.sent).not.toContain(back);
});

test("a_refusal_stays_with_its_reason_until_it_is_dismissed", () => {
  const world = new World();
  world.box.live();
  const id = world.say("hello");
  world.box.handleErr(id, "stale", "take 3 is rejected by now; look at it again");
  expect(world.items[0]).toMatchObject({ stage: "refused", why: "Take 3 is rejected by now; look at it again." });
  world.box.dismiss(id);
  expect(world.items).toEqual([]);
});

test("what_is_not_refused_cannot_be_dismissed", () => {
  const world = new World();
  const id = world.say("hello");
  world.box.dismiss(id);
  expect(world.stages).toEqual(["waiting"]);
});

test("a_full_disk_holds_everything_and_then_sends_it_in_order", () => {
  const world = new World();
  world.box.live();
  const ids = ["one", "two", "three"].map((text) => world.say(text));
  for (const id of ids) world.box.handleErr(id, "not_saved", "the disk is full; free some space");
  const late = world.say("four");
  expect(world.stages).toEqual(["waiting", "waiting", "waiting", "waiting"]);
  expect(world.items[0]?.why).toBe("The disk is full; free some space.");
  world.sent = [];
  world.pass(60_000);
  expect(world.sent).toEqual([...ids, late]);
});

test("a_list_that_is_full_refuses_after_a_few_tries", () => {
  const world = new World();
  world.box.live();
  const id = world.say("one");
  for (const _ of [1, 2, 3]) {
    world.box.handleErr(id, "too_many", "a session holds 500 credits at most; join some into one");
    expect(world.stages).toEqual(["waiting"]);
    world.pass(60_000);
  }
  world.box.handleErr(id, "too_many", "a session holds 500 credits at most; join some into one");
  expect(world.stages).toEqual(["refused"]);
});

test("catching_up_stays_below_what_the_relay_allows", () => {
  const world = new World();
  const ids = Array.from({ length: 60 }, (_, at) => world.say(`${at}`));
  world.box.live();
  const answer = () => {
    for (const item of world.items) if (item.stage === "sent") world.box.handleOk(item.id, 1);
  };
  for (let second = 0; second < 5; second += 1) {
    const before = world.sent.length;
    for (let at = 0; at < 10; at += 1) {
      answer();
      world.pass(100);
    }
    expect(world.sent.length - before).toBeLessThanOrEqual(second === 0 ? 12 : 9);
  }
  answer();
  world.pass(10_000);
  expect(world.sent).toEqual(ids);
});

test("a_full_outbox_takes_nothing_more_and_says_so", () => {
  const world = new World();
  for (let at = 0; at < CAPACITY; at += 1) world.say("x");
  expect(world.box.full).toBe(true);
  expect(world.box.add(chat("one too many"))).toBeUndefined();
});

test("a_browser_that_keeps_nothing_still_sends", () => {
  const world = new World();
  const store = { getItem: () => "no json", setItem: () => { throw new Error("quota"); }, removeItem: () => {} };
  const box = new Outbox({ ...world.box.io, store }, (items) => (world.items = items));
  box.open("s", "me");
  box.live();
  box.add(chat("hello"));
  expect(world.sent).toHaveLength(1);
});

const roll: Command = { type: "take.roll", data: { take: 1, if: { phase: "armed" } } };

test("what_is_meant_now_is_not_kept_for_later", () => {
  const world = new World();
  expect(world.box.add(roll)).toBeUndefined();
  world.box.live();
  expect(world.box.add(roll)).toBeDefined();
});

test("a_roll_whose_answer_was_lost_is_asked_again_soon_and_given_up_later", () => {
  for (const [waits, stage] of [[15_000, "sent"], [15_001, "refused"]] as const) {
    const world = new World();
    world.box.live();
    world.box.add(roll);
    world.box.lost();
    world.pass(waits);
    world.box.live();
    expect(world.stages).toEqual([stage]);
  }
});

test("words_that_an_earlier_visit_left_unsent_are_offered_and_what_has_arrived_is_not", () => {
  const world = new World();
  const left = (note: string) => ({ id: note, asked: { type: "note.reply", data: { note, parent: "p", text: note } }, madeMs: 0, stage: "sent" });
  const verdict = { id: "v", asked: { type: "take.verdict", data: { take: 1, verdict: "approved", reason: "" } }, madeMs: 0, stage: "waiting" };
  world.kept.set("farfield.outbox.s.before", JSON.stringify([left("arrived"), left("missing"), verdict]));
  world.box.adopt("farfield.outbox.s.before", (note) => note === "arrived");
  expect(world.items.map((item) => [item.id, item.stage])).toEqual([["missing", "refused"]]);
  expect(world.kept.has("farfield.outbox.s.before")).toBe(false);
});

test("what_hits_everybody_is_not_kept_for_a_link_that_comes_back_later", () => {
  const everybody: Command[] = [
    { type: "session.close", data: {} },
    { type: "session.open", data: { title: "Blue hour" } },
    { type: "session.policy", data: { policy: { decides: "producer", lobby: true, consent: false } } },
    { type: "participant.grant", data: { participant: "nina", grants: [] } },
    { type: "participant.ban", data: { participant: "nina", reason: "" } },
  ];
  const world = new World();
  for (const asked of everybody) expect([world.box.add(asked), asked.type]).toEqual([undefined, asked.type]);
  world.box.live();
  expect([world.sent, world.items]).toEqual([[], []]);
  for (const asked of everybody) world.box.add(asked);
  expect(world.sent.length).toBe(everybody.length);
});

test("what_moves_nobody_is_as_good_later", () => {
  const later: Command[] = [
    chat("hello"),
    { type: "session.consent", data: { given: true } },
    { type: "invite.revoke", data: { invite: "i" } },
    { type: "participant.unban", data: { participant: "nina" } },
    { type: "take.close", data: { take: 1 } },
  ];
  expect(later.filter(isForNow)).toEqual([]);
});

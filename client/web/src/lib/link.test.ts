import { expect, test } from "vitest";
import { Refusal } from "./entry";
import { Link, type LinkState, type Socket } from "./link";
import { emptyState } from "./reducer";
import type { Hello, RelayFrame, Welcome } from "./types";

/** A relay and a clock in one: sockets to answer on, and time that passes when told. */
class World {
  nowMs = 0;
  timers: { at: number; then: () => void }[] = [];
  sockets: (Socket & { sent: { t: string; [key: string]: unknown }[]; closed: boolean; code?: number })[] = [];
  states: LinkState[] = [];
  welcomes: Welcome[] = [];
  frames: RelayFrame[] = [];
  pongs: [number, number, number][] = [];
  hello: () => Promise<Hello> = async () => ({ v: 1, client: "page", ticket: "t" });
  wayBackRefused = 0;
  link = new Link(
    {
      open: () => this.#open(),
      now: () => this.nowMs,
      later: (ms, then) => {
        const timer = { at: this.nowMs + ms, then };
        this.timers.push(timer);
        return () => void (this.timers = this.timers.filter((other) => other !== timer));
      },
      hello: () => this.hello(),
    },
    {
      state: (state) => this.states.push(state),
      welcome: (welcome) => this.welcomes.push(welcome),
      frame: (frame) => this.frames.push(frame),
      pong: (...pong) => this.pongs.push(pong),
      wayBackRefused: () => {
        this.wayBackRefused += 1;
        this.hello = async () => ({ v: 1, client: "page", ticket: "fresh" });
      },
    },
  );

  #open() {
    const socket = {
      sent: [] as { t: string }[], closed: false, onopen: null, onmessage: null, onclose: null,
      send: (text: string) => void socket.sent.push(JSON.parse(text)),
      code: undefined as number | undefined,
      close: (code?: number) => void ((socket.closed = true), (socket.code = code)),
    };
    this.sockets.push(socket);
    return socket;
  }

  get socket() {
    return this.sockets.at(-1)!;
  }
  get state() {
    return this.states.at(-1)!;
  }
  say(frame: unknown): void {
    this.socket.onmessage?.({ data: JSON.stringify(frame) });
  }
  async pass(ms: number): Promise<void> {
    const until = this.nowMs + ms;
    for (;;) {
      await settled();
      const next = this.timers.filter((timer) => timer.at <= until).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      this.timers = this.timers.filter((timer) => timer !== next);
      this.nowMs = next.at;
      next.then();
    }
    this.nowMs = until;
    await settled();
  }
  async enter(): Promise<void> {
    this.link.connect();
    await this.pass(0);
    this.socket.onopen?.();
    this.say({ t: "welcome", ping_ms: 5000 });
  }
}

const settled = async () => {
  for (let i = 0; i < 5; i += 1) await Promise.resolve();
};

test("hello_comes_first_and_welcome_makes_it_live", async () => {
  const world = new World();
  await world.enter();
  expect(world.sockets[0]!.sent[0]).toEqual({ t: "hello", v: 1, client: "page", ticket: "t" });
  expect(world.state).toEqual({ at: "live" });
  expect(world.welcomes).toHaveLength(1);
});

test("a_welcome_in_parts_counts_once_it_is_whole", async () => {
  const world = new World();
  world.link.connect();
  await world.pass(0);
  world.socket.onopen?.();
  const part = (streams: object, more: boolean) => ({
    t: "welcome", ping_ms: 5000, more, state: { ...emptyState(), title: "Cello", streams },
  });
  world.say(part({ a: { epochs: [0] } }, true));
  expect(world.state).toMatchObject({ at: "connecting" });
  world.say(part({ a: { epochs: [1] }, b: { epochs: [] } }, false));
  expect(world.state).toEqual({ at: "live" });
  expect(world.welcomes.map((welcome) => welcome.state)).toEqual([
    { ...emptyState(), title: "Cello", streams: { a: { epochs: [0, 1] }, b: { epochs: [] } } },
  ]);
});

test("a_lost_link_forgets_the_parts_of_a_welcome", async () => {
  const world = new World();
  world.link.connect();
  await world.pass(0);
  const whole = { ...emptyState(), title: "Cello" };
  world.say({ t: "welcome", ping_ms: 5000, more: true, state: { ...whole, streams: { a: { epochs: [0] } } } });
  world.socket.onclose?.();
  await world.pass(1000);
  world.say({ t: "welcome", ping_ms: 5000, more: false, state: whole });
  expect(world.welcomes.map((welcome) => welcome.state)).toEqual([whole]);
});

/** An event that follows on the one before it in a chain whose hash after event n is "hn". */
const ev = (seq: number, prev = `h${seq - 1}`) => ({ t: "ev", seq, prev, hash: `h${seq}`, type: "chat.say", data: {} });

test("who_comes_back_says_what_is_known_and_only_the_events_after_it_are_handed_on", async () => {
  const world = new World();
  world.hello = async () => ({ v: 1, client: "page", resume: { session: "s", participant: "p", secret: "x" } });
  world.link.connect();
  await world.pass(0);
  world.socket.onopen?.();
  expect(world.socket.sent[0]!["resume"]).not.toHaveProperty("known");
  world.say({ t: "welcome", ping_ms: 5000, log: "l", seq: 4, hash: "h4", state: emptyState() });
  world.say(ev(5));
  world.socket.onclose?.();
  await world.pass(1000);
  world.socket.onopen?.();
  expect(world.socket.sent[0]).toMatchObject({ resume: { known: { log: "l", seq: 5, hash: "h5" } } });
  world.say({ t: "welcome", ping_ms: 5000, log: "l", seq: 5, hash: "h5" });
  world.say(ev(5));
  world.say(ev(6));
  expect(world.welcomes[1]).not.toHaveProperty("state");
  expect(world.frames).toMatchObject([{ seq: 5 }, { seq: 6 }]);
});

test.each([ev(6), ev(5, "h9")])("an_event_that_does_not_follow_is_not_handed_on_and_the_link_is_resumed", async (strange) => {
  const world = new World();
  await world.enter();
  world.say({ t: "welcome", ping_ms: 5000, log: "l", seq: 4, hash: "h4", state: emptyState() });
  world.say(strange);
  expect(world.frames).toEqual([]);
  expect(world.socket.closed).toBe(true);
  await world.pass(1000);
  expect(world.sockets).toHaveLength(2);
});

test("who_has_to_wait_waits_for_as_long_as_the_relay_is_heard", async () => {
  const world = new World();
  world.link.connect();
  await world.pass(0);
  world.socket.onopen?.();
  world.say({ t: "lobby", title: "Cello", why: "link" });
  expect(world.state).toEqual({ at: "lobby", title: "Cello", why: "link" });
  await world.pass(44_999);
  world.say({ t: "ping", n: 1 });
  expect(world.socket.sent.at(-1)).toEqual({ t: "pong", n: 1 });
  await world.pass(44_999);
  expect(world.sockets).toHaveLength(1);
  world.say({ t: "welcome", ping_ms: 5000, log: "l", seq: 4, hash: "h4", state: emptyState() });
  expect(world.state).toEqual({ at: "live" });
});

test("a_ping_is_answered_and_a_pong_tells_the_clock", async () => {
  const world = new World();
  await world.enter();
  world.say({ t: "ping", n: 9 });
  expect(world.socket.sent.at(-1)).toEqual({ t: "pong", n: 9 });
  const ping = world.socket.sent.find((frame) => frame.t === "ping")!;
  world.nowMs += 12;
  world.say({ t: "pong", n: ping["n"], at_us: 5_000_000 });
  expect(world.pongs).toEqual([[0, 12, 5000]]);
});

test("a_lost_link_is_opened_again_at_once_and_then_ever_more_slowly", async () => {
  const world = new World();
  await world.enter();
  world.socket.onclose?.();
  expect(world.state).toMatchObject({ at: "waiting", attempt: 0 });
  await world.pass(0);
  expect(world.sockets).toHaveLength(2);
  for (let attempt = 1; attempt <= 8; attempt += 1) {
    world.socket.onclose?.();
    await world.pass(8000);
    expect(world.sockets).toHaveLength(2 + attempt);
  }
});

test("a_command_without_an_answer_is_sent_again_with_the_same_id_on_the_next_link", async () => {
  const world = new World();
  await world.enter();
  const asked = world.link.request({ type: "stream.close", data: { stream: "s" } });
  const first = world.socket.sent.at(-1)!;
  world.socket.onclose?.();
  await world.pass(0);
  world.socket.onopen?.();
  world.say({ t: "welcome", ping_ms: 5000 });
  const again = world.socket.sent.find((frame) => frame.t === "cmd");
  expect(again).toEqual(first);
  world.say({ t: "ok", id: first["id"], seq: 7 });
  await expect(asked).resolves.toBe(7);
});

test("a_refused_command_says_why_and_harms_nothing_else", async () => {
  const world = new World();
  await world.enter();
  const asked = world.link.request({ type: "stream.close", data: { stream: "s" } });
  world.say({ t: "err", id: world.socket.sent.at(-1)!["id"], code: "forbidden", msg: "no" });
  await expect(asked).rejects.toThrow("no");
  expect(world.state).toEqual({ at: "live" });
});

test("eight_seconds_of_silence_are_a_dead_link_and_a_moment_less_is_not", async () => {
  const world = new World();
  await world.enter();
  await world.pass(7999);
  expect(world.state).toEqual({ at: "live" });
  await world.pass(1);
  expect(world.sockets[0]!.closed).toBe(true);
  expect(world.state.at).not.toBe("live");
});

test("a_refused_way_back_is_followed_by_a_fresh_ticket", async () => {
  const world = new World();
  world.hello = async () => ({ v: 1, client: "page", resume: { session: "s", participant: "p", secret: "x" } });
  world.link.connect();
  await world.pass(0);
  world.socket.onopen?.();
  world.say({ t: "err", code: "unauthorized", msg: "the way back is no longer good" });
  await world.pass(0);
  expect(world.wayBackRefused).toBe(1);
  world.socket.onopen?.();
  expect(world.socket.sent[0]).toMatchObject({ t: "hello", ticket: "fresh" });
});

test("a_used_up_invitation_ends_the_trying_with_its_sentence", async () => {
  const world = new World();
  world.hello = async () => {
    throw new Refusal("gone", "This invitation was revoked.", true);
  };
  world.link.connect();
  await world.pass(60_000);
  expect(world.states.at(-1)).toEqual({ at: "refused", why: "This invitation was revoked." });
  expect(world.sockets).toHaveLength(0);
});

test("a_relay_that_does_not_answer_is_tried_again", async () => {
  const world = new World();
  let tries = 0;
  world.hello = async () => {
    tries += 1;
    throw new Refusal("unreachable", "The relay does not answer.", false);
  };
  world.link.connect();
  await world.pass(30_000);
  expect(tries).toBeGreaterThan(4);
  expect(world.states.filter((state) => state.at === "refused")).toHaveLength(0);
});

test("a_relay_that_never_welcomes_is_left_after_eight_seconds", async () => {
  const world = new World();
  world.link.connect();
  await world.pass(0);
  world.socket.onopen?.();
  await world.pass(7999);
  expect(world.sockets).toHaveLength(1);
  await world.pass(1);
  expect(world.sockets).toHaveLength(2);
});

test("a_link_taken_over_by_another_tab_does_not_fight_back", async () => {
  const world = new World();
  await world.enter();
  world.socket.onclose?.({ code: 4409 });
  await world.pass(60_000);
  expect(world.state.at).toBe("refused");
  expect(world.sockets).toHaveLength(1);
});

test("who_leaves_says_so_with_1000_and_stays_out_until_asked_back", async () => {
  const world = new World();
  await world.enter();
  const asked = world.link.request({ type: "stream.close", data: { stream: "s" } });
  world.link.leave();
  expect(world.socket.code).toBe(1000);
  await expect(asked).rejects.toThrow("left");
  await world.pass(60_000);
  expect(world.state).toEqual({ at: "left" });
  expect(world.sockets).toHaveLength(1);
  await world.enter();
  expect(world.state).toEqual({ at: "live" });
  expect(world.sockets).toHaveLength(2);
});

test("a_link_given_up_as_dead_does_not_say_that_one_leaves", async () => {
  const world = new World();
  await world.enter();
  await world.pass(8000);
  expect(world.sockets[0]).toMatchObject({ closed: true, code: undefined });
});

test("who_leaves_while_coming_in_does_not_come_in", async () => {
  const world = new World();
  let redeemed = (_: Hello) => {};
  world.hello = () => new Promise((done) => (redeemed = done));
  world.link.connect();
  world.link.leave();
  redeemed({ v: 1, client: "page", ticket: "t" });
  await world.pass(60_000);
  expect(world.sockets).toHaveLength(0);
  expect(world.state).toEqual({ at: "left" });
});

test("a_ticket_that_came_too_late_is_followed_by_a_fresh_one", async () => {
  const world = new World();
  world.link.connect();
  await world.pass(0);
  world.socket.onopen?.();
  world.say({ t: "err", code: "unauthorized", msg: "the ticket has expired; open the invitation link again" });
  await world.pass(1000);
  expect(world.sockets).toHaveLength(2);
});

test("a_full_session_is_told_in_the_relays_words", async () => {
  const world = new World();
  world.link.connect();
  await world.pass(0);
  world.socket.onopen?.();
  world.say({ t: "err", code: "too_many", msg: "the session is full; come back later" });
  expect(world.state).toEqual({ at: "refused", why: "The session is full; come back later." });
});

test("an_answer_to_what_was_not_requested_here_is_handed_on", async () => {
  const world = new World();
  await world.enter();
  world.say({ t: "ok", id: "told elsewhere", seq: 7 });
  world.say({ t: "err", id: "told elsewhere too", code: "gone", msg: "no more of it" });
  expect(world.frames.map((frame) => frame.t)).toEqual(["ok", "err"]);
  expect(world.state).toEqual({ at: "live" });
});

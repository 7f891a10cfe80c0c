import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { emptyState } from "../lib/reducer";
import { Desk } from "./desk.svelte";

// What takes a browser: sound, its connection and its microphone.
vi.mock("./sound.svelte", () => ({ Sound: class { duck() {} findOutputs() {} unlock() {} show() {} } }));
vi.mock("./health.svelte", () => ({ Health: class {} }));
vi.mock("../lib/heard/ear", () => ({ PageEar: class {} }));
vi.mock("../lib/media", () => ({ Media: class { connected = true; start() {} restart() {} stop() {} carryTalk(stream?: string) { carried.push(stream); } } }));
vi.mock("../lib/mic", () => ({ Mic: class { async open() {} setOn() {} }, MicError: class extends Error {} }));

/** What the peer connection was told to carry as talkback. */
const carried = vi.hoisted(() => [] as (string | undefined)[]);

/** The relay's end of every link that the desk opens. */
class RelayEnd {
  static links: RelayEnd[] = [];
  sent: { t: string; id?: string; type?: string; data?: { on?: boolean; stream?: string } }[] = [];
  #seq = 0;
  onopen: (() => void) | null = null;
  onmessage: ((message: { data: string }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;

  constructor() {
    RelayEnd.links.push(this);
  }
  static get newest(): RelayEnd {
    return RelayEnd.links.at(-1)!;
  }
  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }
  close(): void {}

  welcome(): void {
    const welcome = { session: "s", participant: "me", role: "mentor", grants: [], resume: "again", log: "l", seq: 0, hash: "h" };
    this.onopen?.();
    this.onmessage?.({ data: JSON.stringify({ t: "welcome", ...welcome, state: emptyState(), more: false, ping_ms: 5000 }) });
  }
  /** Something happens. */
  happen(type: string, data: object): void {
    const hash = (seq: number) => (seq === 0 ? "h" : `h${seq}`);
    this.#seq += 1;
    const event = { seq: this.#seq, prev: hash(this.#seq - 1), hash: hash(this.#seq), id: null, by: "nina", at: 0, type, data };
    this.onmessage?.({ data: JSON.stringify({ t: "ev", ...event }) });
  }
  /** Grants the newest command. */
  grant(): void {
    const { id } = this.sent.filter((frame) => frame.t === "cmd").at(-1)!;
    this.onmessage?.({ data: JSON.stringify({ t: "ok", id, seq: this.#seq }) });
  }
  /** What was told of talking over this link. */
  get talk(): (boolean | undefined)[] {
    return this.sent.filter((frame) => frame.t === "eph" && frame.type === "talk").map((frame) => frame.data?.on);
  }
}

function store(): Partial<Storage> {
  const kept = new Map<string, string>();
  return {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
    removeItem: (key) => void kept.delete(key),
  };
}

beforeEach(() => {
  vi.useFakeTimers();
  RelayEnd.links = [];
  const globals = { WebSocket: RelayEnd, addEventListener: () => {}, localStorage: store(), sessionStorage: store() };
  for (const [name, value] of Object.entries(globals)) vi.stubGlobal(name, value);
  vi.stubGlobal("location", { protocol: "https:", host: "studio.example" });
  vi.stubGlobal("navigator", {});
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** A desk on its first link, as somebody who has been here before. */
async function inside(): Promise<Desk> {
  const resume = { session: "s", participant: "me", secret: "again" };
  const seat = { invitation: { id: "i", secret: "x" }, name: "Ada", peer: 0, resume };
  const desk = new Desk(seat.invitation, seat, {} as HTMLElement);
  desk.join("Ada");
  await vi.advanceTimersByTimeAsync(0);
  RelayEnd.newest.welcome();
  return desk;
}

async function cutAndBack(meanwhile: () => void = () => {}): Promise<void> {
  const lost = RelayEnd.newest;
  lost.onclose?.({ code: 1006 });
  meanwhile();
  await vi.advanceTimersByTimeAsync(100);
  expect(RelayEnd.newest).not.toBe(lost);
  RelayEnd.newest.welcome();
}

test("who_talks_on_while_the_link_is_gone_is_told_again_when_it_is_back", async () => {
  const desk = await inside();
  desk.talkback.press("pointer");
  await vi.advanceTimersByTimeAsync(0);
  expect(RelayEnd.newest.talk).toEqual([true]);
  await cutAndBack();
  expect(RelayEnd.newest.talk).toEqual([true]);
  desk.talkback.release("pointer");
  expect(RelayEnd.newest.talk).toEqual([true, false]);
});

test("who_let_go_while_the_link_was_gone_is_not_told_to_talk", async () => {
  const desk = await inside();
  await cutAndBack();
  expect(RelayEnd.newest.talk).toEqual([]);
  desk.talkback.press("pointer");
  await vi.advanceTimersByTimeAsync(0);
  await cutAndBack(() => desk.talkback.release("pointer"));
  expect(RelayEnd.newest.talk).toEqual([]);
});

test("the_talk_button_comes_with_the_right_to_talk_and_goes_with_it_and_one_reads_who_changed_it", async () => {
  const desk = await inside();
  const end = RelayEnd.newest;
  const grants = (was: string[], now: string[]) => end.happen("participant.grant", { participant: "me", was, grants: now });
  end.happen("participant.join", { participant: "nina", name: "Nina", role: "owner", grants: ["admin"] });
  end.happen("participant.join", { participant: "me", name: "Ada", role: "listener", grants: [] });
  expect(desk.talkStream).toBeUndefined();
  grants([], ["publish:talk"]);
  expect(desk.news).toContain("Nina changed what you may do: now also talk back.");
  await vi.advanceTimersByTimeAsync(0);
  const opened = end.sent.filter((frame) => frame.type === "stream.open").at(-1)?.data?.stream;
  expect([desk.talkStream, carried]).toEqual([undefined, []]);
  end.grant();
  await vi.advanceTimersByTimeAsync(0);
  expect([desk.talkStream, carried]).toEqual([opened, [opened]]);
  desk.talkback.press("pointer");
  await vi.advanceTimersByTimeAsync(0);
  grants(["publish:talk"], []);
  await vi.advanceTimersByTimeAsync(0);
  expect([desk.talkStream, carried, end.talk]).toEqual([undefined, [opened, undefined], [true, false]]);
  grants([], ["note:write"]);
  await vi.advanceTimersByTimeAsync(0);
  expect(carried).toHaveLength(2);
  grants(["note:write"], ["publish:talk"]);
  await vi.advanceTimersByTimeAsync(0);
  end.grant();
  await vi.advanceTimersByTimeAsync(0);
  expect(desk.talkStream).toBe(opened);
  await cutAndBack();
  expect(desk.talkStream, "it was taken while the link was gone").toBeUndefined();
});

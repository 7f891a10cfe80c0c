import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Media, type MediaState } from "./media";
import type { Offer, Slot } from "./types";

/** A peer connection of which only what the page touches is there. */
class FakePeer {
  static all: FakePeer[] = [];
  connectionState = "new";
  closed = false;
  remote: string[] = [];
  sections: { mid: string | null; direction: string; receiver: { track: string }; sender: { replaceTrack: () => Promise<void> } }[] = [];
  onconnectionstatechange: (() => void) | null = null;

  constructor() {
    FakePeer.all.push(this);
  }
  addTransceiver(_: string, { direction }: { direction: string }) {
    const section = {
      mid: null as string | null, direction,
      receiver: { track: `track ${this.sections.length}` }, sender: { replaceTrack: async () => {} },
    };
    this.sections.push(section);
    return section;
  }
  async createOffer() {
    return { type: "offer", sdp: "a=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10\r\n" };
  }
  async setLocalDescription() {
    this.sections.forEach((section, at) => (section.mid = String(at)));
  }
  async setRemoteDescription({ sdp }: { sdp: string }) {
    this.remote.push(sdp);
  }
  close() {
    this.closed = true;
  }
  becomes(state: string) {
    this.connectionState = state;
    this.onconnectionstatechange?.();
  }
}

function world() {
  const seen = { states: [] as MediaState[], offers: [] as Offer[], slots: [] as (readonly Slot[])[], linked: true };
  let number = 0;
  const media = new Media({
    state: (state) => seen.states.push(state),
    slots: (slots) => seen.slots.push(slots),
    offer: (offer) => (seen.offers.push(offer), seen.linked),
    nextPeer: () => (number += 1),
  });
  return { ...seen, seen, media, peer: () => FakePeer.all.at(-1)! };
}

beforeEach(() => {
  vi.useFakeTimers();
  FakePeer.all = [];
  vi.stubGlobal("RTCPeerConnection", FakePeer);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** Long enough for what is due at once. */
const settle = () => vi.advanceTimersByTimeAsync(1);

test("the_offer_asks_for_stereo_and_names_the_section_that_talks", async () => {
  const { media, offers, peer } = world();
  media.start("talk");
  await settle();
  expect(offers).toHaveLength(1);
  expect(offers[0]!.sdp).toContain("stereo=1");
  expect(offers[0]).toMatchObject({ peer: 1, send: [{ mid: "6", stream: "talk" }] });
  expect(peer().sections.map((section) => section.direction)).toEqual([...Array(6).fill("recvonly"), "sendonly"]);
});

test("talkback_that_is_granted_later_goes_over_the_same_peer_and_is_not_offered_any_more_when_it_is_taken_back", async () => {
  const { media, offers, peer } = world();
  media.start();
  await settle();
  media.carryTalk("talk");
  await settle();
  expect(offers.map(({ peer, send }) => [peer, send])).toEqual([[1, []], [1, [{ mid: "6", stream: "talk" }]]]);
  media.carryTalk(undefined);
  media.carryTalk("again");
  await settle();
  expect(offers.at(-1)?.send).toEqual([{ mid: "6", stream: "again" }]);
  expect(peer().sections).toHaveLength(7);
  media.carryTalk(undefined);
  media.restart();
  await settle();
  expect([offers.at(-1)?.peer, offers.at(-1)?.send]).toEqual([2, []]);
});

test("a_peer_that_begins_anew_carries_what_the_last_one_did_and_one_for_somebody_else_does_not", async () => {
  const { media, offers } = world();
  media.start("talk");
  await settle();
  media.restart();
  await settle();
  media.start();
  await settle();
  expect(offers.map(({ send }) => send.length)).toEqual([1, 1, 0]);
});

test("an_answer_to_an_older_peer_is_not_taken", async () => {
  const { media, peer } = world();
  media.start();
  media.start();
  await settle();
  media.handleNews({ kind: "answer", peer: 1, sdp: "old" });
  media.handleNews({ kind: "answer", peer: 2, sdp: "new" });
  await settle();
  expect(peer().remote).toEqual(["new"]);
});

test("a_peer_without_a_path_after_eight_seconds_is_called_blocked_and_replaced", async () => {
  const { media, states, offers } = world();
  media.start();
  await vi.advanceTimersByTimeAsync(7999);
  expect(states.map((state) => state.at)).toEqual(["connecting"]);
  await vi.advanceTimersByTimeAsync(1);
  expect(states.at(-1)).toEqual({ at: "blocked" });
  await settle();
  expect(offers.map((offer) => offer.peer)).toEqual([1, 2]);
  expect(FakePeer.all[0]!.closed).toBe(true);
});

test("what_was_wrong_stays_said_until_a_peer_is_connected", async () => {
  const { media, states, peer } = world();
  media.start();
  await vi.advanceTimersByTimeAsync(8000);
  await settle();
  expect(states.at(-1)).toEqual({ at: "blocked" });
  peer().becomes("connected");
  expect(states.at(-1)).toEqual({ at: "connected" });
});

test("every_further_try_may_take_longer_for_paths_whose_round_trips_take_seconds", async () => {
  const { media, states } = world();
  media.start();
  const blockedMs: number[] = [];
  for (let ms = 0; ms < 80_000; ms += 10) {
    const before = states.length;
    await vi.advanceTimersByTimeAsync(10);
    if (states.length > before && states.at(-1)!.at === "blocked") blockedMs.push(ms);
  }
  const tries = blockedMs.slice(1).map((ms, n) => ms - blockedMs[n]!);
  expect(blockedMs[0]).toBeLessThanOrEqual(8000);
  expect(tries[0]).toBeGreaterThanOrEqual(16_000);
  expect(tries[1]).toBeGreaterThanOrEqual(24_000);
  expect(tries[1]).toBeLessThan(48_000);
});

test("without_a_link_nothing_is_called_blocked", async () => {
  const { media, seen, states } = world();
  seen.linked = false;
  media.start();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(states.map((state) => state.at)).toEqual(["connecting"]);
});

test("a_short_interruption_is_waited_for_and_a_long_one_is_not", async () => {
  const { media, states, peer } = world();
  media.start();
  await settle();
  peer().becomes("connected");
  peer().becomes("disconnected");
  await vi.advanceTimersByTimeAsync(2499);
  peer().becomes("connected");
  await vi.advanceTimersByTimeAsync(5000);
  expect(FakePeer.all).toHaveLength(1);
  peer().becomes("disconnected");
  await vi.advanceTimersByTimeAsync(2500);
  expect(states.at(-1)).toEqual({ at: "lost" });
  await settle();
  expect(FakePeer.all).toHaveLength(2);
});

test("streams_without_a_section_are_offered_more_sections_up_to_the_limit", async () => {
  const { media, offers, peer } = world();
  media.start();
  await settle();
  const missing = ["a", "b"];
  media.handleNews({ kind: "slots", peer: 1, slots: [], missing });
  await settle();
  expect(offers.map((offer) => offer.peer)).toEqual([1, 1]);
  expect(peer().sections).toHaveLength(8);
  media.handleNews({ kind: "slots", peer: 1, slots: [], missing: Array(40).fill("x") });
  await settle();
  expect(peer().sections).toHaveLength(16);
});

test("a_refused_offer_says_the_relays_words_and_is_tried_again", async () => {
  const { media, states, offers } = world();
  media.start();
  await settle();
  media.handleNews({ kind: "failed", peer: 1, code: "invalid", msg: "no sound in it" });
  expect(states.at(-1)).toEqual({ at: "refused", why: "no sound in it" });
  await settle();
  expect(offers.map((offer) => offer.peer)).toEqual([1, 2]);
});

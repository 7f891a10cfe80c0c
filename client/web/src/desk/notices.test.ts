import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { MIC_WORDS, type MicRefusal } from "../lib/mic";
import type { Desk } from "./desk.svelte";
import { emptyState } from "../lib/reducer";
import type { SessionState } from "../lib/types";
import { notices } from "./notices";

beforeEach(() => {
  vi.stubGlobal("location", { hostname: "studio.example" });
  vi.stubGlobal("isSecureContext", true);
});
afterEach(() => vi.unstubAllGlobals());

const journal = (state: SessionState, tab = "notes") => ({ state, me: "me", tab });

/** A desk where all is well but for `wrong`. */
function desk(wrong: { outdated?: boolean; link?: object; media?: object; sound?: object; talkback?: object; journal?: object } = {}): Desk {
  const well = { link: { at: "live" }, media: { at: "connected" }, sound: {}, talkback: {}, journal: journal(emptyState()) };
  return { ...well, ...wrong } as unknown as Desk;
}

const texts = (wrong?: Parameters<typeof desk>[0]) => notices(desk(wrong)).map((notice) => notice.text);

test("where_all_is_well_nothing_is_said", () => {
  expect(texts()).toEqual([]);
  expect(texts({ link: { at: "connecting", attempt: 0 } })).toEqual([]);
});

test("a_page_that_does_not_know_what_happened_says_that_it_needs_an_update_before_all_else", () => {
  const [first, second] = texts({ outdated: true, link: { at: "waiting", attempt: 0, why: "" } });
  expect(first).toMatch(/^Update needed: .* this page does not know, so what it shows stands still/);
  expect(second).toMatch(/was lost/);
});

test("a_lost_relay_is_told_at_once_and_what_to_do_when_it_stays_away", () => {
  expect(texts({ link: { at: "waiting", attempt: 0, why: "" } })[0]).toMatch(/was lost; coming back/);
  expect(texts({ link: { at: "connecting", attempt: 2 } })[0]).toMatch(/does not answer; .* check your network or ask the studio/);
});

test("who_waits_reads_why_and_what_to_do_and_not_because_of_whom", () => {
  const [policy, link, unsaid, later] = ["policy", "link", undefined, "a_later_one"].map((why) => texts({ link: { at: "lobby", title: "Cello", why } })[0]);
  expect(policy).toBe("You are waiting to be let into “Cello”: everybody new is let in by somebody inside. Stay here; it goes on by itself.");
  expect(link).toMatch(/whoever comes by this link is let in one by one\. Stay here, or ask whoever invited you for a link of your own\.$/);
  expect(link).not.toMatch(/kept out/);
  expect([unsaid, later]).toEqual(Array(2).fill("You are waiting to be let into “Cello”. Stay here; it goes on by itself."));
});

test("while_the_relay_is_away_the_sound_path_is_not_blamed", () => {
  expect(texts({ link: { at: "waiting", attempt: 1, why: "" }, media: { at: "blocked" } })).toHaveLength(1);
});

test("blocked_udp_names_the_host_that_must_be_let_through", () => {
  expect(texts({ media: { at: "blocked" } })[0]).toMatch(/blocks UDP.*Use another network, or have UDP to studio\.example allowed/);
});

test("a_refused_offer_is_told_in_the_relays_words", () => {
  expect(texts({ media: { at: "refused", why: "No sound in it." } })).toEqual(["No sound in it. Trying goes on."]);
});

test.each<[MicRefusal, RegExp]>([
  ["denied", /Click the lock beside the address and allow it; listening goes on/],
  ["missing", /Plug one in and hold the button again/],
  ["busy", /another program may hold it. Close that one/],
  ["gone", /nobody hears you now\. Plug it in, or allow it again beside the address, and hold the button again/],
  ["insecure", /Open the https address/],
])("a_microphone_that_is_%s_says_what_to_do", (why, step) => {
  expect(MIC_WORDS[why]).toMatch(step);
  expect(texts({ talkback: { refused: why } })).toEqual([MIC_WORDS[why]]);
});

test("outputs_that_the_browser_may_not_name_are_explained_with_two_ways_out", () => {
  expect(texts({ sound: { outputsRefused: true } })[0]).toMatch(/names its outputs only .* allow it, or choose the output in your system/);
});

test("a_mono_output_is_told_with_what_to_choose", () => {
  expect(texts({ sound: { mono: true } })[0]).toMatch(/one channel only.*Choose another output/);
});

test("sound_that_waits_for_a_click_brings_the_button_for_it", () => {
  const resume = vi.fn();
  const [notice] = notices(desk({ sound: { blocked: true, resume } }));
  expect(notice).toMatchObject({ kind: "bad", action: { label: "Play sound" } });
  notice?.action?.run();
  expect(resume).toHaveBeenCalledOnce();
});

test("a_page_without_https_is_told_why_it_has_no_meters", () => {
  vi.stubGlobal("isSecureContext", false);
  expect(texts()[0]).toMatch(/came over http.*Open its https address/);
});

const lea = { name: "Lea", role: "producer" as const, present: true, consented: false, sent_away: false };

test("somebody_in_the_lobby_is_told_to_who_can_let_them_in_and_to_nobody_else", () => {
  const lobby = { m: { name: "Maurice", role: "listener" as const, grants: [] } };
  const state = (may: boolean): SessionState => ({
    ...emptyState(), lobby, participants: { me: { ...lea, grants: may ? ["invite"] : [] } },
  });
  expect(texts({ journal: journal(state(true)) })).toEqual(["Maurice waits to be let in."]);
  expect(texts({ journal: journal(state(true), "people") })).toEqual([]);
  expect(texts({ journal: journal(state(false)) })).toEqual([]);
});

test("who_has_not_agreed_to_be_recorded_is_asked", () => {
  const policy = { decides: "producer" as const, lobby: false, consent: true };
  const state = (consented: boolean): SessionState => ({
    ...emptyState(), policy, participants: { me: { ...lea, grants: [], consented } },
  });
  expect(texts({ journal: journal(state(false)) })).toEqual(["This session records only whoever agrees. Do you?"]);
  expect(texts({ journal: journal(state(true)) })).toEqual([]);
});

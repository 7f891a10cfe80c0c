import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Talkback } from "./talkback.svelte";

/** A microphone's sound. */
class Track extends EventTarget {
  enabled = true;
  stopped = false;
  stop(): void {
    this.stopped = true;
  }
  /** It is unplugged, or the browser takes it away. */
  end(): void {
    this.dispatchEvent(new Event("ended"));
  }
}

let tracks: Track[] = [];
beforeEach(() => {
  vi.useFakeTimers();
  tracks = [];
  const getUserMedia = async () => {
    const track = new Track();
    tracks.push(track);
    return { getAudioTracks: () => [track] };
  };
  vi.stubGlobal("navigator", { mediaDevices: { getUserMedia } });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** One's talkback, with all that was told, dimmed and sent. */
function talker(sends: () => Promise<void> = async () => {}) {
  const told: boolean[] = [];
  const ducked: boolean[] = [];
  const sent: (Track | null)[] = [];
  const talkback = new Talkback({
    sends: (track) => (sent.push(track as Track | null), sends()),
    tell: (on) => told.push(on),
    duck: (on) => ducked.push(on),
    allowed: () => {},
  });
  return { talkback, told, ducked, sent };
}

const settled = () => vi.advanceTimersByTimeAsync(0);

test("a_microphone_that_goes_away_while_one_talks_ends_it_for_everybody_and_is_told_about", async () => {
  const { talkback, told, ducked, sent } = talker();
  talkback.toggleLatch();
  talkback.press("key");
  await settled();
  expect([talkback.state, talkback.latched, told, ducked]).toEqual(["on", true, [true], [true]]);
  tracks[0]!.end();
  await settled();
  expect([talkback.state, talkback.latched, talkback.refused]).toEqual(["off", false, "gone"]);
  expect([told, ducked, sent]).toEqual([[true, false], [true, false], [tracks[0], null]]);
  talkback.release("key");
  talkback.repeat();
  expect(told).toEqual([true, false]);
});

test("the_next_push_opens_another_microphone_and_takes_the_notice_away", async () => {
  const { talkback, told, sent } = talker();
  talkback.press("pointer");
  await settled();
  tracks[0]!.end();
  talkback.release("pointer");
  talkback.press("pointer");
  await settled();
  expect([talkback.state, talkback.refused, told]).toEqual(["on", undefined, [true, false, true]]);
  expect([sent.at(-1), tracks[1]!.enabled]).toEqual([tracks[1], true]);
});

test("a_microphone_that_goes_away_before_it_is_sent_lets_nobody_talk", async () => {
  let carry = () => {};
  const { talkback, told } = talker(() => new Promise<void>((done) => (carry = done)));
  talkback.press("pointer");
  await settled();
  expect(talkback.state).toBe("asking");
  const opened = carry;
  tracks[0]!.end();
  opened();
  await settled();
  expect([talkback.state, talkback.refused, told]).toEqual(["off", "gone", []]);
});

test("a_microphone_that_goes_away_while_nobody_talks_is_not_spoken_of", async () => {
  const { talkback, told } = talker();
  talkback.press("pointer");
  await settled();
  talkback.release("pointer");
  tracks[0]!.end();
  expect([talkback.state, talkback.refused, told]).toEqual(["off", undefined, [true, false]]);
});

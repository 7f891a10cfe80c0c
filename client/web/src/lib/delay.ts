/**
 * How late the program is at this ear, by stage, and the one word for it. What is shown is an upper bound: measured
 * delay plus doubt, never better than the truth.
 */
import type { RelayClock } from "./clock";
import { TICKS_PER_MS } from "./timeline";
import type { Clock, EpochMap, Slot } from "./types";

/** The frame in force at the ear: the listener's RTP timestamp, and when it left the jitter buffer (page time, ms). */
export interface Heard {
  rtp: number;
  atMs: number;
}

export interface Delay {
  /** Best estimate from capture to ear in ms. */
  ms: number;
  /** Largest error of it in ms. */
  doubtMs: number;
}

/** A delay taken apart into the places where sound waits, in ms; with the doubt they add up to the upper bound. */
export interface Stages {
  /** The publisher's device block, frame and encoder. None when it does not tell; then `networkMs` holds it too. */
  captureMs: number | undefined;
  /** Up to the relay, through it, and down. */
  networkMs: number;
  /** The browser's jitter buffer. */
  bufferMs: number;
  outputMs: number;
}

/** The most that a delay can be: what is shown. */
export const upper = ({ ms, doubtMs }: Delay): number => ms + doubtMs;

/**
 * Takes apart what lies before the buffer's end, `toBuffer`: what the buffer does not hold is the publisher's and the
 * network's, and of that the way from the relay takes half a round trip at least.
 */
export function stages(toBuffer: Delay, bufferMs: number, output: Delay, clock: Clock | undefined, roundTripMs = 0): Stages {
  const beforeMs = Math.max(0, toBuffer.ms - bufferMs);
  const held = { bufferMs: toBuffer.ms - beforeMs, outputMs: output.ms };
  if (clock?.encoded_us == null) return { captureMs: undefined, networkMs: beforeMs, ...held };
  const networkMs = Math.max(Math.min(beforeMs, roundTripMs / 2), beforeMs - clock.encoded_us / 1000);
  return { captureMs: beforeMs - networkMs, networkMs, ...held };
}

export type Verdict = "good" | "watch" | "bad" | "silent";

/** What the words mean. The badge's panel shows these figures. */
export const LIMITS = { goodMs: 300, badMs: 600, badConcealed: 0.01, windowS: 10 } as const;

/**
 * Chromium plays 8 ms later than its playout statistics say (measured); they lie within 5 ms of the truth.
 * Where there are none, the sound system's own latency plus 11 ms stands in, with more doubt. Of the 8 ms, 5 are what
 * Chromium's buffer always keeps to fade from, and 3 the usual part of a packet that it has decoded before its turn; the
 * ear knows that part itself, and takes the mean of a second's packets, of which only the newest of each gulp is told:
 * against that the sound is 5.5 ms later.
 */
export const OUTPUT = { chromiumExtraMs: 8, chromiumMeanExtraMs: 5.5, chromiumUsualAheadMs: 3, chromiumDoubtMs: 5, webAudioExtraMs: 11, webAudioDoubtMs: 25 } as const;

/** The delay of the output path in ms. None when the browser tells nothing about it. */
export function outputDelay(playoutMs: number | undefined, webAudioLatencyMs: number | undefined): Delay | undefined {
  if (playoutMs !== undefined) return { ms: playoutMs + OUTPUT.chromiumExtraMs, doubtMs: OUTPUT.chromiumDoubtMs };
  if (webAudioLatencyMs === undefined) return undefined;
  return { ms: webAudioLatencyMs + OUTPUT.webAudioExtraMs, doubtMs: OUTPUT.webAudioDoubtMs };
}

/** From capture to the jitter buffer's end. None while the publisher's clock or its map is not known. */
export function delayToBuffer(
  heard: Heard,
  slot: Slot,
  maps: readonly EpochMap[],
  clock: Clock | undefined,
  relay: RelayClock,
): Delay | undefined {
  if (!clock || !relay.known) return undefined;
  const ticks = capturedTicks(sub32(heard.rtp, slot.offset), slot.source, maps, clock.ticks);
  if (ticks === undefined || Math.abs(ticks - clock.ticks) > STALE_TICKS) return undefined;
  const capturedMs = clock.at_us / 1000 + (ticks - clock.ticks) / TICKS_PER_MS;
  const ms = relay.toRelay(heard.atMs) - capturedMs;
  const extrapolatedMs = (Math.abs(ticks - clock.ticks) / TICKS_PER_MS) * DEVICE_DRIFT;
  return { ms, doubtMs: clock.error_us / 1000 + relay.errorMs(heard.atMs) + extrapolatedMs };
}

/** How far a sound card's rate may be from nominal while a clock message is being extrapolated. */
const DEVICE_DRIFT = 200e-6;

/** A clock message that is more than 20 s away describes a run that has ended. */
const STALE_TICKS = 20_000 * TICKS_PER_MS;

/** The tick at which the sound of an RTP timestamp was captured: the delays of encoder and resampler taken off. */
function capturedTicks(rtp: number, source: number, maps: readonly EpochMap[], near: number): number | undefined {
  const own = maps.filter((map) => map.ssrc === source);
  const first = own[0];
  if (!first) return undefined;
  const ticks = unwrapNear(sub32(rtp, first.rtp0), near);
  const map = own.filter((candidate) => candidate.from <= ticks).at(-1) ?? first;
  return ticks - map.codec_delay - map.resampler_delay;
}

const sub32 = (a: number, b: number): number => (a - b) >>> 0;

/** The number congruent to `low` modulo 2^32 that is nearest to `near`. */
export function unwrapNear(low: number, near: number): number {
  const step = 2 ** 32;
  return low + Math.round((near - low) / step) * step;
}

/** The word for the last ten seconds. An unknown delay is never good. */
export function verdict(upperMs: number | undefined, concealed: number, played: number): Verdict {
  if (played === 0) return "silent";
  if (concealed / played > LIMITS.badConcealed || (upperMs ?? 0) > LIMITS.badMs) return "bad";
  return concealed === 0 && upperMs !== undefined && upperMs <= LIMITS.goodMs ? "good" : "watch";
}

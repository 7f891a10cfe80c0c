/**
 * Which timestamp left the jitter buffer when: the last seconds of `getSynchronizationSources()`, and what was in force
 * at a moment.
 */
import { TICKS_PER_MS } from "../timeline";

/** One reading: a packet's RTP timestamp, and when its sound began to leave the jitter buffer (page time, ms). */
export interface Reading {
  ssrc: number;
  rtp: number;
  atMs: number;
}

/** What left the jitter buffer at a moment. */
export interface InForce {
  ssrc: number;
  /** RTP timestamp, with the part of a tick; below 2^32. */
  rtp: number;
  /** How far the readings around it contradict each other: time was stretched or left out in between. */
  spreadMs: number;
}

/** Anchors are asked for at the newest moment less the output's latency, which Bluetooth makes a few tenths of a second. */
const KEPT_MS = 4000;
/** Beyond the end of what a packet holds, so much is believed to follow on. */
const FOLLOWS_MS = 20;
/** Two readings so far apart still have one run of sound between them; one is taken each 50 ms. */
const ONE_RUN_MS = 250;
/** Browsers tell in gulps, and some in coarse steps, while the sound goes evenly; so they are averaged over so long. */
const FIT_MS = 1000;
/**
 * The newest of these readings show whether time was stretched or left out within the second, or the output stood still:
 * their mean then lies further from that of the older ones than gulps move it, and counts alone. In Chromium one reading
 * strays by 3.2 ms (standard deviation), the mean of five by 1.5; its buffer stretches by 2.5 to 20 ms. Where the newest
 * stray more, half of what lies between them is the least.
 */
const NEWEST_MS = 250;
const MOVED_MS = 4;

const STEP = 2 ** 32;
const wrap = (rtp: number): number => rtp - Math.floor(rtp / STEP) * STEP;
/** How far `b` is ahead of `a`, between −2^31 and 2^31. */
export const ahead = (a: number, b: number): number => wrap(b - a + STEP / 2) - STEP / 2;

export class ReadingRing {
  #readings: Reading[] = [];

  /** Whether the browser has told anything in the last seconds. */
  get isEmpty(): boolean {
    return this.#readings.length === 0;
  }

  /** Takes what a poll at `nowMs` gave. A reading whose clock cannot be the page's is left out. */
  push(reading: Reading, nowMs: number): void {
    this.#readings = this.#readings.filter((kept) => nowMs - kept.atMs < KEPT_MS);
    const last = this.#readings.at(-1);
    const isPast = reading.atMs <= nowMs + 1 && nowMs - reading.atMs < KEPT_MS;
    if (isPast && (!last || reading.atMs > last.atMs)) this.#readings.push(reading);
  }

  /** What left at `atMs`, of packets of `frameMs`, by the mean of its second; none when nothing did. */
  at(atMs: number, frameMs: number): InForce | undefined {
    const n = this.#readings.findLastIndex((reading) => reading.atMs <= atMs);
    const found = this.#between(n, atMs, frameMs) ?? this.#beside(n, atMs, frameMs);
    return found && { ...found, rtp: this.#fitted(found, n, atMs, frameMs) };
  }

  /** One run of sound from the reading in force to the next: the place on the line between them. */
  #between(n: number, atMs: number, frameMs: number): InForce | undefined {
    const [held, next] = [this.#readings[n], this.#readings[n + 1]];
    if (!held || !next || !isOneRun(held, next, frameMs)) return undefined;
    const share = (atMs - held.atMs) / (next.atMs - held.atMs);
    return { ssrc: held.ssrc, rtp: wrap(held.rtp + share * ahead(held.rtp, next.rtp)), spreadMs: Math.abs(stretchMs(held, next)) };
  }

  /** Beside the reading in force, or else just before the next of the same run, as far as their sound reaches. */
  #beside(n: number, atMs: number, frameMs: number): InForce | undefined {
    const [held, next] = [this.#readings[n], this.#readings[n + 1]];
    const reachMs = frameMs + FOLLOWS_MS;
    if (held && atMs - held.atMs <= reachMs) return onFrom(held, atMs);
    const nextReaches = held && next && next.atMs - held.atMs <= ONE_RUN_MS && next.atMs - atMs <= reachMs;
    return nextReaches ? onFrom(next, atMs) : undefined;
  }

  /** The place by the mean of all readings of the last second that lie in one run with the one in force. */
  #fitted(found: InForce, n: number, atMs: number, frameMs: number): number {
    const newest: number[] = [];
    const older: number[] = [];
    for (let i = n; i >= 0; i -= 1) {
      const [reading, later] = [this.#readings[i]!, this.#readings[i + 1]];
      if (reading.ssrc !== found.ssrc || atMs - reading.atMs > FIT_MS) break;
      if (i < n && !isOneRun(reading, later!, frameMs)) break;
      (atMs - reading.atMs > NEWEST_MS ? older : newest).push(ahead(found.rtp, onFrom(reading, atMs).rtp));
    }
    const all = haveMoved(newest, older) ? newest : [...newest, ...older];
    return all.length > 0 ? wrap(found.rtp + mean(all)) : found.rtp;
  }
}

/** Whether the newest readings tell of another place than the older ones, in ticks. */
function haveMoved(newest: readonly number[], older: readonly number[]): boolean {
  const between = Math.max(...newest) - Math.min(...newest);
  return Math.abs(mean(newest) - mean(older)) > Math.max(MOVED_MS * TICKS_PER_MS, between / 2);
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

const onFrom = (from: Reading, atMs: number): InForce => ({
  ssrc: from.ssrc,
  rtp: wrap(from.rtp + TICKS_PER_MS * (atMs - from.atMs)),
  spreadMs: 0,
});

/** How much more sound than time lies between two readings. */
const stretchMs = (a: Reading, b: Reading): number => ahead(a.rtp, b.rtp) / TICKS_PER_MS - (b.atMs - a.atMs);

function isOneRun(a: Reading, b: Reading, frameMs: number): boolean {
  return a.ssrc === b.ssrc && b.atMs - a.atMs <= ONE_RUN_MS && Math.abs(stretchMs(a, b)) <= frameMs + FOLLOWS_MS;
}

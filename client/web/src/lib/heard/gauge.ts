/** What `getStats()` tells about one arriving stream, kept for some seconds: output latency, buffer, concealment. */
import { between, type Counters } from "../stats";
import { TICKS_PER_MS } from "../timeline";

interface Look {
  atMs: number;
  counters: Counters;
}

/** Anchors settle within this time, and the buffer's change is taken over the last 2 s. */
const KEPT_MS = 5000;
/** Window of the mean output latency. */
const LATENCY_MS = 1000;
/** The jitter buffer's change within this time is doubt. */
const CHANGE_MS = 2000;

/** Chromium plays in steps of 10 ms and takes the next packet when less than one is left; of 20 ms it plays two. */
const STEP_MS = 10;

export class Gauge {
  #looks: Look[] = [];

  /** Takes the counters as read at `atMs`. A receiver that began anew begins anew here. */
  push(atMs: number, counters: Counters): void {
    const last = this.#looks.at(-1);
    const began = last && (counters.played < last.counters.played || counters.received < last.counters.received);
    const kept = began ? [] : this.#looks.filter((look) => atMs - look.atMs < KEPT_MS);
    this.#looks = [...kept, { atMs, counters }];
  }

  /** Mean delay of the output by its playout statistics over the last second; none where the browser has none. */
  get playoutMs(): number | undefined {
    return this.#over(LATENCY_MS)?.playoutMs;
  }

  /** Mean time in the jitter buffer over the last second. */
  get bufferMs(): number | undefined {
    return this.#over(LATENCY_MS)?.bufferMs;
  }

  /**
   * How much sound lay decoded before the newest packet's when that was decoded: all that was decoded, made up and put
   * in, less what was left out and played. None where the browser does not count it, or the sum cannot be.
   */
  get aheadMs(): number | undefined {
    const newest = this.#looks.at(-1)?.counters;
    if (!newest?.stretched) return undefined;
    const { bufferEmitted, concealed, stretched, played } = newest;
    const aheadMs = (bufferEmitted + concealed + stretched.inserted - stretched.removed - played) / TICKS_PER_MS;
    return aheadMs >= 0 && aheadMs < 2 * STEP_MS ? aheadMs % STEP_MS : undefined;
  }

  /** By how much the jitter buffer has changed in the last 2 s. */
  get bufferChangeMs(): number {
    const newest = this.#looks.at(-1);
    const looks = this.#looks.filter((look) => newest!.atMs - look.atMs <= CHANGE_MS);
    const means = looks.slice(1).map((look, i) => between(looks[i]!.counters, look.counters).bufferMs);
    const known = means.filter((ms) => ms !== undefined);
    return known.length > 1 ? Math.max(...known) - Math.min(...known) : 0;
  }

  /** Whether samples were made up between two looks that touch this time. What was not looked at yet counts as real. */
  concealed(fromMs: number, toMs: number): boolean {
    return this.#looks.slice(1).some((look, i) => {
      const before = this.#looks[i]!;
      return look.atMs > fromMs && before.atMs < toMs && look.counters.concealed > before.counters.concealed;
    });
  }

  #over(windowMs: number) {
    const newest = this.#looks.at(-1);
    if (!newest) return undefined;
    // The look just beyond the window is taken too: a window is never shorter than asked for.
    const from = this.#looks.findLast((look) => newest.atMs - look.atMs >= windowMs) ?? this.#looks[0]!;
    return from === newest ? between(undefined, newest.counters) : between(from.counters, newest.counters);
  }
}

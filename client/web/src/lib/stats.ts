/** What `getStats()` says about the streams that arrive, as counters and as differences over a window. */

/** Counters since the receiver began. */
export interface Counters {
  received: number;
  lost: number;
  /** Samples per channel that were made up, silence included. */
  concealed: number;
  /** Samples per channel handed to the output. */
  played: number;
  /** Sum over samples of the time each stayed in the jitter buffer, in s. */
  bufferDelay: number;
  bufferEmitted: number;
  /** Samples put in and left out to play slower or faster, where the browser tells. */
  stretched?: { inserted: number; removed: number };
  /** Sum over samples of the output's delay in s, where the browser tells it. */
  playoutDelay?: number;
  playoutSamples?: number;
}

/** The same over a stretch of time, with the delays worked out. */
export interface Interval {
  received: number;
  lost: number;
  concealed: number;
  played: number;
  bufferMs: number | undefined;
  playoutMs: number | undefined;
}

type Report = Iterable<[string, Record<string, unknown>]>;

/** The counters of every incoming stream, by the mid of its media section. */
export function readCounters(report: Report): Map<string, Counters> {
  const all = new Map(report);
  const found = new Map<string, Counters>();
  for (const stat of all.values()) {
    if (stat["type"] !== "inbound-rtp" || stat["kind"] !== "audio" || typeof stat["mid"] !== "string") continue;
    found.set(stat["mid"], countersOf(stat, all.get(String(stat["playoutId"]))));
  }
  return found;
}

/** The round trip that ICE measured on the path in use, in ms. */
export function readRoundTripMs(report: Report): number | undefined {
  for (const [, stat] of report) {
    if (stat["type"] !== "candidate-pair" || stat["nominated"] !== true) continue;
    if (typeof stat["currentRoundTripTime"] === "number") return stat["currentRoundTripTime"] * 1000;
  }
  return undefined;
}

function countersOf(stat: Record<string, unknown>, playout: Record<string, unknown> | undefined): Counters {
  const count = (name: string) => (typeof stat[name] === "number" ? stat[name] : 0);
  const counters: Counters = {
    received: count("packetsReceived"),
    lost: Math.max(0, count("packetsLost")),
    concealed: count("concealedSamples"),
    played: count("totalSamplesReceived"),
    bufferDelay: count("jitterBufferDelay"),
    bufferEmitted: count("jitterBufferEmittedCount"),
  };
  if (typeof stat["insertedSamplesForDeceleration"] === "number") {
    counters.stretched = { inserted: count("insertedSamplesForDeceleration"), removed: count("removedSamplesForAcceleration") };
  }
  if (typeof playout?.["totalPlayoutDelay"] === "number" && typeof playout["totalSamplesCount"] === "number") {
    counters.playoutDelay = playout["totalPlayoutDelay"];
    counters.playoutSamples = playout["totalSamplesCount"];
  }
  return counters;
}

/** What happened between two readings. A receiver that began anew in between counts from zero. */
export function between(before: Counters | undefined, now: Counters): Interval {
  const began = !before || now.played < before.played || now.received < before.received;
  const from = (name: "received" | "lost" | "concealed" | "played") =>
    Math.max(0, now[name] - (began ? 0 : (before?.[name] ?? 0)));
  const earlier = began ? undefined : before;
  return {
    received: from("received"),
    lost: from("lost"),
    concealed: from("concealed"),
    played: from("played"),
    bufferMs: mean(earlier?.bufferDelay, now.bufferDelay, earlier?.bufferEmitted, now.bufferEmitted),
    playoutMs: mean(earlier?.playoutDelay, now.playoutDelay, earlier?.playoutSamples, now.playoutSamples),
  };
}

function mean(sum0: number | undefined, sum1: number | undefined, n0: number | undefined, n1: number | undefined) {
  if (sum1 === undefined || n1 === undefined) return undefined;
  const n = n1 - (n0 ?? 0);
  return n > 0 ? (1000 * (sum1 - (sum0 ?? 0))) / n : undefined;
}

/** The last intervals of one stream, so many as the verdict looks at, and the totals since it began. */
export class History {
  #recent: Interval[] = [];
  #before: Counters | undefined;
  readonly total = { received: 0, lost: 0, concealed: 0, played: 0 };

  constructor(readonly capacity = 10) {}

  /** Takes one reading, usually once a second. The oldest interval makes room. */
  push(counters: Counters): Interval {
    const interval = between(this.#before, counters);
    this.#before = counters;
    this.#recent = [...this.#recent, interval].slice(-this.capacity);
    for (const name of ["received", "lost", "concealed", "played"] as const) this.total[name] += interval[name];
    return interval;
  }

  /** Sum over the window. */
  sum(name: "received" | "lost" | "concealed" | "played"): number {
    return this.#recent.reduce((sum, interval) => sum + interval[name], 0);
  }
}

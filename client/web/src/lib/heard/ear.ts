/** The ear of the page: asks the browser often enough that a press can be answered at once. */
import type { RelayClock } from "../clock";
import { readCounters, readRoundTripMs } from "../stats";
import type { Clock, SessionState, Slot } from "../types";
import { heardAt, wasConcealed, type Told } from "./anchor";
import { Gauge } from "./gauge";
import { Carried } from "./place";
import { ReadingRing } from "./ring";
import type { Heard, HeardAnchor } from "./types";

/** What the ear asks for. */
export interface EarIo {
  /** Newest packet that left the jitter buffer of a section, and when in Unix ms. */
  heard(mid: string): { ssrc: number; rtp: number; unixMs: number } | undefined;
  stats(): Promise<RTCStatsReport | undefined>;
  /** The section that carries what is judged. */
  main(): Slot | undefined;
  streams(): SessionState["streams"];
  clock(stream: string): Clock | undefined;
  relay: RelayClock;
  webAudioLatencyMs(): number | undefined;
  /** Name of the output, as far as the browser tells. */
  outputLabel(): string;
  /** The remembered reaction offset in ms. */
  reactionMs(): number;
  /** Why nothing comes out although it arrives, a sentence for people; empty when it does. */
  held(): string;
}

const POLL_MS = 50;
const LOOK_MS = 200;
/** Names under which wireless headphones and speakers show up. */
const WIRELESS = /bluetooth|wireless|airpods|buds|a2dp|hands-?free/i;
/** Wired outputs are quicker than this. */
const SLOW_OUTPUT_MS = 120;
/** Anchors that can still settle. */
const MAX_FRESH = 16;

export class PageEar implements Heard {
  /** Why the last `freeze` gave none, one sentence for people; empty when it gave one. */
  reason = "";
  #readings = new ReadingRing();
  #gauge = new Gauge();
  #carried = new Carried();
  #roundTripMs: number | undefined;
  #looked = "";
  #fresh: { anchor: HeardAnchor; leftMs: number; gauge: Gauge }[] = [];

  constructor(readonly io: EarIo) {
    setInterval(() => this.#poll(), POLL_MS);
    setInterval(() => void this.#look(), LOOK_MS);
    // Timers of a hidden page are rare: the first press after it comes back finds readings.
    document.addEventListener("visibilitychange", () => this.#poll());
  }

  /** Takes the relay's word on what each section carries, before its packets. */
  handleSlots(slots: readonly Slot[]): void {
    this.#carried.handleSlots(slots);
  }

  freeze(eventTimeStamp: number): HeardAnchor | null {
    this.#poll();
    const heard = heardAt(eventTimeStamp, this.#told());
    this.reason = "reason" in heard ? heard.reason : "";
    if ("reason" in heard) return null;
    this.#fresh = [...this.#fresh, { ...heard, gauge: this.#gauge }].slice(-MAX_FRESH);
    return heard.anchor;
  }

  /** The same anchor with what is only known some tenths of a second later: whether it was heard through concealment. */
  settled(anchor: HeardAnchor): HeardAnchor {
    const known = this.#fresh.find((fresh) => fresh.anchor === anchor);
    return known ? { ...anchor, concealed: anchor.concealed || wasConcealed(known.gauge, known.leftMs) } : anchor;
  }

  #told(): Told {
    const { io } = this;
    const main = io.main();
    const playoutMs = this.#gauge.playoutMs ?? io.webAudioLatencyMs() ?? 0;
    return {
      main,
      readings: this.#readings,
      gauge: this.#gauge,
      carried: this.#carried,
      streams: io.streams(),
      clock: main && io.clock(main.stream),
      relay: io.relay,
      roundTripMs: this.#roundTripMs,
      webAudioLatencyMs: io.webAudioLatencyMs(),
      wireless: playoutMs > SLOW_OUTPUT_MS || WIRELESS.test(io.outputLabel()),
      held: io.held(),
      reactionMs: io.reactionMs(),
    };
  }

  #poll(): void {
    const main = this.io.main();
    const heard = main && this.io.heard(main.mid);
    if (!heard) return;
    const atMs = heard.unixMs - performance.timeOrigin;
    this.#readings.push({ ssrc: heard.ssrc, rtp: heard.rtp, atMs }, performance.now());
  }

  async #look(): Promise<void> {
    const main = this.io.main();
    if (!main) return;
    const stats = await this.io.stats();
    const report = stats ? ([...stats] as [string, Record<string, unknown>][]) : [];
    const counters = readCounters(report).get(main.mid);
    const carrier = `${main.ssrc} ${main.mid}`;
    if (carrier !== this.#looked) this.#gauge = new Gauge();
    this.#looked = carrier;
    this.#roundTripMs = readRoundTripMs(report);
    if (counters) this.#gauge.push(performance.now(), counters);
  }
}

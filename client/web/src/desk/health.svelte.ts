/** How the program arrives, once a second: for the badge here and for the others in `eph health`. */
import type { RelayClock } from "../lib/clock";
import { delayToBuffer, outputDelay, stages, upper, verdict, type Delay, type Stages, type Verdict } from "../lib/delay";
import type { Media } from "../lib/media";
import { History, readCounters, readRoundTripMs, type Interval } from "../lib/stats";
import type { Clock, Health as HealthMessage, SessionState, Slot } from "../lib/types";

/** What the badge shows. Times in ms, counts over the last ten seconds and since one came in. */
export interface Shown {
  verdict: Verdict;
  upperMs: number | undefined;
  doubtMs: number | undefined;
  /** None while the whole is not known. */
  stages: Stages | undefined;
  bufferMs: number | undefined;
  outputMs: number | undefined;
  roundTripMs: number | undefined;
  lost: number;
  lostTotal: number;
  received: number;
  concealedMs: number;
  concealedTotalMs: number;
}

const LOOK_MS = 250;
const LOOKS_PER_REPORT = 4;

export interface HealthIo {
  media: Media;
  relay: RelayClock;
  slots(): readonly Slot[];
  state(): SessionState;
  webAudioLatencyMs(): number | undefined;
  tell(message: HealthMessage): void;
  /** Once a second, after the report. */
  second(): void;
}

export class Health {
  shown = $state.raw<Shown | undefined>(undefined);
  #clocks = new Map<string, Clock>();
  #histories = new Map<string, History>();
  #worst = new Map<string, Delay>();
  #looks = 0;

  constructor(readonly io: HealthIo) {
    setInterval(() => void this.#look(), LOOK_MS);
  }

  handleClock(clock: Clock): void {
    this.#clocks.set(clock.stream, clock);
  }

  /** The newest clock message of a stream. */
  clock(stream: string): Clock | undefined {
    return this.#clocks.get(stream);
  }

  /** The worst of four looks a second counts. */
  async #look(): Promise<void> {
    for (const slot of this.io.slots()) this.#measure(slot);
    this.#looks += 1;
    if (this.#looks % LOOKS_PER_REPORT !== 0) return;
    await this.#report();
    this.io.second();
  }

  #measure(slot: Slot): void {
    const heard = this.io.media.heard(slot.mid);
    if (!heard) return;
    const atMs = heard.unixMs - performance.timeOrigin;
    const maps = this.io.state().streams[slot.stream]?.epochs ?? [];
    const clock = this.#clocks.get(slot.stream);
    const delay = delayToBuffer({ rtp: heard.rtp, atMs }, slot, maps, clock, this.io.relay);
    const worst = this.#worst.get(slot.stream);
    if (delay && !(worst && upper(worst) > upper(delay))) this.#worst.set(slot.stream, delay);
  }

  async #report(): Promise<void> {
    const stats = await this.io.media.stats();
    const report = stats ? ([...stats] as [string, Record<string, unknown>][]) : [];
    const counters = readCounters(report);
    const main = mainSlot(this.io.slots(), this.io.state())?.stream;
    if (!main) this.shown = undefined;
    for (const slot of this.io.slots()) {
      const now = counters.get(slot.mid);
      if (!now) continue;
      const history = this.#history(slot.stream);
      const interval = history.push(now);
      const shown = this.#shown(slot.stream, history, interval, readRoundTripMs(report));
      if (slot.stream === main) this.shown = shown;
      if (interval.received > 0 || slot.stream === main) this.io.tell(message(slot.stream, shown, interval));
    }
    this.#worst.clear();
  }

  #history(stream: string): History {
    const history = this.#histories.get(stream) ?? new History();
    this.#histories.set(stream, history);
    return history;
  }

  #shown(stream: string, history: History, interval: Interval, roundTripMs: number | undefined): Shown {
    const toBuffer = this.#worst.get(stream);
    const output = outputDelay(interval.playoutMs, this.io.webAudioLatencyMs());
    const whole = toBuffer && output && { ms: toBuffer.ms + output.ms, doubtMs: toBuffer.doubtMs + output.doubtMs };
    const upperMs = whole && upper(whole);
    return {
      verdict: verdict(upperMs, history.sum("concealed"), history.sum("played")),
      upperMs,
      doubtMs: whole?.doubtMs,
      stages: toBuffer && output && stages(toBuffer, interval.bufferMs ?? 0, output, this.#clocks.get(stream), roundTripMs),
      bufferMs: interval.bufferMs,
      outputMs: output?.ms,
      roundTripMs,
      lost: history.sum("lost"),
      lostTotal: history.total.lost,
      received: history.total.received,
      concealedMs: history.sum("concealed") / 48,
      concealedTotalMs: history.total.concealed / 48,
    };
  }
}

/** The section with the stream that the badge speaks of and notes are pinned to: the program, else what arrives first. */
export function mainSlot(slots: readonly Slot[], state: SessionState): Slot | undefined {
  const program = slots.find((slot) => state.streams[slot.stream]?.kind === "program");
  return program ?? slots.find((slot) => state.streams[slot.stream]?.kind === "mic");
}

function message(stream: string, shown: Shown, interval: Interval): HealthMessage {
  return {
    stream,
    ...(shown.upperMs !== undefined && { delay_ms: Math.max(0, shown.upperMs), doubt_ms: shown.doubtMs ?? 0 }),
    buffer_ms: shown.bufferMs ?? 0,
    received: interval.received,
    lost: interval.lost,
    concealed: interval.concealed,
    played: interval.played,
  };
}

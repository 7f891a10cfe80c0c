/**
 * The relay's wall clock as this page knows it: each ping gives an offset that is right to within half its round trip;
 * the best of the last minute counts. One that contradicts it is about another clock: the relay's was set, or ours stood
 * still while the machine slept.
 */
export class RelayClock {
  #samples: Sample[] = [];

  /** Takes one answered ping. All times in ms; `relayMs` is Unix time, the others are `performance.now()`. */
  handlePong(sentMs: number, receivedMs: number, relayMs: number): void {
    const rtt = Math.max(0, receivedMs - sentMs);
    const sample = { at: receivedMs, offset: relayMs - (sentMs + rtt / 2), rtt };
    this.#samples = this.#samples.filter((other) => receivedMs - other.at < WINDOW_MS);
    const best = this.#best();
    if (best && contradict(best, sample)) this.#samples = [];
    this.#samples.push(sample);
  }

  /** Forgets everything: another relay process may answer next. */
  reset(): void {
    this.#samples = [];
  }

  get known(): boolean {
    return this.#samples.length > 0;
  }

  /** The shortest round trip of the last minute in ms. */
  get rttMs(): number {
    return this.#best()?.rtt ?? Infinity;
  }

  /** Largest error of `toRelay` in ms. */
  errorMs(nowMs: number): number {
    const best = this.#best();
    return best ? doubtMs(best, nowMs) : Infinity;
  }

  /** The relay's Unix time in ms at `performance.now() == localMs`. */
  toRelay(localMs: number): number {
    return localMs + (this.#best()?.offset ?? NaN);
  }

  #best(): Sample | undefined {
    return this.#samples.reduce<Sample | undefined>(
      (best, sample) => (best && best.rtt <= sample.rtt ? best : sample),
      undefined,
    );
  }
}

interface Sample {
  at: number;
  offset: number;
  rtt: number;
}

const WINDOW_MS = 60_000;
/** Two crystals at ±50 ppm and a wall clock that is being slewed, as `MAX_DRIFT_PPM` in Rust. */
const DRIFT = 200e-6;
/** Browsers tell the time in steps, of a millisecond at most. */
const STEP_MS = 1;

/** How far a sample may be off: half its round trip, plus what the clocks may have drifted apart since. */
const doubtMs = (sample: Sample, nowMs: number): number => sample.rtt / 2 + (nowMs - sample.at) * DRIFT;

/** Whether two samples are further apart than both may be off when the newer one came. */
function contradict(older: Sample, newer: Sample): boolean {
  const doubt = doubtMs(older, newer.at) + doubtMs(newer, newer.at) + 2 * STEP_MS;
  return Math.abs(newer.offset - older.offset) > doubt;
}

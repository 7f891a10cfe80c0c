/**
 * The relay's wall clock as this page knows it: each ping gives an offset that is right to within half its round trip;
 * the best of the last minute counts.
 */
export class RelayClock {
  #samples: Sample[] = [];

  /** Takes one answered ping. All times in ms; `relayMs` is Unix time, the others are `performance.now()`. */
  handlePong(sentMs: number, receivedMs: number, relayMs: number): void {
    const rtt = Math.max(0, receivedMs - sentMs);
    this.#samples = this.#samples.filter((sample) => receivedMs - sample.at < WINDOW_MS);
    this.#samples.push({ at: receivedMs, offset: relayMs - (sentMs + rtt / 2), rtt });
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

  /** Largest error of `toRelay` in ms: half the round trip, plus what two clocks may drift apart in the meantime. */
  errorMs(nowMs: number): number {
    const best = this.#best();
    return best ? best.rtt / 2 + (nowMs - best.at) * DRIFT : Infinity;
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
/** Two ordinary quartz clocks: 100 ppm apart. */
const DRIFT = 100e-6;

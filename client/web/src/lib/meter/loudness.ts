/** Loudness by ITU-R BS.1770: momentary (400 ms), short (3 s) and integrated (gated) over K-weighted channels. */

const STEP_S = 0.1;
const MOMENTARY_STEPS = 4;
const SHORT_STEPS = 30;
/** Histogram of 400 ms blocks in 0.1 LU bins from the absolute gate up: fixed memory however long one listens. */
const GATE_LUFS = -70;
const BINS = 760;
const RELATIVE_GATE_LU = -10;

/** LUFS of a mean square over both channels. */
export const lufs = (meanSquare: number): number => -0.691 + 10 * Math.log10(meanSquare);

export class Loudness {
  #stepLength: number;
  #sum = 0;
  #count = 0;
  #steps: number[] = [];
  #counts = new Float64Array(BINS);
  #energies = new Float64Array(BINS);

  constructor(rate: number) {
    this.#stepLength = Math.round(rate * STEP_S);
  }

  /** Takes one K-weighted sample of each channel. */
  next(left: number, right: number): void {
    this.#sum += left * left + right * right;
    this.#count += 1;
    if (this.#count === this.#stepLength) this.#endStep();
  }

  /** Loudness of the last 400 ms, or of what there is. −∞ for silence. */
  get momentary(): number {
    return lufs(meanOf(this.#steps.slice(-MOMENTARY_STEPS)));
  }

  /** Loudness of the last 3 s, or of what there is. −∞ for silence. */
  get short(): number {
    return lufs(meanOf(this.#steps));
  }

  /** Gated loudness since the beginning. −∞ while nothing has passed the gate. */
  get integrated(): number {
    const ungated = this.#meanFrom(0);
    if (ungated === 0) return -Infinity;
    const gate = lufs(ungated) + RELATIVE_GATE_LU;
    return lufs(this.#meanFrom(Math.max(0, Math.ceil((gate - GATE_LUFS) * 10))));
  }

  #endStep(): void {
    this.#steps.push(this.#sum / this.#count);
    if (this.#steps.length > SHORT_STEPS) this.#steps.shift();
    this.#sum = 0;
    this.#count = 0;
    if (this.#steps.length >= MOMENTARY_STEPS) this.#countBlock(meanOf(this.#steps.slice(-MOMENTARY_STEPS)));
  }

  #countBlock(energy: number): void {
    const bin = Math.floor((lufs(energy) - GATE_LUFS) * 10);
    if (!(bin >= 0)) return;
    const at = Math.min(bin, BINS - 1);
    this.#counts[at] = (this.#counts[at] as number) + 1;
    this.#energies[at] = (this.#energies[at] as number) + energy;
  }

  #meanFrom(bin: number): number {
    let count = 0;
    let energy = 0;
    for (let at = bin; at < BINS; at += 1) {
      count += this.#counts[at] as number;
      energy += this.#energies[at] as number;
    }
    return count === 0 ? 0 : energy / count;
  }
}

const meanOf = (values: readonly number[]): number =>
  values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;

/** A stereo level meter over blocks of samples. Runs on the audio thread: `process` allocates nothing. */
import { KWeighting, TruePeak } from "./filter";
import { Loudness } from "./loudness";

/** What was measured since the last reading. Levels in dBFS, −∞ for silence. */
export interface Reading {
  peak: [number, number];
  truePeak: [number, number];
  rms: [number, number];
  /** Samples at full scale. */
  overs: [number, number];
  /** −1 … +1; 0 for silence. */
  correlation: number;
  momentaryLufs: number;
  shortLufs: number;
  integratedLufs: number;
}

/** The largest sample that 16 bits hold: what arrives at full scale was over. */
export const FULL_SCALE = 32767 / 32768;
const RMS_S = 0.3;
/** Below −100 dBFS there is no phase to speak of. */
const SILENCE = 1e-10;

const toDb = (magnitude: number): number => 20 * Math.log10(magnitude);

class Channel {
  readonly weighting: KWeighting;
  readonly oversampled = new TruePeak();
  peak = 0;
  truePeak = 0;
  power = 0;
  overs = 0;

  constructor(rate: number) {
    this.weighting = new KWeighting(rate);
  }

  next(x: number, decay: number): void {
    const magnitude = Math.abs(x);
    if (magnitude > this.peak) this.peak = magnitude;
    if (magnitude >= FULL_SCALE) this.overs += 1;
    const between = this.oversampled.next(x);
    if (between > this.truePeak) this.truePeak = between;
    this.power += (x * x - this.power) * decay;
  }

  forget(): void {
    this.peak = 0;
    this.truePeak = 0;
    this.overs = 0;
  }
}

export class StereoMeter {
  #left: Channel;
  #right: Channel;
  #loudness: Loudness;
  #cross = 0;
  #decay: number;

  constructor(rate: number) {
    this.#left = new Channel(rate);
    this.#right = new Channel(rate);
    this.#loudness = new Loudness(rate);
    this.#decay = 1 - Math.exp(-1 / (RMS_S * rate));
  }

  /** Takes a block: equally many samples of both channels. */
  process(left: Float32Array, right: Float32Array): void {
    for (let i = 0; i < left.length; i += 1) this.#next(left[i] as number, right[i] as number);
  }

  /** Gives what was measured since the last call. */
  take(): Reading {
    const [left, right] = [this.#left, this.#right];
    const reading: Reading = {
      peak: [toDb(left.peak), toDb(right.peak)],
      truePeak: [toDb(left.truePeak), toDb(right.truePeak)],
      rms: [toDb(Math.sqrt(left.power)), toDb(Math.sqrt(right.power))],
      overs: [left.overs, right.overs],
      correlation: this.#correlation(),
      momentaryLufs: this.#loudness.momentary,
      shortLufs: this.#loudness.short,
      integratedLufs: this.#loudness.integrated,
    };
    left.forget();
    right.forget();
    return reading;
  }

  #next(left: number, right: number): void {
    this.#left.next(left, this.#decay);
    this.#right.next(right, this.#decay);
    this.#cross += (left * right - this.#cross) * this.#decay;
    this.#loudness.next(this.#left.weighting.next(left), this.#right.weighting.next(right));
  }

  #correlation(): number {
    const scale = Math.sqrt(this.#left.power * this.#right.power);
    return scale < SILENCE ? 0 : Math.max(-1, Math.min(1, this.#cross / scale));
  }
}

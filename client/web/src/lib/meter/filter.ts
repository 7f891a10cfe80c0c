/** The two filters that level meters stand on: K-weighting and fourfold oversampling, both of ITU-R BS.1770. */

/** One second-order section, transposed direct form II. */
class Biquad {
  #z1 = 0;
  #z2 = 0;

  constructor(
    readonly b: readonly [number, number, number],
    readonly a: readonly [number, number],
  ) {}

  next(x: number): number {
    const y = this.b[0] * x + this.#z1;
    this.#z1 = this.b[1] * x - this.a[0] * y + this.#z2;
    this.#z2 = this.b[2] * x - this.a[1] * y;
    return y;
  }
}

/** K-weighting for any sample rate: the standard's 48 kHz filters taken back to their analogue form. */
export class KWeighting {
  #shelf: Biquad;
  #highpass: Biquad;

  constructor(rate: number) {
    this.#shelf = shelf(rate);
    this.#highpass = highpass(rate);
  }

  next(x: number): number {
    return this.#highpass.next(this.#shelf.next(x));
  }
}

function shelf(rate: number): Biquad {
  const k = Math.tan((Math.PI * 1681.974450955533) / rate);
  const q = 0.7071752369554196;
  const high = 10 ** (3.999843853973347 / 20);
  const band = high ** 0.4996667741545416;
  const a0 = 1 + k / q + k * k;
  return new Biquad(
    [(high + (band * k) / q + k * k) / a0, (2 * (k * k - high)) / a0, (high - (band * k) / q + k * k) / a0],
    [(2 * (k * k - 1)) / a0, (1 - k / q + k * k) / a0],
  );
}

function highpass(rate: number): Biquad {
  const k = Math.tan((Math.PI * 38.13547087602444) / rate);
  const q = 0.5003270373238773;
  const a0 = 1 + k / q + k * k;
  return new Biquad([1, -2, 1], [(2 * (k * k - 1)) / a0, (1 - k / q + k * k) / a0]);
}

/** BS.1770 annex 2: 48 taps in four phases. The other two phases are these two backwards. */
const PHASE_0 = [
  0.001708984375, 0.010986328125, -0.0196533203125, 0.033203125, -0.0594482421875, 0.1373291015625, 0.97216796875,
  -0.102294921875, 0.047607421875, -0.026611328125, 0.014892578125, -0.00830078125,
];
const PHASE_1 = [
  -0.0291748046875, 0.029296875, -0.0517578125, 0.089111328125, -0.16650390625, 0.465087890625, 0.77978515625,
  -0.2003173828125, 0.1015625, -0.0582275390625, 0.0330810546875, -0.0189208984375,
];
const PHASES = [PHASE_0, PHASE_1, [...PHASE_1].reverse(), [...PHASE_0].reverse()].map((taps) => new Float64Array(taps));
const TAPS = 12;

/** The largest magnitude between and at the samples. */
export class TruePeak {
  /** The last twelve samples, twice, so that they always lie in one run. */
  #recent = new Float64Array(2 * TAPS);
  #at = 0;

  /** Takes one sample and gives the largest of its four oversampled magnitudes and its own. */
  next(x: number): number {
    this.#at = this.#at === 0 ? TAPS - 1 : this.#at - 1;
    this.#recent[this.#at] = x;
    this.#recent[this.#at + TAPS] = x;
    let peak = Math.abs(x);
    for (const taps of PHASES) peak = Math.max(peak, Math.abs(this.#dot(taps)));
    return peak;
  }

  #dot(taps: Float64Array): number {
    let sum = 0;
    for (let i = 0; i < TAPS; i += 1) sum += (taps[i] as number) * (this.#recent[this.#at + i] as number);
    return sum;
  }
}

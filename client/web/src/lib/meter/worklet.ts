/** The meter on the audio thread: listens, plays nothing, reports about sixty times a second. */
import { StereoMeter } from "./stereo";

declare const sampleRate: number;
declare function registerProcessor(name: string, processor: new () => AudioWorkletProcessor): void;
declare abstract class AudioWorkletProcessor {
  readonly port: MessagePort;
}

class MeterProcessor extends AudioWorkletProcessor {
  #meter = new StereoMeter(sampleRate);
  #since = 0;

  constructor() {
    super();
    this.port.onmessage = () => {
      this.#meter = new StereoMeter(sampleRate);
    };
  }

  process(inputs: Float32Array[][]): boolean {
    const [left, right] = inputs[0] ?? [];
    if (left) {
      this.#meter.process(left, right ?? left);
      this.#since += left.length;
    }
    if (this.#since >= sampleRate / 60) {
      this.#since = 0;
      this.port.postMessage(this.#meter.take());
    }
    return true;
  }
}

registerProcessor("farfield-meter", MeterProcessor);

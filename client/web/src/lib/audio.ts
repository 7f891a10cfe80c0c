/**
 * What one hears: each stream on an `<audio>` element of its own, so that the output can be chosen; WebAudio only taps
 * the program for the meters.
 */
import workletUrl from "./meter/worklet.ts?worker&url";
import type { Reading } from "./meter/stereo";
import type { StreamKind } from "./types";

export interface Playing {
  stream: string;
  kind: StreamKind;
  track: MediaStreamTrack;
}

type Group = "program" | "talk";

const groupOf = (kind: StreamKind): Group => (kind === "talkback" ? "talk" : "program");
const RAMP_MS = 40;
const RAMP_STEPS = 8;

export class Players {
  #players = new Map<string, HTMLAudioElement>();
  #gains: Record<Group, number> = { program: 1, talk: 1 };
  #sink = "";

  constructor(
    readonly home: HTMLElement,
    /** The browser holds the sound back until the next click. */
    readonly blocked: () => void,
  ) {}

  /** Plays exactly these streams from now on. */
  show(wanted: readonly Playing[]): void {
    for (const [stream, element] of this.#players) {
      if (!wanted.some((playing) => playing.stream === stream)) this.#remove(stream, element);
    }
    for (const playing of wanted) this.#play(playing);
  }

  setGain(group: Group, gain: number): void {
    this.#gains[group] = gain;
    for (const element of this.#players.values()) {
      if (element.dataset["group"] === group) ramp(element, gain);
    }
  }

  /** Plays through another output; rejects when the browser cannot. */
  async setSink(id: string): Promise<void> {
    this.#sink = id;
    await Promise.all([...this.#players.values()].map((element) => element.setSinkId(id)));
  }

  /** Tries again what the browser held back; call it from a click. */
  resume(): void {
    for (const element of this.#players.values()) void element.play().catch(() => this.blocked());
  }

  #play({ stream, kind, track }: Playing): void {
    const element = this.#players.get(stream) ?? this.#make(stream, kind);
    const playing = element.srcObject as MediaStream | null;
    if (playing?.getTracks()[0] === track) return;
    element.srcObject = new MediaStream([track]);
    void element.play().catch((error: unknown) => {
      if (error instanceof DOMException && error.name === "NotAllowedError") this.blocked();
    });
  }

  #make(stream: string, kind: StreamKind): HTMLAudioElement {
    const element = document.createElement("audio");
    Object.assign(element.dataset, { stream, kind, group: groupOf(kind) });
    element.volume = this.#gains[groupOf(kind)];
    if (this.#sink && "setSinkId" in element) void element.setSinkId(this.#sink).catch(() => {});
    this.home.append(element);
    this.#players.set(stream, element);
    return element;
  }

  #remove(stream: string, element: HTMLAudioElement): void {
    element.pause();
    element.srcObject = null;
    element.remove();
    this.#players.delete(stream);
  }
}

/** Moves a volume without a click. A later ramp of the same element takes over. */
function ramp(element: HTMLAudioElement, to: number): void {
  const from = element.volume;
  const mine = String(performance.now());
  element.dataset["ramp"] = mine;
  const step = (n: number) => {
    if (element.dataset["ramp"] !== mine) return;
    element.volume = from + ((to - from) * n) / RAMP_STEPS;
    if (n < RAMP_STEPS) setTimeout(step, RAMP_MS / RAMP_STEPS, n + 1);
  };
  step(1);
}

/** Taps one stream for the meters. */
export class MeterTap {
  readonly context = new AudioContext();
  #node: Promise<AudioWorkletNode> | undefined;
  #source: MediaStreamAudioSourceNode | undefined;
  #track: MediaStreamTrack | undefined;

  constructor(readonly reading: (reading: Reading) => void) {}

  /** Measures this track from now on; none to measure nothing. Browsers give worklets to secure pages only. */
  async listen(track: MediaStreamTrack | undefined): Promise<void> {
    if (track === this.#track || !isSecureContext) return;
    this.#track = track;
    const node = await (this.#node ??= this.#start());
    if (track !== this.#track) return;
    this.#source?.disconnect();
    this.#source = track && this.context.createMediaStreamSource(new MediaStream([track]));
    this.#source?.connect(node);
  }

  /** Follows the players to another output, so that its channels and latency are known. Not every browser can. */
  async setSink(id: string): Promise<void> {
    const context: AudioContext & { setSinkId?: (id: string) => Promise<void> } = this.context;
    await context.setSinkId?.(id).catch(() => {});
  }

  /** Begins the integrated loudness anew. */
  async reset(): Promise<void> {
    (await this.#node)?.port.postMessage("reset");
  }

  /** Channels of the output device; none where the browser does not say. */
  get outputChannels(): number | undefined {
    return this.context.state === "running" ? this.context.destination.maxChannelCount : undefined;
  }

  /** Latency of the sound system in ms. */
  get latencyMs(): number | undefined {
    const { outputLatency, baseLatency } = this.context;
    return outputLatency > 0 ? 1000 * (outputLatency + baseLatency) : undefined;
  }

  async #start(): Promise<AudioWorkletNode> {
    await this.context.audioWorklet.addModule(workletUrl);
    const node = new AudioWorkletNode(this.context, "farfield-meter", {
      numberOfInputs: 1,
      numberOfOutputs: 1,
      channelCount: 2,
      channelCountMode: "explicit",
    });
    node.port.onmessage = (message: MessageEvent<Reading>) => this.reading(message.data);
    node.connect(this.context.destination);
    return node;
  }
}

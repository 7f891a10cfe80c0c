/** What comes out here: players, volume, dim, output, and the readings that the meters draw. */
import { MeterTap, Players, type Playing } from "../lib/audio";
import type { Reading } from "../lib/meter/stereo";
import { askForOutputs, canChoose, hasOwnList, namedOutputs, type Output } from "../lib/outputs";

const STORE = "farfield.volume";
const OFF_DB = -60;
const DIM_DB = -20;

const toGain = (db: number): number => (db <= OFF_DB ? 0 : 10 ** (db / 20));

export class Sound {
  volumeDb = $state(savedVolume());
  muted = $state(false);
  dimmed = $state(false);
  /** Dimmed because one talks. */
  ducked = $state(false);
  /** The browser waits for a click before it plays. */
  blocked = $state(false);
  mono = $state(false);
  outputs = $state.raw<Output[]>([]);
  output = $state("");
  outputRefused = $state(false);
  /** The browser was not allowed to name its outputs. */
  outputsRefused = $state(false);
  /** Whether a program is being played. */
  playing = $state(false);

  #players: Players;
  #tap: MeterTap | undefined;
  #program: MediaStreamTrack | undefined;
  #listeners = new Set<(reading: Reading) => void>();

  constructor(home: HTMLElement) {
    this.#players = new Players(home, () => (this.blocked = true));
    navigator.mediaDevices?.addEventListener?.("devicechange", () => void this.findOutputs());
  }

  /** Call it from the click that joins: browsers let sound begin only there. */
  unlock(): void {
    this.#tap ??= new MeterTap((reading) => this.#read(reading));
    void this.#tap.context.resume();
    void this.#tap.listen(this.#program);
    void this.findOutputs();
    this.apply();
  }

  /** The click that the browser was waiting for. */
  resume(): void {
    this.blocked = false;
    void this.#tap?.context.resume();
    this.#players.resume();
  }

  show(wanted: readonly Playing[]): void {
    this.#players.show(wanted);
    this.apply();
    this.#program = wanted.find((playing) => playing.kind === "program")?.track;
    this.playing = this.#program !== undefined;
    void this.#tap?.listen(this.#program);
  }

  /** Hands every reading on until the answer is called. */
  onReading(listener: (reading: Reading) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  resetMeters(): void {
    void this.#tap?.reset();
  }

  get latencyMs(): number | undefined {
    return this.#tap?.latencyMs;
  }

  /** Name of the chosen output, or of the usual one; empty where the browser does not tell. */
  get outputLabel(): string {
    return (this.outputs.find((output) => output.id === this.output) ?? this.outputs[0])?.label ?? "";
  }

  /** Why nothing comes out although it arrives, a sentence for people; empty when it does. */
  get held(): string {
    if (this.blocked) return "The browser holds the sound back; click “Play sound” first, then mark what you hear.";
    return this.muted ? "Your output is muted here, so nothing was heard; press M to hear again." : "";
  }

  setVolume(db: number): void {
    this.volumeDb = db;
    localStorage.setItem(STORE, String(db));
    this.apply();
  }

  toggleMute(): void {
    this.muted = !this.muted;
    this.apply();
  }

  toggleDim(): void {
    this.dimmed = !this.dimmed;
    this.apply();
  }

  duck(on: boolean): void {
    this.ducked = on;
    this.apply();
  }

  async choose(id: string): Promise<void> {
    this.outputRefused = false;
    await this.#players.setSink(id).then(
      () => (this.output = id),
      () => (this.outputRefused = true),
    );
    await this.#tap?.setSink(this.output);
    this.checkOutput();
  }

  async findOutputs(): Promise<void> {
    this.outputs = await namedOutputs();
  }

  /** Whether there may be outputs that the browser does not name. */
  get hidesOutputs(): boolean {
    return hasOwnList() || (this.outputs.length === 0 && canChoose());
  }

  /** Asks for their names; call it from a click. */
  async askForOutputs(): Promise<void> {
    try {
      const chosen = await askForOutputs();
      this.outputsRefused = false;
      await this.findOutputs();
      if (chosen !== undefined) await this.choose(chosen);
    } catch {
      this.outputsRefused = true;
    }
  }

  checkOutput(): void {
    this.mono = this.#tap?.outputChannels === 1;
  }

  apply(): void {
    const gain = this.muted ? 0 : toGain(this.volumeDb);
    const dim = this.dimmed || this.ducked ? toGain(DIM_DB) : 1;
    this.#players.setGain("program", gain * dim);
    this.#players.setGain("talk", gain);
  }

  #read(reading: Reading): void {
    if (this.playing) for (const listener of this.#listeners) listener(reading);
  }
}

function savedVolume(): number {
  const saved = Number(localStorage.getItem(STORE) ?? "0");
  return saved >= OFF_DB && saved <= 0 ? saved : 0;
}

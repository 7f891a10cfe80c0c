/** One's own talkback: the button, the microphone, and telling the others. */
import { Mic, MicError, type MicRefusal } from "../lib/mic";
import { TalkButton, type Holder } from "../lib/talk";

export interface TalkIo {
  sends(track: MediaStreamTrack | null): Promise<void>;
  tell(on: boolean): void;
  duck(on: boolean): void;
  /** The browser has allowed a microphone. */
  allowed(): void;
}

export class Talkback {
  /** `asking`: the button is held, the microphone is not open yet. */
  state = $state<"off" | "asking" | "on">("off");
  latched = $state(false);
  refused = $state<MicRefusal | undefined>(undefined);

  #button = new TalkButton((on) => void this.#changed(on));
  #mic: Mic;

  constructor(readonly io: TalkIo) {
    this.#mic = new Mic((track) => io.sends(track), () => this.#gone());
  }

  press = (holder: Holder): void => this.#button.press(holder);
  release = (holder: Holder): void => this.#button.release(holder);
  toggleLatch = (): void => this.#button.toggleLatch();
  releaseAll = (): void => this.#button.releaseAll();

  /** To a relay that takes one in nobody talks: who holds the button all the while is told again. */
  repeat(): void {
    if (this.state === "on") this.io.tell(true);
  }

  async #changed(on: boolean): Promise<void> {
    this.latched = this.#button.latched;
    if (on && this.state === "off") await this.#begin();
    else if (!on) this.#end();
  }

  async #begin(): Promise<void> {
    this.state = "asking";
    this.refused = undefined;
    try {
      await this.#mic.open();
    } catch (error) {
      this.refused = error instanceof MicError ? error.why : "busy";
      this.#button.releaseAll();
      return;
    }
    this.io.allowed();
    if (this.state !== "asking") return;
    this.state = "on";
    this.#mic.setOn(true);
    this.io.duck(true);
    this.io.tell(true);
  }

  /** Who does not talk has lost nothing: the next push asks for a microphone. */
  #gone(): void {
    if (this.state === "off") return;
    this.refused = "gone";
    this.#button.releaseAll();
  }

  #end(): void {
    const talked = this.state === "on";
    this.state = "off";
    this.#mic.setOn(false);
    if (!talked) return;
    this.io.duck(false);
    this.io.tell(false);
  }
}

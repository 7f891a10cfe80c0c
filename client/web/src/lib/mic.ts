/** The talker's microphone: asked for at the first push, with echo cancelling, kept for a minute after the last. */

export type MicRefusal = "denied" | "missing" | "busy" | "insecure" | "gone";

export class MicError extends Error {
  constructor(readonly why: MicRefusal) {
    super(MIC_WORDS[why]);
  }
}

export const MIC_WORDS: Record<MicRefusal, string> = {
  denied: "Your browser refused the microphone. Click the lock beside the address and allow it; listening goes on.",
  missing: "No microphone was found. Plug one in and hold the button again; listening goes on.",
  busy: "The microphone could not be opened; another program may hold it. Close that one and hold the button again.",
  gone: "Your microphone went away while you talked, so nobody hears you now. Plug it in, or allow it again beside the address, and hold the button again; listening goes on.",
  insecure: "Browsers give a microphone to https pages only. Open the https address of this relay; listening goes on.",
};

const KEEP_MS = 60_000;

export class Mic {
  #stream: MediaStream | undefined;
  #asking: Promise<MediaStream> | undefined;
  #closing: ReturnType<typeof setTimeout> | undefined;

  /**
   * `sends` gets the track to send, and null when the microphone is given back. `gone`: it was unplugged, or the browser
   * took it away.
   */
  constructor(
    readonly sends: (track: MediaStreamTrack | null) => Promise<void>,
    readonly gone: () => void,
  ) {}

  /** Opens the microphone, asking for it if need be. Throws a `MicError`. */
  async open(): Promise<void> {
    clearTimeout(this.#closing);
    if (!this.#stream) {
      this.#stream = await (this.#asking ??= ask().finally(() => (this.#asking = undefined)));
      this.#track?.addEventListener("ended", () => this.#ended());
      this.setOn(false);
      await this.sends(this.#track ?? null);
    }
  }

  /** Sends sound, or encoded silence. */
  setOn(on: boolean): void {
    clearTimeout(this.#closing);
    if (this.#track) this.#track.enabled = on;
    if (!on) this.#closing = setTimeout(() => this.close(), KEEP_MS);
  }

  close(): void {
    clearTimeout(this.#closing);
    this.#track?.stop();
    this.#stream = undefined;
    void this.sends(null);
  }

  #ended(): void {
    this.close();
    this.gone();
  }

  get #track(): MediaStreamTrack | undefined {
    return this.#stream?.getAudioTracks()[0];
  }
}

async function ask(): Promise<MediaStream> {
  if (!navigator.mediaDevices?.getUserMedia) throw new MicError("insecure");
  const audio = { channelCount: 1, echoCancellation: true, noiseSuppression: true, autoGainControl: true };
  return navigator.mediaDevices.getUserMedia({ audio }).catch((error: unknown) => {
    throw new MicError(refusalOf(error));
  });
}

function refusalOf(error: unknown): MicRefusal {
  const name = error instanceof DOMException ? error.name : "";
  if (name === "NotAllowedError" || name === "SecurityError") return "denied";
  return name === "NotFoundError" || name === "OverconstrainedError" ? "missing" : "busy";
}

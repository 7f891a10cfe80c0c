/** Who holds the talk button down: pointer, key, latch. It is on while any of them does. */
export type Holder = "pointer" | "key" | "latch";

export class TalkButton {
  #holders = new Set<Holder>();

  constructor(readonly changed: (on: boolean) => void) {}

  get on(): boolean {
    return this.#holders.size > 0;
  }

  get latched(): boolean {
    return this.#holders.has("latch");
  }

  press(holder: Holder): void {
    this.#change(() => this.#holders.add(holder));
  }

  release(holder: Holder): void {
    this.#change(() => this.#holders.delete(holder));
  }

  toggleLatch(): void {
    if (this.latched) this.releaseAll();
    else this.press("latch");
  }

  /** The window lost the focus or was hidden, or the microphone was refused or is gone: nobody talks without knowing. */
  releaseAll(): void {
    this.#change(() => this.#holders.clear());
  }

  #change(how: () => void): void {
    const before = this.on;
    const latchedBefore = this.latched;
    how();
    if (this.on !== before || this.latched !== latchedBefore) this.changed(this.on);
  }
}

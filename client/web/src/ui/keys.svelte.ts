/** The keys: one list that works and that the `?` dialog shows. Silent in text fields, and they can be switched off. */
import type { Desk } from "../desk/desk.svelte";

const STORE = "farfield.keys";

export const KEYS = [
  { key: "Space", words: "hold to talk", needsTalk: true },
  { key: "T", words: "talk without holding, and stop again", needsTalk: true },
  { key: "M", words: "mute what you hear", needsTalk: false },
  { key: "D", words: "dim the program by 20 dB", needsTalk: false },
  { key: "?", words: "show these keys", needsTalk: false },
] as const;

export class Keys {
  on = $state(localStorage.getItem(STORE) !== "off");
  /** Whether the focus was moved by keys, not by the mouse. */
  #atKeys = true;

  constructor(
    readonly desk: Desk,
    readonly help: () => void,
  ) {}

  set(on: boolean): void {
    this.on = on;
    localStorage.setItem(STORE, on ? "on" : "off");
  }

  /** The hand is at the mouse: what it clicked is not what the next space bar is meant for. */
  pointed = (): void => {
    this.#atKeys = false;
  };

  down = (event: KeyboardEvent): void => {
    if (event.key === "Tab") this.#atKeys = true;
    if (!this.on || event.ctrlKey || event.metaKey || event.altKey || inText(event.target)) return;
    if (document.querySelector("dialog[open]")) return;
    if (event.key === " ") return this.#space(event);
    if (event.repeat) return;
    const key = event.key.toLowerCase();
    if (key === "t" && this.desk.talkStream) this.desk.talkback.toggleLatch();
    else if (key === "m") this.desk.sound.toggleMute();
    else if (key === "d") this.desk.sound.toggleDim();
    else if (key === "?") this.help();
    else return;
    event.preventDefault();
  };

  up = (event: KeyboardEvent): void => {
    if (event.key !== " ") return;
    if (this.desk.talkback.state !== "off") event.preventDefault();
    this.desk.talkback.release("key");
  };

  /** Space pushes the button that the keyboard went to; anywhere else it talks. */
  #space(event: KeyboardEvent): void {
    if (!this.desk.talkStream || (this.#atKeys && onControl(event.target))) return;
    event.preventDefault();
    if (!event.repeat) this.desk.talkback.press("key");
  }
}

function inText(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  const typed = target instanceof HTMLInputElement && !["range", "checkbox", "button"].includes(target.type);
  return typed || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement || target.isContentEditable;
}

const onControl = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  target.matches("button:focus-visible, summary:focus-visible, a:focus-visible, input:focus-visible") &&
  !target.matches("[data-talk]");

/** The keys: one list that works and that the `?` dialog shows. Silent in text fields, and they can be switched off. */
import type { Desk } from "../desk/desk.svelte";
import { rule } from "../desk/review";
import { TAGS } from "../lib/compose";
import { liveTake } from "../lib/gate";

const STORE = "farfield.keys";

export const KEYS = [
  { key: "Space", words: "hold to talk", needsTalk: true },
  { key: "T", words: "talk without holding, and stop again", needsTalk: true },
  { key: "N", words: "note on what you hear; hold it for a range", needsTalk: false },
  { key: "[  ]", words: "a range begins, ends", needsTalk: false },
  { key: "1 … 9", words: "note with a tag: " + TAGS.join(", "), needsTalk: false },
  { key: "Alt ← →", words: "in a note: a tenth of a second earlier, later", needsTalk: false },
  { key: "Alt 1 … 9", words: "in a note: its tag", needsTalk: false },
  { key: "← →", words: "newer, older note", needsTalk: false },
  { key: "J  K", words: "older, newer take", needsTalk: false },
  { key: "C  H", words: "circle, hero", needsTalk: false },
  { key: "A  X  U", words: "approve, reject, redo: asks why", needsTalk: false },
  { key: "Z", words: "undo your last change", needsTalk: false },
  { key: "⇧R  ⇧S", words: "roll, stop", needsTalk: false },
  { key: "B", words: "take the baton, or put it down", needsTalk: false },
  { key: "/", words: "filter the notes", needsTalk: false },
  { key: "M", words: "mute what you hear", needsTalk: false },
  { key: "D", words: "dim the program by 20 dB", needsTalk: false },
  { key: "?", words: "show these keys", needsTalk: false },
] as const;

export class Keys {
  on = $state(localStorage.getItem(STORE) !== "off");
  /** Whether the focus was moved by keys, not by the mouse. */
  #atKeys = true;
  readonly #acts: { readonly [key: string]: (event: KeyboardEvent) => void };

  constructor(
    readonly desk: Desk,
    readonly help: () => void,
  ) {
    const { journal, sound } = desk;
    const { composer } = journal;
    this.#acts = {
      t: () => desk.talkStream && desk.talkback.toggleLatch(),
      n: ({ timeStamp }) => composer.hold(timeStamp),
      "[": ({ timeStamp }) => this.#write(() => composer.start(timeStamp)),
      "]": ({ timeStamp }) => this.#write(() => composer.end(timeStamp)),
      arrowleft: () => journal.stepNote(-1),
      arrowright: () => journal.stepNote(1),
      j: () => journal.stepTake(-1),
      k: () => journal.stepTake(1),
      c: () => this.#mark("circled"),
      h: () => this.#mark("hero"),
      a: () => rule(journal, "approved"),
      x: () => rule(journal, "rejected"),
      u: () => rule(journal, "redo"),
      z: () => journal.undo(),
      "shift r": () => this.#roll(),
      "shift s": () => journal.ask({ type: "take.stop", data: { take: this.#live ?? null, if: { phase: "rolling" } } }),
      b: () => this.#baton(),
      "/": () => this.#filter(),
      m: () => sound.toggleMute(),
      d: () => sound.toggleDim(),
      "?": () => this.help(),
    };
  }

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
    if (event.repeat || (event.key.startsWith("Arrow") && usesArrows(event.target))) return;
    const act = this.#act(event);
    if (!act) return;
    event.preventDefault();
    act(event);
  };

  up = (event: KeyboardEvent): void => {
    if (event.key.toLowerCase() === "n") this.desk.journal.composer.release(event.timeStamp);
    if (event.key !== " ") return;
    if (this.desk.talkback.state !== "off") event.preventDefault();
    this.desk.talkback.release("key");
  };

  #act(event: KeyboardEvent): ((event: KeyboardEvent) => void) | undefined {
    const key = event.key.toLowerCase();
    const tag = TAGS[Number(key) - 1];
    if (tag) return () => this.#tag(tag, event.timeStamp);
    // A letter with Shift is another key than the letter; signs are what they are on whatever keyboard.
    const shifted = event.shiftKey && /^[a-z]$/.test(key);
    return this.#acts[shifted ? `shift ${key}` : key];
  }

  #write(act: () => void): void {
    act();
    this.desk.journal.composer.focus();
  }

  #tag(tag: string, stampMs: number): void {
    const { composer } = this.desk.journal;
    this.#write(() => {
      composer.press(stampMs);
      if (composer.draft?.tag !== tag) composer.tag(tag);
    });
  }

  get #live(): number | undefined {
    return liveTake(this.desk.journal.state)?.number;
  }

  #roll(): void {
    this.desk.journal.ask({ type: "take.roll", data: { take: this.#live ?? null, if: { phase: "armed" } } });
  }

  #mark(flag: "circled" | "hero"): void {
    const { journal } = this.desk;
    const take = journal.take;
    if (!take) return journal.io.news("There is no take yet.");
    journal.chosenTake = take.number;
    const type = flag === "hero" ? "take.hero" : "take.circle";
    journal.ask({ type, data: { take: take.number, on: !take.flags.includes(flag) } });
  }

  #baton(): void {
    const { journal } = this.desk;
    const holder = journal.state.baton?.holder;
    if (holder === journal.me) journal.ask({ type: "baton.give", data: { to: null } });
    else journal.ask({ type: holder ? "baton.reclaim" : "baton.take", data: {} });
  }

  #filter(): void {
    this.desk.journal.show("notes");
    requestAnimationFrame(() => document.querySelector<HTMLInputElement>("[data-filter]")?.focus());
  }

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

/** Tabs and sliders move by the arrows themselves. */
const usesArrows = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && target.matches("[role=tab], input, select");

const onControl = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  target.matches("button:focus-visible, summary:focus-visible, a:focus-visible, input:focus-visible") &&
  !target.matches("[data-talk]");

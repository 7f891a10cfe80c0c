/** The note that is being written. What it is pinned to is what was heard at the first key or press. */
import { begin, HOLD_MS, nudged, pinned, point, ranged, toNote, type Draft, type Pin } from "../../lib/compose";
import { loadReaction, saveReaction } from "../../lib/heard/reaction";
import { newId } from "../../lib/wire";
import type { HeardAnchor } from "../../lib/heard/types";
import type { Severity } from "../../lib/types";
import type { Journal } from "../journal.svelte";

const NOTHING = "Nothing was heard at that moment, and no take was recorded yet.";

export class Composer {
  draft = $state.raw<Draft | undefined>(undefined);
  reaction = $state(loadReaction(localStorage));
  /** Where the words go; the form tells. */
  field: HTMLTextAreaElement | undefined;
  /** When the key or button went down that is still held. */
  #heldSinceMs = $state<number | undefined>(undefined);
  /** Why the note is not pinned to what was heard. */
  reason = $state("");
  /** What was heard at the presses that the note is pinned by. */
  #heard: HeardAnchor[] = [];
  /** A key brought one here: once the note is saved, keys work again. */
  #fromKey = false;

  constructor(readonly journal: Journal) {}

  get holding(): boolean {
    return this.#heldSinceMs !== undefined;
  }

  /** Pins to what was heard at `stampMs`, an event's time stamp, unless a note is being written. */
  press(stampMs: number): void {
    this.draft ??= begin(this.#pin(stampMs), this.reaction);
  }

  /** As `press`, by something that can be held for a range; the words come next. */
  hold(stampMs: number): void {
    this.press(stampMs);
    this.#heldSinceMs = stampMs;
    this.focus();
  }

  /** Let go: a range, if it was held for long enough. */
  release(stampMs: number): void {
    const since = this.#heldSinceMs;
    this.#heldSinceMs = undefined;
    if (since !== undefined && stampMs - since >= HOLD_MS) this.end(stampMs);
  }

  /** Whatever was held was let go where nobody saw it: no range. */
  letGo(): void {
    this.#heldSinceMs = undefined;
  }

  /** The range begins here; a note that is being written keeps its other end. */
  start(stampMs: number): void {
    if (!this.draft) return this.press(stampMs);
    const pin = this.draft.pin;
    const heard = this.#freeze(stampMs);
    if (!heard || pin.kind !== "heard") return this.repin(stampMs);
    const begun: Draft = { ...this.draft, pin: { kind: "heard", heard, to: null } };
    this.draft = ranged(this.journal.state, begun, { ...pin.heard, at: pin.to ?? heard.at });
  }

  /** The range ends here. */
  end(stampMs: number): void {
    if (!this.draft || this.draft.pin.kind === "nothing") return this.repin(stampMs);
    this.draft = ranged(this.journal.state, this.draft, this.#freeze(stampMs));
  }

  /** Pins the note anew, to what is heard now. */
  repin(stampMs: number): void {
    this.pin(this.#pin(stampMs));
  }

  pin(pin: Pin): void {
    this.draft = { ...(this.draft ?? begin(pin, this.reaction)), pin };
  }

  #pin(stampMs: number): Pin {
    this.#heard = [];
    const pin = pinned(this.journal.state, this.#freeze(stampMs));
    if (pin.kind === "nothing") this.reason ||= NOTHING;
    return pin;
  }

  #freeze(stampMs: number): HeardAnchor | null {
    const ear = this.journal.io.heard();
    const heard = ear.freeze(stampMs);
    this.reason = ear.reason;
    if (heard) this.#heard = [...this.#heard, heard];
    return heard;
  }

  /** Concealment is told some tenths of a second after it was heard. */
  #settled(draft: Draft): Draft {
    const ear = this.journal.io.heard();
    const { pin } = draft;
    if (pin.kind !== "heard" || !this.#heard.some((heard) => ear.settled(heard).concealed)) return draft;
    return { ...draft, pin: { ...pin, heard: { ...pin.heard, concealed: true } } };
  }

  /** Where every word has gone again, so has what it was pinned to: the next key pins anew. */
  write(text: string): void {
    const emptied = text === "" && this.draft?.text !== "" && !this.draft?.tag;
    if (emptied) this.draft = undefined;
    else if (this.draft) this.draft = { ...this.draft, text };
  }

  tag(tag: string): void {
    if (this.draft) this.draft = { ...this.draft, tag: this.draft.tag === tag ? undefined : tag };
  }

  weigh(severity: Severity): void {
    if (this.draft) this.draft = { ...this.draft, severity };
  }

  nudge(tenths: number): void {
    if (this.draft) this.draft = nudged(this.draft, tenths);
  }

  point(): void {
    if (this.draft) this.draft = point(this.draft);
  }

  setReaction(ms: number): void {
    this.reaction = ms;
    saveReaction(localStorage, ms);
    if (this.draft) this.draft = { ...this.draft, reaction_ms: ms };
  }

  /** Sends it. Nothing is lost when it cannot be: the words stay. */
  save(): void {
    if (this.draft?.pin.kind === "nothing") return this.journal.io.news(`${this.reason} Your words stay here: say what they are about, or press “pin now” when you hear it.`);
    const note = this.draft && toNote(this.#settled(this.draft), newId());
    if (!note) return this.journal.io.news("Write a word or choose a tag first; Esc drops the note.");
    if (!this.journal.ask({ type: "note.add", data: note })) return;
    if (this.#fromKey) this.field?.blur();
    this.drop();
  }

  drop(): void {
    this.draft = undefined;
    this.#heldSinceMs = undefined;
    this.#fromKey = false;
  }

  /** Somebody went elsewhere without a word: what was heard then is not kept for what comes later. */
  left(): void {
    if (this.draft && this.draft.text === "" && !this.draft.tag) this.drop();
  }

  focus(): void {
    this.#fromKey ||= document.activeElement !== this.field;
    this.field?.focus();
  }
}

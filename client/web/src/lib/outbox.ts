/**
 * What one has asked of the session and the relay has not yet saved: kept over a lost link and a closed tab, sent again
 * in order with the same ids, which is harmless. Nothing counts as saved before its `ok`. Time and store are handed in.
 */
import { backoffMs } from "./backoff";
import { sentence } from "./entry";
import type { ClientFrame, Command, ErrorCode } from "./types";
import { command, newId } from "./wire";

/** `waiting`: for the link, or for its turn. `sent`: no answer yet. `saved`: for good. `refused`: see `why`. */
export type Stage = "waiting" | "sent" | "saved" | "refused";

export interface Item {
  id: string;
  asked: Command;
  /** When it was asked, Unix ms of this browser. */
  madeMs: number;
  /** After this, Unix ms, it is not sent any more: nobody wants a take to roll minutes later. */
  goodUntilMs?: number;
  /** Whether it has ever been sent. */
  wasSent?: boolean;
  stage: Stage;
  /** Number of its last event, once saved. */
  seq?: number;
  code?: ErrorCode;
  /** Why it was refused, or why saving takes so long: a sentence. */
  why?: string;
}

export interface OutboxIo {
  /** False when there is no link. */
  send(frame: ClientFrame): boolean;
  nowMs(): number;
  later(ms: number, then: () => void): () => void;
  store: Pick<Storage, "getItem" | "setItem" | "removeItem">;
}

/** Below what the relay allows (10 a second, 30 at once), so that catching up is never refused. */
const PER_SECOND = 8;
const BURST = 20;
/** Commands without an answer at a time; the others wait in the queue. */
const IN_FLIGHT = 16;
/** Things waiting at once. Beyond it nothing is taken in: see `full`. */
export const CAPACITY = 500;
/** Refusals that pass by themselves: the relay restarts, or its disk is full. */
const PASSING: readonly ErrorCode[] = ["not_saved", "draining", "slow", "internal"];
/** A rate limit passes too, a full list does not; they have one code. */
const TOO_MANY_TRIES = 3;

export class Outbox {
  #items: readonly Item[] = [];
  #key: string | undefined;
  #live = false;
  #tokens = BURST;
  #tokensAtMs = 0;
  #tries = 0;
  #held = false;
  #cancel = () => {};

  constructor(
    readonly io: OutboxIo,
    readonly changed: (items: readonly Item[]) => void,
  ) {}

  get full(): boolean {
    return this.#items.filter((item) => item.stage !== "saved").length >= CAPACITY;
  }

  /**
   * Takes up what this person had left to send in this session, and what has been asked since. One who has come in as
   * somebody new takes along what was never sent, and notes and replies, which have ids of their own, unless the session
   * has them. Of all else that was sent nobody knows whether it was saved, and asked again it could be done twice.
   */
  open(session: string, participant: string, isKnown: (note: string) => boolean = () => false): void {
    const key = outboxKey(session, participant);
    if (key === this.#key) return;
    const isNew = this.#key !== undefined;
    if (this.#key) this.io.store.removeItem(this.#key);
    this.#key = key;
    const here = new Set(this.#items.map((item) => item.id));
    const mine = isNew ? this.#items.filter(({ asked }) => !isKnown(noteOf(asked) ?? "")).map(brought) : this.#items;
    this.#set([...this.#kept(key).filter((item) => !here.has(item.id)), ...mine]);
  }

  /** Takes over the words that somebody left unsent under another key; whoever sees them decides what becomes of them. */
  adopt(key: string, isKnown: (note: string) => boolean): void {
    const left = this.#kept(key).filter(({ asked }) => WORDS.includes(asked.type) && !isKnown(noteOf(asked) ?? ""));
    this.io.store.removeItem(key);
    this.#set([...this.#items, ...left.map((item): Item => ({ ...item, stage: "refused", code: "gone", why: LEFT }))]);
  }

  /** The link is up: whatever has no answer is sent again, in order. */
  live(): void {
    this.#live = true;
    this.#resend();
  }

  lost(): void {
    this.#live = false;
    this.#cancel();
    this.#set(this.#items.map((item) => (item.stage === "sent" ? { ...item, stage: "waiting" } : item)));
  }

  /** Gives the command's id; none when nothing more fits, or when what is good only now has no link to go over. */
  add(asked: Command): string | undefined {
    const now = this.io.nowMs();
    const soon = isForNow(asked);
    if (this.full || (soon && !this.#live)) return undefined;
    const item: Item = { id: newId(now), asked, madeMs: now, stage: "waiting", ...(soon && { goodUntilMs: now + GOOD_MS }) };
    this.#set([...this.#items, item]);
    this.#pump();
    return item.id;
  }

  /** Its `ok`, or an event that it caused. */
  handleOk(id: string, seq: number): void {
    if (!this.#items.some((item) => item.id === id && item.stage !== "saved")) return;
    this.#tries = 0;
    this.#change(id, { stage: "saved", seq, code: undefined, why: undefined });
    this.#pump();
  }

  handleErr(id: string, code: ErrorCode, msg: string): void {
    const item = this.#items.find((item) => item.id === id);
    if (item?.stage !== "sent") return;
    const passes = PASSING.includes(code) || (code === "too_many" && this.#tries < TOO_MANY_TRIES);
    this.#change(id, { stage: passes ? "waiting" : "refused", code, why: sentence(msg) });
    if (passes) this.#hold();
    else this.#pump();
  }

  /** The mirror has come so far: what is in it need not be shown as coming. */
  mirrored(seq: number): void {
    if (this.#items.some((item) => isIn(item, seq))) this.#set(this.#items.filter((item) => !isIn(item, seq)));
  }

  /** Drops what was refused. */
  dismiss(id: string): void {
    this.#set(this.#items.filter((item) => item.id !== id || item.stage !== "refused"));
  }

  /** After a passing refusal everything unanswered goes out again, in order, when the relay has had time. */
  #hold(): void {
    if (this.#held) return;
    this.#held = true;
    this.#cancel();
    this.#cancel = this.io.later(backoffMs(this.#tries), () => this.#resend());
    this.#tries += 1;
  }

  #resend(): void {
    this.#held = false;
    this.#cancel();
    const now = this.io.nowMs();
    const again = (item: Item): Item => (item.stage === "sent" || item.stage === "waiting" ? fresh(item, now) : item);
    this.#set(this.#items.map(again));
    this.#pump();
  }

  /** What waited for its turn for too long, or whose time a clock that was set back would stretch, is not sent any more. */
  #expire(): void {
    const now = this.io.nowMs();
    if (this.#items.some((item) => item.stage === "waiting" && isOver(item, now))) {
      this.#set(this.#items.map((item) => (item.stage === "waiting" ? fresh(item, now) : item)));
    }
  }

  #pump(): void {
    if (!this.#live || this.#held) return;
    const flying = this.#items.filter((item) => item.stage === "sent").length;
    this.#expire();
    const next = this.#items.find((item) => item.stage === "waiting");
    if (!next || flying >= IN_FLIGHT) return;
    const waitMs = this.#turn();
    if (waitMs > 0) {
      this.#cancel();
      this.#cancel = this.io.later(waitMs, () => this.#pump());
    } else if (this.io.send(command(next.id, next.asked))) {
      this.#change(next.id, { stage: "sent", wasSent: true });
      this.#pump();
    }
  }

  /** Takes a turn, or says how many ms it is until the next one. */
  #turn(): number {
    const now = this.io.nowMs();
    const since = Math.max(0, now - this.#tokensAtMs);
    this.#tokens = Math.min(BURST, this.#tokens + (since * PER_SECOND) / 1000);
    this.#tokensAtMs = now;
    if (this.#tokens < 1) return Math.ceil(((1 - this.#tokens) * 1000) / PER_SECOND);
    this.#tokens -= 1;
    return 0;
  }

  #change(id: string, change: Partial<Item>): void {
    this.#set(this.#items.map((item) => (item.id === id ? { ...item, ...change } : item)));
  }

  #set(items: readonly Item[]): void {
    this.#items = items;
    this.#keep();
    this.changed(items);
  }

  /** A browser that keeps nothing still sends; only a closed tab loses what waits. */
  #keep(): void {
    if (!this.#key) return;
    const left = this.#items.filter((item) => item.stage !== "saved");
    try {
      if (left.length === 0) this.io.store.removeItem(this.#key);
      else this.io.store.setItem(this.#key, JSON.stringify(left));
    } catch {
      /* Full or forbidden. */
    }
  }

  #kept(key: string): Item[] {
    try {
      const kept = JSON.parse(this.io.store.getItem(key) ?? "[]") as Item[];
      return kept.map((item) => (item.stage === "sent" ? { ...item, stage: "waiting" } : item));
    } catch {
      return [];
    }
  }
}

/** What is asked of one kind and is not in the session yet, oldest first: the newest says what its author wants by now. */
export function coming<T extends Command["type"]>(items: readonly Item[], type: T) {
  const isSuch = (item: Item): item is Item & { asked: Extract<Command, { type: T }> } => item.asked.type === type && item.stage !== "refused";
  return items.filter(isSuch);
}

/** What moves the machine or people, or sets what everybody may do. A test of the native client holds its own list to this one. */
const FOR_NOW: readonly Command["type"][] = [
  "take.arm",
  "take.roll",
  "take.stop",
  "take.cancel",
  "baton.take",
  "baton.give",
  "baton.reclaim",
  "lobby.admit",
  "lobby.deny",
  "session.open",
  "session.close",
  "session.policy",
  "participant.grant",
  "participant.kick",
  "participant.ban",
];

/** Whether it is meant now; everything else is as good later. */
export const isForNow = ({ type }: Command): boolean => FOR_NOW.includes(type);

/** Where somebody's outbox is kept. */
export const outboxKey = (session: string, participant: string): string => `farfield.outbox.${session}.${participant}`;

/** What would be missed: words. Changes of things are better made anew, in sight of the things. */
const WORDS: readonly Command["type"][] = ["note.add", "note.reply", "chat.say"];
const LEFT = "An earlier visit from this browser could not send it.";

const UNKNOWN = "You have come in as somebody new, so it is not known whether this was saved. Look, and ask again if it was not.";

const GOOD_MS = 15_000;
const TOO_LATE = "The connection was lost before the relay answered. See how things stand, and ask again if you still want it.";

/** Ready to go out again, unless its time is over. */
function fresh(item: Item, nowMs: number): Item {
  return isOver(item, nowMs) ? { ...item, stage: "refused", why: TOO_LATE } : { ...item, stage: "waiting" };
}

const isOver = ({ goodUntilMs, madeMs }: Item, nowMs: number): boolean =>
  goodUntilMs !== undefined && (nowMs > goodUntilMs || nowMs < madeMs);

/** As it is asked by somebody new. */
function brought(item: Item): Item {
  const again = item.stage === "refused" || item.stage === "saved" || !item.wasSent || noteOf(item.asked) !== undefined;
  return again ? item : { ...item, stage: "refused", code: "gone", why: UNKNOWN };
}

/** The id of the note that is made. */
function noteOf(asked: Command): string | undefined {
  return asked.type === "note.add" || asked.type === "note.reply" ? asked.data.note : undefined;
}

const isIn = (item: Item, seq: number): boolean => item.stage === "saved" && (item.seq ?? 0) <= seq;

/**
 * The page's link to the relay: one WebSocket at a time, opened again whenever it is lost, for as long as trying can
 * help. Time and sockets are handed in, so that tests run it in virtual time.
 */
import { CLOSE } from "../protocol.gen";
import { backoffMs } from "./backoff";
import { PATIENCE_MS, Refusal, sentence, WORDS } from "./entry";
import { absorb } from "./reducer";
import type { Command, ErrorCode, ClientFrame, Hello, LobbyWhy, Place, RelayFrame, Welcome } from "./types";
import { command, decode, encode, newId } from "./wire";

/** What is used of a `WebSocket`. */
export interface Socket {
  send(text: string): void;
  close(code?: number): void;
  onopen: ((event?: any) => void) | null;
  onmessage: ((event: any) => void) | null;
  onclose: ((event?: any) => void) | null;
}

export interface LinkIo {
  open(): Socket;
  now(): number;
  /** Calls back once after `ms`; the answer calls it off. */
  later(ms: number, then: () => void): () => void;
  hello(): Promise<Hello>;
}

export type LinkState =
  | { at: "connecting"; attempt: number }
  | { at: "live" }
  /** Somebody inside has to let one in. */
  | { at: "lobby"; title: string; why: LobbyWhy | undefined }
  | { at: "waiting"; attempt: number; why: string }
  /** One has left; `connect` comes back. */
  | { at: "left" }
  | { at: "refused"; why: string };

export interface LinkEvents {
  state(state: LinkState): void;
  welcome(welcome: Welcome): void;
  frame(frame: RelayFrame): void;
  pong(sentMs: number, receivedMs: number, relayMs: number): void;
  /** The way back was refused: the next `hello` needs a fresh ticket. */
  wayBackRefused(): void;
}

interface Pending {
  frame: ClientFrame;
  done(seq: number): void;
  failed(why: Refusal): void;
}

/** Quick pings find the clock's offset, slow ones keep it. */
const FIRST_PINGS = 5;
const FIRST_PING_MS = 150;
const PING_MS = 2000;
/** Four pings without an answer: the link is dead, whatever longer silence the relay allows. */
const SILENCE_MS = 4 * PING_MS;
/** Longest silence of the relay while one waits to be let in: three of its pings. */
const LOBBY_MS = 45_000;
const REPLACED_WORDS = "You are in this session in another tab or window, which goes on. Try again to come back here.";
/** Codes that pass by themselves, or by the fresh ticket that the next attempt brings. */
const PASSING: readonly ErrorCode[] = ["draining", "slow", "internal", "unauthorized", "not_saved"];
/** Codes after which the same `hello` cannot succeed, but a fresh ticket may. */
const NEEDS_TICKET: readonly ErrorCode[] = ["unauthorized", "unknown", "gone", "stale", "conflict"];

export class Link {
  #socket: Socket | undefined;
  #attempt = 0;
  #live = false;
  /** What has come of a welcome whose state is too large for one frame. */
  #partial: Welcome | undefined;
  #usedWayBack = false;
  /** The place in the log that has been handed on so far: what one comes back with. */
  #place: Place | undefined;
  #closed = false;
  #pending = new Map<string, Pending>();
  #pings = new Map<number, number>();
  #pingNumber = 0;
  #why = "";
  #refused: Refusal | undefined;
  #silenceMs = PATIENCE_MS;
  #cancelRetry = () => {};
  #cancelPing = () => {};
  #cancelSilence = () => {};

  constructor(
    readonly io: LinkIo,
    readonly on: LinkEvents,
  ) {}

  /** Connects, now. Also ends a wait between attempts early. */
  connect(): void {
    if (this.#closed || this.#socket) return;
    this.#cancelRetry();
    this.on.state({ at: "connecting", attempt: this.#attempt });
    void this.#open();
  }

  /** Sends now, or not at all when there is no link: for what is worth telling only now. */
  tell(frame: ClientFrame): boolean {
    if (this.#live) this.#socket?.send(encode(frame));
    return this.#live;
  }

  /** Asks until there is an answer, over as many links as it takes. */
  request(asked: Command): Promise<number> {
    const id = newId();
    const frame = command(id, asked);
    return new Promise((done, failed) => {
      this.#pending.set(id, { frame, done, failed });
      this.tell(frame);
    });
  }

  /** Tells the relay that one leaves for good, so that the others see it at once. `connect` comes back. */
  leave(): void {
    this.#cancelRetry();
    const socket = this.#socket;
    if (socket?.close) {
      socket.onclose = null;
      socket.close(CLOSE.left);
    }
    this.#end();
    this.#refuseAll("You have left the session.");
    this.on.state({ at: "left" });
  }

  async #open(): Promise<void> {
    const opening = {} as Socket;
    this.#socket = opening;
    try {
      const hello = await this.io.hello();
      if (this.#closed || this.#socket !== opening) return;
      this.#usedWayBack = hello.resume != null;
      this.#attach(this.io.open(), this.#withPlace(hello));
    } catch (error) {
      if (this.#socket !== opening) return;
      this.#socket = undefined;
      if (error instanceof Refusal && error.final) return this.#refuse(error.message);
      this.#retry(error instanceof Error ? error.message : "");
    }
  }

  /** Who comes back as who they were is told only what is missing. */
  #withPlace(hello: Hello): Hello {
    if (!hello.resume) this.#place = undefined;
    return this.#place && hello.resume ? { ...hello, resume: { ...hello.resume, known: this.#place } } : hello;
  }

  #attach(socket: Socket, hello: Hello): void {
    this.#socket = socket;
    this.#silenceMs = PATIENCE_MS;
    this.#partial = undefined;
    this.#refused = undefined;
    this.#why = "";
    this.#heard();
    socket.onopen = () => socket.send(encode({ t: "hello", ...hello }));
    socket.onmessage = (message: { data: unknown }) => this.#handle(decode(message.data));
    socket.onclose = (event?: { code: number }) => this.#lost(event?.code);
  }

  #handle(frame: RelayFrame | undefined): void {
    this.#heard();
    if (!frame) return;
    if (frame.t === "welcome") this.#welcomed(frame);
    else if (frame.t === "ev") this.#happened(frame);
    else if (frame.t === "lobby") this.#waits(frame.title, frame.why ?? undefined);
    else if (frame.t === "ping") this.#socket?.send(encode({ t: "pong", n: frame.n }));
    else if (frame.t === "pong") this.#ponged(frame.n, frame.at_us);
    else if (frame.t === "ok" && this.#pending.has(frame.id)) this.#settle(frame.id, (pending) => pending.done(frame.seq));
    else if (frame.t === "err" && this.#isOurs(frame.id)) this.#erred(frame.id ?? undefined, frame.code, frame.msg);
    else this.on.frame(frame);
  }

  #welcomed(part: Welcome): void {
    const before = this.#partial;
    const whole = before?.state && part.state && absorb(before.state, part.state);
    const welcome = whole ? { ...part, state: whole } : part;
    this.#partial = part.more ? welcome : undefined;
    if (part.more) return;
    this.#place = { log: welcome.log, seq: welcome.seq, hash: welcome.hash };
    this.#live = true;
    this.#attempt = 0;
    this.#silenceMs = Math.min(3 * welcome.ping_ms, SILENCE_MS);
    this.#heard();
    this.on.state({ at: "live" });
    this.on.welcome(welcome);
    for (const pending of this.#pending.values()) this.tell(pending.frame);
    this.#ping(FIRST_PINGS);
  }

  /** Hands an event on if it is the next one. One that does not follow is asked for again on a new link. */
  #happened(event: Extract<RelayFrame, { t: "ev" }>): void {
    const known = this.#place;
    if (!known || event.seq <= known.seq) return;
    if (event.seq !== known.seq + 1 || event.prev !== known.hash) return this.#drop();
    this.#place = { log: known.log, seq: event.seq, hash: event.hash };
    this.on.frame(event);
  }

  #waits(title: string, why: LobbyWhy | undefined): void {
    this.#silenceMs = LOBBY_MS;
    this.#heard();
    this.on.state({ at: "lobby", title, why });
  }

  #erred(id: string | undefined, code: ErrorCode, msg: string): void {
    if (id) return this.#settle(id, (pending) => pending.failed(new Refusal(code, msg, true)));
    this.#why = msg;
    const final = this.#live ? code === "gone" || code === "unauthorized" : !this.#usedWayBack && !PASSING.includes(code);
    this.#refused = new Refusal(code, WORDS[code] ?? sentence(msg), final);
    if (!this.#live && this.#usedWayBack && NEEDS_TICKET.includes(code)) this.on.wayBackRefused();
    if (!this.#live) this.#drop();
  }

  /** About the link itself, or about what was requested here. Other answers go to whoever told the command. */
  #isOurs(id: string | null | undefined): boolean {
    return id == null || this.#pending.has(id);
  }

  #settle(id: string, how: (pending: Pending) => void): void {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    if (pending) how(pending);
  }

  #ping(quick: number): void {
    this.#pingNumber = (this.#pingNumber + 1) >>> 0;
    this.#pings.set(this.#pingNumber, this.io.now());
    this.tell({ t: "ping", n: this.#pingNumber });
    this.#cancelPing = this.io.later(quick > 1 ? FIRST_PING_MS : PING_MS, () => this.#ping(quick - 1));
  }

  #ponged(n: number, atUs: number): void {
    const sent = this.#pings.get(n);
    if (sent === undefined) return;
    this.#pings.clear();
    this.on.pong(sent, this.io.now(), atUs / 1000);
  }

  /** Anything at all arrived: the link lives. */
  #heard(): void {
    this.#cancelSilence();
    this.#cancelSilence = this.io.later(this.#silenceMs, () => this.#drop());
  }

  #drop(): void {
    const socket = this.#socket;
    if (!socket?.close) return;
    socket.onclose = null;
    socket.close();
    this.#lost();
  }

  #lost(code?: number): void {
    const wasLive = this.#live;
    this.#end();
    if (this.#closed) return;
    if (code === CLOSE.replaced) return this.#refuse(REPLACED_WORDS);
    if (this.#refused?.final) return this.#refuse(this.#refused.message);
    this.#attempt = wasLive ? 0 : this.#attempt;
    this.#retry(this.#why);
  }

  #end(): void {
    this.#live = false;
    this.#socket = undefined;
    this.#pings.clear();
    this.#cancelPing();
    this.#cancelSilence();
  }

  #retry(why: string): void {
    const attempt = this.#attempt;
    this.#attempt += 1;
    this.on.state({ at: "waiting", attempt, why });
    this.#cancelRetry = this.io.later(backoffMs(attempt), () => this.connect());
  }

  #refuse(why: string): void {
    this.#closed = true;
    this.#refuseAll(why);
    this.on.state({ at: "refused", why });
  }

  #refuseAll(why: string): void {
    const refusal = new Refusal("gone", why, true);
    for (const id of [...this.#pending.keys()]) this.#settle(id, (pending) => pending.failed(refusal));
  }
}

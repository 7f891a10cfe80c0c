/** The desk: everything that the page shows, and the few things that one can do. */
import { RelayClock } from "../lib/clock";
import { helloFor, postJson } from "../lib/entry";
import { PageEar } from "../lib/heard/ear";
import { loadReaction } from "../lib/heard/reaction";
import type { Heard } from "../lib/heard/types";
import { Link, type LinkState } from "../lib/link";
import { Media, type MediaState } from "../lib/media";
import { emptyMirror, follow, replaced } from "../lib/mirror";
import { audience, people } from "../lib/people";
import { saveSeat, type Invitation, type Seat } from "../lib/seat";
import type { Health as HealthMessage, PeerNews, Presence, RelayFrame, Slot, Welcome } from "../lib/types";
import { newId } from "../lib/wire";
import { SUBPROTOCOL } from "../protocol.gen";
import { ArrivalBoard } from "./arrivals.svelte";
import { Health, mainSlot } from "./health.svelte";
import { Invites } from "./invites.svelte";
import { Journal } from "./journal.svelte";
import { Sound } from "./sound.svelte";
import { Talkback } from "./talkback.svelte";

export type Phase = "outside" | "joining" | "inside" | "left" | "refused";

/** Seconds that the relay may take to see a peer of ours that we see connected. */
const UNSEEN_S = 4;
const TALK_FORMAT = { channels: 1, frame_us: 20_000, bitrate: 48_000, redundancy: 0, rate: 48_000 };

/** News that come within so long of each other are told together. */
const TOGETHER_MS = 1_000;

export class Desk {
  phase = $state<Phase>("outside");
  refusal = $state("");
  link = $state.raw<LinkState>({ at: "connecting", attempt: 0 });
  media = $state.raw<MediaState>({ at: "connecting" });
  #mirror = $state.raw(emptyMirror());
  session = $derived(this.#mirror.state);
  /** Something happened that this page does not know: what it shows stands still. */
  outdated = $derived(this.#mirror.outdated);
  presence = $state.raw<Presence[]>([]);
  self = $state("");
  talkStream = $state<string | undefined>(undefined);
  /** What has just changed for the better or among the people, for the status region. */
  news = $state("");
  #newsAt = -Infinity;

  readonly #arrivals = new ArrivalBoard();
  people = $derived(people(this.session, this.presence, this.self, this.#arrivals.all));
  hearsMe = $derived(this.talkStream ? audience(this.session, this.presence, this.talkStream) : "");
  publishers = $derived(this.people.filter((one) => one.publishes.includes("program")).map((one) => one.name));

  readonly sound: Sound;
  readonly talkback: Talkback;
  readonly health: Health;
  readonly journal: Journal;
  readonly invites: Invites;
  readonly ear: PageEar;
  /** What notes are pinned to: the ear, unless a scene has its own. */
  heard: Heard;
  readonly #relay = new RelayClock();
  readonly #media: Media;
  readonly #link: Link;
  #seat: Seat;
  #slots: readonly Slot[] = [];
  #log = "";
  #unseen = 0;
  /** Back on a new link, and not told yet that the relay still has our peer connection. */
  #unconfirmed = false;

  constructor(invitation: Invitation, kept: Seat | undefined, home: HTMLElement) {
    this.#seat = kept ?? { invitation, name: "", peer: 0 };
    this.sound = new Sound(home);
    this.#media = new Media({
      state: (state) => (this.media = state),
      slots: (slots) => this.#carry(slots),
      offer: (offer) => this.#link.tell({ t: "sdp", ...offer }),
      nextPeer: () => this.#nextPeer(),
    });
    this.#link = this.#makeLink();
    this.talkback = new Talkback({
      sends: (track) => this.#media.setTalkTrack(track),
      tell: (on) => this.#link.tell({ t: "eph", type: "talk", data: { on } }),
      duck: (on) => this.sound.duck(on),
      allowed: () => void this.sound.findOutputs(),
    });
    this.health = this.#makeHealth();
    this.ear = this.#makeEar();
    this.heard = this.ear;
    this.journal = this.#makeJournal();
    this.invites = this.#makeInvites();
    addEventListener("online", () => this.#inside && this.#link.connect());
    addEventListener("pagehide", () => this.#inside && this.#link.leave());
    // A page that the browser kept and shows again has left: it begins anew.
    addEventListener("pageshow", (event) => event.persisted && location.reload());
  }

  get name(): string {
    return this.#seat.name;
  }

  /** Call it from the click: sound may begin only then. */
  join(name: string): void {
    if (name !== this.#seat.name) delete this.#seat.resume;
    this.#seat.name = name;
    this.#keepSeat();
    this.phase = "joining";
    this.sound.unlock();
    this.#link.connect();
  }

  /** Out, for good: the others see it at once. `join` comes back. */
  leave(): void {
    this.phase = "left";
    this.#link.leave();
    this.#fallSilent();
  }

  get #inside(): boolean {
    return this.phase === "inside" || this.phase === "joining";
  }

  #fallSilent(): void {
    this.talkback.releaseAll();
    this.#media.stop();
  }

  #makeLink(): Link {
    const place = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws`;
    return new Link(
      {
        open: () => new WebSocket(place, SUBPROTOCOL),
        now: () => performance.now(),
        later: (ms, then) => {
          const timer = setTimeout(then, ms);
          return () => clearTimeout(timer);
        },
        hello: () => helloFor(postJson, this.#seat),
      },
      {
        state: (state) => this.#linked(state),
        welcome: (welcome) => void this.#welcomed(welcome),
        frame: (frame) => this.#handle(frame),
        pong: (...pong) => this.#relay.handlePong(...pong),
        wayBackRefused: () => delete this.#seat.resume,
      },
    );
  }

  #makeHealth(): Health {
    return new Health({
      media: this.#media,
      relay: this.#relay,
      slots: () => this.#slots,
      state: () => this.session,
      webAudioLatencyMs: () => this.sound.latencyMs,
      tell: (data) => {
        this.#link.tell({ t: "eph", type: "health", data });
        this.#arrived(this.self, data);
      },
      second: () => this.#second(),
    });
  }

  #makeEar(): PageEar {
    return new PageEar({
      heard: (mid) => this.#media.heard(mid),
      stats: () => this.#media.stats(),
      main: () => mainSlot(this.#slots, this.session),
      streams: () => this.session.streams,
      clock: (stream) => this.health.clock(stream),
      relay: this.#relay,
      webAudioLatencyMs: () => this.sound.latencyMs,
      outputLabel: () => this.sound.outputLabel,
      reactionMs: () => loadReaction(localStorage),
      held: () => this.sound.held,
    });
  }

  #makeJournal(): Journal {
    return new Journal({
      state: () => this.session,
      outdated: () => this.outdated,
      self: () => this.self,
      heard: () => this.heard,
      nowMs: () => this.nowMs,
      tell: (frame) => this.#link.tell(frame),
      news: (text) => this.#say(text),
    });
  }

  #makeInvites(): Invites {
    return new Invites(
      {
        post: postJson,
        by: () => this.#seat,
        why: this.journal.why,
        ask: this.journal.ask,
        news: (text) => this.#say(text),
        keep: (links) => {
          this.#seat.links = links;
          this.#keepSeat();
        },
      },
      this.#seat.links ?? {},
    );
  }

  /** The relay's time in Unix ms, as well as it is known. */
  get nowMs(): number {
    return this.#relay.known ? this.#relay.toRelay(performance.now()) : Date.now();
  }

  /** Says something in passing; what comes at the same time stands behind it instead of in its place. */
  #say(text: string): void {
    const now = performance.now();
    const together = this.news !== "" && now - this.#newsAt < TOGETHER_MS;
    this.news = together ? `${this.news} ${text}` : text;
    if (!together) this.#newsAt = now;
  }

  #linked(state: LinkState): void {
    this.link = state;
    if (state.at !== "live") this.journal.lost();
    if (state.at !== "refused") return;
    this.refusal = state.why;
    this.phase = "refused";
    this.#fallSilent();
  }

  async #welcomed(welcome: Welcome): Promise<void> {
    const { session, participant, resume, state, log } = welcome;
    const samePlace = participant === this.self && log === this.#log;
    const back = this.phase === "inside";
    this.#seat.resume = { session, participant, secret: resume };
    this.#keepSeat();
    this.#log = log;
    this.self = participant;
    this.#mirror = replaced(this.#mirror, state);
    if (!samePlace) this.#relay.reset();
    if (back) this.#say(samePlace ? "You are back." : "The relay restarted; you are back, nothing saved was lost.");
    this.phase = "inside";
    this.talkback.repeat();
    this.journal.opened(session, participant, welcome.seq);
    await this.#meet(welcome, samePlace);
  }

  /**
   * Opens the talkback stream if one may and it is not open, and makes the peer connection if there is none. One that
   * carries sound goes on over a lost link, if the relay still has it.
   */
  async #meet(welcome: Welcome, samePlace: boolean): Promise<void> {
    const stream = welcome.grants.includes("publish:talk") ? this.#talkId(welcome.participant) : undefined;
    if (!stream && this.talkStream) this.#talkAs(undefined);
    const wasOpen = !stream || this.session.streams[stream]?.open === true;
    this.#unconfirmed = samePlace && wasOpen && this.#media.connected;
    if (this.#unconfirmed) return;
    if (stream && !wasOpen) await this.#openTalk(stream);
    if (this.phase !== "inside") return;
    this.talkStream = stream;
    this.#media.start(stream);
  }

  /**
   * One's grants were changed while one is in: the talk button comes and goes with its stream, and what one hears goes on
   * over the same peer connection.
   */
  async #regranted(): Promise<void> {
    const mayTalk = () => this.session.participants[this.self]?.grants.includes("publish:talk") === true;
    if (mayTalk() === (this.talkStream !== undefined)) return;
    if (!mayTalk()) return this.#talkAs(undefined);
    const stream = this.#talkId(this.self);
    await this.#openTalk(stream);
    if (mayTalk() && this.talkStream === undefined) this.#talkAs(stream);
  }

  #talkAs(stream: string | undefined): void {
    if (!stream) this.talkback.releaseAll();
    this.talkStream = stream;
    this.#media.carryTalk(stream);
  }

  #talkId(participant: string): string {
    const kept = this.#seat.talk;
    const talk = kept?.participant === participant ? kept : { participant, stream: newId() };
    this.#seat.talk = talk;
    this.#keepSeat();
    return talk.stream;
  }

  async #openTalk(stream: string): Promise<void> {
    const data = { stream, kind: "talkback", label: "Talkback", format: TALK_FORMAT } as const;
    await this.#link.request({ type: "stream.open", data }).catch(() => {});
  }

  #handle(frame: RelayFrame): void {
    if (frame.t === "ev") this.#happened(frame);
    else if (frame.t === "ok" || frame.t === "err") this.journal.handle(frame);
    else if (frame.t === "pres") this.#present(frame.people);
    else if (frame.t === "sdp") this.#handleNews(frame);
    else if (frame.t === "ice") this.#media.handleCandidate(frame.peer, frame.candidate);
    else if (frame.t === "eph" && frame.type === "clock") this.health.handleClock(frame.data);
    else if (frame.t === "eph" && frame.type === "health") this.#arrived(frame.from, frame.data);
  }

  #handleNews(news: PeerNews): void {
    if (news.kind === "slots" && this.#media.isCurrent(news.peer)) this.#unconfirmed = false;
    this.#media.handleNews(news);
  }

  /** A relay that still has our peer connection says so before it says who is here. */
  #present(people: Presence[]): void {
    this.presence = people;
    if (this.#unconfirmed) this.#media.restart();
    this.#unconfirmed = false;
  }

  #arrived(at: string, how: HealthMessage): void {
    const kind = this.session.streams[how.stream]?.kind;
    if (kind === "program" || kind === "mic") this.#arrivals.handle(at, how);
  }

  #happened(event: Extract<RelayFrame, { t: "ev" }>): void {
    const before = this.session;
    this.#mirror = follow(this.#mirror, event);
    if (this.outdated) return;
    if (event.type === "participant.join" && event.data.participant !== this.self) {
      this.#say(`${event.data.name} is here.`);
    } else if (event.type === "participant.leave") {
      this.#say(`${before.participants[event.data.participant]?.name ?? "Somebody"} left.`);
    }
    this.journal.happened(before, event);
    if (event.type.startsWith("stream.")) this.#carry(this.#slots);
    if (event.type === "participant.grant" && event.data.participant === this.self) void this.#regranted();
  }

  #carry(slots: readonly Slot[]): void {
    this.#slots = slots;
    this.ear.handleSlots(slots);
    const playing = slots.flatMap(({ mid, stream }) => {
      const track = this.#media.track(mid);
      const kind = this.session.streams[stream]?.kind;
      return track && kind ? [{ stream, kind, track }] : [];
    });
    this.sound.show(playing);
  }

  #nextPeer(): number {
    this.#seat.peer += 1;
    this.#keepSeat();
    return this.#seat.peer;
  }

  /** A relay that came back may have forgotten a peer connection that looks well from here. */
  #second(): void {
    this.sound.checkOutput();
    this.#arrivals.forgetOld();
    const me = this.presence.find((one) => one.participant === this.self);
    const unseen = this.link.at === "live" && this.#media.connected && me?.media === false;
    this.#unseen = unseen ? this.#unseen + 1 : 0;
    if (this.#unseen < UNSEEN_S) return;
    this.#unseen = 0;
    this.#media.restart();
  }

  #keepSeat(): void {
    saveSeat(sessionStorage, this.#seat);
  }
}

/**
 * A relay of cardboard, in the page: it answers the page's frames, folds its events with the page's own reducer and lets
 * the page's own gate decide. It proves nothing about the relay; it brings the desk into any state by written scenes.
 */
import { rejection } from "../src/lib/gate";
import { emptyState, reduce } from "../src/lib/reducer";
import type { ClientFrame, Command, Presence, Recorded, RelayFrame, SessionState } from "../src/lib/types";
import { ID, ME, PRESETS, PROGRAM, CAST } from "./people";
import type { Role } from "../src/lib/types";

type Body = { type: Recorded["type"]; data: unknown };
type Heard = { onopen: (() => void) | null; onmessage: ((event: { data: string }) => void) | null; onclose: (() => void) | null };

export class CardboardRelay {
  state: SessionState = emptyState();
  seq = 0;
  /** How long an answer takes, in ms; none keeps the relay silent. */
  latencyMs: number | undefined = 40;
  /** Nothing is saved while the disk is full. */
  full = false;
  up = true;
  talk = "";
  #links = 0;
  #sockets = new Set<Heard>();
  #done = new Map<string, RelayFrame>();

  constructor(
    readonly role: Role,
    readonly answerOffer: (sdp: string) => Promise<string>,
  ) {}

  /** Takes the place of the browser's sockets and of the way in. */
  install(): void {
    const relay = this;
    const Socket = class {
      onopen: (() => void) | null = null;
      onmessage: ((event: { data: string }) => void) | null = null;
      onclose: (() => void) | null = null;
      constructor() {
        setTimeout(() => (relay.up ? (relay.#sockets.add(this), this.onopen?.()) : this.onclose?.()));
      }
      send(text: string): void {
        if (relay.#sockets.has(this)) void relay.#handle(this, JSON.parse(text) as ClientFrame);
      }
      close(): void {
        relay.#sockets.delete(this);
      }
    };
    window.WebSocket = Socket as unknown as typeof WebSocket;
    const fetch = window.fetch;
    window.fetch = async (input, init) =>
      String(input).startsWith("/api/") ? Response.json(relay.#called(String(input))) : fetch(input, init);
  }

  /** Answers a call under `/api/v1`: a ticket, or a link. */
  #called(path: string): object {
    this.#links += 1;
    return path.endsWith("/invites") ? { link: `https://studio.example/i/${ID(2000 + this.#links)}#${"A".repeat(22)}` } : { ticket: "t" };
  }

  cut(): void {
    this.up = false;
    for (const socket of this.#sockets) socket.onclose?.();
    this.#sockets.clear();
  }

  mend(): void {
    this.up = true;
    dispatchEvent(new Event("online"));
  }

  /** Something that somebody else did: recorded, folded, told to everybody. */
  happen(by: string | null, type: Recorded["type"], data: unknown, at = Date.now(), id: string | null = null, more: object = {}): void {
    this.seq += 1;
    const event = { seq: this.seq, id, by, at, type, data, ...more } as Recorded;
    this.state = reduce(this.state, event);
    this.#tell({ t: "ev", prev: hash(this.seq - 1), hash: hash(this.seq), ...event } as RelayFrame);
  }

  #tell(frame: RelayFrame): void {
    for (const socket of this.#sockets) socket.onmessage?.({ data: JSON.stringify(frame) });
  }

  async #handle(socket: Heard, frame: ClientFrame): Promise<void> {
    const say = (frame: unknown) => this.#sockets.has(socket) && socket.onmessage?.({ data: JSON.stringify(frame) });
    if (frame.t === "hello") this.#greet(say);
    else if (frame.t === "ping") say({ t: "pong", n: frame.n, at_us: Date.now() * 1000 });
    else if (frame.t === "cmd" && this.latencyMs !== undefined) setTimeout(() => say(this.#answer(frame)), this.latencyMs);
    else if (frame.t === "sdp") await this.#meet(frame.peer, frame.sdp, say);
  }

  #greet(say: (frame: unknown) => void): void {
    say({
      t: "welcome", v: 1, session: ID(8), participant: ME, role: this.role, grants: PRESETS[this.role], resume: "r", log: ID(7),
      seq: this.seq, hash: hash(this.seq), state: this.state, ping_ms: 60_000, more: false,
    });
    this.present();
  }

  present(): void {
    this.#tell({ t: "pres", people: presence(this.talk) });
    const health = { stream: PROGRAM, buffer_ms: 30, received: 100, lost: 0, concealed: 0, played: 48_000, doubt_ms: 4 };
    for (const [who, late] of [[CAST[1]!.id, 188], [CAST[3]!.id, 342]] as const) {
      this.#tell({ t: "eph", from: who, type: "health", data: { ...health, delay_ms: late, concealed: late > 200 ? 90 : 0 } } as RelayFrame);
    }
  }

  #answer(frame: Extract<ClientFrame, { t: "cmd" }>): RelayFrame {
    const known = this.#done.get(frame.id);
    if (known) return known;
    const { id, t: _, ...asked } = frame;
    if (this.full) return { t: "err", id, code: "not_saved", msg: "the relay's disk is full; ask whoever runs it to free some space" };
    const no = rejection(this.state, ME, asked);
    if (no) return { t: "err", id, code: no.code, msg: no.why };
    // The answer goes first, then what happened, as with the relay.
    const answer: RelayFrame = { t: "ok", id, seq: this.seq + events(this.state, asked).length };
    setTimeout(() => {
      for (const { type, data } of events(this.state, asked)) this.happen(ME, type, data, Date.now(), id);
      if (asked.type === "stream.open") this.talk = asked.data.stream;
    });
    this.#done.set(id, answer);
    return answer;
  }

  async #meet(peer: number, sdp: string, say: (frame: unknown) => void): Promise<void> {
    const slots = [{ mid: "0", stream: PROGRAM, source: 7, ssrc: 9, offset: 0 }];
    say({ t: "sdp", kind: "answer", peer, sdp: await this.answerOffer(sdp) });
    say({ t: "sdp", kind: "slots", peer, slots, missing: [] });
  }
}

const hash = (seq: number): string => String(seq).padStart(64, "0");

const presence = (talk: string): Presence[] => [
  { participant: ME, client: "page", hears: [PROGRAM], talking: false, media: true },
  { participant: CAST[0]!.id, client: "native", hears: [talk], talking: true, media: true },
  { participant: CAST[1]!.id, client: "page", hears: [PROGRAM, talk], talking: false, media: true },
  { participant: CAST[2]!.id, client: "native", hears: [PROGRAM], talking: false, media: true },
  { participant: CAST[3]!.id, client: "page", hears: [PROGRAM, talk], talking: false, media: true },
  { participant: CAST[4]!.id, client: "page", hears: [], talking: false, media: false },
];

/** What a granted command comes to, as far as the scenes need it. */
function events(state: SessionState, { type, data }: Command): Body[] {
  const live = state.takes.find((take) => take.phase === "armed" || take.phase === "rolling")?.number;
  const take = (n: number) => state.takes[n - 1]!;
  const flag = { "take.circle": "circled", "take.hero": "hero", "take.false_start": "false_start", "take.wild": "wild" } as const;
  switch (type) {
    case "take.arm":
      return [{ type, data: { take: state.takes.length + 1, slate: data.slate, only: null } }];
    case "take.roll": {
      const arm: Body[] = live === undefined ? [{ type: "take.arm", data: { take: state.takes.length + 1, slate: data.slate ?? "", only: null } }] : [];
      return [...arm, { type, data: { take: live ?? state.takes.length + 1 } }];
    }
    case "take.stop":
      return [{ type, data: { take: live } }, { type: "take.submit", data: { take: live } }];
    case "take.verdict":
      return [{ type, data: { ...data, audio: [], was: { verdict: take(data.take).verdict, decision: take(data.take).decision } } }];
    case "take.vote":
      return [{ type, data: { ...data, participant: ME } }];
    case "take.circle":
    case "take.hero":
    case "take.false_start":
    case "take.wild":
      return [{ type: "take.flag", data: { take: data.take, flag: flag[type], on: data.on } }];
    case "take.slate":
      return [{ type, data: { ...data, was: take(data.take).slate } }];
    case "note.edit":
      return [{ type, data: { ...data, was: state.notes[data.note]!.wording } }];
    case "note.status":
      return [{ type, data: { ...data, was: state.notes[data.note]!.status } }];
    case "note.assign":
      return [{ type, data: { ...data, was: state.notes[data.note]!.assignee } }];
    case "note.retract":
      return [{ type, data: { note: data.note, retracted: true } }];
    case "note.reply": {
      const { wording, ...root } = state.notes[data.parent]!;
      const { reaction_ms, uncertainty_ms, concealed } = root;
      return [{ type: "note.add", data: { ...data, on: wording.on, reaction_ms, uncertainty_ms, concealed, tag: null, severity: "info" } }];
    }
    case "baton.take":
    case "baton.reclaim":
      return [{ type: "baton.pass", data: { to: ME, why: "taken", lease_ms: 600_000 } }];
    case "baton.give":
      return [{ type: "baton.pass", data: { to: data.to ?? null, why: "given", lease_ms: 600_000 } }];
    case "participant.grant":
      return [{ type, data: { ...data, was: state.participants[data.participant]!.grants } }];
    case "participant.kick":
      return [{ type, data }, { type: "participant.leave", data: { participant: data.participant } }];
    case "lobby.admit":
      return [{ type, data }, { type: "participant.join", data: { participant: data.participant, ...state.lobby[data.participant]! } }];
    case "session.consent":
      return [{ type, data: { participant: ME, given: data.given } }];
    case "session.policy":
      return [{ type, data: { ...data, was: state.policy } }];
    case "session.song":
      return [{ type, data: { ...data, was: state.song } }];
    case "stream.open":
      return [{ type, data: { ...data, participant: ME } }];
    case "mix.add":
      return [{ type, data: { ...data, mix: state.mixes.length + 1 } }];
    case "credit.set":
      return [{ type, data: { credit: data.credit, was: state.credits[data.credit.id] ?? null } }];
    case "credit.remove":
      return [{ type, data: { credit: data.credit, was: state.credits[data.credit] } }];
    case "undo":
      return [{ type, data }, ...back(state, data.of)];
    default:
      return [{ type: type as Recorded["type"], data }];
  }
}

function back(state: SessionState, of: number): Body[] {
  const change = state.undoable.find((change) => change.seq === of)?.event;
  if (change?.type === "take.flag") return [{ type: change.type, data: { ...change.data, on: !change.data.on } }];
  if (change?.type === "note.add") return [{ type: "note.retract", data: { note: change.data.note, retracted: true } }];
  if (change?.type === "take.verdict") {
    const { take, was, verdict, audio } = change.data;
    const { reason = "", stamp: decided = null } = was.decision ?? {};
    const now = state.takes[take - 1]?.decision ?? null;
    return [{ type: change.type, data: { take, verdict: was.verdict, reason, decided, audio, was: { verdict, decision: now } } }];
  }
  return [];
}

/** The session's journal at this desk: what is in it, what is on its way into it, and what somebody is looking at. */
import type { Heard } from "../lib/heard/types";
import { blocked, forbidden, plainly } from "../lib/gate";
import { grantNews } from "../lib/grants";
import { OUTDATED } from "../lib/mirror";
import { grouped, NO_FILTER, passes, views, type Filter } from "../lib/notes";
import { CAPACITY, isForNow, Outbox, outboxKey, type Item } from "../lib/outbox";
import { nameOf, natural, VERDICTS } from "../lib/takes";
import type { Action, ClientFrame, Command, RelayFrame, SessionState, Verdict } from "../lib/types";
import { announced, undoes } from "../lib/words";
import { Composer } from "./notes/composer.svelte";

export type Tab = "notes" | "takes" | "people" | "chat";

/** Something that takes more than a click: a second thought, mostly with a reason. */
export interface Asking {
  title: string;
  /** What it means, and what has changed since the dialog opened. */
  hint(): string;
  /** What the reason's field is called; none where no reason is kept. */
  field?: string;
  action: string;
  danger?: boolean;
  command(reason: string): Command;
}

export interface JournalIo {
  state(): SessionState;
  /** Whether the state stands still, because this page is too old for what happened. */
  outdated(): boolean;
  self(): string;
  heard(): Heard;
  /** The relay's time in Unix ms, as well as it is known. */
  nowMs(): number;
  tell(frame: ClientFrame): boolean;
  news(text: string): void;
}

type Event = Extract<RelayFrame, { t: "ev" }>;

const SAID_KEPT = 20;

export class Journal {
  items = $state.raw<readonly Item[]>([]);
  filter = $state.raw<Filter>(NO_FILTER);
  tab = $state<Tab>("notes");
  chosenTake = $state<number | undefined>(undefined);
  chosenNote = $state<string | undefined>(undefined);
  asking = $state.raw<Asking | undefined>(undefined);
  /** Sentences for screen readers, the newest last. */
  said = $state.raw<readonly { key: number; text: string }[]>([]);
  urgent = $state("");
  /** Sentences of the chat that nobody has looked at. */
  unread = $state(0);

  state = $derived.by(() => this.io.state());
  me = $derived.by(() => this.io.self());
  notes = $derived.by(() => views(this.state, this.items, this.me));
  shown = $derived.by(() => this.notes.filter((view) => passes(view, this.filter, this.me)));
  groups = $derived.by(() => grouped(this.state, this.shown));
  /** The take that keys act on. */
  take = $derived.by(() => (this.chosenTake && this.state.takes[this.chosenTake - 1]) || natural(this.state));
  waiting = $derived.by(() => this.items.filter((item) => item.stage === "waiting" || item.stage === "sent"));
  /** The newest thing that one has changed and that can be put back. */
  undoable = $derived.by(() => this.state.undoable.filter((change) => change.by === this.me).at(-1));
  refused = $derived.by(() => this.items.filter((item) => item.stage === "refused"));

  readonly composer: Composer;
  readonly #outbox: Outbox;
  #said = 0;
  #lock = "";

  constructor(readonly io: JournalIo) {
    this.composer = new Composer(this);
    this.#outbox = new Outbox(
      {
        send: (frame) => io.tell(frame),
        nowMs: () => Date.now(),
        later: (ms, then) => {
          const timer = setTimeout(then, ms);
          return () => clearTimeout(timer);
        },
        store: localStorage,
      },
      (items) => (this.items = items),
    );
    addEventListener("beforeunload", (event) => this.waiting.length > 0 && event.preventDefault());
  }

  /** The link is up and the state has come. */
  opened(session: string, participant: string, seq: number): void {
    this.#outbox.open(session, participant, (id) => id in this.state.notes);
    this.#outbox.mirrored(seq);
    this.#outbox.live();
    void this.#findLeft(session, participant);
  }

  /** What an earlier visit in this browser left unsent, as somebody else in the session; none that is open elsewhere. */
  async #findLeft(session: string, participant: string): Promise<void> {
    const own = outboxKey(session, participant);
    if (!navigator.locks || own === this.#lock) return;
    this.#lock = own;
    void navigator.locks.request(own, () => new Promise(() => {}));
    const others = Object.keys(localStorage).filter((key) => key.startsWith(outboxKey(session, "")) && key !== own);
    for (const key of others) {
      await navigator.locks.request(key, { ifAvailable: true }, (lock) => lock && this.#outbox.adopt(key, (id) => id in this.state.notes));
    }
  }

  lost = (): void => this.#outbox.lost();

  handle(answer: Extract<RelayFrame, { t: "ok" | "err" }>): void {
    if (answer.t === "ok") return this.#outbox.handleOk(answer.id, answer.seq);
    if (answer.id != null) this.#outbox.handleErr(answer.id, answer.code, answer.msg);
  }

  happened(before: SessionState, event: Event): void {
    // What has happened is durable, whether its `ok` has come or was lost with a link.
    if (event.id != null) this.#outbox.handleOk(event.id, event.seq);
    this.#outbox.mirrored(event.seq);
    if (event.type === "chat.say" && event.by !== this.me && this.tab !== "chat") this.unread += 1;
    // What rolls is what everybody speaks of.
    if (event.type === "take.roll") this.chosenTake = undefined;
    const said = announced(before, event, this.me);
    if (event.type === "take.verdict" && event.by === this.me && !event.data.decided) this.#decided(event.data.take, event.data.verdict);
    if (event.type === "participant.grant" && event.by !== this.me && event.data.participant === this.me) {
      this.io.news(grantNews(nameOf(before, event.by), event.data.was, event.data.grants));
    }
    if (said?.urgent) this.urgent = said.text;
    else if (said) this.#say(said.text);
  }

  #decided(take: number, verdict: Verdict): void {
    if (verdict !== "none") this.io.news(`Take ${take}: ${VERDICTS[verdict]}. ↶ or Z undoes it.`);
  }

  #say(text: string): void {
    this.#said += 1;
    this.said = [...this.said, { key: this.#said, text }].slice(-SAID_KEPT);
  }

  /**
   * Why this cannot be had now; none when it can. What somebody saw when they began is left for the relay to compare: that
   * others were faster then stays in sight until they have read it.
   */
  why = (asked: Command): string | undefined => this.#still ?? blocked(this.state, this.me, plainly(asked));

  /** Why one may not do such a thing at all now; none when one may. */
  whyNever = (action: Action): string | undefined => this.#still ?? forbidden(this.state, this.me, action);

  get #still(): string | undefined {
    return this.io.outdated() ? OUTDATED : undefined;
  }

  /** Asks for it, or says why not. Whether it was taken in. */
  ask = (asked: Command): boolean => {
    const why = this.why(asked) ?? this.#unsendable(asked);
    if (why) this.io.news(why);
    return why === undefined;
  };

  #unsendable(asked: Command): string | undefined {
    if (this.#outbox.add(asked)) return undefined;
    const here = isForNow(asked) && !this.#outbox.full;
    return here
      ? "There is no connection to the relay now; this works again when it is back."
      : `${CAPACITY} things wait for the connection; more is not kept. Write this down until it is back.`;
  }

  dismiss = (id: string): void => this.#outbox.dismiss(id);

  /** What was refused, asked anew: it gets another id. */
  again(item: Item): void {
    if (this.ask(item.asked)) this.dismiss(item.id);
  }

  show(tab: Tab): void {
    this.tab = tab;
    if (tab === "chat") this.unread = 0;
  }

  undo = (): void => {
    // What one did last may not be among the changes yet: the one before it would be undone.
    if (this.waiting.length > 0) return this.io.news("Your last change is not saved yet; undo it in a moment.");
    const change = this.undoable;
    if (!change) return this.io.news("There is nothing of yours to undo.");
    if (this.ask({ type: "undo", data: { of: change.seq } })) this.io.news(`Undoing: ${undoes(change)}.`);
  };

  stepNote(by: number): void {
    const ids = this.groups.flatMap((group) => group.notes.map((note) => note.id));
    const at = ids.indexOf(this.chosenNote ?? "");
    const next = at < 0 ? (by > 0 ? 0 : ids.length - 1) : Math.min(ids.length - 1, Math.max(0, at + by));
    this.chosenNote = ids[next];
    this.show("notes");
  }

  stepTake(by: number): void {
    const last = this.state.takes.length;
    if (last > 0) this.chosenTake = Math.min(last, Math.max(1, (this.take?.number ?? last) + by));
    this.show("takes");
  }
}

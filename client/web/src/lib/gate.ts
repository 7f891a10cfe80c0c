/**
 * Whether the relay would take a command now, and if not, why: the same grants table and the same conditions as
 * `protocol::session::decide`, for greying buttons and for saying what would help. The relay stays the judge.
 */
import { may } from "./may";
import { RULES } from "../protocol.gen";
import type { Action, Command, Condition, Phase, SessionState, Take } from "./types";

/** Why this person cannot have this now: a sentence. None when they can. */
export function blocked(state: SessionState, me: string, asked: Command): string | undefined {
  if (state.closed && asked.type !== "session.open") return "The session is closed; its owner can open it again.";
  return new Gate(state, me).ask(asked);
}

/** Phases in words, as the takes list and refusals use them. */
export const PHASES: { readonly [phase in Phase]: string } = {
  armed: "armed",
  rolling: "rolling",
  recorded: "recorded",
  in_review: "in review",
  closed: "closed",
  cancelled: "cancelled",
};

class Gate {
  constructor(
    readonly state: SessionState,
    readonly me: string,
  ) {}

  ask(asked: Command): string | undefined {
    const kind = asked.type.split(".")[0];
    if (kind === "take") return this.#take(asked);
    if (kind === "note") return this.#note(asked);
    if (kind === "baton") return this.#baton(asked);
    return this.#rest(asked);
  }

  #take(asked: Command): string | undefined {
    switch (asked.type) {
      case "take.arm":
        return this.#arm();
      case "take.roll":
        return this.#roll(this.#named(asked.data.take));
      case "take.cancel":
        return this.#act("roll", asked.data.take, ["armed"], "Only an armed take can be cancelled.");
      case "take.stop":
        return this.#stop(this.#named(asked.data.take));
      case "take.slate":
        return this.#act("slate", asked.data.take);
      case "take.submit":
        return this.#act("stop", asked.data.take, ["recorded"], "Only a recorded take can be submitted.");
      case "take.vote":
        return this.#act("vote", asked.data.take, RECORDED, "A vote needs a take that was recorded.");
      case "take.circle":
      case "take.false_start":
      case "take.wild":
        return this.#act("mark", asked.data.take, MARKABLE, "It was never recorded; mark another.");
      case "take.hero":
        return this.#act("decide", asked.data.take, MARKABLE, "It was never recorded; mark another.");
      case "take.verdict":
        return this.#act("decide", asked.data.take, ["in_review"], VERDICT_WAITS);
      case "take.close":
        return this.#act("decide", asked.data.take, ["in_review"], "Only a take in review can be closed.");
      case "take.reopen":
        return this.#act("decide", asked.data.take, ["closed"], "Only a closed take can be reopened.");
      default:
        return undefined;
    }
  }

  #arm(): string | undefined {
    const live = liveTake(this.state);
    return this.must("roll", true) ?? (live && `Take ${live.number} is ${PHASES[live.phase]}; use that one, or cancel it first.`);
  }

  #roll(take: Take | undefined): string | undefined {
    const known = take ?? liveTake(this.state);
    if (!known) return this.#arm() ?? this.#consent(null);
    return this.#act("roll", known.number, ["armed"], "Only an armed take can roll.") ?? this.#consent(known.only);
  }

  #stop(take: Take | undefined): string | undefined {
    const known = take ?? liveTake(this.state);
    return known ? this.#act("stop", known.number, ["rolling"], "Only a rolling take can be stopped.") : "No take is rolling.";
  }

  /** A grant, and a take that is where it must be. */
  #act(action: Action, number: number, phases?: readonly Phase[], law?: string): string | undefined {
    const take = this.state.takes[number - 1];
    if (!take) return `There is no take ${number} in this session.`;
    const forbidden = this.must(action, take.only === this.me);
    if (forbidden) return forbidden;
    return phases && !phases.includes(take.phase) ? `Take ${number} is ${PHASES[take.phase]}. ${law}` : undefined;
  }

  #named(number: number | null | undefined): Take | undefined {
    return number == null ? undefined : this.state.takes[number - 1];
  }

  #consent(only: string | null): string | undefined {
    if (!this.state.policy.consent) return undefined;
    const recorded = Object.values(this.state.streams).filter(
      (stream) => stream.open && stream.kind !== "talkback" && (only === null || only === stream.participant),
    );
    const asks = recorded.find((stream) => this.state.participants[stream.participant]?.consented === false);
    return asks && `${this.#name(asks.participant)} has not agreed to be recorded; ask them first.`;
  }

  #note(asked: Command): string | undefined {
    switch (asked.type) {
      case "note.add":
      case "note.reply":
        return this.must("write", false);
      case "note.edit":
        return this.#written("edit", asked.data.note);
      case "note.retract":
        return this.#written("retract", asked.data.note);
      case "note.status":
      case "note.assign":
        return this.must("settle", false) ?? this.#isRoot(asked.data.note);
      default:
        return undefined;
    }
  }

  #written(action: Action, id: string): string | undefined {
    const note = this.state.notes[id];
    if (!note || note.retracted) return "Its author has taken this note back.";
    return this.must(action, note.made.by === this.me);
  }

  #isRoot(id: string): string | undefined {
    return this.state.notes[id]?.parent == null ? undefined : "A reply has no status; settle the note that it answers.";
  }

  #baton(asked: Command): string | undefined {
    const holder = this.state.baton?.holder;
    if (asked.type === "baton.reclaim") return this.must("reclaim_baton", false);
    if (asked.type === "baton.give") {
      return holder === this.me ? undefined : "You do not hold the baton; take it first.";
    }
    const taken = holder !== undefined && holder !== this.me;
    const words = taken ? `${this.#name(holder)} holds the baton; ask for it or wait until it is put down.` : undefined;
    return this.must("hold_baton", false) ?? words;
  }

  #rest(asked: Command): string | undefined {
    switch (asked.type) {
      case "session.close":
        return this.#close();
      case "session.open":
      case "session.policy":
      case "participant.grant":
        return this.must("administer", false);
      case "session.song":
        return this.must("set_song", false);
      case "lobby.admit":
      case "lobby.deny":
      case "participant.unban":
      case "invite.make":
      case "invite.revoke":
        return this.must("invite", false);
      case "participant.kick":
      case "participant.ban":
        return this.#sendAway(asked.data.participant);
      case "credit.set":
        return this.#credit(asked.data.credit.id, asked.data.credit.participant);
      case "credit.remove":
        return this.#credit(asked.data.credit, this.me);
      case "chat.say":
        return this.must("write", false);
      case "undo":
        return this.state.undoable.some((change) => change.seq === asked.data.of && change.by === this.me)
          ? undefined
          : "This cannot be undone, or not any more; change it by hand.";
      default:
        return undefined;
    }
  }

  #close(): string | undefined {
    const live = liveTake(this.state);
    return this.must("administer", false) ?? (live && `Take ${live.number} is ${PHASES[live.phase]}; stop or cancel it first.`);
  }

  #sendAway(id: string): string | undefined {
    if (id === this.me) return "You cannot send yourself away; leave instead.";
    const runs = this.state.participants[id]?.grants.includes("admin") === true;
    return this.must("invite", false) ?? (runs ? this.must("administer", false) : undefined);
  }

  #credit(id: string, participant: string | null): string | undefined {
    const was = this.state.credits[id];
    return this.must("credit", participant === this.me && (!was || was.participant === this.me));
  }

  /** Why not, where a grant is missing or its condition does not hold. */
  must(action: Action, own: boolean): string | undefined {
    if (may(this.state, this.me, action, own)) return undefined;
    const grants = this.state.participants[this.me]?.grants ?? [];
    const mine = RULES[action].find((rule) => grants.includes(rule.grant));
    return mine && mine.when !== "always" ? this.#wanting(mine.when) : MISSING[action] ?? FORBIDDEN;
  }

  #wanting(when: Exclude<Condition, "always">): string {
    const holder = this.state.baton ? this.#name(this.state.baton.holder) : "Somebody else";
    switch (when) {
      case "own":
        return "This is somebody else's; ask them, or whoever runs the session.";
      case "lesson":
        return "A mentor decides in a lesson only; ask the session's owner to make it one.";
      case "baton":
        return "Take the baton first.";
      case "baton_free":
        return `${holder} holds the baton; ask them for it or take it back.`;
      case "own_baton_free":
        return `You roll takes of your own parts only, and ${holder} holds the baton; ask them.`;
    }
  }

  #name(id: string | undefined): string {
    return (id && this.state.participants[id]?.name) || "Somebody";
  }
}

const FORBIDDEN = "Your invitation does not let you do this; ask the session's owner for another one.";
/** Where more can be said than that a grant is missing. */
const MISSING: { readonly [action in Action]?: string } = {
  decide: "The producer decides about takes; you can say what you think of it.",
  roll: "Your invitation does not let you record; ask whoever runs the session.",
  write: "Your invitation lets you listen only; ask the session's owner for another one.",
};
const VERDICT_WAITS = "A verdict needs a take in review: wait for its recorders, or reopen it.";
const RECORDED: readonly Phase[] = ["rolling", "recorded", "in_review", "closed"];
const MARKABLE: readonly Phase[] = ["armed", ...RECORDED];

/** The take that has the transport: armed or rolling. */
export const liveTake = (state: SessionState): Take | undefined =>
  state.takes.find((take) => take.phase === "armed" || take.phase === "rolling");

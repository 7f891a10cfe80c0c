/** Notes as the list shows them: the session's and those on their way, grouped by take, newest first. */
import type { Item } from "./outbox";
import { nameOf, title } from "./takes";
import { Places, secondsOf, sinceRoll } from "./timeline";
import type { Anchor, NewNote, Note, SessionState, Take } from "./types";

/** How sure it is that a note stays: saved for good, or how far on its way. */
export type Keeping = "saved" | "sent" | "waiting" | "refused";

export interface NoteView {
  id: string;
  note: Note;
  author: string;
  mine: boolean;
  /** The relay or a program wrote it. */
  machine: boolean;
  keeping: Keeping;
  /** The outbox's item, while the note is on its way. */
  item: Item | undefined;
  /** Seconds since the take rolled, or into the mix version, the reaction taken off; none where that is not known. */
  seconds: number | undefined;
  toSeconds: number | undefined;
  take: Take | undefined;
  replies: NoteView[];
  /** What has been asked about it and is not saved yet. */
  changes: Item[];
}

export interface Group {
  key: string;
  title: string;
  live: boolean;
  notes: NoteView[];
}

export type Which = "open" | "all" | "done" | "assigned" | "mine";

export interface Filter {
  which: Which;
  text: string;
}

export const NO_FILTER: Filter = { which: "all", text: "" };

/** Every note that is shown, with what is on its way, newest first. Replies hang on their notes, oldest first. */
export function views(state: SessionState, items: readonly Item[], me: string): NoteView[] {
  const places = new Places(state);
  const known = Object.values(state.notes).filter((note) => !note.retracted);
  const coming = items.flatMap((item) => pending(state, item, me)).filter(({ note }) => !state.notes[note.id]);
  const all = [...known.map((note) => ({ note, item: undefined })), ...coming];
  const shown = all.map(({ note, item }) => view(places, items, me, note, item)).sort((a, b) => age(b) - age(a));
  const byId = new Map(shown.map((view) => [view.id, view]));
  for (const view of shown) byId.get(view.note.parent ?? "")?.replies.unshift(view);
  return shown.filter(({ note }) => note.parent === null);
}

/** By when they were saved; what is on its way is newer than everything saved. */
const age = (view: NoteView): number => (view.item ? COMING + view.item.madeMs : view.note.seq);
const COMING = 2 ** 52;

function pending(state: SessionState, item: Item, me: string): { note: Note; item: Item }[] {
  if (item.asked.type === "note.add") return [{ note: fresh(item.asked.data, item, me), item }];
  if (item.asked.type !== "note.reply") return [];
  const { note, parent, text } = item.asked.data;
  const root = state.notes[parent];
  if (!root) return [];
  const { reaction_ms, uncertainty_ms, concealed, wording } = root;
  const like = { note, parent, text, on: wording.on, reaction_ms, uncertainty_ms, concealed, tag: null, severity: "info" } as const;
  return [{ note: fresh(like, item, me), item }];
}

function fresh(added: NewNote, item: Item, me: string): Note {
  const { note: id, on, text, tag, severity, ...rest } = added;
  const made = { by: me, at: item.madeMs };
  const unsettled = { edited: null, status: "open", settled: null, assignee: null, carried: null, retracted: false } as const;
  return { ...rest, ...unsettled, id, seq: 0, made, wording: { on, text, tag, severity } };
}

function view(places: Places, items: readonly Item[], me: string, note: Note, item: Item | undefined): NoteView {
  const state = places.state;
  return {
    id: note.id,
    note,
    author: note.made.by === me ? "you" : nameOf(state, note.made.by),
    mine: note.made.by === me,
    machine: note.made.by === null,
    keeping: item?.stage ?? "saved",
    item,
    ...placed(places, note),
    replies: [],
    changes: items.filter((one) => one.stage !== "saved" && about(one) === note.id),
  };
}

/** The note that a command changes. */
function about(item: Item): string | undefined {
  const { asked } = item;
  if (asked.type === "note.add" || asked.type === "note.reply" || !asked.type.startsWith("note.")) return undefined;
  return (asked.data as { note: string }).note;
}

type Placed = Pick<NoteView, "take" | "seconds" | "toSeconds">;

function placed(places: Places, { wording: { on }, reaction_ms, made }: Note): Placed {
  const state = places.state;
  if (on.kind === "mix") return { take: undefined, ...placeInMix(state, on) };
  if (on.kind === "take") return inTake(state, on);
  const back = reaction_ms / 1000;
  const from = places.of(on.stream, on.epoch, on.at);
  if (!from) return { take: rollingAt(state, made.at), seconds: undefined, toSeconds: undefined };
  const long = on.to === null ? undefined : secondsOf(on.to - on.at);
  const seconds = from.seconds - back;
  return { take: from.take, seconds, toSeconds: long === undefined ? undefined : seconds + long };
}

function inTake(state: SessionState, on: Extract<Anchor, { kind: "take" }>): Placed {
  const take = state.takes[on.take - 1];
  const part = take?.parts.find((part) => part.id === on.part);
  const at = (sample: number | null) => (take && part && sample !== null ? sinceRoll(state, take, part, sample) : undefined);
  return { take, seconds: at(on.at), toSeconds: at(on.to) };
}

function placeInMix(state: SessionState, on: Extract<Anchor, { kind: "mix" }>): Omit<Placed, "take"> {
  const rate = state.mixes[on.mix - 1]?.file.rate;
  return { seconds: over(on.at, rate), toSeconds: over(on.to, rate) };
}

const over = (samples: number | null, rate: number | undefined): number | undefined =>
  samples === null || rate === undefined ? undefined : samples / rate;

/** Before a recorder has told its part, the take that rolled when the note was made. */
const rollingAt = (state: SessionState, atMs: number): Take | undefined =>
  state.takes.find((take) => take.rolled && take.rolled.at <= atMs && (take.stopped === null || atMs <= take.stopped.at));

/** The notes on a mix version: those made on it, and those on earlier ones that were open when it came. */
export const inMix = (notes: readonly NoteView[], mix: number): NoteView[] =>
  notes.filter(({ note: { wording, carried } }) => wording.on.kind === "mix" && (wording.on.mix === mix || (wording.on.mix < mix && (carried ?? 0) >= mix)));

/** Newest take first; what lies between takes stands after the take before it; mix versions first of all. */
export function grouped(state: SessionState, notes: readonly NoteView[]): Group[] {
  const groups = new Map<string, Group & { order: number }>();
  for (const view of notes) {
    const group = groupOf(state, view);
    const known = groups.get(group.key);
    if (known) known.notes.push(view);
    else groups.set(group.key, { ...group, notes: [view] });
  }
  return [...groups.values()].sort((a, b) => b.order - a.order);
}

function groupOf(state: SessionState, { note, take }: NoteView): Omit<Group, "notes"> & { order: number } {
  const on = note.wording.on;
  if (on.kind === "mix") {
    const carried = note.carried === null ? "" : ` · carried to mix ${note.carried}`;
    return { key: `mix ${on.mix} ${carried}`, title: `Mix ${on.mix}${carried}`, live: false, order: 1e6 + on.mix };
  }
  if (take) {
    return { key: `take ${take.number}`, title: title(take), live: take.phase === "rolling", order: take.number };
  }
  const before = state.takes.filter((one) => one.rolled && one.rolled.at <= note.made.at).at(-1)?.number ?? 0;
  const words = before === 0 ? "Before the first take" : `After take ${before}`;
  return { key: `after ${before}`, title: words, live: false, order: before + 0.5 };
}

/** Whether a note passes. What is on its way always does. */
export function passes(view: NoteView, { which, text }: Filter, me: string): boolean {
  if (view.item) return true;
  const { status, assignee, wording } = view.note;
  const words = [wording.text, wording.tag ?? "", view.author, ...view.replies.map((reply) => reply.note.wording.text)];
  const found = text.trim() === "" || words.join(" ").toLowerCase().includes(text.trim().toLowerCase());
  const right = { all: true, open: status === "open", done: status !== "open", assigned: assignee === me, mine: view.mine };
  return found && right[which];
}

/** Notes and replies, and where they can be pinned. */
import { LIMITS } from "../../protocol.gen";
import type { Anchor, Command, NewNote, Note, NoteStatus, Wording } from "../types";
import { Ask, invalid, label, rejected, roomFor, stale, text, unknown, type Found, type Rejection } from "./ask";
import { lines } from "./text";

const TEXT = "A note has 1 to 2000 characters; write the rest in a reply.";
const TAG = "A tag has 1 to 24 characters.";
const POSITION = "This position lies outside what it is pinned to; pin the note again.";

export function aboutNotes(ask: Ask, asked: Command): Rejection | undefined {
  switch (asked.type) {
    case "note.add":
      return add(ask, asked.data);
    case "note.reply":
      return reply(ask, asked.data);
    case "note.edit":
      return onStanding(ask, asked.data.note, (note) => ask.must("edit", wrote(ask, note)) ?? wording(ask, asked.data.wording));
    case "note.retract":
      return onNote(ask.note(asked.data.note), (note) => ask.must("retract", wrote(ask, note)));
    case "note.status":
      return settle(ask, asked.data.note, asked.data.if?.status);
    case "note.assign":
      return onStanding(ask, asked.data.note, (note) => ask.must("settle") ?? isRoot(note) ?? somebody(ask, asked.data.to));
    default:
      return undefined;
  }
}

function add(ask: Ask, note: NewNote): Rejection | undefined {
  const wild = note.reaction_ms > LIMITS.reaction_ms || note.uncertainty_ms > LIMITS.uncertainty_ms;
  const early =
    ask.must("write") ??
    (wild ? invalid("A reaction takes up to 2000 ms, and a position is known to 60000 ms.") : undefined) ??
    wording(ask, { on: note.on, text: note.text, tag: note.tag ?? null, severity: note.severity });
  if (early || note.parent == null) return early ?? append(ask, { ...note, parent: null });
  const root = rootOf(ask, note.parent);
  return "rejected" in root ? root.rejected : append(ask, { ...note, parent: root.found.id });
}

function reply(ask: Ask, { note, parent, text: said }: { note: string; parent: string; text: string }): Rejection | undefined {
  const forbidden = ask.must("write");
  if (forbidden) return forbidden;
  const root = rootOf(ask, parent);
  if ("rejected" in root) return root.rejected;
  return text(said, LIMITS.note_chars, TEXT) ?? append(ask, { note, text: said, parent: root.found.id, on: root.found.wording.on });
}

/** What is in the session already under this id is no harm, where it is the same. */
function append(ask: Ask, { note: id, parent, text: said, on }: Pick<NewNote, "note" | "parent" | "text" | "on">): Rejection | undefined {
  const { notes } = ask.state;
  const known = notes[id];
  if (known) {
    const wording = known.wording;
    const same = known.made.by === ask.me && known.parent === (parent ?? null) && sameText(wording.text, said) && sameThing(wording.on, on);
    return same ? undefined : rejected("conflict", "This id belongs to another note; write it again.");
  }
  const replies = () => Object.values(notes).filter((note) => note.parent === parent).length;
  return (
    roomFor(Object.keys(notes).length, LIMITS.notes, "notes", "export it and begin another session") ??
    (parent == null ? undefined : roomFor(replies(), LIMITS.replies, "replies to one note", "write a new note"))
  );
}

function sameText(kept: string, said: string): boolean {
  const fit = lines(said, LIMITS.note_chars);
  return typeof fit !== "string" && fit.text === kept;
}

/** Whether two plain things are alike, member by member; what is absent is like what is null. */
export function sameThing(a: unknown, b: unknown): boolean {
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return (a ?? null) === (b ?? null);
  const [left, right] = [a as { [key: string]: unknown }, b as { [key: string]: unknown }];
  return [...Object.keys(left), ...Object.keys(right)].every((key) => sameThing(left[key], right[key]));
}

function settle(ask: Ask, id: string, believed: NoteStatus | null | undefined): Rejection | undefined {
  return onStanding(ask, id, (note) => {
    const faster = believed != null && believed !== note.status;
    return ask.must("settle") ?? isRoot(note) ?? (faster ? stale("Somebody has settled this note already; look at it again.") : undefined);
  });
}

const wrote = (ask: Ask, note: Note): boolean => note.made.by === ask.me;

const isRoot = (note: Note): Rejection | undefined =>
  note.parent === null ? undefined : invalid("A reply has no status; settle the note that it answers.");

function somebody(ask: Ask, id: string | null | undefined): Rejection | undefined {
  const person = id == null ? undefined : ask.person(id);
  return person && "rejected" in person ? person.rejected : undefined;
}

function onNote(note: Found<Note>, then: (note: Note) => Rejection | undefined): Rejection | undefined {
  return "rejected" in note ? note.rejected : then(note.found);
}

const onStanding = (ask: Ask, id: string, then: (note: Note) => Rejection | undefined): Rejection | undefined => onNote(standing(ask, id), then);

/** A note that was not taken back. */
function standing(ask: Ask, id: string): Found<Note> {
  const note = ask.note(id);
  const gone = "found" in note && note.found.retracted;
  return gone ? { rejected: stale("Its author has taken this note back; write another.") } : note;
}

/** The note that a reply, or a reply to a reply, answers. */
function rootOf(ask: Ask, parent: string): Found<Note> {
  const note = standing(ask, parent);
  return "found" in note && note.found.parent !== null ? ask.note(note.found.parent) : note;
}

function wording(ask: Ask, { on, text: said, tag }: Wording): Rejection | undefined {
  return anchor(ask, on) ?? text(said, LIMITS.note_chars, TEXT) ?? (tag == null ? undefined : label(tag, LIMITS.tag_chars, TAG));
}

function anchor(ask: Ask, on: Anchor): Rejection | undefined {
  if (on.kind === "live") {
    const stream = ask.state.streams[on.stream];
    if (!stream) return unknown("such stream");
    return stream.epochs[on.epoch] ? range(on.at, on.to, Number.MAX_SAFE_INTEGER) : unknown("epoch", on.epoch);
  }
  if (on.kind === "take") return inTake(ask, on);
  const mix = ask.state.mixes[on.mix - 1];
  return mix ? range(on.at, on.to, mix.file.length) : unknown("mix version", on.mix);
}

function inTake(ask: Ask, on: Extract<Anchor, { kind: "take" }>): Rejection | undefined {
  const take = ask.take(on.take);
  if ("rejected" in take) return take.rejected;
  const part = take.found.parts.find((part) => part.id === on.part);
  if (on.part != null && !part) return unknown("such part");
  if (!part && on.at != null) return invalid("A position in a take is one in a part's file; name the part.");
  return range(on.at, on.to, part && part.to !== null ? part.to - part.from : Number.MAX_SAFE_INTEGER);
}

function range(at: number | null | undefined, to: number | null | undefined, last: number): Rejection | undefined {
  const good = at == null ? to == null : at >= 0 && at <= (to ?? at) && (to ?? at) <= last;
  return good ? undefined : invalid(POSITION);
}

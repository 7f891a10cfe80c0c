/** Who is here, in the words and shapes that the panel shows. */
import { ms } from "./format";
import { presetOf } from "./grants";
import type { Health, Participant, Presence, SessionState, Stream } from "./types";

/** `hears`: everything they may hear reaches them. `part`: some of it. `deaf`: nothing. `none`: there is nothing. */
export type Ear = "hears" | "part" | "deaf" | "none";

export interface Person {
  id: string;
  name: string;
  initials: string;
  role: string;
  /** What they may do where that is another thing than their role says: `may do as engineer`. */
  may: string;
  you: boolean;
  talking: boolean;
  /** What they publish now. */
  publishes: string[];
  ear: Ear;
  earWords: string;
  /** Some of what they heard in the last second was made up. */
  dropouts: boolean;
}

/** How the program arrives at each of the others, as they say themselves once a second. */
export type Arrivals = ReadonlyMap<string, Health>;

/** Everybody present, oneself first, then those who publish the program, then by name. */
export function people(state: SessionState, presence: readonly Presence[], self: string, arrivals: Arrivals): Person[] {
  const shown = Object.entries(state.participants)
    .filter(([, person]) => person.present)
    .map(([id, person]) => {
      const here = presence.find((one) => one.participant === id);
      const publishes = open(state).filter((stream) => stream.participant === id);
      return {
        id,
        name: person.name,
        initials: initials(person.name),
        role: person.role,
        may: mayWords(person),
        you: id === self,
        talking: here?.talking ?? false,
        publishes: publishes.filter((stream) => stream.kind !== "talkback").map((stream) => stream.kind),
        ...withArrival(earOf(state, id, here), arrivals.get(id)),
      };
    });
  const rank = (person: Person) => (person.you ? 0 : person.publishes.includes("program") ? 1 : 2);
  return shown.sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name));
}

function mayWords({ role, grants }: Participant): string {
  const preset = presetOf(grants);
  return preset === role ? "" : preset ? `may do as ${preset}` : "may do things of their own";
}

/** What whoever lets people in has to know of the invitation that somebody comes by. */
export function beware({ banned, participants }: SessionState, invite: string | null | undefined): string {
  const out = banned.map((id) => participants[id]).find((person) => person?.invite != null && person.invite === invite);
  return out ? `by the invitation of ${out.name}, who is kept out` : "";
}

const open = (state: SessionState): Stream[] => Object.values(state.streams).filter((stream) => stream.open);

/** First letters of the first and the last word. */
export function initials(name: string): string {
  const words = name.trim().split(/\s+/);
  const letters = words.length > 1 ? [words[0], words.at(-1)] : [words[0]];
  return letters.map((word) => [...(word ?? "")][0]?.toUpperCase() ?? "").join("") || "?";
}

function earOf(state: SessionState, id: string, here: Presence | undefined): { ear: Ear; earWords: string } {
  const grants = state.participants[id]?.grants ?? [];
  const meant = open(state).filter(
    (stream) => stream.participant !== id && begun(stream) && grants.includes(stream.kind === "talkback" ? "hear:talk" : "hear:program"),
  );
  if (meant.length === 0) return { ear: "none", earWords: "nothing to hear yet" };
  const reached = meant.filter((stream) => here?.hears.includes(stream.id));
  if (reached.length === 0) return { ear: "deaf", earWords: "hears nothing" };
  if (reached.length === meant.length) return { ear: "hears", earWords: `hears ${words(reached)}` };
  return { ear: "part", earWords: `hears ${words(reached)} only` };
}

/** Whoever hears something is shown with the most that it can be late, where that is known. */
function withArrival(ear: { ear: Ear; earWords: string }, arrival: Health | undefined) {
  const hears = ear.ear === "hears" || ear.ear === "part";
  if (!hears || !arrival) return { ...ear, dropouts: false };
  const late = arrival.delay_ms == null ? "" : `, ${ms(arrival.delay_ms)}`;
  return { ...ear, earWords: ear.earWords + late, dropouts: arrival.concealed > 0 };
}

/** A page's talkback is open before anybody has talked: until its first packet there is nothing to hear. */
const begun = (stream: Stream): boolean => stream.kind !== "talkback" || stream.epochs.length > 0;

const WORD = { program: "program", mic: "microphones", talkback: "talkback" } as const;

const words = (streams: readonly Stream[]): string =>
  (["program", "mic", "talkback"] as const)
    .filter((kind) => streams.some((stream) => stream.kind === kind))
    .map((kind) => WORD[kind])
    .join(" and ");

/** Who hears one's talkback, for the talk button; before one has talked, who will. */
export function audience(state: SessionState, presence: readonly Presence[], talkStream: string): string {
  const own = state.streams[talkStream];
  const has = own !== undefined && begun(own);
  const hears = ({ participant, media, hears }: Presence) =>
    has
      ? hears.includes(talkStream)
      : media && participant !== own?.participant && state.participants[participant]?.grants.includes("hear:talk");
  const names = presence.filter(hears).map((here) => state.participants[here.participant]?.name ?? "somebody");
  const [first, second] = names;
  if (names.length === 0) return "nobody hears you yet";
  if (names.length === 1) return `${first} ${has ? "hears" : "will hear"} you`;
  const who = names.length === 2 ? `${first} and ${second}` : `${first} and ${names.length - 1} others`;
  return `${who} ${has ? "hear" : "will hear"} you`;
}

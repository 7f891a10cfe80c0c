/** Written sessions: how the desk looks in the middle of one, at its beginning, and when somebody means ill. */
import type { Anchor, NewNote, Role, Severity } from "../src/lib/types";
import { ADA, CAST, ID, LEA, ME, NINA, OTTO, PAUL, PRESETS, PROGRAM } from "./people";
import type { CardboardRelay } from "./relay";

const RATE = 48_000;
const MINUTE = 60_000;

/** When the stream's tick 0 was captured. */
export const begin = Date.now() - 30 * MINUTE;
const tick = (atMs: number) => Math.round((atMs - begin) * 48);

/** The invitation by which everybody came. */
const LINK = ID(80);

export type Scene = (relay: CardboardRelay) => void;

const map = { epoch: 0, ssrc: 7, rtp0: 0, from: 0, sample0: 0, rate: RATE, codec_delay: 120, resampler_delay: 0, trusted: true };
const format = { channels: 2, frame_us: 5000, bitrate: 256_000, redundancy: 1, rate: RATE };

function people(relay: CardboardRelay, title = "Blue hour"): void {
  relay.happen(null, "session.open", { title }, begin);
  const all = [{ id: ME, name: "Vera Lind", role: relay.role }, ...CAST];
  for (const { id, name, role } of all) relay.happen(null, "participant.join", { participant: id, name, role, grants: PRESETS[role], invite: LINK }, begin);
  relay.happen(NINA, "stream.open", { stream: PROGRAM, participant: NINA, kind: "program", label: "Program", format }, begin);
  relay.happen(NINA, "stream.epoch", { stream: PROGRAM, map }, begin);
}

let notes = 0;
interface Written {
  by: string;
  atMs: number;
  text: string;
  tag?: string;
  long?: number;
  severity?: Severity;
  concealed?: boolean;
  parent?: string;
  on?: Anchor;
}
function note(relay: CardboardRelay, { by, atMs, text, tag, long, severity, concealed, parent, on }: Written): string {
  notes += 1;
  const live: Anchor = { kind: "live", stream: PROGRAM, epoch: 0, at: tick(atMs), to: long ? tick(atMs + long * 1000) : null };
  const added: NewNote = {
    note: ID(1000 + notes), on: on ?? live, reaction_ms: 250, uncertainty_ms: concealed ? 160 : 5, concealed: concealed ?? false, text,
    tag: tag ?? null, severity: severity ?? "minor", parent: parent ?? null,
  };
  relay.happen(by, "note.add", added, atMs + 900);
  return added.note;
}

function take(relay: CardboardRelay, number: number, slate: string, fromMs: number, seconds: number | undefined): void {
  const part = ID(500 + number);
  relay.happen(NINA, "take.arm", { take: number, slate, only: null }, fromMs - 4000);
  relay.happen(NINA, "take.roll", { take: number }, fromMs);
  const from = tick(fromMs) - 5 * RATE;
  relay.happen(NINA, "part.rolling", { take: number, part, participant: NINA, stream: PROGRAM, epoch: 0, from, rate: RATE, channels: 2 }, fromMs);
  if (seconds === undefined) return;
  const toMs = fromMs + seconds * 1000;
  relay.happen(NINA, "take.stop", { take: number }, toMs);
  relay.happen(NINA, "part.stopped", { take: number, part, to: tick(toMs), gaps: [], pcm_hash: "0".repeat(64) }, toMs);
  relay.happen(null, "take.submit", { take: number }, toMs);
}

const verdict = (relay: CardboardRelay, take: number, verdict: string, reason: string, by = LEA) =>
  relay.happen(by, "take.verdict", { take, verdict, reason, audio: [], was: { verdict: "none", decision: null } });
const flag = (relay: CardboardRelay, take: number, flag: string, by = LEA) => relay.happen(by, "take.flag", { take, flag, on: true });

/** In the middle of a session. `rolling`: while take 7 is recorded. */
const session = (rolling: boolean): Scene => (relay) => {
  people(relay);
  const now = Date.now();
  const at = (minutes: number) => now - minutes * MINUTE;
  take(relay, 1, "verse 1", at(26), 41);
  flag(relay, 1, "false_start", NINA);
  verdict(relay, 1, "rejected", "started under tempo");
  relay.happen(LEA, "take.close", { take: 1 });
  take(relay, 2, "verse 1", at(23), 92.4);
  note(relay, { by: LEA, atMs: at(23) + 21_000, text: "first line is behind the beat, the rest sits well", tag: "timing", long: 4.2 });
  note(relay, { by: PAUL, atMs: at(23) + 58_100, text: "chair creak", tag: "noise", concealed: true });
  verdict(relay, 2, "redo", "creak in line three");
  take(relay, 3, "verse 1", at(20), 94.1);
  flag(relay, 3, "circled");
  verdict(relay, 3, "approved", "that is the verse");
  relay.happen(PAUL, "take.vote", { take: 3, participant: PAUL, verdict: "approved", reason: "" });
  take(relay, 4, "chorus", at(15), 63.9);
  const flat = note(relay, { by: LEA, atMs: at(15) + 12_800, text: "flat on “hour”, both times", tag: "pitch", severity: "major" });
  note(relay, { by: ADA, atMs: at(15) + 12_800, text: "heard it, one more please", parent: flat });
  relay.happen(LEA, "note.assign", { note: flat, to: ADA, was: null });
  relay.happen(NINA, "take.arm", { take: 5, slate: "chorus", only: null }, at(12));
  relay.happen(NINA, "take.cancel", { take: 5 }, at(12));
  note(relay, { by: NINA, atMs: at(11), text: "new string on the G, tuned again", tag: "pitch" });
  take(relay, 6, "chorus", at(9), 64.3);
  const breath = note(relay, { by: ADA, atMs: at(9) + 30_000, text: "breath before the last line is too loud, can be edited", tag: "edit" });
  relay.happen(NINA, "note.status", { note: breath, status: "done", was: "open" });
  note(relay, { by: LEA, atMs: at(9) + 44_200, text: "here", tag: "great" });
  flag(relay, 6, "circled");
  flag(relay, 6, "hero");
  relay.happen(LEA, "chat.say", { text: "Six is close. One double of the chorus, then lunch?" }, at(4));
  relay.happen(ADA, "chat.say", { text: "Yes. Can I have a little less click in the phones, please" }, at(3));
  relay.happen(NINA, "chat.say", { text: "done, −3 dB" }, at(3));
  relay.happen(NINA, "mix.add", { mix: 1, file: { title: "Blue hour rough 1", rate: RATE, channels: 2, length: 9e6, pcm_hash: "1".repeat(64) } }, at(2));
  relay.happen(LEA, "credit.set", { credit: { id: ID(70), participant: ADA, name: "Ada", did: "lead vocal" }, was: null });
  relay.happen(LEA, "credit.set", { credit: { id: ID(71), participant: NINA, name: "Nina", did: "recorded and edited" }, was: null });
  relay.happen(NINA, "baton.pass", { to: NINA, why: "taken", lease_ms: 600_000 });
  take(relay, 7, "chorus dbl", now - 83_400, rolling ? undefined : 80);
  note(relay, { by: LEA, atMs: now - 25_000, text: "chair creak · again the same chair", tag: "noise", concealed: true });
  note(relay, { by: PAUL, atMs: now - 12_000, text: "she runs out of air here; a breath after “slow” would carry it", tag: "feel", long: 3.5 });
};

const lobby: Scene = (relay) => {
  session(false)(relay);
  relay.happen(null, "session.policy", { policy: { decides: "producer", lobby: true, consent: true }, was: { decides: "producer", lobby: false, consent: false } });
  relay.happen(null, "lobby.knock", { participant: ID(90), name: "Maurice Ravel", role: "listener", grants: PRESETS.listener, invite: LINK });
  relay.happen(LEA, "participant.ban", { participant: OTTO, reason: "" });
};

/** What people write who mean ill; the relay takes some of it out, the page shows the rest as text. */
export const HOSTILE: readonly string[] = [
  "<script>window.__hurt = 1</script>",
  "<img src=x onerror='window.__hurt = 1'>",
  "<a href='javascript:window.__hurt=1'>click</a>",
  "{@html '<b>bold</b>'} {{constructor.constructor('window.__hurt = 1')()}}",
  "\u202egnihtemos si siht\u202c and \u2066isolated",
  "ي\u064b\u064c\u064d\u064e\u064f\u0650\u0651\u0652".repeat(12),
  "zero\u200b\u200c\u200d\ufeffwidth",
  "\u001b[31mred\u001b[0m \u001b]0;title\u0007",
  "👩🏽‍🚀".repeat(120),
  "W".repeat(600),
  "a\nb\n".repeat(30),
];

const hostile: Scene = (relay) => {
  people(relay, HOSTILE[1]);
  take(relay, 1, HOSTILE[0]!.slice(0, 80), Date.now() - MINUTE, 50);
  HOSTILE.forEach((text, n) => note(relay, { by: LEA, atMs: Date.now() - 50_000 + n * 2000, text, tag: text.slice(0, 24) }));
  for (const text of HOSTILE) relay.happen(LEA, "chat.say", { text });
  verdict(relay, 1, "redo", HOSTILE[1]!);
  relay.happen(null, "participant.join", { participant: ID(91), name: HOSTILE[0], role: "listener", grants: PRESETS.listener });
  relay.happen(LEA, "credit.set", { credit: { id: ID(70), participant: null, name: HOSTILE[1], did: HOSTILE[2] }, was: null });
};

/** As long as a long day: how quick the desk stays. */
const long: Scene = (relay) => {
  people(relay);
  for (let number = 1; number <= 120; number += 1) take(relay, number, `pass ${number}`, Date.now() - (130 - number) * 12_000, 10);
  for (let at = 0; at < 2000; at += 1) note(relay, { by: CAST[at % 4]!.id, atMs: begin + at * 800, text: `note ${at}`, tag: at % 3 ? "pitch" : "noise" });
};

export const scenes: { readonly [name: string]: Scene } = {
  session: session(false),
  rolling: session(true),
  empty: (relay) => people(relay),
  lobby,
  hostile,
  long,
};

export const isRole = (text: string | null): text is Role => text !== null && text in PRESETS;

/** What is wrong, in words that say what to do. */
import { may } from "../lib/may";
import { MIC_WORDS } from "../lib/mic";
import type { LobbyWhy } from "../lib/types";
import type { Desk } from "./desk.svelte";

export interface Notice {
  key: string;
  kind: "bad" | "watch";
  text: string;
  action?: { label: string; run(): void };
}

/** Everything that is wrong now, the worst first. */
export function notices(desk: Desk): Notice[] {
  return [...versionNotices(desk), ...linkNotices(desk), ...mediaNotices(desk), ...soundNotices(desk), ...sessionNotices(desk)];
}

/** What this page does not know, it does not pretend to show. */
function versionNotices({ outdated }: Desk): Notice[] {
  if (!outdated) return [];
  const text = "Update needed: something happened in the session that this page does not know, so what it shows stands still. Sound goes on.";
  return [{ key: "update", kind: "bad", text, action: { label: "Load the page again", run: () => location.reload() } }];
}

/** What somebody waits for. */
function sessionNotices({ journal }: Desk): Notice[] {
  const found: Notice[] = [];
  const { state, me } = journal;
  const waiting = Object.values(state.lobby);
  if (state.closed) {
    found.push({ key: "closed", kind: "watch", text: "The session is closed: it can be read, and its owner can open it again." });
  }
  const see = { label: "See who", run: () => journal.show("people") };
  if (waiting.length > 0 && may(state, me, "invite") && journal.tab !== "people") {
    const names = waiting.length === 1 ? `${waiting[0]?.name} waits` : `${waiting.length} people wait`;
    found.push({ key: "lobby", kind: "watch", text: `${names} to be let in.`, action: see });
  }
  if (state.policy.consent && state.participants[me]?.consented === false && journal.tab !== "people") {
    const action = { label: "I agree", run: () => void journal.ask({ type: "session.consent", data: { given: true } }) };
    found.push({ key: "consent", kind: "watch", text: "This session records only whoever agrees. Do you?", action });
  }
  return found;
}

/** Why one waits, and what to do. Because of whom is for those inside only. */
const STAY = "Stay here; it goes on by itself.";
const LOBBY: { readonly [why in LobbyWhy]?: string } = {
  policy: `: everybody new is let in by somebody inside. ${STAY}`,
  link: ": whoever comes by this link is let in one by one. Stay here, or ask whoever invited you for a link of your own.",
};

function linkNotices({ link }: Desk): Notice[] {
  if (link.at === "lobby") {
    const text = `You are waiting to be let into “${link.title}”${(link.why && LOBBY[link.why]) ?? `. ${STAY}`}`;
    return [{ key: "link", kind: "watch", text }];
  }
  if (link.at !== "waiting" && !(link.at === "connecting" && link.attempt > 0)) return [];
  const text =
    link.attempt === 0
      ? "The connection to the relay was lost; coming back…"
      : "The relay does not answer; trying again by itself. If it lasts, check your network or ask the studio.";
  return [{ key: "link", kind: "bad", text }];
}

function mediaNotices({ media, link }: Desk): Notice[] {
  if (link.at !== "live") return [];
  if (media.at === "blocked") {
    const text = `Your network blocks UDP, which carries the sound. Use another network, or have UDP to ${location.hostname} allowed; trying goes on.`;
    return [{ key: "media", kind: "bad", text }];
  }
  if (media.at === "lost") {
    return [{ key: "media", kind: "bad", text: "The sound path broke; connecting again…" }];
  }
  return media.at === "refused" ? [{ key: "media", kind: "bad", text: `${media.why} Trying goes on.` }] : [];
}

function soundNotices({ sound, talkback }: Desk): Notice[] {
  const found: Notice[] = [];
  if (sound.blocked) {
    const action = { label: "Play sound", run: () => sound.resume() };
    found.push({ key: "blocked", kind: "bad", text: "Your browser holds the sound back until you click.", action });
  }
  if (talkback.refused) {
    found.push({ key: "mic", kind: "watch", text: MIC_WORDS[talkback.refused] });
  }
  if (sound.mono) {
    const text = "You hear one channel only: the output device is mono. Choose another output to judge stereo.";
    found.push({ key: "mono", kind: "watch", text });
  }
  if (!isSecureContext) {
    const text = "This page came over http: browsers allow neither meters nor a microphone there. Open its https address.";
    found.push({ key: "insecure", kind: "watch", text });
  }
  if (sound.outputRefused) {
    found.push({ key: "output", kind: "watch", text: "Your browser could not play through that output; the last one goes on." });
  }
  if (sound.outputsRefused) {
    const text =
      "Your browser names its outputs only to pages that may use the microphone. Click the lock beside the address and allow it, or choose the output in your system.";
    found.push({ key: "outputs", kind: "watch", text });
  }
  return found;
}

/** Sets of grants: as roles, one by one, and in the words of the desk. */
import { PRESETS } from "../protocol.gen";
import type { Grant, Grants, Role } from "./types";

/** What each lets somebody do, after "may". */
export const GRANT_WORDS: { readonly [grant in Grant]: string } = {
  "hear:program": "hear program and microphones",
  "hear:talk": "hear talkback",
  "publish:program": "send the program",
  "publish:mic": "send a microphone",
  "publish:talk": "talk back",
  "take:roll": "roll and stop takes",
  "take:roll:own": "roll takes of own parts only",
  "take:roll:baton": "roll takes with the baton",
  "take:decide": "decide about takes",
  "take:decide:lesson": "decide about takes in a lesson",
  "note:write": "write notes and in the chat",
  "note:status": "settle and assign notes",
  upload: "upload own parts",
  export: "export the session",
  invite: "invite, let in, send away",
  admin: "change grants and rules, close the session",
};

/** Those that are looked for together, in the order of the design's table. */
export const GRANT_GROUPS: readonly { title: string; grants: readonly Grant[] }[] = [
  { title: "Hear and send", grants: ["hear:program", "hear:talk", "publish:program", "publish:mic", "publish:talk"] },
  { title: "Takes", grants: ["take:roll", "take:roll:own", "take:roll:baton", "take:decide", "take:decide:lesson"] },
  { title: "Notes and files", grants: ["note:write", "note:status", "upload", "export"] },
  { title: "People", grants: ["invite", "admin"] },
];

export const ROLES = Object.keys(PRESETS) as Role[];

export const sameGrants = (a: Grants, b: Grants): boolean => a.length === b.length && a.every((grant) => b.includes(grant));

/** The role that may do just this; none for a set of grants that is nobody's preset. */
export const presetOf = (grants: Grants): Role | undefined => ROLES.find((role) => sameGrants(PRESETS[role], grants));

/** One grant more, or one less. */
export const toggled = (grants: Grants, grant: Grant): Grants =>
  grants.includes(grant) ? without(grants, [grant]) : [...grants, grant];

const without = (grants: Grants, others: Grants): Grants => grants.filter((grant) => !others.includes(grant));

/** Grants that allow the same as another one, under a condition. */
const WHOLE: { readonly [grant in Grant]?: Grant } = {
  "take:roll:own": "take:roll",
  "take:roll:baton": "take:roll",
  "take:decide:lesson": "take:decide",
};

/** Whether somebody may do everything that others would be let do: nobody hands out more than they have. */
export const covers = (mine: Grants, others: Grants): boolean =>
  others.every((grant) => mine.includes(grant) || (WHOLE[grant] !== undefined && mine.includes(WHOLE[grant])));

const LIST = new Intl.ListFormat("en", { style: "long", type: "conjunction" });

/** What whoever's grants were changed reads: what they may do now, and what no longer. */
export function grantNews(who: string, was: Grants, now: Grants): string {
  const role = presetOf(now);
  const words = (grants: Grants) => LIST.format(grants.map((grant) => GRANT_WORDS[grant]));
  const [more, less] = [without(now, was), without(was, now)];
  const parts = [more.length > 0 ? `now also ${words(more)}` : "", less.length > 0 ? `no longer ${words(less)}` : ""];
  return `${who} changed what you may do: ${role ? `now as ${role}` : parts.filter((part) => part !== "").join("; ")}.`;
}

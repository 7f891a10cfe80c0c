/** Who is in the scenes. */
import type { Grants, Role } from "../src/lib/types";

export const ID = (n: number): string => `018f4d3e-0000-7000-8000-${String(n).padStart(12, "0")}`;

const HEAR: Grants = ["hear:program", "hear:talk"];
/** The design's table, for the roles that the scenes need. */
export const PRESETS: { readonly [role in Role]: Grants } = {
  owner: [...HEAR, "publish:program", "publish:mic", "publish:talk", "take:roll", "take:decide", "note:write", "note:status", "upload", "export", "invite", "admin"],
  engineer: [...HEAR, "publish:program", "publish:mic", "publish:talk", "take:roll", "note:write", "note:status", "upload", "export", "invite"],
  artist: [...HEAR, "publish:mic", "publish:talk", "take:roll:own", "note:write", "upload"],
  producer: [...HEAR, "publish:talk", "take:roll:baton", "take:decide", "note:write", "note:status", "export", "invite"],
  mentor: [...HEAR, "publish:talk", "take:roll:baton", "take:decide:lesson", "note:write", "note:status", "export"],
  student: [...HEAR, "publish:program", "publish:mic", "publish:talk", "take:roll", "note:write", "note:status", "upload", "export"],
  listener: ["hear:program"],
};

export const [ME, NINA, LEA, ADA, OTTO, PAUL] = [1, 2, 3, 4, 5, 6].map(ID) as [string, string, string, string, string, string];
export const PROGRAM = ID(16);
export const CAST: readonly { id: string; name: string; role: Role }[] = [
  { id: NINA, name: "Nina", role: "engineer" },
  { id: LEA, name: "Lea van der Bergen-Hohenstein", role: "producer" },
  { id: ADA, name: "Ada", role: "artist" },
  { id: PAUL, name: "Paul Tremaine", role: "mentor" },
  { id: OTTO, name: "Otto", role: "listener" },
];

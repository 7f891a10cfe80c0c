/** Who is in the scenes. */
import type { Role } from "../src/lib/types";

export { PRESETS } from "../src/protocol.gen";

export const ID = (n: number): string => `018f4d3e-0000-7000-8000-${String(n).padStart(12, "0")}`;

export const [ME, NINA, LEA, ADA, OTTO, PAUL] = [1, 2, 3, 4, 5, 6].map(ID) as [string, string, string, string, string, string];
export const PROGRAM = ID(16);
export const CAST: readonly { id: string; name: string; role: Role }[] = [
  { id: NINA, name: "Nina", role: "engineer" },
  { id: LEA, name: "Lea van der Bergen-Hohenstein", role: "producer" },
  { id: ADA, name: "Ada", role: "artist" },
  { id: PAUL, name: "Paul Tremaine", role: "mentor" },
  { id: OTTO, name: "Otto", role: "listener" },
];

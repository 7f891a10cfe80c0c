/** What travels on `/ws`, as TypeScript sees it. The shapes themselves are generated from the crate `protocol`. */
import type { ClientFrame, Command, RelayFrame } from "./types";

export const encode = (frame: ClientFrame): string => JSON.stringify(frame);

/** None for what this page cannot read: frames of later versions are skipped, not failed on. */
export function decode(text: unknown): RelayFrame | undefined {
  if (typeof text !== "string") return undefined;
  try {
    const frame: unknown = JSON.parse(text);
    const known = typeof frame === "object" && frame !== null && "t" in frame && typeof frame.t === "string";
    return known ? (frame as RelayFrame) : undefined;
  } catch {
    return undefined;
  }
}

/** A UUIDv7: rising with time, so that ids sort as they were made. */
export function newId(nowMs = Date.now(), random = crypto.getRandomValues(new Uint8Array(10))): string {
  const hex = (value: number, digits: number) => value.toString(16).padStart(digits, "0");
  const tail = Array.from(random, (byte) => hex(byte, 2)).join("");
  const variant = hex((parseInt(tail.slice(3, 5), 16) & 0x3f) | 0x80, 2);
  const time = hex(nowMs, 12);
  return `${time.slice(0, 8)}-${time.slice(8)}-7${tail.slice(0, 3)}-${variant}${tail.slice(5, 7)}-${tail.slice(7, 19)}`;
}

export const command = (id: string, asked: Command): ClientFrame => ({ t: "cmd", id, ...asked });

/** From heard ticks to places in takes, and how times are written. */
import type { EpochMap, Part, SessionState, Take } from "./types";

export const TICKS_PER_MS = 48;

/** The captured sample heard at `ticks` since `rtp0`, rounded down: as `EpochMap::sample_at` in Rust. */
export function sampleAt(map: EpochMap, ticks: number): number {
  const since = ticks - map.from - map.codec_delay - map.resampler_delay;
  return map.sample0 + Math.floor((since * map.rate) / 48_000);
}

/** A place in a take, in seconds since the beginning of its part. */
export interface Place {
  take: Take;
  part: Part;
  seconds: number;
}

/** Where in the session's takes a place in a stream lies. Made once for a state, then asked for many notes. */
export class Places {
  #parts = new Map<string, { take: Take; part: Part }[]>();

  constructor(readonly state: SessionState) {
    for (const take of state.takes) {
      for (const part of take.parts) {
        const key = `${part.stream} ${part.epoch}`;
        this.#parts.set(key, [{ take, part }, ...(this.#parts.get(key) ?? [])]);
      }
    }
  }

  /** In the newest take that recorded it. */
  of(stream: string, epoch: number, ticks: number): Place | undefined {
    const map = this.state.streams[stream]?.epochs[epoch];
    if (!map) return undefined;
    const sample = sampleAt(map, ticks);
    const found = this.#parts.get(`${stream} ${epoch}`)?.find(({ part }) => holds(part, sample));
    return found && { ...found, seconds: (sample - found.part.from) / found.part.rate };
  }
}

const holds = (part: Part, sample: number): boolean => sample >= part.from && (part.to === null || sample < part.to);

/** Seconds that a take lasts: its longest part, else from roll to stop, else until `nowMs`. None before it rolled. */
export function lengthOf(take: Take, nowMs: number): number | undefined {
  const parts = take.parts.flatMap(({ from, to, rate }) => (to === null ? [] : [(to - from) / rate]));
  if (parts.length > 0 && take.phase !== "rolling") return Math.max(...parts);
  if (!take.rolled) return undefined;
  return Math.max(0, ((take.stopped?.at ?? nowMs) - take.rolled.at) / 1000);
}

/** `01:23.4`, and hours before them where there are any. Cut, not rounded: a clock never shows what has not come yet. */
export function clockTime(seconds: number): string {
  const tenths = Math.floor(Math.max(0, seconds) * 10 + 1e-6);
  const two = (value: number) => String(value).padStart(2, "0");
  const [hours, minutes, rest] = [Math.floor(tenths / 36_000), Math.floor(tenths / 600) % 60, tenths % 600];
  return `${hours > 0 ? `${hours}:` : ""}${two(minutes)}:${two(Math.floor(rest / 10))}.${rest % 10}`;
}

/** The time of day of a relay's stamp, `14:03`. */
export function dayTime(atMs: number): string {
  return new Date(atMs).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
}

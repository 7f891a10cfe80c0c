/** From heard ticks to places in takes, and how times are written. */
import type { EpochMap, Part, SessionState, Take } from "./types";

export const TICKS_PER_MS = 48;
/** How long so many ticks are. */
export const secondsOf = (ticks: number): number => ticks / (1000 * TICKS_PER_MS);

/** The captured sample heard at `ticks` since `rtp0`, rounded down: as `EpochMap::sample_at` in Rust. */
export function sampleAt(map: EpochMap, ticks: number): number {
  const since = ticks - map.from - map.codec_delay - map.resampler_delay;
  return map.sample0 + Math.floor((since * map.rate) / (1000 * TICKS_PER_MS));
}

/** A place in a take, in seconds since it rolled: what lies in the pre-roll is before zero. */
export interface Place {
  take: Take;
  part: Part;
  seconds: number;
}

/**
 * Where in the session's takes a place in a stream lies. Made once for a state, then asked for many notes. A part
 * that goes on over the hour, which brings another epoch of the same run, holds notes of both.
 */
export class Places {
  #parts = new Map<string, { take: Take; part: Part }[]>();

  constructor(readonly state: SessionState) {
    for (const take of state.takes) {
      for (const part of take.parts) {
        const line = lineOf(state, part.stream, part.epoch);
        if (line) this.#parts.set(line, [...(this.#parts.get(line) ?? []), { take, part }]);
      }
    }
  }

  /**
   * In the newest take that had rolled there. Takes overlap, because a recorder's history goes on over a stop: what lies
   * in the pre-roll of one belongs to the take before it that still recorded, and to the first of several pre-rolls, so
   * that no later take carries it off.
   */
  of(stream: string, epoch: number, ticks: number): Place | undefined {
    const map = this.state.streams[stream]?.epochs[epoch];
    const line = lineOf(this.state, stream, epoch);
    if (!map || !line) return undefined;
    const sample = sampleAt(map, ticks);
    const held = this.#parts.get(line)?.filter(({ part }) => holds(part, sample)) ?? [];
    const found = held.findLast(({ part }) => sample >= (part.roll ?? part.from)) ?? held[0];
    return found && { ...found, seconds: sinceRoll(this.state, found.take, found.part, sample - found.part.from) };
  }
}

/**
 * The same text for epochs in which ticks and samples name each other alike: those of each hour of one run. None for an
 * epoch that is not known.
 */
export function lineOf(state: SessionState, stream: string, epoch: number): string | undefined {
  const map = state.streams[stream]?.epochs[epoch];
  if (!map) return undefined;
  const { ssrc, rtp0, rate, from, sample0, codec_delay, resampler_delay } = map;
  return [stream, ssrc, rtp0, rate, from * rate - sample0 * 1000 * TICKS_PER_MS, codec_delay + resampler_delay].join(" ");
}

const holds = (part: Part, sample: number): boolean => sample >= part.from && (part.to === null || sample < part.to);

/** How much a recorder keeps from before the roll; for parts that say nothing of it and whose end has not told it yet. */
const PRE_ROLL_S = 5;

/**
 * Seconds from a take's roll to a sample of a part's file: counted where the recorder has told at which sample it rolled.
 * Else a part that was stopped with its take is as much longer than the take as it began before the roll, so that the
 * network's delay, which both orders had, falls out.
 */
export function sinceRoll(state: SessionState, take: Take, part: Part, sample: number): number {
  return counted(state, take, part, part.from + sample) ?? byTheClock(take, part, sample);
}

/** By the part's own word, else by that of an earlier part of the same run of its stream: a device that was opened anew. */
function counted(state: SessionState, take: Take, part: Part, sample: number): number | undefined {
  if (part.roll != null) return (sample - part.roll) / part.rate;
  const here = mapOf(state, part);
  for (const other of take.parts) {
    const there = mapOf(state, other);
    if (other.roll == null || other.stream !== part.stream || !here || here.ssrc !== there?.ssrc) continue;
    return runSeconds(here, sample) - runSeconds(there, other.roll);
  }
  return undefined;
}

const mapOf = (state: SessionState, part: Part): EpochMap | undefined => state.streams[part.stream]?.epochs[part.epoch];

/** Where a sample lies in its run, in seconds. */
const runSeconds = (map: EpochMap, sample: number): number => map.from / 48_000 + (sample - map.sample0) / map.rate;

function byTheClock(take: Take, part: Part, sample: number): number {
  const whole = part.phase === "stopped" && part.to !== null ? (part.to - part.from) / part.rate : undefined;
  const rolled = take.rolled && take.stopped ? (take.stopped.at - take.rolled.at) / 1000 : undefined;
  const before = whole === undefined || rolled === undefined ? PRE_ROLL_S : whole - rolled;
  return sample / part.rate - before;
}

/** Seconds that a take lasts, from the roll to the stop, else until `nowMs`. None before it rolled. */
export function lengthOf(take: Take, nowMs: number): number | undefined {
  if (!take.rolled) return undefined;
  return Math.max(0, ((take.stopped?.at ?? nowMs) - take.rolled.at) / 1000);
}

/**
 * `01:23.4`, and hours before them where there are any; `−00:02.0` before zero. Cut, not rounded: a clock never shows what
 * has not come yet.
 */
export function clockTime(seconds: number): string {
  const tenths = Math.floor(Math.abs(seconds) * 10 + 1e-6);
  const sign = seconds < 0 && tenths > 0 ? "−" : "";
  const two = (value: number) => String(value).padStart(2, "0");
  const [hours, minutes, rest] = [Math.floor(tenths / 36_000), Math.floor(tenths / 600) % 60, tenths % 600];
  return `${sign}${hours > 0 ? `${hours}:` : ""}${two(minutes)}:${two(Math.floor(rest / 10))}.${rest % 10}`;
}

/** Seconds of a time as people write it: `72.5`, `1:12.5`, `1:00:00`. */
export function readTime(text: string): number | undefined {
  const parts = text.trim().replace(",", ".").split(":");
  const good = parts.length <= 3 && parts.every((part, at) => (at === parts.length - 1 ? /^\d+(\.\d*)?$/ : /^\d+$/).test(part));
  return good ? parts.reduce((seconds, part) => 60 * seconds + Number(part), 0) : undefined;
}

/** The time of day of a relay's stamp, `14:03`. */
export function dayTime(atMs: number): string {
  return new Date(atMs).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
}

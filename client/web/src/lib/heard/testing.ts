/** For tests: repeatable random numbers, and a browser's buffer that says the truth. */
import type { EpochMap, SessionState, Slot } from "../types";
import type { ReadingRing } from "./ring";

/** Random numbers from 0 to 1, the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export const wrapped = (rtp: number): number => rtp - Math.floor(rtp / 2 ** 32) * 2 ** 32;

/** Packets of one source leaving the buffer from `fromMs` on: number k leaves at `fromMs + k · frameMs`, at this speed. */
export interface Playing {
  ssrc: number;
  rtp0: number;
  fromMs: number;
  untilMs: number;
  frameMs: number;
  ppm: number;
}

/** The timestamp that leaves at `atMs`. */
export const truth = (p: Playing, atMs: number): number => wrapped(p.rtp0 + 48 * (atMs - p.fromMs) * (1 + p.ppm * 1e-6));

/** What a poll at `nowMs` shows: the packet that began to leave last. */
export function poll(ring: ReadingRing, playing: readonly Playing[], nowMs: number): void {
  const p = playing.findLast((candidate) => candidate.fromMs <= nowMs);
  if (!p) return;
  const k = Math.floor((Math.min(nowMs, p.untilMs) - p.fromMs) / p.frameMs);
  const atMs = p.fromMs + k * p.frameMs;
  ring.push({ ssrc: p.ssrc, rtp: Math.floor(truth(p, atMs)), atMs }, nowMs);
}

export const MAP: EpochMap = {
  epoch: 0, ssrc: 7, rtp0: 1000, from: 0, sample0: 0, rate: 48_000, codec_delay: 120, resampler_delay: 0, trusted: true,
};

export const slot = (source: number, offset: number, stream = "s", ssrc = 9): Slot => ({ mid: "0", stream, source, ssrc, offset });

export function streams(epochs: Record<string, EpochMap[]>, frame_us = 10_000): SessionState["streams"] {
  const format = { channels: 2, frame_us, bitrate: 256_000, redundancy: 1, rate: 48_000 };
  const stream = (id: string) => ({ id, participant: "p", kind: "program", label: "mix", format, epochs: epochs[id]!, open: true }) as const;
  return Object.fromEntries(Object.keys(epochs).map((id) => [id, stream(id)]));
}

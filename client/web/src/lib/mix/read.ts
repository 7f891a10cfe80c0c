/**
 * The name of a mix: the hash over its samples, whatever file they stand in, as `sound_files::PcmHash` makes it. By a
 * library, because browsers hash only what is in memory as a whole, and only over https.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { LIMITS } from "../../protocol.gen";
import { clockTime } from "../timeline";
import type { MixFile } from "../types";
import { NoWav, readWav, values, type Wav } from "./wav";

const AT_ONCE = 1 << 20;

/** What the journal keeps of a file. `told` hears how much of it is read, from 0 to 1, so that the page stays awake. */
export async function readMix(file: Blob, title: string, told: (part: number) => void): Promise<MixFile> {
  const wav = await readWav(file);
  if (wav.bytes === 0) throw new NoWav("This file has no samples in it; export the mix anew.");
  const hash = begin(wav);
  const frame = wav.sample.bytes * wav.channels;
  const step = Math.max(1, Math.floor(AT_ONCE / frame)) * frame;
  for (let at = 0; at < wav.bytes; at += step) {
    const bytes = await file.slice(wav.at + at, wav.at + Math.min(at + step, wav.bytes)).arrayBuffer();
    hash.update(new Uint8Array(values(bytes, wav.sample).buffer));
    told(Math.min(1, (at + step) / wav.bytes));
  }
  return { title, rate: wav.rate, channels: wav.channels, length: wav.bytes / frame, pcm_hash: bytesToHex(hash.digest()) };
}

function begin({ channels, rate }: Wav) {
  const head = new DataView(new ArrayBuffer(6));
  head.setUint16(0, channels, true);
  head.setUint32(2, rate, true);
  return sha256
    .create()
    .update(new TextEncoder().encode("farfield-pcm-1"))
    .update(new Uint8Array(head.buffer));
}

/** A title from a file's name: without its ending, and no longer than one may be. */
export const titleOf = (name: string): string => [...name.replace(/\.[^.]+$/, "")].slice(0, LIMITS.label_chars).join("");

/** `03:12.0 · 48 kHz · stereo`. */
export function factsOf({ rate, channels, length }: MixFile): string {
  const sides = channels === 1 ? "mono" : channels === 2 ? "stereo" : `${channels} channels`;
  return `${clockTime(length / rate)} · ${rate / 1000} kHz · ${sides}`;
}

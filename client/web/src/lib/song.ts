/** What is known of the song, in words and back. */
import type { Metre, Song } from "./types";

/** `92 bpm · 4/4 · F♯ minor`; empty while nothing is known. */
export function songWords({ tempo_mbpm, metre, key }: Song): string {
  const tempo = tempo_mbpm === null ? [] : [`${tempo_mbpm / 1000} bpm`];
  return [...tempo, ...(metre ? [metreWords(metre)] : []), ...(key === null ? [] : [key])].join(" · ");
}

export const metreWords = (metre: Metre | null): string => (metre ? `${metre.beats}/${metre.unit}` : "");

/** Thousandths of a beat per minute; none where it is empty or no tempo. */
export function readTempo(text: string): number | null {
  const bpm = Number(text.trim().replace(",", "."));
  return text.trim() !== "" && bpm >= 10 && bpm <= 999 ? Math.round(bpm * 1000) : null;
}

export function readMetre(text: string): Metre | null {
  const [, beats, unit] = /^\s*(\d{1,2})\s*\/\s*(\d{1,2})\s*$/.exec(text) ?? [];
  const metre = { beats: Number(beats), unit: Number(unit) };
  return metre.beats >= 1 && metre.beats <= 64 && [1, 2, 4, 8, 16, 32].includes(metre.unit) ? metre : null;
}

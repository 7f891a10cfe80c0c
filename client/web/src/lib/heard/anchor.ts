/**
 * What was heard at a moment, from what has been told so far: nothing here asks a browser or a clock. The sound heard at
 * `tc` left the jitter buffer the output's latency earlier; what was in force then is placed in its stream.
 */
import type { RelayClock } from "../clock";
import { OUTPUT, outputDelay, type Delay } from "../delay";
import type { Clock, SessionState, Slot } from "../types";
import type { Gauge } from "./gauge";
import type { Carried, Place } from "./place";
import { TICKS_PER_MS } from "../timeline";
import type { ReadingRing } from "./ring";
import type { HeardAnchor } from "./types";

/** Everything that an anchor rests on. */
export interface Told {
  /** The section that carries what is judged; none while nothing does. */
  main: Slot | undefined;
  readings: ReadingRing;
  gauge: Gauge;
  carried: Carried;
  streams: SessionState["streams"];
  /** Newest clock message of the main stream. */
  clock: Clock | undefined;
  relay: RelayClock;
  /** Round trip to the relay on the path that carries the sound. */
  roundTripMs: number | undefined;
  webAudioLatencyMs: number | undefined;
  /** Whether the output looks like Bluetooth. */
  wireless: boolean;
  /** Why nothing comes out, in words, although it arrives; empty when it does. */
  held: string;
  reactionMs: number;
}

export type Answer = { anchor: HeardAnchor; leftMs: number } | { reason: string };

/** What is doubtful about a position in ms. The output's constants are beside the delay badge's, in `OUTPUT`. */
export const DOUBT = {
  /** The constants of the output path, and where in its packet the jitter buffer was. */
  usual: 5,
  /** Bluetooth reports its own delay badly. */
  wireless: 150,
  /** Where the browser does not tell what it plays, and the clocks of relay and publisher stand in. */
  clocks: 50,
  /** Where it does not tell how late its output is: 50 ms are assumed, and as much doubt. */
  output: 50,
} as const;
const UNKNOWN_OUTPUT: Delay = { ms: 50, doubtMs: DOUBT.output };
/** What was made up so shortly before still belongs to what was heard. */
const NEAR_MS = 250;

const NOTHING_PLAYED = "Nothing is being played here, so there is nothing to pin a note to.";
const NOTHING_HEARD = "No sound was arriving at that moment, so nothing was heard to pin a note to.";
const NO_MAP = "The studio has not told yet how its sound is counted; try again in a moment.";

/** What was heard at `tcMs` (page time), or why nothing was. */
export function heardAt(tcMs: number, told: Told): Answer {
  if (told.held) return { reason: told.held };
  if (!told.main) return { reason: NOTHING_PLAYED };
  const playoutMs = told.gauge.playoutMs;
  const known = outputDelay(playoutMs, told.webAudioLatencyMs);
  const leftMs = tcMs - (playoutMs === undefined ? (known ?? UNKNOWN_OUTPUT).ms : chromiumMs(playoutMs, told.gauge));
  const doubt = doubtMs(told) + (known ? 0 : UNKNOWN_OUTPUT.doubtMs);
  if (told.readings.isEmpty) return byClocks(leftMs, told, doubt);
  const frameMs = (told.streams[told.main.stream]?.format.frame_us ?? 20_000) / 1000;
  const found = told.readings.at(leftMs, frameMs);
  if (!found) return { reason: NOTHING_HEARD };
  const place = told.carried.locate(found.ssrc, found.rtp, told.streams);
  if (!place) return { reason: NO_MAP };
  return anchored(place, leftMs, doubt + found.spreadMs, told);
}

/** Whether some of what left the buffer around `leftMs` was made up, as far as is known by now. */
export function wasConcealed(gauge: Gauge, leftMs: number): boolean {
  return gauge.concealed(leftMs - NEAR_MS, leftMs);
}

/** From the mean of what left Chromium's buffer to the ear; what it decodes ahead where it counts that, else the usual. */
function chromiumMs(playoutMs: number, gauge: Gauge): number {
  const { chromiumMeanExtraMs, chromiumUsualAheadMs } = OUTPUT;
  return playoutMs + chromiumMeanExtraMs + (gauge.aheadMs ?? chromiumUsualAheadMs) - chromiumUsualAheadMs;
}

function doubtMs({ gauge, wireless }: Told): number {
  return DOUBT.usual + gauge.bufferChangeMs + (wireless ? DOUBT.wireless : 0);
}

function anchored(place: Place, leftMs: number, doubt: number, told: Told): Answer {
  const { stream, epoch, ticks } = place;
  const concealed = wasConcealed(told.gauge, leftMs);
  const at = Math.max(0, Math.round(ticks));
  return { anchor: { stream, epoch, at, uncertainty_ms: Math.ceil(doubt), concealed, reaction_ms: told.reactionMs }, leftMs };
}

/** Without the browser's word on its buffer: what was captured when by the clocks, less all that lies in between. */
function byClocks(leftMs: number, told: Told, doubt: number): Answer {
  const { clock, relay, main } = told;
  const maps = told.streams[main!.stream]?.epochs ?? [];
  const map = maps.find((candidate) => candidate.epoch === clock?.epoch);
  if (!clock || !map || !relay.known) return { reason: NO_MAP };
  // The publisher's own error is half its round trip: the way up.
  const wayMs = ((clock.encoded_us ?? 0) + clock.error_us) / 1000 + (told.roundTripMs ?? relay.rttMs) / 2;
  const capturedMs = relay.toRelay(leftMs) - wayMs - (told.gauge.bufferMs ?? 0);
  const captured = clock.ticks + TICKS_PER_MS * (capturedMs - clock.at_us / 1000);
  const ticks = captured + map.codec_delay + map.resampler_delay;
  if (ticks < map.from) return { reason: NOTHING_HEARD };
  const place = { stream: main!.stream, epoch: map.epoch, ticks };
  return anchored(place, leftMs, doubt + DOUBT.clocks, told);
}

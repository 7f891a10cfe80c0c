/** From a listener's RTP timestamp to the place in the session's stream: slots' offsets, and the streams' epoch maps. */
import { unwrapNear } from "../delay";
import type { EpochMap, SessionState, Slot } from "../types";

/** A place in a stream that outlives its publisher. */
export interface Place {
  stream: string;
  epoch: number;
  /** Ticks since the epoch's `rtp0`, with the part of a tick. */
  ticks: number;
}

type Segment = Pick<Slot, "stream" | "source" | "offset">;

/** Publishers that one listener's source has carried, kept for what still lies in the buffer. */
const MAX_SEGMENTS = 8;
/** Listener's sources that are kept: those of peer connections given up may still sound. */
const MAX_SOURCES = 32;

/** What each of the listener's RTP sources carries and has carried. */
export class Carried {
  #segments = new Map<number, Segment[]>();

  /** Takes the relay's newest word. It comes before the packets it speaks of. */
  handleSlots(slots: readonly Slot[]): void {
    for (const { ssrc, stream, source, offset } of slots) {
      const before = this.#segments.get(ssrc) ?? [];
      const last = before.at(-1);
      const same = last?.stream === stream && last.source === source && last.offset === offset;
      if (same) continue;
      this.#segments.delete(ssrc);
      this.#segments.set(ssrc, [...before, { stream, source, offset }].slice(-MAX_SEGMENTS));
    }
    const old = [...this.#segments.keys()].slice(0, -MAX_SOURCES);
    for (const ssrc of old) this.#segments.delete(ssrc);
  }

  /** Places a timestamp; none while the clock map of what it may belong to is not known. */
  locate(ssrc: number, rtp: number, streams: SessionState["streams"]): Place | undefined {
    const segments = this.#segments.get(ssrc) ?? [];
    for (let i = segments.length - 1; i >= 0; i -= 1) {
      const place = placeIn(segments[i]!, rtp, streams);
      // Older sound lies before the first tick of a newer publisher.
      if (!place || place.ticks >= place.first || i === 0) return place;
    }
    return undefined;
  }
}

function placeIn(segment: Segment, rtp: number, streams: SessionState["streams"]): (Place & { first: number }) | undefined {
  const own = (streams[segment.stream]?.epochs ?? []).filter((map: EpochMap) => map.ssrc === segment.source);
  const [first, last] = [own[0], own.at(-1)];
  if (!first || !last) return undefined;
  const whole = Math.floor(rtp);
  const low = (whole - segment.offset - first.rtp0) >>> 0;
  const ticks = unwrapNear(low, last.from) + (rtp - whole);
  const map = own.findLast((candidate) => candidate.from <= ticks) ?? first;
  return { stream: segment.stream, epoch: map.epoch, ticks, first: first.from };
}

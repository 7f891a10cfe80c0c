/** What was in somebody's ear when they pressed: the contract between the ear's clock and the desk. */
import type { StreamId } from "../types";

/** A place in a stream, as it was heard. */
export interface HeardAnchor {
  stream: StreamId;
  /** Number of the stream's epoch. */
  epoch: number;
  /** Ticks since that epoch's `rtp0`, without the reaction offset. */
  at: number;
  /** How far off `at` can be, in ms. */
  uncertainty_ms: number;
  /** Whether some of what was heard there was made up by concealment. */
  concealed: boolean;
  /** The remembered reaction offset in ms, kept apart from `at`. */
  reaction_ms: number;
}

export interface Heard {
  /**
   * What was heard at `eventTimeStamp`, the `timeStamp` of a key or pointer event (ms of `performance.now()`). Null when
   * nothing was heard then.
   */
  freeze(eventTimeStamp: number): HeardAnchor | null;
  /** Why the last `freeze` gave none, one sentence for people; empty when it gave one. */
  readonly reason: string;
  /** The same anchor with what is only known some tenths of a second later: whether it was heard through concealment. */
  settled(anchor: HeardAnchor): HeardAnchor;
}

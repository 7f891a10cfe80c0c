/** What the page has of the session: the fold of the events so far, for as long as it knows them. */
import { TYPES } from "../protocol.gen";
import { emptyState, reduce } from "./reducer";
import type { Recorded, SessionState } from "./types";

export interface Mirror {
  state: SessionState;
  /** Something happened that this version cannot go on after: the state stands still from there. */
  outdated: boolean;
}

export const emptyMirror = (): Mirror => ({ state: emptyState(), outdated: false });

/** Why nothing can be asked any more once the mirror stands still. */
export const OUTDATED = "This page is too old for what has happened in the session; load it again.";

/**
 * The mirror after one event. One of a later version changes nothing, unless it is marked critical: then, and where the
 * content of a known one cannot be read, the state would not be everybody's any more, and the mirror goes no further.
 */
export function follow(mirror: Mirror, event: Recorded): Mirror {
  if (mirror.outdated) return mirror;
  if (!TYPES.includes(event.type)) return { ...mirror, outdated: isCritical(event) };
  try {
    return { ...mirror, state: reduce(mirror.state, event) };
  } catch {
    return { ...mirror, outdated: true };
  }
}

/** The mirror with the state that a relay gives as a whole; one that stands still does so until the page is loaded again. */
export const replaced = (mirror: Mirror, state: SessionState | null | undefined): Mirror =>
  state && !mirror.outdated ? { ...mirror, state } : mirror;

const isCritical = (event: Recorded): boolean => (event as { critical?: unknown }).critical === true;

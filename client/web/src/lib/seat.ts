/**
 * How one gets in and back in: the invitation from the address bar, and the seat that a session gave.
 * Both live in this tab's session storage, so that a reload comes back, and nowhere else.
 */
import type { Resume } from "./types";

export interface Invitation {
  id: string;
  secret: string;
}

export interface Seat {
  invitation: Invitation;
  name: string;
  resume?: Resume;
  /** The talkback stream, and whose it is: another participant needs another. */
  talk?: { participant: string; stream: string };
  /** The links that one has made here, by invitation: nobody else knows their secrets, so they cannot be shown again. */
  links?: { [invite: string]: string };
  /** Number of the last peer connection offered from this tab. */
  peer: number;
}

type Store = Pick<Storage, "getItem" | "setItem">;

const KEY = "farfield.seat";
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const SECRET = /^[A-Za-z0-9_-]{22}$/;

/** What the address says: an invitation, one whose secret has been taken out of sight before, or none. */
export function readAddress(path: string, hash: string): Invitation | { id: string } | undefined {
  const id = /^\/i\/([^/]+)\/?$/.exec(path)?.[1];
  if (!id || !UUID.test(id)) return undefined;
  const secret = hash.replace(/^#/, "");
  if (secret === "") return { id };
  return SECRET.test(secret) ? { id, secret } : undefined;
}

/** The seat kept for this invitation, if this tab had one. */
export function loadSeat(store: Store, invite: string): Seat | undefined {
  try {
    const seat = JSON.parse(store.getItem(KEY) ?? "null") as Seat | null;
    return seat?.invitation.id === invite ? seat : undefined;
  } catch {
    return undefined;
  }
}

export const saveSeat = (store: Store, seat: Seat): void => store.setItem(KEY, JSON.stringify(seat));

/** The way in: what `hello` carries, from a kept seat or by redeeming the invitation again. */
import { VERSION } from "../protocol.gen";
import type { Invitation, Seat } from "./seat";
import type { ApiError, ErrorCode, Hello, Redeem, Redeemed } from "./types";

/** Why nobody is let in. Trying again helps when `final` is false. */
export class Refusal extends Error {
  constructor(
    readonly code: ErrorCode | "unreachable",
    message: string,
    readonly final: boolean,
  ) {
    super(message);
  }
}

/** How long the relay may take, to answer a call or to say welcome. A network may drop what is sent without a word. */
export const PATIENCE_MS = 8000;

/** `own` is what somebody who has joined says who they are by: their id and resume secret with a dot between. */
export type Post = (path: string, body: unknown, own?: string) => Promise<{ status: number; body: unknown }>;

/** Redeems an invitation for a ticket that is good for 30 s. */
const redeem = (post: Post, { id, secret }: Invitation, name: string): Promise<Redeemed> =>
  call(post, `/api/v1/invites/${id}/redeem`, { secret, name } satisfies Redeem);

/** Makes a call of the relay's interface; a refusal is thrown as one. */
export async function call<T>(post: Post, path: string, body: unknown, own?: string): Promise<T> {
  const answer = await post(path, body, own).catch(() => {
    throw new Refusal("unreachable", "The relay does not answer.", false);
  });
  if (answer.status >= 200 && answer.status < 300) return answer.body as T;
  throw refusalOf(answer.status, answer.body as Partial<ApiError> | null);
}

/** The `hello` for a seat: the way back if it has one, else a fresh ticket. */
export async function helloFor(post: Post, seat: Seat): Promise<Hello> {
  if (seat.resume) return { v: VERSION, client: "page", resume: seat.resume };
  const { ticket } = await redeem(post, seat.invitation, seat.name);
  return { v: VERSION, client: "page", ticket };
}

/** Where this page knows better than the relay what to do. */
export const WORDS: Partial<Record<ErrorCode, string>> = {
  version: "This page and the relay are of different versions. Load the page again.",
};

/** The relay's words as a sentence. */
export const sentence = (msg: string): string => msg.charAt(0).toUpperCase() + msg.slice(1) + (/[.!?]$/.test(msg) ? "" : ".");

function refusalOf(status: number, error: Partial<ApiError> | null): Refusal {
  const code = error?.code ?? (status >= 500 ? "internal" : "invalid");
  const passing = status >= 500 || status === 429;
  const msg = error?.msg ? sentence(error.msg) : `The relay answered ${status}. Try again.`;
  return new Refusal(code, WORDS[code] ?? msg, !passing);
}

/** `fetch` with JSON both ways. Throws when the whole answer is not here in time. */
export const postJson: Post = async (path, body, own) => {
  const headers = { "content-type": "application/json", ...(own === undefined ? {} : { authorization: `Bearer ${own}` }) };
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const answer = await fetch(path, { method: "POST", headers, body: JSON.stringify(body), credentials: "omit", signal });
  return { status: answer.status, body: parsed(await answer.text()) };
};

/** What a JSON text says; null for another, and for none. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

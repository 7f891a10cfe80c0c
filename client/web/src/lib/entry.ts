/** The way in: what `hello` carries, from a kept seat or by redeeming the invitation again. */
import type { Invitation, Seat } from "./seat";
import type { ApiError, ErrorCode, Hello, Redeemed } from "./types";
import { VERSION } from "./wire";

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

export type Post = (path: string, body: unknown) => Promise<{ status: number; body: unknown }>;

/** Redeems an invitation for a ticket that is good for 30 s. */
export async function redeem(post: Post, invitation: Invitation, name: string): Promise<Redeemed> {
  const path = `/api/v1/invites/${invitation.id}/redeem`;
  const answer = await post(path, { secret: invitation.secret, name }).catch(() => {
    throw new Refusal("unreachable", "The relay does not answer.", false);
  });
  if (answer.status === 200 || answer.status === 201) return answer.body as Redeemed;
  throw refusalOf(answer.status, answer.body as Partial<ApiError> | null);
}

/** The `hello` for a seat: the way back if it has one, else a fresh ticket. */
export async function helloFor(post: Post, seat: Seat): Promise<Hello> {
  if (seat.resume) return { v: VERSION, client: "page", resume: seat.resume };
  const { ticket } = await redeem(post, seat.invitation, seat.name);
  return { v: VERSION, client: "page", ticket };
}

export const WORDS: Partial<Record<ErrorCode, string>> = {
  gone: "This invitation was revoked or has been used already. Ask the person who sent it for a new one.",
  unknown: "There is no such invitation on this relay. Check that you have the whole link, or ask for a new one.",
  unauthorized: "The link's last part, after #, is wrong or cut off. Copy the whole link and open it again.",
  version: "This page and the relay are of different versions. Load the page again.",
};

function refusalOf(status: number, error: Partial<ApiError> | null): Refusal {
  const code = error?.code ?? (status >= 500 ? "internal" : "invalid");
  const passing = status >= 500 || status === 429;
  return new Refusal(code, WORDS[code] ?? error?.msg ?? `The relay answered ${status}. Try again.`, !passing);
}

/** `fetch` with JSON both ways. */
export const postJson: Post = async (path, body) => {
  const headers = { "content-type": "application/json" };
  const answer = await fetch(path, { method: "POST", headers, body: JSON.stringify(body), credentials: "omit" });
  return { status: answer.status, body: await answer.json().catch(() => null) };
};

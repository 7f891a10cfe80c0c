/**
 * Invitations to make and revoke by what the session lets one do now: the relay makes the link, the journal says that there
 * is one.
 */
import { call, type Post } from "./entry";
import { readAddress, type Seat } from "./seat";
import type { Authority, InviteMade, NewInvite, RevokeInvite, Role } from "./types";

export interface Made {
  id: string;
  /** The whole link, with its secret. */
  link: string;
}

/** By whose right: the invitation that one came by, and the way back, which says who one is. */
export type Right = Pick<Seat, "invitation" | "resume">;

const authority = ({ invitation: { id, secret } }: Right): Authority => ({ invite: id, secret });
const own = ({ resume }: Right): string | undefined => resume && `${resume.participant}.${resume.secret}`;

/** Has the relay make a link. Throws a refusal with the relay's sentence. */
export async function makeLink(post: Post, by: Right, role: Role, once: boolean): Promise<Made> {
  const asked: NewInvite = { by: authority(by), role, once };
  const { link } = await call<InviteMade>(post, "/api/v1/invites", asked, own(by));
  const { pathname, hash } = new URL(link);
  const id = readAddress(pathname, hash)?.id;
  if (!id) throw new Error("The relay answered with something else than a link. Load the page again.");
  return { id, link };
}

/** Has the relay let nobody in by a link any more. */
export const revokeLink = (post: Post, by: Right, id: string): Promise<void> =>
  call(post, `/api/v1/invites/${id}/revoke`, { by: authority(by) } satisfies RevokeInvite, own(by));

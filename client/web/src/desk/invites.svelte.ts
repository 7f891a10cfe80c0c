/** The invitations that are made at this desk. */
import type { Post } from "../lib/entry";
import { makeLink, revokeLink, type Right } from "../lib/invites";
import type { Command, Role } from "../lib/types";
import { newId } from "../lib/wire";

type Links = { readonly [invite: string]: string };

export interface InvitesIo {
  post: Post;
  /** By whose right the relay makes others. */
  by(): Right;
  why(asked: Command): string | undefined;
  ask(asked: Command): boolean;
  news(text: string): void;
  keep(links: Links): void;
}

export class Invites {
  /** What can be handed out once more, by invitation: what was made in this tab. */
  links = $state.raw<Links>({});
  busy = $state(false);

  constructor(
    readonly io: InvitesIo,
    kept: Links,
  ) {
    this.links = kept;
  }

  /** A link first, then the word of it in the journal; one that the journal does not take lets nobody in. */
  make(role: Role, once: boolean): Promise<void> {
    const noted = (invite: string): Command => ({ type: "invite.make", data: { invite, role, once } });
    return this.#carefully(noted(newId()), async () => {
      const { id, link } = await makeLink(this.io.post, this.io.by(), role, once);
      if (!this.io.ask(noted(id))) return revokeLink(this.io.post, this.io.by(), id);
      this.#set({ ...this.links, [id]: link });
      await this.copy(link);
    });
  }

  revoke(id: string): Promise<void> {
    const asked: Command = { type: "invite.revoke", data: { invite: id } };
    return this.#carefully(asked, async () => {
      await revokeLink(this.io.post, this.io.by(), id);
      const { [id]: _, ...links } = this.links;
      this.#set(links);
      this.io.ask(asked);
    });
  }

  /** Browsers let a page copy over https only; the link stands in its field for the others. */
  async copy(link: string): Promise<void> {
    const copied = await (navigator.clipboard?.writeText(link) ?? Promise.reject()).then(
      () => true,
      () => false,
    );
    this.io.news(copied ? "The link is copied." : "Your browser copies nothing by itself here: copy the link from its field.");
  }

  /** Once at a time, and not what cannot be had anyway. */
  async #carefully(asked: Command, act: () => Promise<void>): Promise<void> {
    const why = this.io.why(asked);
    if (why) return this.io.news(why);
    if (this.busy) return;
    this.busy = true;
    try {
      await act();
    } catch (error) {
      this.io.news(error instanceof Error ? error.message : "The relay does not answer.");
    } finally {
      this.busy = false;
    }
  }

  #set(links: Links): void {
    this.links = links;
    this.io.keep(links);
  }
}

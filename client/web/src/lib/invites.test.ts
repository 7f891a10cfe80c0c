import { expect, test } from "vitest";
import { Refusal, type Post } from "./entry";
import { makeLink, revokeLink } from "./invites";

const ID = "018f4d3e-0000-7000-8000-000000000001";
const LINK = `https://studio.example/i/${ID}#${"A".repeat(22)}`;
const invitation = { id: "mine", secret: "s" };
const by = { invitation, resume: { session: "x", participant: "me", secret: "way-back" } };
/** What says who one is. */
const OWN = "me.way-back";

/** Answers every call alike and keeps what was asked. */
function relay(status: number, body: unknown): { asked: unknown[]; post: Post } {
  const asked: unknown[] = [];
  return { asked, post: async (path, said, own) => (asked.push([path, said, own]), { status, body }) };
}

test("a_link_is_made_by_ones_own_right_and_its_id_is_read_from_it", async () => {
  const { asked, post } = relay(200, { link: LINK });
  expect(await makeLink(post, by, "mentor", true)).toEqual({ id: ID, link: LINK });
  expect(asked).toEqual([["/api/v1/invites", { by: { invite: "mine", secret: "s" }, role: "mentor", once: true }, OWN]]);
});

test("a_link_is_revoked_by_ones_own_right", async () => {
  const { asked, post } = relay(204, null);
  await revokeLink(post, by, ID);
  expect(asked).toEqual([[`/api/v1/invites/${ID}/revoke`, { by: { invite: "mine", secret: "s" } }, OWN]]);
});

test("who_has_no_way_back_yet_shows_the_invitation_alone", async () => {
  const { asked, post } = relay(204, null);
  await revokeLink(post, { invitation }, ID);
  expect(asked).toEqual([[`/api/v1/invites/${ID}/revoke`, { by: { invite: "mine", secret: "s" } }, undefined]]);
});

test("a_refusal_is_told_in_the_relays_words_and_silence_in_ours", async () => {
  const { post } = relay(403, { code: "forbidden", msg: "this invitation does not let you make such a link" });
  await expect(makeLink(post, by, "owner", false)).rejects.toEqual(new Refusal("forbidden", "This invitation does not let you make such a link.", true));
  const silent: Post = () => Promise.reject(new TypeError("no network"));
  await expect(revokeLink(silent, by, ID)).rejects.toThrow("The relay does not answer.");
});

test("what_is_no_link_is_not_taken_for_one", async () => {
  const { post } = relay(200, { link: "https://studio.example/elsewhere" });
  await expect(makeLink(post, by, "mentor", true)).rejects.toThrow(/something else than a link/);
});

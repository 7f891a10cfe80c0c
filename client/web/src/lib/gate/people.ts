/** The session itself, who is in it, who is invited and who waits, and who holds the baton. */
import { LIMITS, PRESETS } from "../../protocol.gen";
import { covers, sameGrants } from "../grants";
import { may } from "../may";
import type { Command, Grants, Song } from "../types";
import { Ask, invalid, label, liveTake, PHASES, rejected, roomFor, stale, unknown, type Rejection } from "./ask";
import { reason } from "./takes";

const GONE = "You are not in the session any more; come back first.";

export function aboutPeople(ask: Ask, asked: Command): Rejection | undefined {
  switch (asked.type) {
    case "invite.make":
      return invite(ask, asked.data);
    case "invite.revoke":
      return ask.must("invite") ?? (ask.state.invites[asked.data.invite] ? undefined : unknown("such invitation"));
    case "lobby.admit":
    case "lobby.deny":
      return ask.must("invite") ?? waits(ask, asked.data.participant);
    case "participant.grant":
      return ask.must("administer") ?? grant(ask, asked.data.participant, asked.data.grants);
    case "participant.kick":
      return kick(ask, asked.data.participant, asked.data.reason);
    case "participant.ban":
      return ban(ask, asked.data.participant, asked.data.reason);
    case "participant.unban":
      return ask.must("invite");
    default:
      return undefined;
  }
}

export function aboutTheBaton(ask: Ask, asked: Command): Rejection | undefined {
  const holder = ask.state.baton?.holder;
  switch (asked.type) {
    case "baton.take":
      return ask.must("hold_baton") ?? (holder !== undefined && holder !== ask.me ? held(ask, holder) : isHere(ask));
    case "baton.give":
      return holder === ask.me ? receives(ask, asked.data.to) : stale("You do not hold the baton; take it first.");
    case "baton.reclaim":
      return ask.must("reclaim_baton") ?? (holder === ask.me ? undefined : isHere(ask));
    default:
      return undefined;
  }
}

export function aboutTheSession(ask: Ask, asked: Command): Rejection | undefined {
  switch (asked.type) {
    case "session.open":
      return ask.must("administer") ?? label(asked.data.title, LIMITS.label_chars, "A title has 1 to 80 characters.");
    case "session.close":
      return ask.must("administer") ?? betweenTakes(ask);
    case "session.policy":
      return ask.must("administer");
    case "session.song":
      return ask.must("set_song") ?? song(asked.data.song);
    case "session.consent":
      return ask.state.participants[ask.me] ? undefined : unknown("such person");
    default:
      return undefined;
  }
}

function invite(ask: Ask, { invite: id, role, once }: Extract<Command, { type: "invite.make" }>["data"]): Rejection | undefined {
  const { invites, participants } = ask.state;
  const known = invites[id];
  const same = known?.role === role && known.once === once;
  const more = !covers(participants[ask.me]?.grants ?? [], PRESETS[role]);
  return (
    ask.must("invite") ??
    (more ? rejected("forbidden", "Nobody can hand out more than they may do themselves; choose another role.") : undefined) ??
    (known && !same ? rejected("conflict", "This id belongs to another invitation; make it again.") : undefined) ??
    (known ? undefined : roomFor(Object.keys(invites).length, LIMITS.invites, "invitations", "use one that many can use"))
  );
}

function waits(ask: Ask, id: string): Rejection | undefined {
  const { lobby, admitted, participants } = ask.state;
  if (lobby[id]) return undefined;
  const faster = admitted.includes(id) || participants[id];
  return faster ? stale("Somebody has let them in already; send them away if they should not be here.") : rejected("unknown", "They do not wait any more; look at the lobby again.");
}

function grant(ask: Ask, id: string, grants: Grants): Rejection | undefined {
  const { participants, banned } = ask.state;
  const person = ask.person(id);
  if ("rejected" in person) return person.rejected;
  if (sameGrants(person.found.grants, grants) || grants.includes("admin")) return undefined;
  const others = Object.entries(participants).some(
    ([other, { grants, sent_away }]) => other !== id && grants.includes("admin") && !sent_away && !banned.includes(other),
  );
  return others ? undefined : invalid("A session keeps somebody who may do everything; give that to another first.");
}

/** Nobody sends themselves away, and only who may do everything sends away who may. */
function sendAway(ask: Ask, id: string, why: string | null | undefined): Rejection | undefined {
  const runs = ask.state.participants[id]?.grants.includes("admin") === true;
  return (
    ask.must("invite") ??
    (id === ask.me ? invalid("You cannot send yourself away; leave instead.") : undefined) ??
    (runs ? ask.must("administer") : undefined) ??
    reason(why)
  );
}

function kick(ask: Ask, id: string, why: string | null | undefined): Rejection | undefined {
  const person = ask.person(id);
  const gone = "rejected" in person ? person.rejected : person.found.present ? undefined : stale("They have left already; keep them out if they should not come back.");
  return sendAway(ask, id, why) ?? gone;
}

function ban(ask: Ask, id: string, why: string | null | undefined): Rejection | undefined {
  const { banned, lobby } = ask.state;
  const person = lobby[id] ? undefined : ask.person(id);
  return (
    sendAway(ask, id, why) ??
    (person && "rejected" in person ? person.rejected : undefined) ??
    (banned.includes(id) ? undefined : roomFor(banned.length, LIMITS.banned, "people kept out", "revoke the invitation that they use"))
  );
}

const held = (ask: Ask, holder: string): Rejection =>
  stale(`${ask.name(holder)} holds the baton; ask for it or wait until it is put down.`);

function isHere(ask: Ask): Rejection | undefined {
  const me = ask.person(ask.me);
  if ("rejected" in me) return me.rejected;
  return me.found.present ? undefined : rejected("forbidden", GONE);
}

/** Who is given the baton; nobody when it is put down. */
function receives(ask: Ask, to: string | null | undefined): Rejection | undefined {
  if (to == null) return undefined;
  const person = ask.person(to);
  if ("rejected" in person) return person.rejected;
  const fit = person.found.present && may(ask.state, to, "hold_baton");
  return fit ? undefined : invalid("The baton goes to somebody who is here and may roll takes; choose another.");
}

function betweenTakes({ state }: Ask): Rejection | undefined {
  const live = liveTake(state);
  return live && stale(`Take ${live.number} is ${PHASES[live.phase]}; stop or cancel it first.`);
}

function song({ tempo_mbpm, metre, key }: Song): Rejection | undefined {
  if (tempo_mbpm != null && (tempo_mbpm < 10_000 || tempo_mbpm > 999_000)) return invalid("A tempo is 10 to 999 beats per minute.");
  if (metre && (metre.beats < 1 || metre.beats > 64 || ![1, 2, 4, 8, 16, 32].includes(metre.unit))) {
    return invalid("A metre has 1 to 64 beats of 1/1, 1/2, 1/4, 1/8, 1/16 or 1/32.");
  }
  return key == null ? undefined : label(key, LIMITS.key_chars, "A key has 1 to 24 characters.");
}

/** Who is in the session, who waits, who is invited, and who holds the baton. */
import type { Baton, Participant, Recorded, SessionState } from "../types";

/** The state after an event about people; nothing when the event is about something else. */
export const reducePeople = (state: SessionState, event: Recorded): SessionState | undefined =>
  reducePresent(state, event) ?? reduceDoor(state, event);

/** Who is in, and as what. */
function reducePresent(state: SessionState, event: Recorded): SessionState | undefined {
  switch (event.type) {
    case "participant.join": {
      const { participant, ...person } = event.data;
      const consented = state.participants[participant]?.consented ?? false;
      const participants = { ...state.participants, [participant]: { ...person, present: true, consented, sent_away: false } };
      return { ...state, participants, lobby: without(state.lobby, participant) };
    }
    case "participant.leave": {
      const baton = state.baton?.holder === event.data.participant ? null : state.baton;
      return { ...withPerson(state, event.data.participant, { present: false }), baton };
    }
    case "participant.grant":
      return withPerson(state, event.data.participant, { grants: event.data.grants });
    case "session.consent":
      return withPerson(state, event.data.participant, { consented: event.data.given });
    case "participant.kick":
      return withPerson(state, event.data.participant, { sent_away: true });
    case "participant.ban": {
      const id = event.data.participant;
      const banned = withId(state.banned, id);
      return { ...withPerson(state, id, { sent_away: true }), banned, admitted: withoutId(state.admitted, id), lobby: without(state.lobby, id) };
    }
    case "participant.unban":
      return {
        ...withPerson(state, event.data.participant, { sent_away: false }),
        banned: withoutId(state.banned, event.data.participant),
      };
    case "baton.pass": {
      const { to, lease_ms } = event.data;
      return { ...state, baton: to === null ? null : { holder: to, until: event.at + lease_ms, lease_ms } };
    }
    default:
      return undefined;
  }
}

/** Who is invited and who waits. */
function reduceDoor(state: SessionState, event: Recorded): SessionState | undefined {
  switch (event.type) {
    case "invite.make": {
      const { invite, role, once } = event.data;
      return { ...state, invites: { ...state.invites, [invite]: { role, once, revoked: false } } };
    }
    case "invite.revoke": {
      const known = state.invites[event.data.invite];
      if (!known) return state;
      return { ...state, invites: { ...state.invites, [event.data.invite]: { ...known, revoked: true } } };
    }
    case "lobby.knock": {
      const { participant, ...waiting } = event.data;
      return { ...state, lobby: { ...state.lobby, [participant]: waiting } };
    }
    case "lobby.admit": {
      const id = event.data.participant;
      return { ...state, lobby: without(state.lobby, id), admitted: withId(state.admitted, id) };
    }
    case "lobby.deny":
      return { ...state, lobby: without(state.lobby, event.data.participant) };
    default:
      return undefined;
  }
}

/** Whoever holds the baton and uses it keeps it for longer. */
export function lentAnew(baton: Baton | null, event: Recorded): Baton | null {
  return baton && baton.holder === event.by ? { ...baton, until: event.at + baton.lease_ms } : baton;
}

function withPerson(state: SessionState, id: string, change: Partial<Participant>): SessionState {
  const person = state.participants[id];
  return person ? { ...state, participants: { ...state.participants, [id]: { ...person, ...change } } } : state;
}

const withId = (ids: readonly string[], id: string): string[] => [...withoutId(ids, id), id].sort();

const withoutId = (ids: readonly string[], id: string): string[] => ids.filter((known) => known !== id);

function without<T>(entries: { [id: string]: T }, id: string): { [id: string]: T } {
  const { [id]: _, ...rest } = entries;
  return rest;
}

/** The page greys by the table that the relay checks: `protocol::grants::may`. */
import { RULES } from "../protocol.gen";
import type { Action, Condition, SessionState } from "./types";

/** What the rules look at, as one participant sees it. */
export interface Here {
  lesson: boolean;
  baton: boolean;
  batonElsewhere: boolean;
  own: boolean;
}

export function here(state: SessionState, participant: string, own: boolean): Here {
  const baton = state.baton?.holder === participant;
  return { lesson: state.policy.decides === "mentor", baton, batonElsewhere: state.baton !== null && !baton, own };
}

/** Whether somebody may do this here and now; `own`: what they act on is theirs. */
export function may(state: SessionState, participant: string, action: Action, own = false): boolean {
  const grants = state.participants[participant]?.grants ?? [];
  return RULES[action].some((rule) => grants.includes(rule.grant) && meets(here(state, participant, own), rule.when));
}

function meets(here: Here, condition: Condition): boolean {
  switch (condition) {
    case "always":
      return true;
    case "own":
      return here.own;
    case "lesson":
      return here.lesson;
    case "baton":
      return here.baton;
    case "baton_free":
      return !here.batonElsewhere;
    case "own_baton_free":
      return here.own && !here.batonElsewhere;
  }
}

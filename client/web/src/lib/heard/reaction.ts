/** How long people take from hearing to pressing, as they have chosen it: remembered in this browser. */
export const REACTIONS_MS = [0, 250, 500, 1000] as const;

const KEY = "farfield.reaction";
const USUAL_MS = 250;

export function loadReaction(store: Pick<Storage, "getItem">): number {
  const kept = store.getItem(KEY);
  return REACTIONS_MS.find((choice) => String(choice) === kept) ?? USUAL_MS;
}

export const saveReaction = (store: Pick<Storage, "setItem">, ms: number): void => store.setItem(KEY, String(ms));

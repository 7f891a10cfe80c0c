/** How the program arrives at each of the others: as they say themselves, and no longer than that can be true. */
import type { Arrivals } from "../lib/people";
import type { Health } from "../lib/types";

/** People tell once a second. */
const FRESH_MS = 3500;

export class ArrivalBoard {
  all = $state.raw<Arrivals>(new Map());
  #atMs = new Map<string, number>();

  handle(who: string, how: Health): void {
    this.all = new Map(this.all).set(who, how);
    this.#atMs.set(who, performance.now());
  }

  forgetOld(): void {
    const fresh = [...this.all].filter(([who]) => performance.now() - (this.#atMs.get(who) ?? 0) < FRESH_MS);
    if (fresh.length < this.all.size) this.all = new Map(fresh);
  }
}

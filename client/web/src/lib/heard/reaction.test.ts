import { expect, test } from "vitest";
import { loadReaction, saveReaction } from "./reaction";

const store = (kept: string | null = null) => ({
  kept,
  getItem() {
    return this.kept;
  },
  setItem(_key: string, value: string) {
    this.kept = value;
  },
});

test("a_chosen_reaction_is_remembered", () => {
  const browser = store();
  saveReaction(browser, 1000);
  expect(loadReaction(browser)).toBe(1000);
});

test("what_is_no_choice_falls_back_to_the_usual_one", () => {
  expect([loadReaction(store()), loadReaction(store("333")), loadReaction(store("NaN"))]).toEqual([250, 250, 250]);
});

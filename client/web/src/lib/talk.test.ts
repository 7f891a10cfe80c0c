import { expect, test } from "vitest";
import { TalkButton } from "./talk";

test("it_is_on_while_anything_holds_it", () => {
  const heard: boolean[] = [];
  const button = new TalkButton((on) => heard.push(on));
  button.press("key");
  button.press("key");
  button.press("pointer");
  button.release("key");
  expect(button.on).toBe(true);
  button.release("pointer");
  expect(heard).toEqual([true, false]);
});

test("the_latch_holds_by_itself_and_a_second_push_lets_go", () => {
  const button = new TalkButton(() => {});
  button.toggleLatch();
  expect([button.on, button.latched]).toEqual([true, true]);
  button.toggleLatch();
  expect(button.on).toBe(false);
});

test("losing_the_window_lets_go_of_everything", () => {
  const button = new TalkButton(() => {});
  button.press("key");
  button.toggleLatch();
  button.releaseAll();
  expect([button.on, button.latched]).toEqual([false, false]);
});

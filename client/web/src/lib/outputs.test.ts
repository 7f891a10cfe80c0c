import { afterEach, expect, test, vi } from "vitest";
import { askForOutputs, canChoose, hasOwnList, namedOutputs } from "./outputs";

afterEach(() => vi.unstubAllGlobals());

const output = (deviceId: string, label: string) => ({ kind: "audiooutput", deviceId, label });
const microphone = { kind: "audioinput", deviceId: "m", label: "Microphone" };

/** A browser that lets pages choose, with these devices. */
function browser(mediaDevices: object | undefined) {
  vi.stubGlobal("HTMLMediaElement", class { setSinkId(): void {} });
  vi.stubGlobal("navigator", { mediaDevices });
}

test("outputs_without_a_name_are_none_and_microphones_are_none_either", async () => {
  browser({ enumerateDevices: () => Promise.resolve([microphone, output("", ""), output("a", "Speakers")]) });
  expect(await namedOutputs()).toEqual([{ id: "a", label: "Speakers" }]);
});

test("a_page_that_came_over_http_has_nothing_to_choose", async () => {
  browser(undefined);
  expect([canChoose(), hasOwnList()]).toEqual([false, false]);
  expect(await namedOutputs()).toEqual([]);
});

test("a_microphone_that_was_opened_for_the_names_is_closed_again", async () => {
  const stop = vi.fn();
  browser({ getUserMedia: () => Promise.resolve({ getTracks: () => [{ stop }] }) });
  expect(await askForOutputs()).toBeUndefined();
  expect(stop).toHaveBeenCalledOnce();
});

test("the_browsers_own_list_comes_before_a_microphone_and_may_be_left_without_a_choice", async () => {
  const getUserMedia = vi.fn();
  browser({ getUserMedia, selectAudioOutput: () => Promise.resolve(output("b", "Headphones")) });
  expect(hasOwnList()).toBe(true);
  expect(await askForOutputs()).toBe("b");
  browser({ getUserMedia, selectAudioOutput: () => Promise.reject(new Error("closed")) });
  expect(await askForOutputs()).toBeUndefined();
  expect(getUserMedia).not.toHaveBeenCalled();
});

test("a_microphone_that_is_refused_is_a_refusal", async () => {
  browser({ getUserMedia: () => Promise.reject(new DOMException("no", "NotAllowedError")) });
  await expect(askForOutputs()).rejects.toThrow("no");
});

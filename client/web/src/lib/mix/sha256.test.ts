import { expect, test } from "vitest";
import { Sha256 } from "./sha256";

const theirs = async (bytes: Uint8Array<ArrayBuffer>): Promise<string> =>
  Array.from(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)), (byte) => byte.toString(16).padStart(2, "0")).join("");

test("the_hash_of_abc_is_the_standards", () => {
  const hash = new Sha256().update(new TextEncoder().encode("abc")).finish();
  expect(hash).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
});

test("every_length_around_a_block_is_hashed_as_the_browser_does_however_it_is_cut", async () => {
  for (const length of [0, 1, 54, 55, 56, 57, 63, 64, 65, 119, 120, 128, 1000]) {
    const bytes = Uint8Array.from({ length }, (_, at) => (at * 31) & 0xff);
    for (const cut of [1, 7, 64, 1000]) {
      const hash = new Sha256();
      for (let at = 0; at < length; at += cut) hash.update(bytes.subarray(at, at + cut));
      expect(hash.finish(), `${length} bytes by ${cut}`).toBe(await theirs(bytes));
    }
  }
});

import { expect, test } from "vitest";
import { readMix, titleOf } from "./read";
import { NoWav, readWav } from "./wav";

/** What the crate `sound-files` says of the same four samples. */
const KNOWN = "8bbccac589bc26cc3f34883ed5df36b98773d2c67c1a769a34e8685ce24235a2";
const SAMPLES = [0.5, -0.5, 0.25, 0];

type Put = (view: DataView, at: number, value: number) => void;
const PUTS: { readonly [format: string]: Put } = {
  "1 16": (view, at, value) => view.setInt16(at, value * 2 ** 15, true),
  "1 24": (view, at, value) => {
    view.setUint16(at, (value * 2 ** 23) & 0xffff, true);
    view.setInt8(at + 2, (value * 2 ** 23) >> 16);
  },
  "1 32": (view, at, value) => view.setInt32(at, value * 2 ** 31, true),
  "3 32": (view, at, value) => view.setFloat32(at, value, true),
  "3 64": (view, at, value) => view.setFloat64(at, value, true),
};

const chunk = (id: string, body: Uint8Array, size = body.length) => {
  const bytes = new Uint8Array(8 + body.length + (body.length % 2));
  bytes.set(new TextEncoder().encode(id));
  new DataView(bytes.buffer).setUint32(4, size, true);
  bytes.set(body, 8);
  return bytes;
};
const fmt = (tag: number, bits: number, rate = 48_000) => {
  const view = new DataView(new ArrayBuffer(16));
  [tag, 2].forEach((value, at) => view.setUint16(2 * at, value, true));
  view.setUint32(4, rate, true);
  view.setUint16(14, bits, true);
  return chunk("fmt ", new Uint8Array(view.buffer));
};
const data = (format: string, samples: readonly number[]) => {
  const bytes = Number(format.split(" ")[1]) / 8;
  const view = new DataView(new ArrayBuffer(samples.length * bytes));
  samples.forEach((value, at) => PUTS[format]!(view, at * bytes, value));
  return new Uint8Array(view.buffer);
};
const riff = (kind: string, ...chunks: Uint8Array[]) =>
  new Blob([chunk(kind, new TextEncoder().encode("WAVE")), ...chunks] as Uint8Array<ArrayBuffer>[]);
const wav = (format: string, samples: readonly number[] = SAMPLES, rate?: number) => {
  const [tag, bits] = format.split(" ").map(Number) as [number, number];
  return riff("RIFF", fmt(tag, bits, rate), chunk("LIST", new Uint8Array(5)), chunk("data", data(format, samples)));
};
const mix = (file: Blob) => readMix(file, "rough", () => {});

test.each(Object.keys(PUTS))("samples_have_the_hash_that_rust_gives_them_when_stored_as_%s", async (format) => {
  expect(await mix(wav(format))).toEqual({ title: "rough", rate: 48_000, channels: 2, length: 2, pcm_hash: KNOWN });
});

test("another_rate_or_sample_is_another_hash_and_the_sign_of_zero_is_not", async () => {
  expect((await mix(wav("3 32", SAMPLES, 44_100))).pcm_hash).not.toBe(KNOWN);
  expect((await mix(wav("3 32", [0.5, -0.5, 0.25, 2 ** -23]))).pcm_hash).not.toBe(KNOWN);
  expect((await mix(wav("3 32", [0.5, -0.5, 0.25, -0]))).pcm_hash).toBe(KNOWN);
});

test("a_long_file_is_read_in_pieces_and_tells_how_far_it_is", async () => {
  const told: number[] = [];
  const samples = Array.from({ length: 700_000 }, (_, at) => ((at % 200) - 100) / 128);
  const read = await readMix(wav("3 32", samples), "long", (part) => told.push(part));
  expect(read.length).toBe(350_000);
  expect(told.length).toBe(3);
  expect(told.at(-1)).toBe(1);
});

test("an_rf64_file_says_its_length_elsewhere_and_a_cut_one_has_what_is_there", async () => {
  const ds64 = new DataView(new ArrayBuffer(28));
  ds64.setBigUint64(8, 16n, true);
  const large = riff("RF64", chunk("ds64", new Uint8Array(ds64.buffer)), fmt(3, 32), chunk("data", data("3 32", SAMPLES), 0xffff_ffff));
  expect((await mix(large)).pcm_hash).toBe(KNOWN);
  const cut = riff("RIFF", fmt(3, 32), chunk("data", data("3 32", SAMPLES.slice(0, 3)), 16));
  expect((await readWav(cut)).bytes).toBe(8);
});

test.each([
  ["nothing", new Blob([])],
  ["a song in another format", new Blob(["ID3 and so on, for long enough"])],
  ["no samples", riff("RIFF", fmt(1, 16))],
  ["no format", riff("RIFF", chunk("data", new Uint8Array(8)))],
  ["another format's samples", riff("RIFF", fmt(85, 16), chunk("data", new Uint8Array(8)))],
  ["an empty mix", wav("1 16", [])],
])("%s_is_refused_with_what_to_do", async (_, file) => {
  await expect(mix(file)).rejects.toThrow(NoWav);
  await expect(mix(file)).rejects.toThrow(/; export the mix /);
});

test("a_title_is_the_files_name_without_its_ending", () => {
  expect([titleOf("Blue hour 2.wav"), titleOf("rough"), titleOf("x".repeat(90))]).toEqual(["Blue hour 2", "rough", "x".repeat(80)]);
});

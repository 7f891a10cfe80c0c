/** WAV and RF64 files: where their samples are and what they are, as the crate `sound-files` reads them. */

export interface Wav {
  rate: number;
  channels: number;
  sample: Sample;
  /** Where the samples begin, and how many bytes of whole frames there are. */
  at: number;
  bytes: number;
}

/** How one value of one channel is stored. */
export interface Sample {
  bytes: number;
  read(view: DataView, at: number): number;
}

/** A sentence that says what to do. */
export class NoWav extends Error {}

const SAMPLES: { readonly [format: string]: Sample } = {
  "1 8": { bytes: 1, read: (view, at) => (view.getUint8(at) - 128) / 128 },
  "1 16": { bytes: 2, read: (view, at) => view.getInt16(at, true) / 2 ** 15 },
  "1 24": { bytes: 3, read: (view, at) => ((view.getInt8(at + 2) << 16) | view.getUint16(at, true)) / 2 ** 23 },
  "1 32": { bytes: 4, read: (view, at) => view.getInt32(at, true) / 2 ** 31 },
  "3 32": { bytes: 4, read: (view, at) => view.getFloat32(at, true) },
  "3 64": { bytes: 8, read: (view, at) => view.getFloat64(at, true) },
};
const EXTENSIBLE = 0xfffe;
const ELSEWHERE = 0xffff_ffff;
const FORMAT_BYTES = 40;

/** Walks the chunks up to the samples. */
export async function readWav(file: Blob): Promise<Wav> {
  const head = await slice(file, 0, 12);
  const kind = head.byteLength === 12 ? name(head, 0) : "";
  if (!["RIFF", "RF64", "BW64"].includes(kind) || name(head, 8) !== "WAVE") throw new NoWav("This is no WAV file; export the mix as WAV and choose that.");
  let large: number | undefined;
  let format: Pick<Wav, "rate" | "channels" | "sample"> | undefined;
  for (let at = 12; at + 8 <= file.size; ) {
    const chunk = await slice(file, at, 8);
    const [id, size] = [name(chunk, 0), chunk.getUint32(4, true)];
    const from = at + 8;
    if (id === "ds64") large = Number((await slice(file, from, 16)).getBigUint64(8, true));
    if (id === "fmt ") format = formatOf(await slice(file, from, Math.min(size, FORMAT_BYTES)));
    if (id === "data") return whole(file, from, size === ELSEWHERE && large !== undefined ? large : size, format);
    at = from + size + (size % 2);
  }
  throw new NoWav("This file has no samples in it; export the mix anew.");
}

/** The samples as `f32` values, interleaved, with −0 as 0 and one not-a-number. */
export function values(bytes: ArrayBuffer, sample: Sample): Float32Array<ArrayBuffer> {
  const view = new DataView(bytes);
  const read = new Float32Array(Math.floor(bytes.byteLength / sample.bytes));
  for (let n = 0; n < read.length; n += 1) read[n] = sample.read(view, n * sample.bytes) + 0;
  const words = new Uint32Array(read.buffer);
  for (let n = 0; n < read.length; n += 1) if (read[n] !== read[n]) words[n] = 0x7fc0_0000;
  return read;
}

function whole(file: Blob, at: number, size: number, format: Pick<Wav, "rate" | "channels" | "sample"> | undefined): Wav {
  if (!format) throw new NoWav("This file does not say what its samples are; export the mix anew.");
  const frame = format.sample.bytes * format.channels;
  const bytes = Math.floor(Math.min(size, file.size - at) / frame) * frame;
  return { ...format, at, bytes };
}

function formatOf(chunk: DataView): Pick<Wav, "rate" | "channels" | "sample"> {
  const said = chunk.byteLength >= 16 ? chunk.getUint16(0, true) : 0;
  const tag = said === EXTENSIBLE && chunk.byteLength >= 26 ? chunk.getUint16(24, true) : said;
  const sample = tag === 0 ? undefined : SAMPLES[`${tag} ${chunk.getUint16(14, true)}`];
  const channels = sample ? chunk.getUint16(2, true) : 0;
  if (!sample || channels === 0) throw new NoWav("Its samples are neither PCM nor float; export the mix as WAV with 16, 24 or 32 bits.");
  return { channels, rate: chunk.getUint32(4, true), sample };
}

const name = (view: DataView, at: number): string => String.fromCharCode(...[0, 1, 2, 3].map((n) => view.getUint8(at + n)));

async function slice(file: Blob, at: number, bytes: number): Promise<DataView> {
  return new DataView(await file.slice(at, at + bytes).arrayBuffer());
}

// Takes the program's decoded samples out of the page, as they leave the browser's decoder, into a WAV file.
import { writeFileSync } from "node:fs";

const RATE = 48_000;

/** Records `seconds` of the program; gives how many samples per channel, and how many channels were decoded. */
export async function capture(page, seconds, path) {
  const chunks = [];
  await page.exposeBinding("__chunk", (_, text) => void chunks.push(Buffer.from(text, "base64")));
  const { channels, rate } = await page.evaluate(record, seconds * RATE);
  const sound = Buffer.concat(chunks);
  writeFileSync(path, Buffer.concat([header(sound.length), sound]));
  return { wav: path, samples: sound.length / 8, channels, rate };
}

/** In the page: hands interleaved 32-bit floats over, a second at a time. */
async function record(wanted) {
  const track = document.querySelector('audio[data-kind="program"]').srcObject.getAudioTracks()[0];
  const frames = new MediaStreamTrackProcessor({ track: track.clone(), maxBufferSize: 1000 }).readable.getReader();
  const handOver = (chunk) => {
    const bytes = new Uint8Array(chunk.buffer);
    let text = "";
    for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
    return window.__chunk(btoa(text));
  };
  const sides = (frame) => {
    const side = (planeIndex) => {
      const samples = new Float32Array(frame.numberOfFrames);
      frame.copyTo(samples, { planeIndex, format: "f32-planar" });
      return samples;
    };
    return [side(0), side(Math.min(1, frame.numberOfChannels - 1))];
  };
  const heard = { channels: 0, rate: 0 };
  let chunk = [];
  for (let taken = 0; taken < wanted; ) {
    const { value: frame } = await frames.read();
    Object.assign(heard, { channels: frame.numberOfChannels, rate: frame.sampleRate });
    const [left, right] = sides(frame);
    frame.close();
    for (let i = 0; i < left.length && taken < wanted; i += 1, taken += 1) chunk.push(left[i], right[i]);
    if (chunk.length < 2 * heard.rate && taken < wanted) continue;
    await handOver(Float32Array.from(chunk));
    chunk = [];
  }
  await frames.cancel();
  return heard;
}

/** The head of a stereo WAV file of 32-bit floats. */
function header(bytes) {
  const head = Buffer.alloc(44);
  head.write("RIFF", 0);
  head.writeUInt32LE(36 + bytes, 4);
  head.write("WAVEfmt ", 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(3, 20);
  head.writeUInt16LE(2, 22);
  head.writeUInt32LE(RATE, 24);
  head.writeUInt32LE(RATE * 8, 28);
  head.writeUInt16LE(8, 32);
  head.writeUInt16LE(32, 34);
  head.write("data", 36);
  head.writeUInt32LE(bytes, 40);
  return head;
}

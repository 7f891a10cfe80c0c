// A listener who marks what is heard: real key presses at odd moments, and what the page makes of each of them, read from
// the notes that it sends over its link.
import { join as joinSession, untilSound } from "./desk.mjs";

/** How long a mark may take to be sent before nothing is said to have been heard. */
const PATIENCE_MS = 2000;

/** In the page, before its own code: when each press was, in Unix ms, by the event's own stamp. */
export function pressWitness() {
  window.__pressed = [];
  const note = (event) => event.key === "n" && window.__pressed.push(performance.timeOrigin + event.timeStamp);
  addEventListener("keydown", note, true);
}

/** Begins to read what goes over the link: notes as they are sent, when the relay had them, and the streams' clock maps. */
function eavesdrop(page) {
  const seen = { notes: [], arrived_ms: {}, maps: [], waiting: undefined };
  const learn = (stream, map) => seen.maps.push({ stream, ...map });
  page.on("websocket", (socket) => {
    socket.on("framesent", ({ payload }) => {
      const frame = JSON.parse(payload);
      if (frame.t !== "cmd" || frame.type !== "note.add") return;
      seen.notes.push(frame.data);
      seen.waiting?.();
    });
    socket.on("framereceived", ({ payload }) => {
      const frame = JSON.parse(payload);
      if (frame.t === "ev" && frame.type === "stream.epoch") learn(frame.data.stream, frame.data.map);
      if (frame.t === "ev" && frame.type === "note.add") seen.arrived_ms[frame.data.note] = frame.at;
      if (frame.t !== "welcome") return;
      for (const [stream, { epochs }] of Object.entries(frame.state.streams ?? {})) epochs.forEach((map) => learn(stream, map));
    });
  });
  return seen;
}

/** Waits for one more note than there were. */
const another = (seen, count) =>
  new Promise((done) => {
    if (seen.notes.length > count) return done();
    seen.waiting = done;
    setTimeout(done, PATIENCE_MS);
  });

/**
 * Joins, waits for sound, and marks `seconds` long as often as a person could; each mark is a line. What is heard is
 * marked from the first second on.
 */
export async function mark(page, { link, name, seconds, say }) {
  await page.addInitScript(pressWitness);
  const seen = eavesdrop(page);
  await joinSession(page, link, name);
  await untilSound(page, 60_000);
  say({ sounds: true });
  const end = performance.now() + 1000 * seconds;
  while (performance.now() < end) {
    await page.waitForTimeout(200 + 300 * Math.random());
    const before = seen.notes.length;
    await page.keyboard.press("n");
    await page.keyboard.type("x");
    await page.keyboard.press("Enter");
    await another(seen, before);
    const pressed_ms = await page.evaluate(() => window.__pressed.at(-1));
    const note = seen.notes[before];
    if (!note) await page.keyboard.press("Escape");
    const { note: id, on, uncertainty_ms, concealed } = note ?? {};
    say({ marked: true, pressed_ms, note: id ?? null, on: on ?? null, uncertainty_ms, concealed });
  }
  return { maps: seen.maps, arrived_ms: seen.arrived_ms };
}

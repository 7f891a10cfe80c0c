// A relay of cardboard for pictures: it serves the built page, answers its frames and sends a chord of its own making.
// It proves nothing about sound or the relay; it shows states that are hard to come by.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";

const DIST = fileURLToPath(new URL("../../client/web/dist/", import.meta.url));
export const KINDS = { ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".html": "text/html" };
/** As the relay's, without what it allows in vain. */
export const POLICY = "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const GONE = "this invitation was revoked; ask whoever sent it for another one";
const ID = (n) => `018f4d3e-0000-7000-8000-${String(n).padStart(12, "0")}`;
const [SELF, NINA, LEA, OTTO] = [1, 2, 3, 4].map(ID);
const PROGRAM = ID(16);
const GRANTS = ["hear:program", "hear:talk", "publish:talk"];

const person = (name, role) => ({ name, role, grants: GRANTS, present: true, consented: false, sent_away: false });
const stream = (id, participant, kind) => ({
  id, participant, kind, label: kind, open: true,
  format: { channels: 2, frame_us: 5000, bitrate: 256_000, redundancy: 1, rate: 48_000 },
  epochs: [{ epoch: 0, ssrc: 7, rtp0: 0, from: 0, sample0: 0, rate: 48_000, codec_delay: 120, resampler_delay: 0, trusted: true }],
});

const NOTHING_YET = {
  closed: false, policy: { decides: "producer", lobby: false, consent: false }, song: { tempo_mbpm: null, metre: null, key: null },
  baton: null, invites: {}, lobby: {}, admitted: [], banned: [], takes: [], notes: {}, mixes: [], credits: {}, chat: [], undoable: [],
};

/**
 * Begins to serve; gives the link and what ends it. `blocked`: the relay's answers lead nowhere. `invite`: the status
 * of redeeming. `held`: the browser plays nothing before another click. `mono`: the output device has one channel.
 * `lobby`: why one has to wait.
 */
export async function install(page, { blocked = false, invite = 200, held = false, mono = false, lobby } = {}) {
  await page.addInitScript(answerer);
  if (held) await page.addInitScript(holder);
  if (mono) await page.addInitScript(() => Object.defineProperty(AudioDestinationNode.prototype, "maxChannelCount", { get: () => 1 }));
  const server = createServer((request, response) => serve(request, response, invite));
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  const host = `127.0.0.1:${server.address().port}`;
  await page.routeWebSocket(`ws://${host}/ws`, (socket) => {
    const say = (frame) => socket.send(JSON.stringify(frame));
    const waits = lobby && (() => say({ t: "lobby", title: "Blue hour", why: lobby }));
    socket.onMessage((text) => void handle(JSON.parse(text), say, page, { blocked, greets: waits ?? (() => greet(say)) }));
  });
  return { link: `http://${host}/i/${ID(9)}#AAAAAAAAAAAAAAAAAAAAAA`, close: () => server.close() };
}

function serve(request, response, invite) {
  const path = new URL(request.url, "http://host").pathname;
  if (path.startsWith("/api/")) {
    response.writeHead(invite, { "content-type": "application/json" });
    return response.end(JSON.stringify(invite === 200 ? { ticket: "t" } : { code: "gone", msg: GONE }));
  }
  const file = extname(path) ? path : "index.html";
  response.writeHead(200, { "content-type": KINDS[extname(file)], "content-security-policy": POLICY });
  response.end(readFileSync(join(DIST, file)));
}

async function handle(frame, say, page, { blocked, greets }) {
  if (frame.t === "hello") return greets();
  if (frame.t === "ping") return say({ t: "pong", n: frame.n, at_us: Date.now() * 1000 });
  if (frame.t === "cmd") {
    const { stream: id, kind } = frame.data;
    say({ t: "ev", seq: 2, by: SELF, at: Date.now(), type: "stream.open", data: { ...stream(id, SELF, kind), stream: id } });
    say({ t: "ok", id: frame.id, seq: 2 });
    say({ t: "pres", people: presence(id) });
  }
  if (frame.t !== "sdp") return;
  const sdp = await page.evaluate((sdp) => window.__answer(sdp), frame.sdp);
  const peer = frame.peer;
  const slots = [{ mid: "0", stream: PROGRAM, source: 7, ssrc: 9, offset: 0 }];
  say({ t: "sdp", kind: "answer", peer, sdp: blocked ? sdp.replace(/^a=candidate.*\r\n/gm, "") : sdp });
  say({ t: "sdp", kind: "slots", peer, slots, missing: [] });
}

function greet(say) {
  const participants = {
    [SELF]: person("Paul Tremaine", "mentor"), [NINA]: person("Nina", "engineer"),
    [LEA]: person("Lea van der Bergen-Hohenstein", "producer"), [OTTO]: person("Otto", "listener"),
  };
  const state = { ...NOTHING_YET, title: "Blue hour", participants, streams: { [PROGRAM]: stream(PROGRAM, NINA, "program") } };
  say({ t: "welcome", v: 1, session: ID(8), participant: SELF, role: "mentor", grants: GRANTS, resume: "r", log: ID(7), seq: 1, state, ping_ms: 60_000 });
}

const presence = (talk) => [
  { participant: SELF, client: "page", hears: [PROGRAM], talking: false, media: true },
  { participant: NINA, client: "native", hears: [talk], talking: true, media: true },
  { participant: LEA, client: "page", hears: [PROGRAM], talking: false, media: true },
  { participant: OTTO, client: "page", hears: [], talking: false, media: false },
];

/** In the page: answers an offer with a peer that sends two unequal tones. */
function answerer() {
  window.__answer = async (sdp) => {
    const context = new AudioContext();
    const out = context.createMediaStreamDestination();
    const merge = context.createChannelMerger(2);
    merge.connect(out);
    for (const [hz, gain, side] of [[220, 0.35, 0], [330, 0.28, 1], [110, 0.12, 0], [110, 0.12, 1]]) {
      const [tone, level] = [context.createOscillator(), context.createGain()];
      tone.frequency.value = hz;
      level.gain.value = gain;
      tone.connect(level).connect(merge, 0, side);
      tone.start();
    }
    const peer = new RTCPeerConnection();
    await peer.setRemoteDescription({ type: "offer", sdp });
    await peer.getTransceivers()[0].sender.replaceTrack(out.stream.getAudioTracks()[0]);
    for (const one of peer.getTransceivers().slice(0, 6)) one.direction = "sendonly";
    await peer.setLocalDescription();
    await new Promise((done) => (peer.onicegatheringstatechange = () => peer.iceGatheringState === "complete" && done()));
    return peer.localDescription.sdp;
  };
}

/** In the page: nothing plays before somebody clicks a button that is called "Play sound". */
function holder() {
  const play = HTMLMediaElement.prototype.play;
  let asked = false;
  addEventListener("click", ({ target }) => (asked ||= target.innerText === "Play sound"), true);
  HTMLMediaElement.prototype.play = function () {
    return asked ? play.call(this) : Promise.reject(new DOMException("", "NotAllowedError"));
  };
}

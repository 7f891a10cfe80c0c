/**
 * The desk without a relay, for looking at it: `npx vite`, then `/dev/?scene=rolling&as=producer`. Never part of the
 * built page. `window.__scene` lets a test cut the link, fill the disk, or make others act.
 */
import { mount } from "svelte";
import "../src/app.css";
import { Desk } from "../src/desk/desk.svelte";
import "../src/ui/theme.svelte";
import Scene from "./Scene.svelte";
import { ID, PROGRAM } from "./people";
import { CardboardRelay } from "./relay";
import { begin, isRole, scenes } from "./scenes";

const asked = new URLSearchParams(location.search);
const as = asked.get("as");
const relay = new CardboardRelay(isRole(as) ? as : "producer", answer);
(scenes[asked.get("scene") ?? ""] ?? scenes["session"]!)(relay);
relay.install();

const home = document.createElement("div");
home.hidden = true;
document.body.append(home);
const desk = new Desk({ id: ID(9), secret: "A".repeat(22) }, undefined, home);
/** A fifth of a second after the microphone, as over a short network. */
const LATE_MS = 200;
desk.heard = {
  freeze: (stamp) => ({
    stream: PROGRAM,
    epoch: 0,
    at: Math.round((performance.timeOrigin + stamp - LATE_MS - begin) * 48),
    uncertainty_ms: 5,
    concealed: false,
    reaction_ms: 250,
  }),
  reason: "",
  settled: (anchor) => anchor,
};
Object.assign(window, { __scene: { relay, desk } });
desk.join("Vera Lind");
setInterval(() => relay.present(), 1000);
mount(Scene, { target: document.getElementById("page")!, props: { desk } });

/** A peer that sends two unequal tones. */
async function answer(sdp: string): Promise<string> {
  const context = new AudioContext();
  const out = context.createMediaStreamDestination();
  const merge = context.createChannelMerger(2);
  merge.connect(out);
  for (const [hz, gain, side] of [[220, 0.35, 0], [330, 0.28, 1], [110, 0.12, 0], [110, 0.12, 1]] as const) {
    const [tone, level] = [context.createOscillator(), context.createGain()];
    tone.frequency.value = hz;
    level.gain.value = gain;
    tone.connect(level).connect(merge, 0, side);
    tone.start();
  }
  const peer = new RTCPeerConnection();
  await peer.setRemoteDescription({ type: "offer", sdp });
  await peer.getTransceivers()[0]?.sender.replaceTrack(out.stream.getAudioTracks()[0] ?? null);
  for (const one of peer.getTransceivers().slice(0, 6)) one.direction = "sendonly";
  await peer.setLocalDescription();
  const gathered = () => peer.iceGatheringState === "complete";
  await new Promise<void>((done) => (gathered() ? done() : (peer.onicegatheringstatechange = () => gathered() && done())));
  return peer.localDescription!.sdp;
}

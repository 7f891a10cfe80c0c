/**
 * The page's peer connection with the relay: the page offers, the relay answers; a peer that does not come up, or goes
 * down, is replaced by one with the next number.
 */
import { backoffMs } from "./backoff";
import { withStereo } from "./sdp";
import type { Offer, PeerNews, SendSection, Slot } from "./types";
import { MAX_SLOTS } from "../protocol.gen";

export type MediaState =
  | { at: "connecting" }
  | { at: "connected" }
  /** No path was found in time: the network lets no UDP through to the relay. Trying goes on. */
  | { at: "blocked" }
  | { at: "lost" }
  /** The relay refused the offer, in its words. Trying goes on. */
  | { at: "refused"; why: string };

export interface MediaEvents {
  state(state: MediaState): void;
  /** What each section carries from now on. */
  slots(slots: readonly Slot[]): void;
  /** False when there is no link to send it on. */
  offer(offer: Offer): boolean;
  /** The next peer number; kept over reloads. */
  nextPeer(): number;
}

const FIRST_SLOTS = 6;
/**
 * A path that works is found within a fraction of a second; a checklist of a distant relay within a few. Every further try
 * may take twice as long, for paths whose every round trip takes seconds; the relay waits for half a minute.
 */
const CONNECT_MS = 8000;
const LONGEST_CONNECT_MS = 24_000;
/** ICE calls it `disconnected` after some seconds without an answer; sound is gone by then. */
const DISCONNECTED_MS = 2500;
/** 48 kb/s is transparent for a voice. */
const TALK_BITRATE = 48_000;

export class Media {
  #peer: RTCPeerConnection | undefined;
  #number = 0;
  #receiving: RTCRtpTransceiver[] = [];
  #talk: RTCRtpTransceiver | undefined;
  #talkStream: string | undefined;
  #talkTrack: MediaStreamTrack | null = null;
  #wanted = FIRST_SLOTS;
  #attempt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #negotiating = Promise.resolve();

  constructor(readonly on: MediaEvents) {}

  /** Begins a new peer connection, with a section for talkback if `talkStream` names one. */
  start(talkStream?: string): void {
    this.#talkStream = talkStream;
    this.restart();
  }

  /** Begins a new peer connection that carries what the last one did. */
  restart(): void {
    this.#attempt = 0;
    this.#start();
  }

  /** From now on talkback goes out as this stream, or not at all; what comes in goes on over the same peer connection. */
  carryTalk(stream: string | undefined): void {
    this.#talkStream = stream;
    if (!stream || !this.#peer) return;
    if (!this.#talk) this.#addTalk(this.#peer);
    this.#negotiate(this.#peer);
  }

  stop(): void {
    this.#discard();
    this.#attempt = 0;
  }

  get connected(): boolean {
    return this.#peer?.connectionState === "connected";
  }

  isCurrent(peer: number): boolean {
    return peer === this.#number;
  }

  /** The track of a receiving section. */
  track(mid: string): MediaStreamTrack | undefined {
    return this.#receiver(mid)?.track;
  }

  #receiver(mid: string): RTCRtpReceiver | undefined {
    return this.#receiving.find((section) => section.mid === mid)?.receiver;
  }

  /** The newest frame that left this section's jitter buffer: RTP source and timestamp, and when, in Unix ms. */
  heard(mid: string): { ssrc: number; rtp: number; unixMs: number } | undefined {
    const source = this.#receiver(mid)?.getSynchronizationSources()[0];
    return source && { ssrc: source.source, rtp: source.rtpTimestamp, unixMs: source.timestamp };
  }

  async stats(): Promise<RTCStatsReport | undefined> {
    return this.connected ? this.#peer?.getStats() : undefined;
  }

  /** What the talk section sends from now on; null for nothing. */
  async setTalkTrack(track: MediaStreamTrack | null): Promise<void> {
    this.#talkTrack = track;
    await this.#talk?.sender.replaceTrack(track);
  }

  /** Takes the relay's news of a peer; those of one given up mean nothing. */
  handleNews(news: PeerNews): void {
    if (!this.isCurrent(news.peer)) return;
    if (news.kind === "answer") this.#answered(news.sdp);
    else if (news.kind === "failed") this.#failed({ at: "refused", why: news.msg });
    else if (news.kind === "slots") this.#slotted(news.slots, news.missing.length);
  }

  handleCandidate(peer: number, candidate: string): void {
    if (peer !== this.#number) return;
    const line = { candidate: candidate.replace(/^a=/, ""), sdpMLineIndex: 0 };
    void this.#peer?.addIceCandidate(line).catch(() => {});
  }

  /** What was wrong with the peer before stays said until this one is connected. */
  #start(): void {
    this.#discard();
    this.#number = this.on.nextPeer();
    if (this.#attempt === 0) this.on.state({ at: "connecting" });
    const peer = new RTCPeerConnection({ bundlePolicy: "max-bundle", rtcpMuxPolicy: "require" });
    this.#peer = peer;
    peer.onconnectionstatechange = () => this.#changed(peer);
    this.#addReceivers(peer);
    if (this.#talkStream) this.#addTalk(peer);
    this.#watch(Math.min(CONNECT_MS * 2 ** this.#attempt, LONGEST_CONNECT_MS), { at: "blocked" });
    this.#negotiate(peer);
  }

  #addReceivers(peer: RTCPeerConnection): void {
    while (this.#receiving.length < this.#wanted) {
      this.#receiving.push(peer.addTransceiver("audio", { direction: "recvonly" }));
    }
  }

  #addTalk(peer: RTCPeerConnection): void {
    this.#talk = peer.addTransceiver("audio", {
      direction: "sendonly",
      sendEncodings: [{ maxBitrate: TALK_BITRATE }],
    });
    void this.#talk.sender.replaceTrack(this.#talkTrack);
  }

  #negotiate(peer: RTCPeerConnection): void {
    this.#negotiating = this.#negotiating.then(() => this.#offer(peer)).catch(() => this.#failed({ at: "lost" }));
  }

  async #offer(peer: RTCPeerConnection): Promise<void> {
    if (peer !== this.#peer) return;
    const { type, sdp } = await peer.createOffer();
    const asked = withStereo(sdp ?? "");
    await peer.setLocalDescription({ type, sdp: asked });
    if (peer !== this.#peer) return;
    // Without a link nobody can answer: the next one begins again.
    if (!this.on.offer({ peer: this.#number, sdp: asked, send: this.#sending() })) clearTimeout(this.#timer);
  }

  #sending(): SendSection[] {
    const mid = this.#talk?.mid;
    return mid && this.#talkStream ? [{ mid, stream: this.#talkStream }] : [];
  }

  #answered(sdp: string): void {
    const peer = this.#peer;
    const taken = peer?.setRemoteDescription({ type: "answer", sdp });
    void taken?.catch((error: unknown) => {
      if (peer === this.#peer) this.#failed({ at: "refused", why: `The relay's answer was not understood: ${error}` });
    });
  }

  #slotted(slots: readonly Slot[], missing: number): void {
    this.on.slots(slots);
    const wanted = Math.min(MAX_SLOTS, this.#receiving.length + missing);
    if (!this.#peer || wanted <= this.#receiving.length) return;
    this.#wanted = wanted;
    this.#addReceivers(this.#peer);
    this.#negotiate(this.#peer);
  }

  #changed(peer: RTCPeerConnection): void {
    if (peer !== this.#peer) return;
    const state = peer.connectionState;
    if (state === "connected") this.#came();
    else if (state === "disconnected") this.#watch(DISCONNECTED_MS, { at: "lost" });
    else if (state === "failed") this.#failed(this.#attempt > 0 ? { at: "blocked" } : { at: "lost" });
  }

  #came(): void {
    clearTimeout(this.#timer);
    this.#attempt = 0;
    this.on.state({ at: "connected" });
  }

  #watch(ms: number, then: MediaState): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#failed(then), ms);
  }

  #failed(state: MediaState): void {
    this.#discard();
    this.on.state(state);
    this.#timer = setTimeout(() => this.#start(), backoffMs(this.#attempt));
    this.#attempt += 1;
  }

  #discard(): void {
    clearTimeout(this.#timer);
    const peer = this.#peer;
    this.#peer = undefined;
    this.#receiving = [];
    this.#talk = undefined;
    if (!peer) return;
    peer.onconnectionstatechange = null;
    peer.close();
    this.on.slots([]);
  }
}

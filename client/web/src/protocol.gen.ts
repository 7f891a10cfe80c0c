// Made from the crate `protocol` by `cargo xtask types`. Do not edit.

export type ApiError = {
  /** Stable, for programs. */
  code: ErrorCode,
  /** One sentence that says what to do, for people. */
  msg: string, };

export type ClientFrame = { "t": "hello" } & Hello | { "t": "cmd",
  /** Made by the author. */
  id: CommandId, } & ({ "type": "stream.open", "data": {
  /** Its id. */
  stream: StreamId,
  /** What it carries. */
  kind: StreamKind,
  /** What people call it, at most 80 characters. */
  label: string,
  /** How it is encoded. */
  format: StreamFormat, } } | { "type": "stream.epoch", "data": {
  /** The stream. */
  stream: StreamId,
  /** The map. */
  map: EpochMap, } } | { "type": "stream.close", "data": {
  /** The stream. */
  stream: StreamId, } }) | { "t": "eph" } & Ephemeral | { "t": "sdp" } & Offer | { "t": "ice",
  /** Which peer connection. */
  peer: number,
  /** The candidate line. */
  candidate: string, } | { "t": "ping",
  /** Any number. */
  n: number, } | { "t": "pong",
  /** The ping's number. */
  n: number, };

export type ClientKind = "page" | "native";

export type CommandId = string;

export type Ephemeral = { "type": "talk", "data": {
  /** Whether they talk. */
  on: boolean, } } | { "type": "levels", "data": {
  /** Which stream. */
  stream: StreamId,
  /** Sample peak of each channel in dBFS, −100 at the lowest. */
  peak_dbfs: Array<number>,
  /** RMS of each channel in dBFS, −100 at the lowest. */
  rms_dbfs: Array<number>, } } | { "type": "clock", "data": {
  /** Which stream. */
  stream: StreamId,
  /** Number of the epoch. */
  epoch: number,
  /** Ticks since `rtp0` that were being captured. */
  ticks: number,
  /** Relay's wall clock then, in microseconds since the Unix epoch. */
  at_us: number,
  /** Largest error of `at_us`: half the round trip to the relay plus what the device reports. */
  error_us: number,
  /** How long after `at_us` the packet that begins with `ticks` was ready to be sent, in microseconds: the
 * device's block, the frame and the encoder. Absent where the publisher does not measure it. */
  encoded_us?: number | null, } } | { "type": "health", "data": Health };

export type EpochMap = {
  /** Number of the epoch within its stream, from 0. */
  epoch: number,
  /** RTP source that carries it. */
  ssrc: number,
  /** RTP timestamp of the process's first tick. */
  rtp0: number,
  /** Ticks since `rtp0` at which the epoch begins. */
  from: number,
  /** Captured sample that `from` (less the delays) names. */
  sample0: number,
  /** Rate of the captured samples in Hz. */
  rate: number,
  /** Look-ahead of the encoder in ticks. */
  codec_delay: number,
  /** Delay of the publisher's resampler in ticks. */
  resampler_delay: number,
  /** Whether the publisher counts its samples as the design demands. A page's microphone does not. */
  trusted: boolean, };

export type ErrorCode = "unauthorized" | "forbidden" | "unknown" | "invalid" | "conflict" | "stale" | "too_many" | "gone" | "too_large" | "version" | "slow" | "draining" | "internal";

export type Grant = "hear:program" | "hear:talk" | "publish:program" | "publish:mic" | "publish:talk" | "take:roll" | "take:roll:own" | "take:roll:baton" | "take:decide" | "take:decide:lesson" | "note:write" | "note:status" | "upload" | "export" | "invite" | "admin";

export type Grants = Array<Grant>;

export type Health = {
  /** Which stream. */
  stream: StreamId,
  /** Upper bound of the delay from capture to ear in ms, where it is known. */
  delay_ms?: number | null,
  /** How much of `delay_ms` is doubt, in ms. */
  doubt_ms?: number | null,
  /** Held in the jitter buffer, in ms. */
  buffer_ms: number,
  /** Packets received. */
  received: number,
  /** Packets that never came. */
  lost: number,
  /** Samples per channel that were made up. */
  concealed: number,
  /** Samples per channel played. */
  played: number, };

export type Hello = {
  /** Protocol version, [`VERSION`]. */
  v: number,
  /** What program asks. */
  client: ClientKind,
  /** Join ticket from redeeming an invitation. */
  ticket?: string | null,
  /** Way back in after a lost link. */
  resume?: Resume | null, };

export type LogId = string;

export type Offer = {
  /** Number of the peer connection, chosen by the client, rising. */
  peer: number,
  /** The offer. */
  sdp: string,
  /** Which of its media sections carries which of the client's open streams. */
  send: Array<SendSection>, };

export type Participant = {
  /** What people call them. */
  name: string,
  /** The preset their invitation named, for display. */
  role: Role,
  /** What they may do. */
  grants: Grants,
  /** Whether they are in the session now. */
  present: boolean, };

export type ParticipantId = string;

export type PeerNews = { "kind": "answer",
  /** Which peer connection. */
  peer: number,
  /** The answer. */
  sdp: string, } | { "kind": "failed",
  /** Which peer connection. */
  peer: number,
  /** For programs. */
  code: ErrorCode,
  /** For people. */
  msg: string, } | { "kind": "slots",
  /** Which peer connection. */
  peer: number,
  /** One entry per section in use. */
  slots: Array<Slot>,
  /** Streams that the listener may hear but has no section for: offer more. */
  missing: Array<StreamId>, } | { "kind": "redundancy",
  /** Which peer connection. */
  peer: number,
  /** Which stream. */
  stream: StreamId,
  /** RED depth in frames. */
  depth: number, };

export type Presence = {
  /** Who. */
  participant: ParticipantId,
  /** What program they use. */
  client: ClientKind,
  /** Streams that reach them: forwarded to a peer of theirs that is connected. */
  hears: Array<StreamId>,
  /** Whether they hold the talk button. */
  talking: boolean,
  /** Whether their peer is connected. */
  media: boolean, };

export type Recorded = {
  /** Gapless number within the session, from 1. */
  seq: number,
  /** Who caused it; none when the relay itself did. */
  by: ParticipantId | null,
  /** When the relay recorded it, ms since the Unix epoch. */
  at: number, } & ({ "type": "session.open", "data": {
  /** What people call it. */
  title: string, } } | { "type": "participant.join", "data": {
  /** Who. */
  participant: ParticipantId,
  /** What people call them, at most 80 characters. */
  name: string,
  /** The preset their invitation named. */
  role: Role,
  /** What they may do. */
  grants: Grants, } } | { "type": "participant.leave", "data": {
  /** Who. */
  participant: ParticipantId, } } | { "type": "stream.open", "data": {
  /** Which. */
  stream: StreamId,
  /** Who publishes it. */
  participant: ParticipantId,
  /** What it carries. */
  kind: StreamKind,
  /** What people call it. */
  label: string,
  /** How it is encoded. */
  format: StreamFormat, } } | { "type": "stream.epoch", "data": {
  /** The stream. */
  stream: StreamId,
  /** The map. */
  map: EpochMap, } } | { "type": "stream.close", "data": {
  /** Which. */
  stream: StreamId, } });

export type Redeem = {
  /** The link's secret. */
  secret: string,
  /** What people shall call the person, at most 80 characters. */
  name: string, };

export type Redeemed = {
  /** EdDSA JWT for the WebSocket's `hello`. */
  ticket: string,
  /** The session it opens. */
  session: SessionId,
  /** The person it makes. */
  participant: ParticipantId,
  /** What people call the session. */
  title: string,
  /** The preset of the invitation. */
  role: Role, };

export type RelayFrame = { "t": "welcome" } & Welcome | { "t": "ok",
  /** The command's id. */
  id: CommandId,
  /** Number of the last event it caused, or of the log's end when it changed nothing. */
  seq: number, } | { "t": "err",
  /** The command's id. */
  id?: CommandId | null,
  /** For programs. */
  code: ErrorCode,
  /** For people. */
  msg: string, } | { "t": "ev" } & Recorded | { "t": "eph",
  /** Who. */
  from: ParticipantId, } & ({ "type": "talk", "data": {
  /** Whether they talk. */
  on: boolean, } } | { "type": "levels", "data": {
  /** Which stream. */
  stream: StreamId,
  /** Sample peak of each channel in dBFS, −100 at the lowest. */
  peak_dbfs: Array<number>,
  /** RMS of each channel in dBFS, −100 at the lowest. */
  rms_dbfs: Array<number>, } } | { "type": "clock", "data": {
  /** Which stream. */
  stream: StreamId,
  /** Number of the epoch. */
  epoch: number,
  /** Ticks since `rtp0` that were being captured. */
  ticks: number,
  /** Relay's wall clock then, in microseconds since the Unix epoch. */
  at_us: number,
  /** Largest error of `at_us`: half the round trip to the relay plus what the device reports. */
  error_us: number,
  /** How long after `at_us` the packet that begins with `ticks` was ready to be sent, in microseconds: the
 * device's block, the frame and the encoder. Absent where the publisher does not measure it. */
  encoded_us?: number | null, } } | { "type": "health", "data": Health }) | { "t": "pres",
  /** Everybody present. */
  people: Array<Presence>, } | { "t": "sdp" } & PeerNews | { "t": "ice",
  /** Which peer connection. */
  peer: number,
  /** The candidate line. */
  candidate: string, } | { "t": "ping",
  /** Any number. */
  n: number, } | { "t": "pong",
  /** The ping's number. */
  n: number,
  /** The relay's wall clock in microseconds since the Unix epoch when it answered. */
  at_us: number, };

export type Resume = {
  /** Which session. */
  session: SessionId,
  /** Who one was. */
  participant: ParticipantId,
  /** Secret from the last `welcome`. */
  secret: string, };

export type Role = "owner" | "engineer" | "artist" | "producer" | "mentor" | "student" | "listener";

export type SendSection = {
  /** The section's `a=mid`. */
  mid: string,
  /** The stream, opened before. */
  stream: StreamId, };

export type SessionId = string;

export type SessionState = {
  /** What people call the session. */
  title: string,
  /** Everybody who ever came in. */
  participants: { [key in ParticipantId]: Participant },
  /** Every stream that ever was. */
  streams: { [key in StreamId]: Stream }, };

export type Slot = {
  /** The section's `a=mid`. */
  mid: string,
  /** The stream it carries. */
  stream: StreamId,
  /** The publisher's RTP source that `offset` belongs to. */
  source: number,
  /** The listener's RTP source. */
  ssrc: number,
  /** Add to the publisher's timestamp, modulo 2^32, to get the listener's. */
  offset: number, };

export type Stream = {
  /** Its id. */
  id: StreamId,
  /** Who publishes it. */
  participant: ParticipantId,
  /** What it carries. */
  kind: StreamKind,
  /** What people call it, at most 80 characters. */
  label: string,
  /** How it is encoded. */
  format: StreamFormat,
  /** Its clock maps in the order of their epochs. All are kept. */
  epochs: Array<EpochMap>,
  /** Whether it is being published. */
  open: boolean, };

export type StreamFormat = {
  /** Encoded channels: 1 or 2. */
  channels: number,
  /** Length of one Opus frame in microseconds: 2 500, 5 000, 10 000 or 20 000. */
  frame_us: number,
  /** Target bit rate of the main encoding in bits per second. */
  bitrate: number,
  /** Depth of RED redundancy in frames; 0 when packets are plain Opus. */
  redundancy: number,
  /** Sample rate of the captured sound in Hz. */
  rate: number, };

export type StreamId = string;

export type StreamKind = "program" | "mic" | "talkback";

export type Welcome = {
  /** Protocol version. */
  v: number,
  /** Which session. */
  session: SessionId,
  /** Who one is. */
  participant: ParticipantId,
  /** The preset of one's invitation, for display. */
  role: Role,
  /** What one may do. */
  grants: Grants,
  /** Secret for coming back. */
  resume: string,
  /** Which incarnation of the log. */
  log: LogId,
  /** The state's place in it; events go on from the next number. */
  seq: number,
  /** The state, or a part of it. */
  state: SessionState,
  /** Whether another `welcome` follows with the next part of the state, because the whole is larger than a message may
 * be. One is in with the last part. */
  more: boolean,
  /** The relay pings at least so often; silence of three times as long means the link is dead. */
  ping_ms: number, };

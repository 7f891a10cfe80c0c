// Made from the crate `protocol` by `cargo xtask types`. Do not edit.

export type Action = "administer" | "invite" | "set_song" | "hold_baton" | "reclaim_baton" | "publish_program" | "publish_mic" | "publish_talk" | "roll" | "stop" | "slate" | "record" | "mark" | "decide" | "vote" | "write" | "edit" | "retract" | "settle" | "credit" | "upload" | "export";

export type Anchor = { "kind": "live",
  /** Which stream. */
  stream: StreamId,
  /** Which of its epochs. */
  epoch: number,
  /** Ticks since that epoch's `rtp0`. */
  at: number,
  /** End of a range. */
  to: number | null, } | { "kind": "take",
  /** Which take. */
  take: TakeNumber,
  /** Whose file the position is in. */
  part: PartId | null,
  /** Sample of that file, from 0. */
  at: number | null,
  /** End of a range. */
  to: number | null, } | { "kind": "mix",
  /** Which version. */
  mix: MixNumber,
  /** Sample of its file, from 0. */
  at: number | null,
  /** End of a range. */
  to: number | null, };

export type ApiError = {
  /** Stable, for programs. */
  code: ErrorCode,
  /** One sentence that says what to do, for people. */
  msg: string, };

export type Authority = {
  /** Which invitation. */
  invite: InviteId,
  /** Its secret. */
  secret: string, };

export type Baton = {
  /** Who holds it. */
  holder: ParticipantId,
  /** When it falls back unless its holder rolls or stops a take or takes it again, ms since the Unix epoch. */
  until: number,
  /** How long it is lent each time, in ms. */
  lease_ms: number, };

export type BatonWhy = "taken" | "given" | "reclaimed" | "expired" | "revoked";

export type Belief = {
  /** The take is in this phase. */
  phase?: Phase | null,
  /** The take has this verdict. */
  verdict?: Verdict | null,
  /** The note has this status. */
  status?: NoteStatus | null, };

export type CaptureGap = {
  /** First missing sample of the stream's epoch. */
  at: number,
  /** How many are missing. */
  samples: number, };

export type ChainHash = string;

export type Chained = {
  /** The chain's hash before this event. */
  prev: ChainHash,
  /** The chain's hash after it. */
  hash: ChainHash,
  /** Gapless number within the session, from 1. */
  seq: number,
  /** The command that caused it; none when no command did. Several events can have one command. */
  id?: CommandId | null,
  /** Who caused it; none when the relay itself did. */
  by: ParticipantId | null,
  /** When the relay recorded it, ms since the Unix epoch. */
  at: number, } & ({ "type": "session.open", "data": {
  /** What people call it. */
  title: string, } } | { "type": "session.close", "data": Record<symbol, never> } | { "type": "session.policy", "data": {
  /** How it goes. */
  policy: Policy,
  /** How it went before. */
  was: Policy, } } | { "type": "session.song", "data": {
  /** What is known. */
  song: Song,
  /** What was thought before. */
  was: Song, } } | { "type": "session.consent", "data": {
  /** Who. */
  participant: ParticipantId,
  /** Whether they agree. */
  given: boolean, } } | { "type": "invite.make", "data": {
  /** Which. */
  invite: InviteId,
  /** The preset it carries. */
  role: Role,
  /** Whether it is used up by its first use. */
  once: boolean, } } | { "type": "invite.revoke", "data": {
  /** Which. */
  invite: InviteId, } } | { "type": "lobby.knock", "data": {
  /** Who. */
  participant: ParticipantId,
  /** What people shall call them. */
  name: string,
  /** The preset their invitation named. */
  role: Role,
  /** What they may do once they are in. */
  grants: Grants,
  /** The invitation that they came by; none where that is not known. */
  invite?: InviteId | null, } } | { "type": "lobby.admit", "data": {
  /** Who. */
  participant: ParticipantId, } } | { "type": "lobby.deny", "data": {
  /** Who. */
  participant: ParticipantId, } } | { "type": "participant.join", "data": {
  /** Who. */
  participant: ParticipantId,
  /** What people call them, at most 80 characters. */
  name: string,
  /** The preset their invitation named. */
  role: Role,
  /** What they may do. */
  grants: Grants,
  /** The invitation that they came by; none where that is not known. */
  invite?: InviteId | null, } } | { "type": "participant.leave", "data": {
  /** Who. */
  participant: ParticipantId, } } | { "type": "participant.grant", "data": {
  /** Who. */
  participant: ParticipantId,
  /** What they may do. */
  grants: Grants,
  /** What they could do before. */
  was: Grants, } } | { "type": "participant.kick", "data": {
  /** Who. */
  participant: ParticipantId,
  /** Why; may be empty. */
  reason: string, } } | { "type": "participant.ban", "data": {
  /** Who. */
  participant: ParticipantId,
  /** Why; may be empty. */
  reason: string, } } | { "type": "participant.unban", "data": {
  /** Who. */
  participant: ParticipantId, } } | { "type": "baton.pass", "data": {
  /** Who holds it now; none when it lies on the desk. */
  to: ParticipantId | null,
  /** Why. */
  why: BatonWhy,
  /** How long it is lent each time, in ms; 0 when nobody holds it. */
  lease_ms: number, } } | { "type": "stream.open", "data": {
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
  stream: StreamId, } } | { "type": "take.arm", "data": {
  /** Its number: the next one. */
  take: TakeNumber,
  /** What is said at its beginning; may be empty. */
  slate: string,
  /** Only this participant's streams are recorded; none when everybody's are. */
  only: ParticipantId | null, } } | { "type": "take.cancel", "data": {
  /** Which. */
  take: TakeNumber, } } | { "type": "take.roll", "data": {
  /** Which. */
  take: TakeNumber, } } | { "type": "take.stop", "data": {
  /** Which. */
  take: TakeNumber, } } | { "type": "take.slate", "data": {
  /** Which. */
  take: TakeNumber,
  /** What is said at its beginning; may be empty. */
  slate: string,
  /** What it was before. */
  was: string, } } | { "type": "take.submit", "data": {
  /** Which. */
  take: TakeNumber, } } | { "type": "take.verdict", "data": {
  /** Which. */
  take: TakeNumber,
  /** What is decided. */
  verdict: Verdict,
  /** Why; may be empty. */
  reason: string,
  /** Hashes of the parts that it is about, in the order of the parts. */
  audio: Array<string>,
  /** Who decided and when, where an undo puts an earlier decision back; none when it was decided with this event. */
  decided: Stamp | null,
  /** What was decided before. */
  was: Former, } } | { "type": "take.vote", "data": {
  /** Which. */
  take: TakeNumber,
  /** Who. */
  participant: ParticipantId,
  /** What; `none` takes the vote back. */
  verdict: Verdict,
  /** Why; may be empty. */
  reason: string, } } | { "type": "take.flag", "data": {
  /** Which. */
  take: TakeNumber,
  /** As what. */
  flag: Flag,
  /** Whether it is so now. */
  on: boolean, } } | { "type": "take.void", "data": {
  /** Which. */
  take: TakeNumber,
  /** The part that changed. */
  part: PartId, } } | { "type": "take.close", "data": {
  /** Which. */
  take: TakeNumber, } } | { "type": "take.reopen", "data": {
  /** Which. */
  take: TakeNumber,
  /** Why; may be empty. */
  reason: string, } } | { "type": "part.rolling", "data": {
  /** Which take. */
  take: TakeNumber,
  /** The part. */
  part: PartId,
  /** Who records. */
  participant: ParticipantId,
  /** The stream that is recorded. */
  stream: StreamId,
  /** The epoch that the positions are of. */
  epoch: number,
  /** First sample, pre-roll included. */
  from: number,
  /** Samples per second. */
  rate: number,
  /** Channels. */
  channels: number,
  /** The first sample that was captured after the recorder was asked to roll: what lies before it is pre-roll. None
 * when the sound began later than that, or its recorder did not say. */
  roll?: number | null, } } | { "type": "part.stopped", "data": {
  /** Which take. */
  take: TakeNumber,
  /** The part. */
  part: PartId,
  /** The sample after the last one. */
  to: number,
  /** What the source never had, in order. */
  gaps: Array<CaptureGap>,
  /** SHA-256 over its PCM, 64 hexadecimal digits in lower case. */
  pcm_hash: string, } } | { "type": "part.interrupted", "data": {
  /** Which take. */
  take: TakeNumber,
  /** The part. */
  part: PartId,
  /** The sample after the last one that is left. */
  to: number | null,
  /** What the source never had, in order. */
  gaps: Array<CaptureGap>,
  /** SHA-256 over the PCM that is left. */
  pcm_hash: string | null,
  /** What happened; may be empty. */
  reason: string, } } | { "type": "note.add", "data": NewNote } | { "type": "note.edit", "data": {
  /** Which. */
  note: NoteId,
  /** What it says. */
  wording: Wording,
  /** What it said before. */
  was: Wording, } } | { "type": "note.status", "data": {
  /** Which. */
  note: NoteId,
  /** What. */
  status: NoteStatus,
  /** What it was before. */
  was: NoteStatus, } } | { "type": "note.assign", "data": {
  /** Which. */
  note: NoteId,
  /** Who; none when nobody in particular. */
  to: ParticipantId | null,
  /** Who should before. */
  was: ParticipantId | null, } } | { "type": "note.retract", "data": {
  /** Which. */
  note: NoteId,
  /** Whether it is taken back. */
  retracted: boolean, } } | { "type": "mix.add", "data": {
  /** Its number: the next one. */
  mix: MixNumber,
  /** Its file. */
  file: MixFile, } } | { "type": "credit.set", "data": {
  /** Who and what. */
  credit: Credit,
  /** What was known before. */
  was: Credit | null, } } | { "type": "credit.remove", "data": {
  /** Which. */
  credit: CreditId,
  /** What it said. */
  was: Credit, } } | { "type": "chat.say", "data": {
  /** What. */
  text: string, } } | { "type": "undo", "data": {
  /** Number of the change. */
  of: number, } });

export type Change = {
  /** Number of its last event. */
  seq: number,
  /** Who made it. */
  by: ParticipantId | null,
  /** The command that caused it; none when that is not known. */
  id: CommandId | null,
  /** What it was; it says what it replaced. */
  event: Event,
  /** What the same command changed before that, in order. */
  earlier: Array<Event>, };

export type ClientFrame = { "t": "hello" } & Hello | { "t": "cmd",
  /** Made by the author. */
  id: CommandId, } & ({ "type": "session.open", "data": {
  /** What people call it, up to 80 characters. */
  title: string, } } | { "type": "session.close", "data": Record<symbol, never> } | { "type": "session.policy", "data": {
  /** How, as a whole. */
  policy: Policy, } } | { "type": "session.song", "data": {
  /** What, as a whole. */
  song: Song, } } | { "type": "session.consent", "data": {
  /** Whether one agrees. */
  given: boolean, } } | { "type": "invite.make", "data": {
  /** Its id. */
  invite: InviteId,
  /** The preset it carries; not more than one's own grants. */
  role: Role,
  /** Whether it is used up by its first use. */
  once: boolean, } } | { "type": "invite.revoke", "data": {
  /** Which. */
  invite: InviteId, } } | { "type": "lobby.admit", "data": {
  /** Who. */
  participant: ParticipantId, } } | { "type": "lobby.deny", "data": {
  /** Who. */
  participant: ParticipantId, } } | { "type": "participant.grant", "data": {
  /** Who. */
  participant: ParticipantId,
  /** What they may do from now on. */
  grants: Grants, } } | { "type": "participant.kick", "data": {
  /** Who. */
  participant: ParticipantId,
  /** Why. */
  reason: string, } } | { "type": "participant.ban", "data": {
  /** Who. */
  participant: ParticipantId,
  /** Why. */
  reason: string, } } | { "type": "participant.unban", "data": {
  /** Who. */
  participant: ParticipantId, } } | { "type": "baton.take", "data": Record<symbol, never> } | { "type": "baton.give", "data": {
  /** To whom; none puts it down. */
  to?: ParticipantId | null, } } | { "type": "baton.reclaim", "data": Record<symbol, never> } | { "type": "stream.open", "data": {
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
  stream: StreamId, } } | { "type": "take.arm", "data": {
  /** What is said at its beginning, up to 80 characters. */
  slate: string, } } | { "type": "take.cancel", "data": {
  /** Which. */
  take: TakeNumber,
  /** What one believes of it. */
  if?: Belief | null, } } | { "type": "take.roll", "data": {
  /** Which take; none means the armed one, and arms the next one where none is. */
  take?: TakeNumber | null,
  /** What is said at its beginning; none leaves it as it is. */
  slate?: string | null,
  /** What one believes of it. */
  if?: Belief | null, } } | { "type": "take.stop", "data": {
  /** Which take; none means the rolling one. */
  take?: TakeNumber | null,
  /** What one believes of it. */
  if?: Belief | null, } } | { "type": "take.slate", "data": {
  /** Which. */
  take: TakeNumber,
  /** What is said at its beginning; may be empty. */
  slate: string, } } | { "type": "take.submit", "data": {
  /** Which. */
  take: TakeNumber,
  /** What one believes of it. */
  if?: Belief | null, } } | { "type": "take.verdict", "data": {
  /** Which. */
  take: TakeNumber,
  /** What. */
  verdict: Verdict,
  /** Why, up to 500 characters. */
  reason: string,
  /** What one believes of it. */
  if?: Belief | null, } } | { "type": "take.vote", "data": {
  /** Which. */
  take: TakeNumber,
  /** What; `none` takes the vote back. */
  verdict: Verdict,
  /** Why, up to 500 characters. */
  reason: string, } } | { "type": "take.circle", "data": {
  /** Which. */
  take: TakeNumber,
  /** Whether it is chosen. */
  on: boolean, } } | { "type": "take.hero", "data": {
  /** Which. */
  take: TakeNumber,
  /** Whether it is the one. */
  on: boolean, } } | { "type": "take.false_start", "data": {
  /** Which. */
  take: TakeNumber,
  /** Whether it is one. */
  on: boolean, } } | { "type": "take.wild", "data": {
  /** Which. */
  take: TakeNumber,
  /** Whether it is. */
  on: boolean, } } | { "type": "take.close", "data": {
  /** Which. */
  take: TakeNumber,
  /** What one believes of it. */
  if?: Belief | null, } } | { "type": "take.reopen", "data": {
  /** Which. */
  take: TakeNumber,
  /** Why, up to 500 characters. */
  reason: string,
  /** What one believes of it. */
  if?: Belief | null, } } | { "type": "part.rolling", "data": {
  /** Which take. */
  take: TakeNumber,
  /** The part's id. */
  part: PartId,
  /** The stream. */
  stream: StreamId,
  /** The epoch that the positions are of. */
  epoch: number,
  /** First sample, pre-roll included. */
  from: number,
  /** Samples per second. */
  rate: number,
  /** Channels, 1 to 64. */
  channels: number,
  /** The first sample that was captured after the recorder was asked to roll: what lies before it is pre-roll. None
 * when the sound began later than that, or a recorder does not say. */
  roll?: number | null, } } | { "type": "part.stopped", "data": {
  /** Which take. */
  take: TakeNumber,
  /** The part. */
  part: PartId,
  /** The sample after the last one. */
  to: number,
  /** What the source never had, in order, without overlap. */
  gaps: Array<CaptureGap>,
  /** SHA-256 over its PCM, 64 hexadecimal digits in lower case. */
  pcm_hash: string, } } | { "type": "part.interrupted", "data": {
  /** Which take. */
  take: TakeNumber,
  /** The part. */
  part: PartId,
  /** The sample after the last one that is left. With it comes the hash. */
  to?: number | null,
  /** What the source never had, in order, without overlap. */
  gaps: Array<CaptureGap>,
  /** SHA-256 over the PCM that is left. */
  pcm_hash?: string | null,
  /** What happened, up to 500 characters. */
  reason: string, } } | { "type": "note.add", "data": NewNote } | { "type": "note.edit", "data": {
  /** Which. */
  note: NoteId,
  /** What it shall say, as a whole. */
  wording: Wording, } } | { "type": "note.status", "data": {
  /** Which. */
  note: NoteId,
  /** What. */
  status: NoteStatus,
  /** What one believes of it. */
  if?: Belief | null, } } | { "type": "note.assign", "data": {
  /** Which. */
  note: NoteId,
  /** Who; none when nobody in particular. */
  to?: ParticipantId | null, } } | { "type": "note.reply", "data": {
  /** The reply's id, made by the author. */
  note: NoteId,
  /** The note. An answer to an answer answers the same note. */
  parent: NoteId,
  /** What, up to 2 000 characters. */
  text: string, } } | { "type": "note.retract", "data": {
  /** Which. */
  note: NoteId, } } | { "type": "mix.add", "data": {
  /** Its file. */
  file: MixFile, } } | { "type": "credit.set", "data": {
  /** Who and what. */
  credit: Credit, } } | { "type": "credit.remove", "data": {
  /** Which. */
  credit: CreditId, } } | { "type": "chat.say", "data": {
  /** What, up to 1 000 characters. */
  text: string, } } | { "type": "undo", "data": {
  /** Number of the change. */
  of: number, } }) | { "t": "eph" } & Ephemeral | { "t": "sdp" } & Offer | { "t": "ice",
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

export type Condition = "always" | "own" | "lesson" | "baton" | "baton_free" | "own_baton_free";

export type Credit = {
  /** Its id, made by the author. */
  id: CreditId,
  /** The participant, where it was one. */
  participant: ParticipantId | null,
  /** The name as it shall be printed, up to 80 characters. */
  name: string,
  /** What they did: "lead vocal, take 3", up to 200 characters. */
  did: string, };

export type CreditId = string;

export type Current = {
  /** Phase of the take. */
  phase?: Phase | null,
  /** Verdict of the take. */
  verdict?: Verdict | null,
  /** Status of the note. */
  status?: NoteStatus | null,
  /** Who holds the baton. */
  holder?: ParticipantId | null, };

export type Decides = "producer" | "mentor";

export type Decision = {
  /** Why; empty when nobody said. */
  reason: string,
  /** Who and when. */
  stamp: Stamp,
  /** Hashes of the parts that it was about, in the order of the parts. */
  audio: Array<string>, };

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

export type ErrorCode = "unauthorized" | "forbidden" | "unknown" | "invalid" | "conflict" | "stale" | "too_many" | "gone" | "not_saved" | "too_large" | "version" | "slow" | "draining" | "internal";

export type Event = { "type": "session.open", "data": {
  /** What people call it. */
  title: string, } } | { "type": "session.close", "data": Record<symbol, never> } | { "type": "session.policy", "data": {
  /** How it goes. */
  policy: Policy,
  /** How it went before. */
  was: Policy, } } | { "type": "session.song", "data": {
  /** What is known. */
  song: Song,
  /** What was thought before. */
  was: Song, } } | { "type": "session.consent", "data": {
  /** Who. */
  participant: ParticipantId,
  /** Whether they agree. */
  given: boolean, } } | { "type": "invite.make", "data": {
  /** Which. */
  invite: InviteId,
  /** The preset it carries. */
  role: Role,
  /** Whether it is used up by its first use. */
  once: boolean, } } | { "type": "invite.revoke", "data": {
  /** Which. */
  invite: InviteId, } } | { "type": "lobby.knock", "data": {
  /** Who. */
  participant: ParticipantId,
  /** What people shall call them. */
  name: string,
  /** The preset their invitation named. */
  role: Role,
  /** What they may do once they are in. */
  grants: Grants,
  /** The invitation that they came by; none where that is not known. */
  invite?: InviteId | null, } } | { "type": "lobby.admit", "data": {
  /** Who. */
  participant: ParticipantId, } } | { "type": "lobby.deny", "data": {
  /** Who. */
  participant: ParticipantId, } } | { "type": "participant.join", "data": {
  /** Who. */
  participant: ParticipantId,
  /** What people call them, at most 80 characters. */
  name: string,
  /** The preset their invitation named. */
  role: Role,
  /** What they may do. */
  grants: Grants,
  /** The invitation that they came by; none where that is not known. */
  invite?: InviteId | null, } } | { "type": "participant.leave", "data": {
  /** Who. */
  participant: ParticipantId, } } | { "type": "participant.grant", "data": {
  /** Who. */
  participant: ParticipantId,
  /** What they may do. */
  grants: Grants,
  /** What they could do before. */
  was: Grants, } } | { "type": "participant.kick", "data": {
  /** Who. */
  participant: ParticipantId,
  /** Why; may be empty. */
  reason: string, } } | { "type": "participant.ban", "data": {
  /** Who. */
  participant: ParticipantId,
  /** Why; may be empty. */
  reason: string, } } | { "type": "participant.unban", "data": {
  /** Who. */
  participant: ParticipantId, } } | { "type": "baton.pass", "data": {
  /** Who holds it now; none when it lies on the desk. */
  to: ParticipantId | null,
  /** Why. */
  why: BatonWhy,
  /** How long it is lent each time, in ms; 0 when nobody holds it. */
  lease_ms: number, } } | { "type": "stream.open", "data": {
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
  stream: StreamId, } } | { "type": "take.arm", "data": {
  /** Its number: the next one. */
  take: TakeNumber,
  /** What is said at its beginning; may be empty. */
  slate: string,
  /** Only this participant's streams are recorded; none when everybody's are. */
  only: ParticipantId | null, } } | { "type": "take.cancel", "data": {
  /** Which. */
  take: TakeNumber, } } | { "type": "take.roll", "data": {
  /** Which. */
  take: TakeNumber, } } | { "type": "take.stop", "data": {
  /** Which. */
  take: TakeNumber, } } | { "type": "take.slate", "data": {
  /** Which. */
  take: TakeNumber,
  /** What is said at its beginning; may be empty. */
  slate: string,
  /** What it was before. */
  was: string, } } | { "type": "take.submit", "data": {
  /** Which. */
  take: TakeNumber, } } | { "type": "take.verdict", "data": {
  /** Which. */
  take: TakeNumber,
  /** What is decided. */
  verdict: Verdict,
  /** Why; may be empty. */
  reason: string,
  /** Hashes of the parts that it is about, in the order of the parts. */
  audio: Array<string>,
  /** Who decided and when, where an undo puts an earlier decision back; none when it was decided with this event. */
  decided: Stamp | null,
  /** What was decided before. */
  was: Former, } } | { "type": "take.vote", "data": {
  /** Which. */
  take: TakeNumber,
  /** Who. */
  participant: ParticipantId,
  /** What; `none` takes the vote back. */
  verdict: Verdict,
  /** Why; may be empty. */
  reason: string, } } | { "type": "take.flag", "data": {
  /** Which. */
  take: TakeNumber,
  /** As what. */
  flag: Flag,
  /** Whether it is so now. */
  on: boolean, } } | { "type": "take.void", "data": {
  /** Which. */
  take: TakeNumber,
  /** The part that changed. */
  part: PartId, } } | { "type": "take.close", "data": {
  /** Which. */
  take: TakeNumber, } } | { "type": "take.reopen", "data": {
  /** Which. */
  take: TakeNumber,
  /** Why; may be empty. */
  reason: string, } } | { "type": "part.rolling", "data": {
  /** Which take. */
  take: TakeNumber,
  /** The part. */
  part: PartId,
  /** Who records. */
  participant: ParticipantId,
  /** The stream that is recorded. */
  stream: StreamId,
  /** The epoch that the positions are of. */
  epoch: number,
  /** First sample, pre-roll included. */
  from: number,
  /** Samples per second. */
  rate: number,
  /** Channels. */
  channels: number,
  /** The first sample that was captured after the recorder was asked to roll: what lies before it is pre-roll. None
 * when the sound began later than that, or its recorder did not say. */
  roll?: number | null, } } | { "type": "part.stopped", "data": {
  /** Which take. */
  take: TakeNumber,
  /** The part. */
  part: PartId,
  /** The sample after the last one. */
  to: number,
  /** What the source never had, in order. */
  gaps: Array<CaptureGap>,
  /** SHA-256 over its PCM, 64 hexadecimal digits in lower case. */
  pcm_hash: string, } } | { "type": "part.interrupted", "data": {
  /** Which take. */
  take: TakeNumber,
  /** The part. */
  part: PartId,
  /** The sample after the last one that is left. */
  to: number | null,
  /** What the source never had, in order. */
  gaps: Array<CaptureGap>,
  /** SHA-256 over the PCM that is left. */
  pcm_hash: string | null,
  /** What happened; may be empty. */
  reason: string, } } | { "type": "note.add", "data": NewNote } | { "type": "note.edit", "data": {
  /** Which. */
  note: NoteId,
  /** What it says. */
  wording: Wording,
  /** What it said before. */
  was: Wording, } } | { "type": "note.status", "data": {
  /** Which. */
  note: NoteId,
  /** What. */
  status: NoteStatus,
  /** What it was before. */
  was: NoteStatus, } } | { "type": "note.assign", "data": {
  /** Which. */
  note: NoteId,
  /** Who; none when nobody in particular. */
  to: ParticipantId | null,
  /** Who should before. */
  was: ParticipantId | null, } } | { "type": "note.retract", "data": {
  /** Which. */
  note: NoteId,
  /** Whether it is taken back. */
  retracted: boolean, } } | { "type": "mix.add", "data": {
  /** Its number: the next one. */
  mix: MixNumber,
  /** Its file. */
  file: MixFile, } } | { "type": "credit.set", "data": {
  /** Who and what. */
  credit: Credit,
  /** What was known before. */
  was: Credit | null, } } | { "type": "credit.remove", "data": {
  /** Which. */
  credit: CreditId,
  /** What it said. */
  was: Credit, } } | { "type": "chat.say", "data": {
  /** What. */
  text: string, } } | { "type": "undo", "data": {
  /** Number of the change. */
  of: number, } };

export type Flag = "circled" | "hero" | "false_start" | "wild";

export type Former = {
  /** What was decided. */
  verdict: Verdict,
  /** Who decided, why and about which audio; none while nothing was decided. */
  decision: Decision | null, };

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
  /** Protocol version, [`super::VERSION`]. */
  v: number,
  /** What program asks. */
  client: ClientKind,
  /** Join ticket from redeeming an invitation. */
  ticket?: string | null,
  /** Way back in after a lost link. */
  resume?: Resume | null, };

export type Invitation = {
  /** The preset it carries. */
  role: Role,
  /** Whether it is used up by its first use. */
  once: boolean,
  /** Whether it was revoked. */
  revoked: boolean, };

export type InviteId = string;

export type InviteMade = {
  /** The whole link, secret included. */
  link: string, };

export type LobbyWhy = "policy" | "link";

export type LogId = string;

export type Metre = {
  /** Beats in a bar, 1 to 64. */
  beats: number,
  /** One beat is one over this: 1, 2, 4, 8, 16 or 32. */
  unit: number, };

export type MixFile = {
  /** What people call it, up to 80 characters. */
  title: string,
  /** Samples per second. */
  rate: number,
  /** Channels. */
  channels: number,
  /** Samples per channel. */
  length: number,
  /** SHA-256 over its PCM, 64 hexadecimal digits in lower case. */
  pcm_hash: string, };

export type MixNumber = number;

export type MixVersion = {
  /** Its number. */
  number: MixNumber,
  /** Its file. */
  file: MixFile,
  /** Who added it and when. */
  added: Stamp, };

export type NewInvite = {
  /** By whose right. */
  by: Authority,
  /** Which preset it carries; not more than who asks may do. */
  role: Role,
  /** Whether it is used up by its first use. */
  once: boolean, };

export type NewNote = {
  /** Its id, made by the author. */
  note: NoteId,
  /** What it is pinned to: what was heard, without the reaction offset. */
  on: Anchor,
  /** How long before the key press the author means, in ms, 0 to 2 000. Kept apart from the heard position. */
  reaction_ms: number,
  /** How far off the position can be, in ms, 0 to 60 000. */
  uncertainty_ms: number,
  /** Whether some of what was heard there was made up by concealment. */
  concealed: boolean,
  /** What it says, up to 2 000 characters. */
  text: string,
  /** One word about what it is about: `pitch`. */
  tag: string | null,
  /** How much it matters. */
  severity: Severity,
  /** The note that it answers. Answers have no answers of their own. */
  parent: NoteId | null, };

export type Note = {
  /** Its id. */
  id: NoteId,
  /** Number of the event that added it: the order in which notes were made. */
  seq: number,
  /** Who wrote it and when. */
  made: Stamp,
  /** When its wording was last changed, ms since the Unix epoch. */
  edited: number | null,
  /** What it says and where. */
  wording: Wording,
  /** How long before the key press the author means, in ms. */
  reaction_ms: number,
  /** How far off the position can be, in ms. */
  uncertainty_ms: number,
  /** Whether some of what was heard there was made up. */
  concealed: boolean,
  /** What has become of it. */
  status: NoteStatus,
  /** Who set the status last; none while nobody has. */
  settled: Stamp | null,
  /** Who shall do it. */
  assignee: ParticipantId | null,
  /** The note that it answers. */
  parent: NoteId | null,
  /** The newest mix version that it was carried over to while open. */
  carried: MixNumber | null,
  /** Whether its author took it back. It stays in the log and is no longer shown. */
  retracted: boolean, };

export type NoteId = string;

export type NoteStatus = "open" | "done" | "wont_fix";

export type Offer = {
  /** Number of the peer connection, chosen by the client, rising. */
  peer: number,
  /** The offer. */
  sdp: string,
  /** Which of its media sections carries which of the client's open streams. */
  send: Array<SendSection>, };

export type Part = {
  /** Its id. */
  id: PartId,
  /** Who records. */
  participant: ParticipantId,
  /** The stream that is recorded. */
  stream: StreamId,
  /** The epoch that the positions are of. */
  epoch: number,
  /** First sample, pre-roll included. */
  from: number,
  /** The sample after the last one; none until the recorder has told. */
  to: number | null,
  /** Samples per second. */
  rate: number,
  /** Channels. */
  channels: number,
  /** The first sample that was captured after the recorder was asked to roll: what lies before it is pre-roll. None
 * when the sound began later than that, or its recorder did not say. An interrupted part may end before it. */
  roll?: number | null,
  /** What the source never had, in order. */
  gaps: Array<CaptureGap>,
  /** SHA-256 over its PCM, 64 hexadecimal digits in lower case; none until the recorder has told. */
  pcm_hash: string | null,
  /** What has become of it. */
  phase: PartPhase, };

export type PartId = string;

export type PartPhase = "rolling" | "stopped" | "interrupted";

export type Participant = {
  /** What people call them. */
  name: string,
  /** The preset their invitation named, for display. */
  role: Role,
  /** What they may do. */
  grants: Grants,
  /** Whether they are in the session now. */
  present: boolean,
  /** Whether they have agreed to be recorded. */
  consented: boolean,
  /** Whether they were sent away: they do not come back as who they were, but with an invitation as somebody new. */
  sent_away: boolean,
  /** The invitation that they came by; none where that is not known. */
  invite?: InviteId | null, };

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

export type Phase = "armed" | "rolling" | "recorded" | "in_review" | "closed" | "cancelled";

export type Place = {
  /** Which incarnation of the log. */
  log: LogId,
  /** Number of the last event before it. */
  seq: number,
  /** The chain's hash there. */
  hash: ChainHash, };

export type Policy = {
  /** Whose verdict counts. */
  decides: Decides,
  /** Whether newcomers wait until somebody admits them. */
  lobby: boolean,
  /** Whether a take rolls only when everybody who is recorded has agreed to it. */
  consent: boolean, };

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

export type RelayFrame = { "t": "welcome" } & Welcome | { "t": "lobby",
  /** What people call the session. */
  title: string,
  /** Why one has to wait; none when the relay does not say. */
  why?: LobbyWhy | null, } | { "t": "ok",
  /** The command's id. */
  id: CommandId,
  /** Number of the last event it caused, or of the log's end when it changed nothing. */
  seq: number, } | { "t": "err",
  /** The command's id. */
  id?: CommandId | null,
  /** For programs. */
  code: ErrorCode,
  /** For people. */
  msg: string,
  /** What the command met, where it was `stale`. */
  current?: Current | null, } | { "t": "ev" } & Chained | { "t": "eph",
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
  secret: string,
  /** What one has folded so far; none when one has nothing. Where it is on the relay's log and not too far behind, only
 * the events after it are sent. */
  known?: Place | null, };

export type RevokeInvite = {
  /** By whose right. */
  by: Authority, };

export type Role = "owner" | "engineer" | "artist" | "producer" | "mentor" | "student" | "listener";

export type Rule = {
  /** The grant that it takes. */
  grant: Grant,
  /** What must hold beside it. */
  when: Condition, };

export type Ruling = {
  /** What is thought. */
  verdict: Verdict,
  /** Why; empty when nobody said. */
  reason: string, };

export type Said = {
  /** Number of its event. */
  seq: number,
  /** Who said it; none when the relay itself did. */
  by: ParticipantId | null,
  /** When, ms since the Unix epoch. */
  at: number,
  /** What. */
  text: string, };

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
  streams: { [key in StreamId]: Stream },
  /** Whether the session is closed: it can be read, and recorders can still report. */
  closed: boolean,
  /** How the session goes. */
  policy: Policy,
  /** What is known of the song. */
  song: Song,
  /** Who has exclusive control of record and transport; none while it lies on the desk. */
  baton: Baton | null,
  /** Invitations made in the session. */
  invites: { [key in InviteId]: Invitation },
  /** Who waits to be let in. */
  lobby: { [key in ParticipantId]: Waiting },
  /** Who was let in from the lobby. */
  admitted: Array<ParticipantId>,
  /** Who is kept out for good. */
  banned: Array<ParticipantId>,
  /** Every take, in the order of the numbers. */
  takes: Array<Take>,
  /** Every note and reply, retracted ones included. */
  notes: { [key in NoteId]: Note },
  /** Every mix version, in the order of the numbers. */
  mixes: Array<MixVersion>,
  /** Who did what. */
  credits: { [key in CreditId]: Credit },
  /** The newest sentences of the chat, oldest first. */
  chat: Array<Said>,
  /** The newest changes of everybody that can be undone, oldest first. */
  undoable: Array<Change>,
  /** The command of the newest undo: what it puts back is no change that could be undone. */
  undone_by: CommandId | null, };

export type Severity = "info" | "minor" | "major";

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

export type Song = {
  /** Tempo in thousandths of a beat per minute, 10 000 to 999 000. */
  tempo_mbpm: number | null,
  /** Metre. */
  metre: Metre | null,
  /** Key as people write it: "F♯ minor", up to 24 characters. */
  key: string | null, };

export type Stamp = {
  /** Who; none when the relay itself did. */
  by: ParticipantId | null,
  /** When, ms since the Unix epoch. */
  at: number, };

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

export type Take = {
  /** Its number. */
  number: TakeNumber,
  /** What is said at its beginning: "chorus dbl". May be empty. */
  slate: string,
  /** Where it is. */
  phase: Phase,
  /** What is decided. */
  verdict: Verdict,
  /** Who decided and why; none while nothing is. */
  decision: Decision | null,
  /** The last approval that changed audio has voided. */
  voided: Voided | null,
  /** What it is marked as. */
  flags: Array<Flag>,
  /** What those think who do not decide. */
  votes: { [key in ParticipantId]: Ruling },
  /** Only this participant's streams are recorded; none when everybody's are. */
  only: ParticipantId | null,
  /** What the recorders have. */
  parts: Array<Part>,
  /** Who armed it. */
  armed: Stamp,
  /** Who rolled it. */
  rolled: Stamp | null,
  /** Who stopped it. */
  stopped: Stamp | null, };

export type TakeNumber = number;

export type Verdict = "none" | "approved" | "rejected" | "redo";

export type Voided = {
  /** What was decided. */
  decision: Decision | null,
  /** The part that changed. */
  part: PartId,
  /** When, ms since the Unix epoch. */
  at: number, };

export type Waiting = {
  /** What people shall call them. */
  name: string,
  /** The preset of their invitation. */
  role: Role,
  /** What they may do once they are in. */
  grants: Grants,
  /** The invitation that they came by; none where that is not known. */
  invite?: InviteId | null, };

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
  /** The chain's hash there. */
  hash: ChainHash,
  /** The state, or a part of it; none when the place is the one that the `hello` knew: what one has holds, and the
 * events after it follow. */
  state?: SessionState | null,
  /** Whether another `welcome` follows with the next part of the state, because the whole is larger than a message may
 * be. One is in with the last part. */
  more: boolean,
  /** The relay pings at least so often; silence of three times as long means the link is dead. */
  ping_ms: number, };

export type Wording = {
  /** What it is pinned to. */
  on: Anchor,
  /** What it says. */
  text: string,
  /** One word about what it is about. */
  tag: string | null,
  /** How much it matters. */
  severity: Severity, };

/** Every way to be allowed an action; one is enough. */
export const RULES: { readonly [action in Action]: readonly Rule[] } = {
  "administer": [{"grant":"admin","when":"always"}],
  "invite": [{"grant":"invite","when":"always"}],
  "set_song": [{"grant":"take:roll","when":"always"},{"grant":"take:decide","when":"always"},{"grant":"take:decide:lesson","when":"lesson"}],
  "hold_baton": [{"grant":"take:roll","when":"always"},{"grant":"take:roll:baton","when":"always"}],
  "reclaim_baton": [{"grant":"take:roll","when":"always"}],
  "publish_program": [{"grant":"publish:program","when":"always"}],
  "publish_mic": [{"grant":"publish:mic","when":"always"}],
  "publish_talk": [{"grant":"publish:talk","when":"always"}],
  "roll": [{"grant":"take:roll","when":"baton_free"},{"grant":"take:roll:baton","when":"baton"},{"grant":"take:roll:own","when":"own_baton_free"}],
  "stop": [{"grant":"take:roll","when":"always"},{"grant":"take:roll:baton","when":"baton"},{"grant":"take:roll:own","when":"own"}],
  "slate": [{"grant":"take:roll","when":"always"},{"grant":"take:roll:baton","when":"baton"},{"grant":"take:roll:own","when":"own"}],
  "record": [{"grant":"take:roll","when":"own"},{"grant":"take:roll:own","when":"own"}],
  "mark": [{"grant":"take:roll","when":"always"},{"grant":"take:decide","when":"always"},{"grant":"take:decide:lesson","when":"lesson"}],
  "decide": [{"grant":"take:decide","when":"always"},{"grant":"take:decide:lesson","when":"lesson"}],
  "vote": [{"grant":"note:write","when":"always"}],
  "write": [{"grant":"note:write","when":"always"}],
  "edit": [{"grant":"note:write","when":"own"}],
  "retract": [{"grant":"note:write","when":"own"},{"grant":"admin","when":"always"}],
  "settle": [{"grant":"note:status","when":"always"}],
  "credit": [{"grant":"note:status","when":"always"},{"grant":"note:write","when":"own"}],
  "upload": [{"grant":"upload","when":"own"}],
  "export": [{"grant":"export","when":"always"}],
};

/** What each role may do, in the order people see them. */
export const PRESETS: { readonly [role in Role]: Grants } = {
  "owner": ["hear:program","hear:talk","publish:program","publish:mic","publish:talk","take:roll","take:decide","note:write","note:status","upload","export","invite","admin"],
  "engineer": ["hear:program","hear:talk","publish:program","publish:mic","publish:talk","take:roll","note:write","note:status","upload","export","invite"],
  "artist": ["hear:program","hear:talk","publish:mic","publish:talk","take:roll:own","note:write","upload"],
  "producer": ["hear:program","hear:talk","publish:talk","take:roll:baton","take:decide","note:write","note:status","export","invite"],
  "mentor": ["hear:program","hear:talk","publish:talk","take:roll:baton","take:decide:lesson","note:write","note:status","export"],
  "student": ["hear:program","hear:talk","publish:program","publish:mic","publish:talk","take:roll","note:write","note:status","upload","export"],
  "listener": ["hear:program"],
};

/** WebSocket subprotocol of this version. */
export const SUBPROTOCOL = "farfield.v1";

/** Protocol version in `hello` and `welcome`. */
export const VERSION = 1;

/** Receiving media sections that one listener's peer may offer. */
export const MAX_SLOTS = 16;

/** WebSocket close codes with a meaning of their own. */
export const CLOSE = {
  left: 1000,
  going_away: 1001,
  too_large: 1009,
  draining: 1012,
  slow: 1013,
  refused: 4401,
  sent_away: 4403,
  silent: 4408,
  replaced: 4409,
  not_saved: 4503,
} as const;

/** How much of everything one session holds, and how long texts may be. */
export const LIMITS = {
  open_streams: 8,
  streams: 2000,
  takes: 2000,
  votes: 50,
  notes: 10000,
  replies: 100,
  mixes: 500,
  credits: 500,
  invites: 1000,
  banned: 1000,
  chat_kept: 200,
  undo_kept: 32,
  undo_kept_in_all: 512,
  reaction_ms: 2000,
  uncertainty_ms: 60000,
  note_chars: 2000,
  chat_chars: 1000,
  reason_chars: 500,
  label_chars: 80,
  tag_chars: 24,
  key_chars: 24,
  deed_chars: 200,
} as const;

/** Every type of event that this version knows. */
export const TYPES: readonly string[] = [
  "session.open",
  "session.close",
  "session.policy",
  "session.song",
  "session.consent",
  "invite.make",
  "invite.revoke",
  "lobby.knock",
  "lobby.admit",
  "lobby.deny",
  "participant.join",
  "participant.leave",
  "participant.grant",
  "participant.kick",
  "participant.ban",
  "participant.unban",
  "baton.pass",
  "stream.open",
  "stream.epoch",
  "stream.close",
  "take.arm",
  "take.cancel",
  "take.roll",
  "take.stop",
  "take.slate",
  "take.submit",
  "take.verdict",
  "take.vote",
  "take.flag",
  "take.void",
  "take.close",
  "take.reopen",
  "part.rolling",
  "part.stopped",
  "part.interrupted",
  "note.add",
  "note.edit",
  "note.status",
  "note.assign",
  "note.retract",
  "mix.add",
  "credit.set",
  "credit.remove",
  "chat.say",
  "undo",
];

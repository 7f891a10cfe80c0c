/** Mix versions, credits, the chat, and the streams that the page itself publishes. */
import { LIMITS } from "../../protocol.gen";
import type { Command, Credit, MixFile, StreamFormat } from "../types";
import { Ask, invalid, label, rejected, roomFor, text, unknown, type Rejection } from "./ask";
import { hasHidden, length, line } from "./text";

export function aboutTheDesk(ask: Ask, asked: Command): Rejection | undefined {
  switch (asked.type) {
    case "mix.add":
      return ask.must("publish_program") ?? addMix(ask, asked.data.file);
    case "credit.set":
      return setCredit(ask, asked.data.credit);
    case "credit.remove": {
      const was = ask.state.credits[asked.data.credit];
      return was ? ask.must("credit", was.participant === ask.me) : unknown("such credit");
    }
    case "chat.say":
      return ask.must("write") ?? text(asked.data.text, LIMITS.chat_chars, "A message has 1 to 1000 characters; send it in two.");
    case "stream.open":
      return openStream(ask, asked.data);
    case "stream.close":
      return ask.state.streams[asked.data.stream]?.participant === ask.me ? undefined : NOT_YOURS;
    default:
      return undefined;
  }
}

function addMix({ state }: Ask, file: MixFile): Rejection | undefined {
  const known = state.mixes.find((mix) => mix.file.pcm_hash === file.pcm_hash);
  const title = line(file.title, LIMITS.label_chars);
  const same = known !== undefined && typeof title !== "string" && title.text === known.file.title;
  return (
    rate(file.rate) ??
    (/^[0-9a-f]{64}$/.test(file.pcm_hash) ? undefined : invalid("A hash is the SHA-256 of the PCM in 64 hexadecimal digits in lower case.")) ??
    (within(file.channels, 1, 64) && within(file.length, 1, Number.MAX_SAFE_INTEGER)
      ? undefined
      : invalid("A mix has 1 to 64 channels and at least one sample.")) ??
    label(file.title, LIMITS.label_chars, "A mix has a title of 1 to 80 characters.") ??
    (known && !same ? rejected("conflict", `This audio is in the session as mix ${known.number} already; use that one.`) : undefined) ??
    (known ? undefined : roomFor(state.mixes.length, LIMITS.mixes, "mix versions", "begin another session"))
  );
}

function setCredit(ask: Ask, { id, participant, name, did }: Credit): Rejection | undefined {
  const { credits } = ask.state;
  const was = credits[id];
  const person = participant == null ? undefined : ask.person(participant);
  return (
    ask.must("credit", participant === ask.me && (!was || was.participant === ask.me)) ??
    (person && "rejected" in person ? person.rejected : undefined) ??
    label(name, LIMITS.label_chars, "A name has 1 to 80 characters.") ??
    label(did, LIMITS.deed_chars, "Say in 1 to 200 characters what they did.") ??
    (was ? undefined : roomFor(Object.keys(credits).length, LIMITS.credits, "credits", "join some into one"))
  );
}

const NOT_YOURS = unknown("stream of yours like that");
const PUBLISHES = { program: "publish_program", mic: "publish_mic", talkback: "publish_talk" } as const;

function openStream(ask: Ask, { stream, kind, label: name, format: of }: Extract<Command, { type: "stream.open" }>["data"]): Rejection | undefined {
  const { streams } = ask.state;
  const known = streams[stream];
  const others = Object.values(streams).filter((one) => one.participant === ask.me && one.open && one.id !== stream);
  const own = !known || (known.participant === ask.me && known.kind === kind);
  return (
    ask.must(PUBLISHES[kind]) ??
    (own ? undefined : NOT_YOURS) ??
    (name.trim() === "" || length(name) > LIMITS.label_chars || hasHidden(name) ? invalid("A stream has a name of 1 to 80 visible characters.") : undefined) ??
    format(of) ??
    roomFor(others.length, LIMITS.open_streams, "streams of one person", "close one first") ??
    (known ? undefined : roomFor(Object.keys(streams).length, LIMITS.streams, "streams", "open one again that was closed"))
  );
}

function format({ channels, frame_us, bitrate, redundancy, rate: of }: StreamFormat): Rejection | undefined {
  const frame = [2_500, 5_000, 10_000, 20_000].includes(frame_us);
  const good = within(channels, 1, 2) && frame && within(bitrate, 6_000, 510_000) && within(redundancy, 0, 3);
  return good ? rate(of) : invalid("This is no format that a stream can have.");
}

const rate = (rate: number): Rejection | undefined =>
  within(rate, 8_000, 384_000) ? undefined : invalid("A sample rate is between 8000 and 384000 Hz.");

const within = (value: number, least: number, most: number): boolean => value >= least && value <= most;

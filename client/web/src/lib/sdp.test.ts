import { expect, test } from "vitest";
import { withStereo } from "./sdp";

const offer = (fmtp: string) =>
  ["m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9", "a=rtpmap:111 opus/48000/2", fmtp, "a=rtpmap:63 red/48000/2",
    "a=fmtp:63 111/111", "a=rtpmap:9 G722/8000", ""].join("\r\n");

test("stereo_is_asked_for_in_opus_and_nowhere_else", () => {
  const asked = withStereo(offer("a=fmtp:111 minptime=10;useinbandfec=1"));
  expect(asked).toBe(offer("a=fmtp:111 minptime=10;useinbandfec=1;stereo=1"));
});

test("asking_twice_changes_nothing_more_and_stereo_0_is_overruled", () => {
  const once = withStereo(offer("a=fmtp:111 stereo=0;minptime=10"));
  expect(once).toBe(offer("a=fmtp:111 minptime=10;stereo=1"));
  expect(withStereo(once)).toBe(once);
});

test("sprop_stereo_is_not_mistaken_for_stereo", () => {
  expect(withStereo(offer("a=fmtp:111 sprop-stereo=1"))).toBe(offer("a=fmtp:111 sprop-stereo=1;stereo=1"));
});

/** The few lines of SDP that the page must write itself. */

/**
 * Asks for stereo in every Opus format of an offer. Chromium plays stereo only if its own local description says so;
 * nothing that the other side writes replaces it.
 */
export function withStereo(sdp: string): string {
  const opus = new Set([...sdp.matchAll(/^a=rtpmap:(\d+) opus\/48000\/2\r?$/gim)].map((found) => found[1]));
  return sdp.replace(/^a=fmtp:(\d+) ([^\r\n]*)/gm, (line, payload: string, settings: string) => {
    if (!opus.has(payload) || /(^|;)\s*stereo=1/.test(settings)) return line;
    const others = settings.split(";").filter((setting) => !/^\s*stereo=/.test(setting));
    return `a=fmtp:${payload} ${[...others, "stereo=1"].join(";")}`;
  });
}

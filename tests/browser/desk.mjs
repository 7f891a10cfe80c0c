// What a person does at the desk, and what a test sees of it.

/** Records peer connections and the moment of the first sound. Runs in the page before its own code. */
function witness() {
  const seen = { peers: [], firstSoundMs: undefined, clickMs: undefined };
  window.__witness = seen;
  const Peer = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Peer {
    constructor(...settings) {
      super(...settings);
      seen.peers.push(this);
    }
  };
  addEventListener("click", () => (seen.clickMs ??= performance.now()), true);
  const program = () => document.querySelector('audio[data-kind="program"]');
  seen.inbound = async () => {
    const track = program()?.srcObject?.getAudioTracks()[0];
    for (const peer of track ? seen.peers : []) {
      if (peer.connectionState === "closed") continue;
      for (const stat of (await peer.getStats()).values()) {
        if (stat.type === "inbound-rtp" && stat.trackIdentifier === track.id) return stat;
      }
    }
    return undefined;
  };
  const look = async () => {
    const audio = program();
    const sounds = audio && !audio.paused && audio.currentTime > 0 && (await seen.inbound())?.totalAudioEnergy > 0;
    if (sounds) seen.firstSoundMs = performance.now();
    else setTimeout(look, 10);
  };
  addEventListener("DOMContentLoaded", look);
}

export const watch = (page) => page.addInitScript(witness);

/** Moves the mouse to a button and clicks it, as a hand does. */
export async function click(page, locator) {
  const box = await locator.boundingBox();
  await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
}

/** Opens the link, types the name with real keys and clicks "Join with sound" with a real click. */
export async function join(page, link, name) {
  await page.goto(link);
  await page.getByRole("textbox").click();
  await page.keyboard.type(name);
  await click(page, page.getByRole("button", { name: "Join with sound" }));
}

export async function untilSound(page, timeout = 20_000) {
  await page.waitForFunction(() => window.__witness.firstSoundMs !== undefined, undefined, { timeout, polling: 20 });
}

/** Milliseconds from the opening of the link to the first sound, and from the click. */
export const timing = (page) =>
  page.evaluate(() => {
    const { firstSoundMs, clickMs } = window.__witness;
    return { first_sound_ms: firstSoundMs, click_to_sound_ms: firstSoundMs - clickMs };
  });

/** Counters of the program as the browser has them. */
export const counters = (page) =>
  page.evaluate(async () => {
    const stat = await window.__witness.inbound();
    if (!stat) return null;
    const { packetsReceived, packetsLost, concealedSamples, silentConcealedSamples, totalSamplesReceived } = stat;
    return {
      received: packetsReceived, lost: packetsLost, concealed: concealedSamples,
      silent_concealed: silentConcealedSamples, played: totalSamplesReceived,
      buffer_ms: (1000 * stat.jitterBufferDelay) / stat.jitterBufferEmittedCount,
    };
  });

/** What stands on the desk, in words. */
export const reading = (page) =>
  page.evaluate(() => {
    const text = (selector) => [...document.querySelectorAll(selector)].map((one) => one.innerText.replace(/\s+/g, " "));
    return {
      inside: document.querySelector("[data-talk], header") !== null,
      notices: text('[role="status"] p, [role="alert"]'),
      badge: text('[popovertarget="delay"]')[0] ?? null,
      people: text("aside li"),
      talk: text("[data-talk]")[0] ?? null,
      audience: text("#hears-me")[0] ?? null,
      meters: [...document.querySelectorAll('[role="meter"]')].map((one) => one.getAttribute("aria-valuetext") ?? one.getAttribute("aria-valuenow")),
      address: location.href,
    };
  });

// What a person does at the desk, and what a test sees of it.

/** Records peer connections, the session's events and the moment of the first sound. Runs in the page before its own code. */
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
  seen.events = [];
  const Socket = window.WebSocket;
  window.WebSocket = class extends Socket {
    constructor(...settings) {
      super(...settings);
      this.addEventListener("message", ({ data }) => {
        const frame = JSON.parse(data);
        if (frame.t === "ev") seen.events.push(frame);
      });
    }
  };
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

/** What the page says while its link is gone, and when it is back. */
export const AWAY = /connection to the relay was lost|relay does not answer/;
export const BACK = "You are back.";

/** Moves the mouse to a button and clicks it, as a hand does, which scrolls to it first. */
export async function click(page, locator) {
  await locator.scrollIntoViewIfNeeded();
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

/**
 * Waits until `asks`, a question put in the page once a picture, is answered with yes. Playwright's own
 * `waitForFunction` takes the promise of an async question for a yes.
 */
export async function until(page, what, asks, argument, timeoutMs = 60_000) {
  const end = Date.now() + timeoutMs;
  while (!(await page.evaluate(asks, argument))) {
    if (Date.now() > end) throw new Error(`${what} did not come within ${timeoutMs / 1000} s`);
    await page.evaluate(() => new Promise(requestAnimationFrame));
  }
}

/** Waits until so many more samples of the program have been played from packets that have come in since now. */
export async function untilPlayed(page, samples = 4800) {
  await page.evaluate(() => (window.__witness.mark = undefined));
  const more = async (samples) => {
    const seen = window.__witness;
    const now = await seen.inbound();
    if (!now) return false;
    if (seen.mark?.trackIdentifier !== now.trackIdentifier) seen.mark = now;
    const [packets, played] = ["packetsReceived", "totalSamplesReceived"].map((name) => now[name] - seen.mark[name]);
    return packets > 0 && played >= samples;
  };
  await until(page, "sound", more, samples);
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
  page.evaluate(async () => {
    document.querySelector("#tab-people")?.click();
    await new Promise(requestAnimationFrame);
    const text = (selector) => [...document.querySelectorAll(selector)].map((one) => one.innerText.replace(/\s+/g, " "));
    return {
      inside: document.querySelector("[data-talk], header") !== null,
      notices: text('[role="status"] p, [role="alert"]'),
      badge: text('[popovertarget="delay"]')[0] ?? null,
      people: text("[data-person]"),
      talk: text("[data-talk]")[0] ?? null,
      audience: text("#hears-me")[0] ?? null,
      meters: [...document.querySelectorAll('[role="meter"]')].map((one) => one.getAttribute("aria-valuetext") ?? one.getAttribute("aria-valuenow")),
      address: location.href,
    };
  });

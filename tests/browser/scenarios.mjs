// The scenarios. Each takes the options of run.mjs and gives what its line of JSON shall hold.
import { join as path } from "node:path";
import { createInterface } from "node:readline";
import { violations } from "./axe.mjs";
import { open, pictures } from "./browser.mjs";
import { capture } from "./capture.mjs";
import { click, counters, join, reading, timing, untilSound, watch } from "./desk.mjs";
import { install } from "./fixture.mjs";

/** Runs `act` on a fresh page; its faults go into the result, the browser goes in any case. */
async function onPage(settings, act) {
  const { browser, page, faults } = await open(settings);
  try {
    await watch(page);
    return { ...(await act(page)), faults };
  } finally {
    await browser.close();
  }
}

/** What the browser itself writes about refused calls and lost links is what the scenario is about. */
const withoutNetworkFaults = (seen) => ({
  ...seen,
  faults: seen.faults.filter((fault) => !/Failed to load resource|WebSocket connection/.test(fault)),
});

/** Somebody opens the link, joins and listens: decoded samples, counters, times, pictures. */
const listen = ({ link, out, seconds, name, pictures: wanted }) =>
  onPage({}, async (page) => {
    await join(page, link, name);
    await untilSound(page);
    const before = await counters(page);
    const sound = await capture(page, seconds, path(out, "listen.wav"));
    const after = await counters(page);
    const shots = wanted ? await pictures(page, out, "desk") : [];
    return { ...(await timing(page)), ...sound, before, after, desk: await reading(page), pictures: shots };
  });

const TALK = "[data-talk]";

/** Somebody holds to talk, by the space bar or with the mouse, while the microphone plays a file. */
const talk = ({ link, out, seconds, name, by, mic, pictures: wanted }) =>
  onPage({ mic }, async (page) => {
    await join(page, link, name);
    await page.waitForSelector(TALK);
    await page.waitForFunction(() => window.__witness.peers.some((peer) => peer.connectionState === "connected"));
    const button = page.locator(TALK);
    await (by === "mouse" ? press(page, button) : page.keyboard.down("Space"));
    await page.locator(TALK, { hasText: "TALKING" }).waitFor();
    await page.waitForTimeout(1000 * seconds);
    const during = { desk: await reading(page), sent: await sent(page), program_volume: await volume(page) };
    const shots = wanted ? await pictures(page, out, "talking") : [];
    await (by === "mouse" ? page.mouse.up() : page.keyboard.up("Space"));
    await page.locator(TALK, { hasText: "HOLD TO TALK" }).waitFor();
    return { during, after: await reading(page), pictures: shots };
  });

async function press(page, button) {
  const box = await button.boundingBox();
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.mouse.down();
}

const volume = (page) => page.evaluate(() => document.querySelector('audio[data-group="program"]')?.volume ?? null);

const sent = (page) =>
  page.evaluate(async () => {
    const stats = await Promise.all(window.__witness.peers.map((peer) => peer.getStats()));
    const out = stats.flatMap((report) => [...report.values()]).find((stat) => stat.type === "outbound-rtp");
    return { packets: out?.packetsSent ?? 0, bytes: out?.bytesSent ?? 0 };
  });

/** The browser refuses the microphone: listening goes on, and the page says what to do. */
const refused = ({ link, out, name, pictures: wanted }) =>
  onPage({ mic: "refused" }, async (page) => {
    await join(page, link, name);
    await untilSound(page);
    await page.keyboard.down("Space");
    await page.getByText("Your browser refused the microphone.").waitFor();
    await page.keyboard.up("Space");
    const before = await counters(page);
    await page.waitForTimeout(500);
    const after = await counters(page);
    const shots = wanted ? await pictures(page, out, "refused") : [];
    return { desk: await reading(page), plays_on: after.played > before.played, pictures: shots };
  });

/** axe-core on the door, the desk, the delay panel and the keys, in every size and theme. */
const axe = ({ link, name }) =>
  onPage({}, async (page) => {
    await page.goto(link);
    const found = await violations(page, "door");
    await join(page, `${link.split("#")[0]}?again#${link.split("#")[1]}`, name);
    await untilSound(page);
    found.push(...(await violations(page, "desk")));
    await click(page, page.locator('[popovertarget="delay"]'));
    found.push(...(await violations(page, "delay")));
    await page.keyboard.press("Escape");
    await page.keyboard.press("?");
    found.push(...(await violations(page, "keys")));
    return { violations: found };
  });

/**
 * Stays in the session while the caller does things to the relay. Each line on stdin is answered by one line of JSON:
 * `state`, `sound` (waits until the program has played 4 800 more samples), `gone` (waits until the page says that the
 * relay is away), `picture NAME`, and `quit`.
 */
const reconnect = ({ link, out, name, say }) =>
  onPage({}, async (page) => {
    await join(page, link, name);
    await untilSound(page);
    say({ joined: true, desk: await reading(page) });
    for await (const line of createInterface({ input: process.stdin })) {
      const [word, argument] = line.trim().split(" ");
      if (word === "quit") break;
      if (word === "sound") await soundAgain(page);
      if (word === "gone") await page.getByText(/connection to the relay was lost|relay does not answer/).waitFor();
      const shots = word === "picture" ? await pictures(page, out, argument) : [];
      say({ answer: word, desk: await reading(page), counters: await counters(page), pictures: shots });
    }
    return { desk: await reading(page) };
  }).then(withoutNetworkFaults);

/** Waits until packets have come in and been played since now, on whatever peer there is by then. */
async function soundAgain(page, timeoutMs = 60_000) {
  let before;
  for (const end = Date.now() + timeoutMs; Date.now() < end; await page.waitForTimeout(100)) {
    const now = await page.evaluate(async () => {
      const stat = await window.__witness.inbound();
      return stat && { track: stat.trackIdentifier, received: stat.packetsReceived, played: stat.totalSamplesReceived };
    });
    if (!before || before.track !== now?.track) before = now;
    else if (now.received > before.received && now.played > before.played + 4800) return;
  }
  throw new Error(`no sound came back in ${timeoutMs / 1000} s`);
}

/** A link that does not lead in: what the page says about it, before or after the attempt to join. */
const badlink = ({ link, out, name, pictures: wanted }) =>
  onPage({}, async (page) => {
    await page.goto(link);
    if (await page.getByRole("textbox").count()) {
      await page.getByRole("textbox").click();
      await page.keyboard.type(name);
      await click(page, page.getByRole("button", { name: "Join with sound" }));
      await page.getByRole("alert").waitFor();
    }
    const shots = wanted ? await pictures(page, out, "badlink") : [];
    return { says: await page.locator("main p").first().innerText(), address: page.url(), pictures: shots };
  }).then(withoutNetworkFaults);

/** States that are hard to come by with a real relay, with one of cardboard: pictures and axe-core. No link needed. */
const states = async ({ out, name }) => {
  const found = [];
  const shown = {};
  const faults = [];
  for (const [state, settings] of Object.entries({ cardboard: {}, blocked: { blocked: true }, gone: { invite: 410 } })) {
    const seen = await onPage({}, async (page) => {
      const relay = await install(page, settings);
      await join(page, relay.link, name);
      await page.getByText(SIGNS[state]).first().waitFor();
      found.push(...(await violations(page, state)));
      await pictures(page, out, state);
      shown[state] = await reading(page);
      relay.close();
    });
    faults.push(...seen.faults.filter((fault) => state !== "gone" || !fault.includes("410")));
  }
  return { violations: found, shown, faults };
};

const SIGNS = {
  cardboard: "hears nothing",
  blocked: "Your network blocks UDP",
  gone: "This invitation was revoked or has been used already.",
};

export const scenarios = { listen, talk, refused, axe, reconnect, badlink, states };

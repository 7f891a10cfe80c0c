// The scenarios. Each takes the options of run.mjs and gives what its line of JSON shall hold.
import { join as path } from "node:path";
import { createInterface } from "node:readline";
import { violations } from "./axe.mjs";
import { open, pictures } from "./browser.mjs";
import { capture } from "./capture.mjs";
import { cuttable } from "./cut.mjs";
import { AWAY, BACK, click, counters, join, reading, timing, until, untilPlayed, untilSound, watch } from "./desk.mjs";
import { install } from "./fixture.mjs";
import { mark } from "./mark.mjs";
import { sessionScenarios } from "./session.mjs";

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
/** Chromium packs a voice in 20 ms. */
const PACKETS_PER_S = 50;

/** Somebody holds the space bar to talk, while the microphone plays a file. */
const talk = ({ link, out, seconds, name, mic, pictures: wanted }) =>
  onPage({ mic }, async (page) => {
    await join(page, link, name);
    await page.waitForSelector(TALK);
    await page.waitForFunction(() => window.__witness.peers.some((peer) => peer.connectionState === "connected"));
    await page.keyboard.down("Space");
    await talking(page);
    await untilSent(page, seconds * PACKETS_PER_S);
    const during = { desk: await reading(page), sent: await sent(page), program_volume: await volume(page) };
    const shots = wanted ? await pictures(page, out, "talking") : [];
    await page.keyboard.up("Space");
    await silent(page);
    return { during, after: await reading(page), pictures: shots };
  });

const talking = (page) => page.locator(TALK, { hasText: "TALKING" }).waitFor();
const silent = (page) => page.locator(TALK, { hasText: "HOLD TO TALK" }).waitFor();

/** Every way to hold the talk button and to let it go: mouse, space bar, latch, and a window that is left meanwhile. */
const hands = ({ link, name }) =>
  onPage({}, async (page) => {
    await join(page, link, name);
    await page.waitForSelector(TALK);
    await press(page, page.locator(TALK));
    await talking(page);
    await page.mouse.move(5, 5);
    await page.mouse.up();
    await silent(page);
    await page.keyboard.press("t");
    await talking(page);
    await page.keyboard.press("t");
    await silent(page);
    await click(page, page.locator("button.latch"));
    await talking(page);
    await page.keyboard.down("Space");
    await page.keyboard.up("Space");
    const latched = await page.locator("button.latch").getAttribute("aria-pressed");
    await click(page, page.locator("button.latch"));
    await silent(page);
    await page.keyboard.down("Space");
    await talking(page);
    // A headless browser keeps its window focused whatever happens, so the event is made by hand.
    await page.evaluate(() => window.dispatchEvent(new Event("blur")));
    await silent(page);
    await page.keyboard.up("Space");
    return { latched };
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

/** Waits until the page has sent so many packets since now: a length of talk in its own time. */
async function untilSent(page, packets) {
  const before = (await sent(page)).packets;
  const enough = async (wanted) => {
    const stats = await Promise.all(window.__witness.peers.map((peer) => peer.getStats()));
    const out = stats.flatMap((report) => [...report.values()]).find((stat) => stat.type === "outbound-rtp");
    return (out?.packetsSent ?? 0) >= wanted;
  };
  await until(page, "the talkback", enough, before + packets);
}

/**
 * Somebody listens, has the browser name its outputs, chooses another one and talks. Gives what the browser was asked for
 * until then and from then on, where the sound goes, and how loud the program is before, while and after one talks.
 */
const equipment = ({ link, out, name, pictures: wanted }) =>
  onPage({ mic: "asked" }, async (page) => {
    await page.addInitScript(microphoneWitness);
    await join(page, link, name);
    await untilSound(page);
    const asked = () => page.evaluate(() => window.__asked.splice(0));
    const listening = await asked();
    await page.context().grantPermissions(["microphone"], { origin: new URL(link).origin });
    await click(page, page.getByRole("button", { name: "Other output…" }));
    const list = page.getByRole("combobox", { name: "output" });
    await list.selectOption({ index: 1 });
    const chosen = await list.inputValue();
    await page.waitForFunction(() => document.querySelector('audio[data-kind="program"]').sinkId !== "");
    await untilPlayed(page, ONE_SECOND);
    const sinks = await page.evaluate(() => [...document.querySelectorAll("audio[data-kind]")].map((audio) => audio.sinkId));
    const outputs = { listed: await list.locator("option").allInnerTexts(), chosen, sinks };
    const naming = await asked();
    const volumes = [await volume(page)];
    await page.keyboard.down("Space");
    await talking(page);
    await untilPlayed(page);
    volumes.push(await volume(page));
    const shots = wanted ? await pictures(page, out, "equipment") : [];
    await page.keyboard.up("Space");
    await silent(page);
    await untilPlayed(page);
    volumes.push(await volume(page));
    return { listening, naming, talking: await asked(), outputs, volumes, pictures: shots };
  });

/** In the page: every microphone that it was given, and whether the browser takes the echo out of it. */
function microphoneWitness() {
  window.__asked = [];
  const { mediaDevices } = navigator;
  const open = mediaDevices.getUserMedia.bind(mediaDevices);
  mediaDevices.getUserMedia = async (wanted) => {
    const stream = await open(wanted);
    const [track] = stream.getAudioTracks();
    window.__asked.push({ cancels_echo: track.getSettings().echoCancellation });
    return stream;
  };
}

/** The browser refuses the microphone: listening goes on, and the page says what to do. */
const refused = ({ link, out, name, pictures: wanted }) =>
  onPage({ mic: "refused" }, async (page) => {
    await join(page, link, name);
    await untilSound(page);
    await page.keyboard.down("Space");
    await page.getByText("Your browser refused the microphone.").waitFor();
    await page.keyboard.up("Space");
    await untilPlayed(page);
    const shots = wanted ? await pictures(page, out, "refused") : [];
    return { desk: await reading(page), plays_on: true, pictures: shots };
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
      if (word === "sound") await untilPlayed(page);
      if (word === "gone") await page.getByText(AWAY).waitFor();
      const shots = word === "picture" ? await pictures(page, out, argument) : [];
      say({ answer: word, desk: await reading(page), counters: await counters(page), pictures: shots });
    }
    return { desk: await reading(page) };
  }).then(withoutNetworkFaults);

/**
 * The link to the relay is cut while the sound goes on, and comes back. Lines on stdin say when: after `mend` the link
 * is let in again, and the result tells whether the sound has gone on over the one peer connection throughout.
 */
const cut = ({ link, name, say }) =>
  onPage({}, async (page) => {
    const wire = await cuttable(new URL(link).host);
    const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
    await join(page, link.replace(new URL(link).host, wire.host), name);
    await untilSound(page);
    const track = await program(page);
    wire.cut();
    await page.getByText(AWAY).waitFor();
    await untilPlayed(page, ONE_SECOND);
    say({ cut: true, says: (await reading(page)).notices, same_track: (await program(page)) === track });
    await lines.next();
    wire.mend();
    await page.getByText(BACK).waitFor();
    await page.getByText(AWAY).waitFor({ state: "detached" });
    await page.waitForFunction(() => document.querySelectorAll('audio[data-kind="program"]').length === 2);
    await untilPlayed(page, ONE_SECOND);
    const peers = await page.evaluate(() => window.__witness.peers.length);
    return { peers, same_track: (await program(page)) === track, counters: await counters(page) };
  }).then(withoutNetworkFaults);

const ONE_SECOND = 48_000;

const program = (page) =>
  page.evaluate(() => document.querySelector('audio[data-kind="program"]')?.srcObject?.getAudioTracks()[0]?.id);

/**
 * One leaves by the button, comes back, and leaves by going to another page; another one sees it. Tells who caused each
 * of the two leavings: oneself, or none when the relay had to wait for somebody who was only lost.
 */
const leave = ({ link, name }) =>
  onPage({}, async (stays) => {
    await join(stays, link, "Ada");
    await untilSound(stays);
    const goes = await stays.context().newPage();
    await watch(goes);
    await join(goes, link, name);
    await untilSound(goes);
    await click(goes, goes.getByRole("button", { name: "Leave" }));
    await goes.getByText("You have left the session.").waitFor();
    const first = await untilLeft(stays, 1);
    await click(goes, goes.getByRole("button", { name: "Join again with sound" }));
    await goes.waitForSelector(TALK);
    await goes.goto("about:blank");
    const second = await untilLeft(stays, 2);
    return { by_themselves: [first, second].map(({ by, data }) => by === data.participant) };
  });

/** The session's so manieth leaving. */
async function untilLeft(page, number) {
  const nth = (number) => window.__witness.events.filter(({ type }) => type === "participant.leave")[number - 1];
  await until(page, "the leaving", nth, number);
  return page.evaluate(nth, number);
}

/** The same person opens the session in a second tab: the first one says so and stays out. */
const second = ({ link, name }) =>
  onPage({}, async (first) => {
    await join(first, link, name);
    await untilSound(first);
    const seat = await first.evaluate(() => sessionStorage.getItem("farfield.seat"));
    const other = await first.context().newPage();
    await watch(other);
    await other.addInitScript((seat) => sessionStorage.setItem("farfield.seat", seat), seat);
    await other.goto(link.split("#")[0]);
    await click(other, other.getByRole("button", { name: "Join with sound" }));
    await untilSound(other);
    await first.getByRole("alert").waitFor();
    return { says: await first.getByRole("alert").innerText(), plays_on: (await untilPlayed(other), true) };
  });

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
  for (const [state, settings] of Object.entries(STATES)) {
    const seen = await onPage({}, async (page) => {
      const relay = await install(page, settings);
      await join(page, relay.link, name);
      if (!settings.invite && !settings.lobby) await click(page, page.getByRole("tab", { name: /People/ }));
      await page.getByText(SIGNS[state]).first().waitFor();
      found.push(...(await violations(page, state)));
      await pictures(page, out, state);
      shown[state] = await reading(page);
      if (settings.held) await playHeld(page);
      relay.close();
    });
    faults.push(...seen.faults.filter((fault) => state !== "gone" || !fault.includes("410")));
  }
  return { violations: found, shown, faults };
};

/** The sound that the browser held back begins with the click that the page asks for. */
async function playHeld(page) {
  await click(page, page.getByRole("button", { name: "Play sound" }));
  await page.waitForFunction(() => document.querySelector('audio[data-kind="program"]').currentTime > 0);
  await page.getByText(SIGNS.held).waitFor({ state: "detached" });
}

const STATES = {
  cardboard: {}, mono: { mono: true }, held: { held: true }, blocked: { blocked: true }, gone: { invite: 410 },
  lobby: { lobby: "policy" }, link: { lobby: "link" },
};
/** What the page says in each. */
const SIGNS = {
  cardboard: "hears nothing",
  mono: "You hear one channel only: the output device is mono. Choose another output to judge stereo.",
  held: "Your browser holds the sound back until you click.",
  blocked: "Your network blocks UDP",
  gone: "This invitation was revoked; ask whoever sent it for another one.",
  lobby: "everybody new is let in by somebody inside. Stay here; it goes on by itself.",
  link: "whoever comes by this link is let in one by one. Stay here, or ask whoever invited you for a link of your own.",
};

/** Marks what is heard on the real output, see mark.mjs. */
const marking = (options) => onPage({ loud: true }, (page) => mark(page, options));

export const scenarios = {
  listen, mark: marking, talk, equipment, hands, refused, axe, reconnect, cut, leave, second, badlink, states,
  ...sessionScenarios(onPage, withoutNetworkFaults),
};

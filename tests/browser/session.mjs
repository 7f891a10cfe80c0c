// Scenarios of a session on a real relay: notes, takes, verdicts, the lobby, hostile texts, a link that breaks.
import { createInterface } from "node:readline";
import { cuttable } from "./cut.mjs";
import { AWAY, BACK, click, join, untilPlayed, untilSound, watch } from "./desk.mjs";
import * as desk from "./journal.mjs";
import { pressWitness } from "./mark.mjs";
import { scenes } from "./scenes.mjs";

/** The events that a page has been told, of one kind, once there are so many: what is shown as saved may be told just after. */
async function told(page, type, count) {
  const ofType = ({ type, count }) => {
    const events = window.__witness.events.filter((event) => event.type === type);
    return events.length >= count && events;
  };
  const events = await page.waitForFunction(ofType, { type, count });
  return events.jsonValue();
}

/** Another person in another window of the same browser, with their own storage. */
async function another(page, link, name) {
  const context = await page.context().browser().newContext({ viewport: page.viewportSize() });
  const other = await context.newPage();
  await watch(other);
  await join(other, link, name);
  return other;
}

const says = (page, text) => page.getByText(text).first().waitFor();

/** The scenarios, for whoever can open a page. `without`: takes the browser's own network faults out of a result. */
export const sessionScenarios = (onPage, without) => ({
  /** Notes by key, by hold, by typing and by tag on live sound. Gives the events as the relay told them. */
  notes: ({ link, name }) =>
    onPage({}, async (page) => {
      await join(page, link, name);
      await untilSound(page);
      await desk.writeByKey(page, "by the key");
      await desk.saved(page, "by the key");
      await desk.writeRange(page, 800, "held for a range");
      await desk.saved(page, "held for a range");
      await desk.writeTag(page, 5);
      await desk.saved(page, "tone");
      await desk.writeByTyping(page, "by typing");
      await desk.saved(page, "by typing");
      return { notes: (await told(page, "note.add", 4)).map(({ data }) => data), desk: await desk.journal(page) };
    }),

  /**
   * `link` may roll, `second` may decide. One rolls and stops, a recorder somewhere brings the take into review; the other
   * approves with a reason, circles and undoes. Gives what both desks show.
   */
  takes: ({ link, second, name }) =>
    onPage({}, async (rolls) => {
      await join(rolls, link, name);
      await untilSound(rolls);
      const decides = await another(rolls, second, "Lea");
      await untilSound(decides);
      await desk.roll(rolls, "chorus dbl");
      await decides.locator('[data-record="on"]').waitFor();
      const band = (await desk.journal(decides)).band;
      await desk.writeByKey(decides, "flat here");
      await desk.saved(rolls, "flat here");
      await desk.stop(rolls);
      for (const page of [rolls, decides]) await desk.tab(page, /Takes/);
      await desk.take(decides, 1).getByText("to be decided").waitFor();
      await decides.keyboard.press("a");
      await desk.because(decides, "that is it");
      await desk.take(rolls, 1).getByText("that is it").waitFor();
      await decides.keyboard.press("c");
      for (const page of [decides, rolls]) await desk.take(page, 1).getByText("◯ circled").first().waitFor();
      await decides.keyboard.press("z");
      await rolls.locator('li[data-take="1"] .mark', { hasText: "circled" }).waitFor({ state: "detached" });
      return { band, shown: [await desk.journal(rolls), await desk.journal(decides)] };
    }),

  /** `link` and `second` may both decide about take 1, and press at once: one result, and one who reads that they were slower. */
  faster: ({ link, second, name }) =>
    onPage({}, async (one) => {
      await join(one, link, name);
      await untilSound(one);
      const other = await another(one, second, "Lea");
      await untilSound(other);
      for (const [page, key] of [[one, "a"], [other, "x"]]) {
        await desk.tab(page, /Takes/);
        await desk.take(page, 1).getByText("to be decided").waitFor();
        await page.keyboard.press(key);
        await page.getByRole("dialog").waitFor();
      }
      await Promise.all([one, other].map((page) => page.keyboard.press("Enter")));
      await Promise.race([one, other].map((page) => page.locator('[data-refused="stale"]').waitFor()));
      const shown = [await desk.journal(one), await desk.journal(other)];
      return { verdicts: await told(one, "take.verdict", 1), refused: shown.map(({ refused }) => refused) };
    }),

  /**
   * Notes made while the link is down wait in sight, keep their places and are saved in order once it is mended. A line
   * on stdin says when to mend.
   */
  offline: ({ link, name, say }) =>
    onPage({}, async (page) => {
      const wire = await cuttable(new URL(link).host);
      const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
      await join(page, link.replace(new URL(link).host, wire.host), name);
      await untilSound(page);
      wire.cut();
      await page.getByText(AWAY).waitFor();
      for (const text of ["first while away", "second while away"]) await desk.writeByKey(page, text);
      await says(page, "2 notes are waiting for the connection");
      say({ away: true, desk: await desk.journal(page) });
      await lines.next();
      wire.mend();
      for (const text of ["first while away", "second while away"]) await desk.saved(page, text);
      return { notes: (await told(page, "note.add", 2)).map(({ data }) => data), desk: await desk.journal(page) };
    }).then(without),

  /**
   * Three notes, each begun by the key N: one typed slowly, one during which the link breaks and comes back, one written
   * at once. Gives the events as the relay told them, and when each N went down, in ms.
   */
  slowly: ({ link, name }) =>
    onPage({}, async (page) => {
      await page.addInitScript(pressWitness);
      const wire = await cuttable(new URL(link).host);
      await join(page, link.replace(new URL(link).host, wire.host), name);
      await untilSound(page);
      const pressed_ms = [await desk.begin(page)];
      await desk.typeSlowly(page, "that was flat");
      await page.keyboard.press("Enter");
      await desk.saved(page, "that was flat");
      pressed_ms.push(await desk.begin(page));
      await desk.typeSlowly(page, "late ");
      wire.cut();
      await page.getByText(AWAY).waitFor();
      wire.mend();
      await page.getByText(BACK).waitFor();
      await desk.typeSlowly(page, "in the verse");
      await page.keyboard.press("Enter");
      await desk.saved(page, "late in the verse");
      pressed_ms.push(await desk.begin(page));
      await page.keyboard.insertText("at once");
      await page.keyboard.press("Enter");
      await desk.saved(page, "at once");
      return { pressed_ms, notes: (await told(page, "note.add", 3)).map(({ data }) => data) };
    }).then(without),

  /** Everything hostile, by the composer and the chat, under the relay's own policy; read again after a reload. */
  hostile: ({ link, name }) =>
    onPage({}, async (page) => {
      await join(page, link, name);
      await untilSound(page);
      for (const text of desk.HOSTILE) await desk.writeByKey(page, text);
      await desk.tab(page, /Chat/);
      for (const text of desk.HOSTILE) {
        await page.getByRole("textbox", { name: "Message to everybody" }).click();
        await page.keyboard.insertText(text);
        await page.keyboard.press("Enter");
      }
      await page.waitForFunction(() => document.querySelectorAll(".chat [data-keeping]").length === 0);
      await page.reload();
      await click(page, page.getByRole("button", { name: "Join with sound" }));
      const harm = {};
      for (const name of ["Notes", "Takes", "People", "Chat"]) {
        await desk.tab(page, new RegExp(name));
        harm[name] = await desk.harm(page);
      }
      return { harm, desk: await desk.journal(page) };
    }),

  /**
   * `link` may administer: makes newcomers wait, lets one in, lets them talk and no longer, and sends them away; `second`
   * waits in the lobby and reads why, comes in, has the talk button meanwhile, and is sent away with a reason. Tells over
   * how many peer connections the sound has come.
   */
  lobby: ({ link, second, name }) =>
    onPage({}, async (host) => {
      await join(host, link, name);
      await untilSound(host);
      await desk.tab(host, /People/);
      await host.getByText("Song and session").click();
      await host.getByRole("checkbox", { name: /newcomers wait/ }).click();
      await host.locator("fieldset input:checked").first().waitFor();
      await host.locator("legend .keeping").waitFor({ state: "detached" });
      await desk.tab(host, /Notes/);
      const guest = await another(host, second, "Maurice");
      await says(guest, "You are waiting to be let into “Blue hour”: everybody new is let in by somebody inside.");
      await says(host, "Maurice waits to be let in.");
      await click(host, host.getByRole("button", { name: "See who" }));
      await click(host, host.getByRole("button", { name: "Let in" }));
      await untilSound(guest);
      await desk.openGrants(host, "Maurice");
      const talks = desk.grant(host, "Maurice", "talk back");
      await click(host, talks);
      await says(guest, "changed what you may do: now also talk back.");
      await guest.locator("[data-talk]").waitFor();
      await desk.settled(host, "Maurice");
      await click(host, talks);
      await guest.locator("[data-talk]").waitFor({ state: "detached" });
      await untilPlayed(guest);
      const peers = await guest.evaluate(() => window.__witness.peers.length);
      const row = host.locator("[data-person]", { hasText: "Maurice" });
      await click(host, row.getByRole("button", { name: "Send away…" }));
      await desk.because(host, "wrong room");
      await guest.getByRole("alert").waitFor();
      await row.waitFor({ state: "detached" });
      return { says: await guest.getByRole("alert").innerText(), peers };
    }).then(without),

  /** The written scenes: no link needed. */
  scenes: async ({ out, pictures }) => scenes((act) => inScene(onPage, act), out, pictures),
});

/** A page for a scene; a scene answers at once or not at all. */
const inScene = (onPage, act) =>
  onPage({}, async (page) => {
    page.setDefaultTimeout(20_000);
    await act(page);
    return {};
  });

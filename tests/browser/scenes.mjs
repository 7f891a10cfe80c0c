// The desk in written scenes, built from its sources and served under the relay's policy, without a relay: what keys and
// clicks lead to, and what axe-core finds in every tab, size and theme. It proves nothing about the relay.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { violations } from "./axe.mjs";
import { pictures } from "./browser.mjs";
import { KINDS, POLICY } from "./fixture.mjs";
import { click } from "./desk.mjs";
import * as desk from "./journal.mjs";

const WEB = fileURLToPath(new URL("../../client/web/", import.meta.url));

/** Builds the scenes and begins to serve them; gives their address and what ends it. */
export async function serve() {
  const dist = mkdtempSync(join(tmpdir(), "farfield-scenes-"));
  const vite = createRequire(`${WEB}package.json`).resolve("vite/package.json").replace("package.json", "dist/node/index.js");
  const { build } = await import(pathToFileURL(vite));
  const input = join(WEB, "dev/index.html");
  await build({ root: WEB, logLevel: "error", build: { outDir: dist, emptyOutDir: true, rollupOptions: { input } } });
  const server = createServer((request, response) => {
    const path = new URL(request.url, "http://host").pathname;
    const file = extname(path) ? path : "dev/index.html";
    response.writeHead(200, { "content-type": KINDS[extname(file)], "content-security-policy": POLICY });
    response.end(readFileSync(join(dist, file)));
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  const close = () => (server.close(), rmSync(dist, { recursive: true }));
  return { place: `http://127.0.0.1:${server.address().port}/dev/`, close };
}

export async function enter(page, place, scene, as) {
  await page.goto(`${place}?scene=${scene}&as=${as}`);
  await page.locator(".room").waitFor();
}

const on = (page, act, argument) => page.evaluate(`(${act})(window.__scene, ${JSON.stringify(argument)})`);
const expect = (what, holds) => {
  if (!holds) throw new Error(`not so: ${what}`);
};

/** A note by key, by hold, by typing, by tag; nothing is shown as saved before the relay has said so. */
async function notes(page, place) {
  await enter(page, place, "rolling", "producer");
  await on(page, ({ relay }) => (relay.latencyMs = undefined));
  await desk.writeByKey(page, "late on the two");
  await desk.note(page, "late on the two").waitFor();
  expect("a note without an answer is not saved", (await desk.note(page, "late on the two").getAttribute("data-keeping")) === "sent");
  await on(page, ({ relay }) => (relay.cut(), (relay.latencyMs = 10)));
  await page.getByText("waiting for the connection").waitFor();
  await desk.writeByTyping(page, "made while away");
  expect("a note made while away waits", (await desk.note(page, "made while away").getAttribute("data-keeping")) === "waiting");
  await on(page, ({ relay }) => relay.mend());
  for (const text of ["late on the two", "made while away"]) await desk.saved(page, text);
  await page.keyboard.press("Escape");
  await holdMouse(page, 600);
  await page.keyboard.insertText("by the mouse");
  await page.keyboard.press("Enter");
  await desk.saved(page, "by the mouse");
  await desk.writeRange(page, 600, "the whole line");
  await desk.saved(page, "the whole line");
  await desk.writeTag(page, 5);
  await desk.saved(page, "tone");
  const all = await on(page, ({ relay }) => Object.values(relay.state.notes));
  const of = (text) => all.find((note) => note.wording.text === text);
  expect("the note made while away comes after the one before it", of("made while away").seq > of("late on the two").seq);
  expect("a held key makes a range of at least its time", of("the whole line").wording.on.to - of("the whole line").wording.on.at >= 600 * 48);
  expect("so does a held button", of("by the mouse").wording.on.to - of("by the mouse").wording.on.at >= 600 * 48);
  expect("a tag alone is a note", of("tone").wording.tag === "tone");
  expect("held keys write nothing", !all.some((note) => /nn/.test(note.wording.text)));
}

/** Holds the button "Note" down for so long, in ms of the page's own clock. */
async function holdMouse(page, ms) {
  const box = await page.getByRole("button", { name: /^Note/ }).boundingBox();
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.mouse.down();
  await page.evaluate((ms) => new Promise((over) => setTimeout(over, ms)), ms);
  await page.mouse.up();
}

/** Words that are written when nothing is heard stay where they are, and no letter of them is taken for a key. */
async function silence(page, place) {
  await enter(page, place, "empty", "producer");
  await on(page, ({ desk }) => {
    const ear = desk.heard;
    desk.heard = { ...ear, reason: "No sound arrives.", freeze: () => null };
    window.__hear = () => (desk.heard = ear);
  });
  await page.keyboard.press("n");
  await page.keyboard.type("a thing");
  await page.keyboard.press("Enter");
  await page.getByText("No sound arrives. Your words stay here").waitFor();
  expect("no dialog", (await page.locator("dialog[open]").count()) === 0);
  await page.evaluate(() => void window.__hear());
  await page.getByRole("button", { name: "pin now" }).click();
  await page.getByRole("button", { name: /^Save/ }).click();
  await desk.saved(page, "a thing");
}

/** Verdicts by keys, somebody who is faster, undo, the circle. */
async function review(page, place) {
  await enter(page, place, "session", "producer");
  await desk.tab(page, /Takes/);
  await page.keyboard.press("a");
  await desk.because(page, "that is it");
  await desk.take(page, 7).getByText("✓ approved").waitFor();
  await page.keyboard.press("z");
  await desk.take(page, 7).getByText("✓ approved").waitFor({ state: "detached" });
  await page.keyboard.press("x");
  await page.getByRole("dialog").waitFor();
  await on(page, ({ relay }, by) => relay.happen(by, "take.verdict", { take: 7, verdict: "redo", reason: "air", audio: [], was: { verdict: "none", decision: null } }), "018f4d3e-0000-7000-8000-000000000003");
  await page.getByText("Somebody was faster: it is do again by Lea").waitFor();
  await page.keyboard.press("Enter");
  await page.getByText("Somebody was faster.").waitFor();
  expect("the faster verdict stands", (await on(page, ({ relay }) => relay.state.takes[6].verdict)) === "redo");
  await page.getByRole("button", { name: "All right" }).click();
  await page.keyboard.press("c");
  await desk.take(page, 7).getByText("◯ circled").waitFor();
  await page.keyboard.press("j");
  await page.keyboard.press("h");
  await desk.take(page, 6).getByText("★ hero", { exact: true }).waitFor({ state: "detached" });
}

/** Arm, slate, roll and stop; what the mentor cannot do says why. */
async function transport(page, place) {
  await enter(page, place, "empty", "engineer");
  await desk.roll(page, "chorus dbl");
  expect("recording is said at once", (await desk.journal(page)).urgent === "Recording: take 1, chorus dbl.");
  await desk.stop(page);
  await page.keyboard.press("Shift+R");
  await page.locator('[data-record="on"]').waitFor();
  await page.keyboard.press("Shift+S");
  await page.locator('[data-record="off"]').waitFor();
  expect("two takes", (await on(page, ({ relay }) => relay.state.takes.length)) === 2);
  await enter(page, place, "session", "mentor");
  await desk.tab(page, /Takes/);
  await page.keyboard.press("a");
  await page.getByRole("dialog").getByText("Vote: Approve take 7").waitFor();
  await page.keyboard.press("Escape");
  await on(page, ({ relay }) => relay.cut());
  await page.getByText(/connection to the relay was lost|relay does not answer/).waitFor();
  await page.keyboard.press("b");
  await page.getByText(/Your invitation does not let you|no connection to the relay now/).waitFor();
}

/** The lobby, sending away, replies, status, chat, credits. */
async function people(page, place) {
  await enter(page, place, "lobby", "producer");
  await page.getByRole("button", { name: "See who" }).click();
  await page.getByRole("button", { name: "Let in" }).click();
  await page.locator('[data-person]', { hasText: "Maurice Ravel" }).waitFor();
  await desk.openPerson(page, "Paul Tremaine");
  await page.locator('[data-person]', { hasText: "Paul Tremaine" }).getByRole("button", { name: "Send away…" }).click();
  await desk.because(page, "wrong room");
  await page.locator('[data-person]', { hasText: "Paul Tremaine" }).waitFor({ state: "detached" });
  await desk.tab(page, /Chat/);
  await page.getByRole("textbox", { name: "Message to everybody" }).fill("<b>lunch</b>");
  await page.keyboard.press("Enter");
  await page.locator(".chat").getByText("<b>lunch</b>").waitFor();
  await desk.tab(page, /Notes/);
  await desk.note(page, "she runs out of air").locator("button.head").click();
  await page.getByRole("textbox", { name: "Your reply" }).fill("agreed");
  await page.keyboard.press("Enter");
  await desk.note(page, "she runs out of air").getByText("agreed").waitFor();
  await page.getByRole("button", { name: "✓ Done", exact: true }).click();
  await desk.note(page, "she runs out of air").getByText("✓ done").waitFor();
}

/** Keys that are switched off do nothing (WCAG 2.1.4). */
async function quiet(page, place) {
  await enter(page, place, "session", "producer");
  await page.keyboard.press("?");
  await page.getByRole("checkbox", { name: /Keys work/ }).uncheck();
  await page.keyboard.press("Escape");
  for (const key of ["n", "a", "c", "Shift+R", "1", "b"]) await page.keyboard.press(key);
  expect("no dialog", (await page.locator("dialog[open]").count()) === 0);
  expect("no note begun", (await page.getByRole("button", { name: "Drop this note" }).count()) === 0);
}

/** The song and the rules: whoever may sets them, the others read why not. */
async function rules(page, place) {
  await enter(page, place, "session", "owner");
  await desk.tab(page, /People/);
  await page.getByText("Song and session").click();
  await page.getByRole("textbox", { name: "tempo" }).fill("92.5");
  await page.getByRole("textbox", { name: "metre" }).fill("6/8");
  await page.keyboard.press("Enter");
  await page.locator("h1").getByText("92.5 bpm · 6/8").waitFor();
  await page.getByRole("checkbox", { name: /newcomers wait/ }).click();
  await page.waitForFunction(() => document.querySelector('fieldset [type="checkbox"]').checked);
  await enter(page, place, "session", "mentor");
  await desk.tab(page, /People/);
  await page.getByText("Song and session").click();
  expect("rules are not a mentor's", await page.getByRole("checkbox", { name: /newcomers wait/ }).isDisabled());
}

/** Grants one by one: two quick changes both hold, what waits for the relay says so, by mouse and by keyboard. */
async function grants(page, place) {
  await enter(page, place, "session", "owner");
  await desk.tab(page, /People/);
  await desk.openGrants(page, "Paul Tremaine");
  const [mic, export_, decides] = ["send a microphone", "export the session", "decide about takes"].map((words) => desk.grant(page, "Paul Tremaine", words));
  const saved = () => on(page, ({ relay }) => Object.values(relay.state.participants).find(({ name }) => name === "Paul Tremaine").grants);
  await on(page, ({ relay }) => (relay.latencyMs = undefined));
  await click(page, mic);
  await click(page, export_);
  expect("what has no answer is marked", (await page.locator("[data-person] .keeping.sent").count()) === 3);
  await on(page, ({ relay }) => (relay.cut(), (relay.latencyMs = 10), relay.mend()));
  await desk.settled(page, "Paul Tremaine");
  expect("both changes hold", (await saved()).includes("publish:mic") && !(await saved()).includes("export"));
  await mic.focus();
  for (let steps = 0; !(await decides.evaluate((box) => box === document.activeElement)); steps += 1) {
    expect("the boxes are walked by Tab", steps < 16);
    await page.keyboard.press("Tab");
  }
  await page.keyboard.press("Space");
  await desk.settled(page, "Paul Tremaine");
  expect("the space bar turns a box", (await saved()).includes("take:decide"));
  await page.locator("[data-person]", { hasText: "Paul Tremaine" }).getByRole("combobox").selectOption("listener");
  await desk.settled(page, "Paul Tremaine");
  expect("a role is all of it", (await saved()).join() === "hear:program" && !(await mic.isChecked()));
  await enter(page, place, "session", "engineer");
  await desk.tab(page, /People/);
  await desk.openPerson(page, "Paul Tremaine");
  expect("grants are the owner's to change", (await page.locator("summary", { hasText: "fine" }).count()) === 0);
}

/** Invitations and grants: made, copied from their field, revoked, changed, by whoever may. */
async function invitations(page, place) {
  await enter(page, place, "session", "owner");
  await desk.tab(page, /People/);
  await page.getByRole("combobox", { name: "Invite as" }).selectOption("mentor");
  await page.getByRole("button", { name: "Invite", exact: true }).click();
  const made = page.locator("[data-invite]", { hasText: "mentor" });
  await made.waitFor();
  expect("the link is there", /^https:\/\/studio\.example\/i\/.+#.+$/.test(await made.getByRole("textbox").inputValue()));
  await made.getByRole("button", { name: /^Revoke/ }).click();
  await made.waitFor({ state: "detached" });
  const paul = page.locator("[data-person]", { hasText: "Paul Tremaine" });
  await desk.openPerson(page, "Paul Tremaine");
  await paul.getByRole("combobox", { name: /may do as/ }).selectOption("engineer");
  await paul.getByText("may do as engineer").first().waitFor();
  await enter(page, place, "session", "mentor");
  await desk.tab(page, /People/);
  await page.locator("[data-person]", { hasText: "Paul Tremaine" }).waitFor();
  expect("a mentor invites nobody", (await page.getByRole("button", { name: "Invite", exact: true }).count()) === 0);
}

/** A mix version from a WAV file, a note on a place in it, and the notes that an earlier one left open. */
async function mixes(page, place) {
  await enter(page, place, "session", "engineer");
  await desk.tab(page, /Takes/);
  await page.getByRole("button", { name: "Note on it mix 1" }).click();
  await page.getByRole("textbox", { name: "What did you hear?" }).fill("s is sharp");
  await page.getByRole("textbox", { name: "Time in mix 1" }).fill("1:12.5");
  await page.getByRole("textbox", { name: "Time in mix 1" }).press("Enter");
  await desk.tab(page, /Notes/);
  await desk.saved(page, "s is sharp");
  await desk.tab(page, /Takes/);
  await page.getByText("Add a mix version…").click();
  await page.getByLabel("WAV file").setInputFiles({ name: "song.mp3", mimeType: "audio/mpeg", buffer: Buffer.from("ID3 and so on, for long enough") });
  await page.getByText("This is no WAV file").waitFor();
  await page.getByLabel("WAV file").setInputFiles({ name: "Blue hour rough 2.wav", mimeType: "audio/wav", buffer: second() });
  await page.getByRole("button", { name: "Add as mix 2" }).click();
  await page.locator('[data-mix="2"]').getByText("Blue hour rough 2").waitFor();
  await page.locator('[data-mix="2"]').getByText("from mix 1").waitFor();
  await page.getByRole("button", { name: /01:12\.5 s is sharp/ }).click();
  await desk.note(page, "s is sharp").waitFor();
}

/** A second of silence in stereo with 16 bits. */
function second() {
  const wav = Buffer.alloc(44 + 4 * 48_000);
  wav.write("RIFF", 0);
  wav.writeUInt32LE(wav.length - 8, 4);
  wav.write("WAVEfmt ", 8);
  [16, 0x0002_0001, 48_000, 192_000, 0x0010_0004].forEach((word, at) => wav.writeUInt32LE(word, 16 + 4 * at));
  wav.write("data", 36);
  wav.writeUInt32LE(4 * 48_000, 40);
  return wav;
}

/** What the page does not know it passes over, unless it is critical: then it says so and asks for nothing any more. */
async function later(page, place) {
  await enter(page, place, "session", "producer");
  const happens = (critical) => on(page, ({ relay }, more) => relay.happen(null, "tune.call", { hz: 440 }, Date.now(), null, more), critical ? { critical } : {});
  await happens(false);
  await on(page, ({ relay }) => relay.happen(null, "chat.say", { text: "still going on" }));
  await desk.tab(page, /Chat/);
  await page.locator(".chat").getByText("still going on").waitFor();
  await happens(true);
  await page.getByText("Update needed").waitFor();
  await page.getByRole("button", { name: "Load the page again" }).waitFor();
  await on(page, ({ relay }) => relay.happen(null, "chat.say", { text: "not for this page" }));
  await page.keyboard.press("c");
  await page.getByText("This page is too old").first().waitFor();
  expect("nothing goes on", (await page.getByText("not for this page").count()) === 0);
}

async function hostile(page, place) {
  await enter(page, place, "hostile", "producer");
  for (const name of [/Notes/, /Takes/, /People/, /Chat/]) {
    await desk.tab(page, name);
    const seen = await desk.harm(page);
    expect(`${name}: ${JSON.stringify(seen)}`, !seen.ran && seen.elements === 0 && !seen.sideways && !seen.spilt);
  }
}

/** axe-core on every tab, on a note being written, on a dialog, on a chosen note. */
async function axe(page, place, found) {
  for (const [scene, as, name] of [["rolling", "producer", "Notes"], ["session", "engineer", "Takes"], ["lobby", "owner", "People"], ["session", "listener", "Chat"]]) {
    await enter(page, place, scene, as);
    await desk.tab(page, new RegExp(name));
    if (name === "People") {
      await page.getByText("Song and session").click();
      await desk.openGrants(page, "Paul Tremaine");
    }
    found.push(...(await violations(page, `${scene} ${name}`)));
  }
  await enter(page, place, "session", "producer");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("n");
  found.push(...(await violations(page, "writing")));
  await page.keyboard.press("Escape");
  await page.keyboard.press("a");
  found.push(...(await violations(page, "dialog")));
}

const ACTS = { notes, silence, review, transport, people, quiet, rules, grants, invitations, mixes, later, hostile };

/** Runs every act on a page of its own by `onPage`; gives what failed, what axe found and the pictures. */
export async function scenes(onPage, out, wanted) {
  const { place, close } = await serve();
  const [failed, found, shots] = [[], [], []];
  try {
    for (const [name, act] of Object.entries(ACTS)) {
      const { faults } = await onPage(async (page) => act(page, place).catch((error) => failed.push(`${name}: ${error.message}`)));
      failed.push(...faults.map((fault) => `${name}: ${fault}`));
    }
    await onPage((page) => axe(page, place, found).catch((error) => failed.push(`axe: ${error.message}`)));
    if (wanted) await onPage(async (page) => (await enter(page, place, "rolling", "producer"), shots.push(...(await pictures(page, out, "journal")))));
  } finally {
    await close();
  }
  return { failed, violations: found, pictures: shots };
}

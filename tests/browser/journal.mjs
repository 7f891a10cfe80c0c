// What people do with notes, takes, the baton and the chat at the desk, by real keys and clicks, and what a test sees.
import { click } from "./desk.mjs";

export const tab = (page, name) => click(page, page.getByRole("tab", { name }));
export const note = (page, text) => page.locator("li[data-note]", { hasText: text });
export const take = (page, number) => page.locator(`li[data-take="${number}"]`);
export const saved = (page, text) => page.locator('li[data-note][data-keeping="saved"]', { hasText: text }).waitFor();

/** Marks what is heard by the key N, writes, and saves by Enter. */
export async function writeByKey(page, text) {
  await page.keyboard.press("n");
  await page.keyboard.insertText(text);
  await page.keyboard.press("Enter");
}

/** Begins a note by the key N; when that went down, in Unix ms. */
export async function begin(page) {
  await page.keyboard.press("n");
  return page.evaluate(() => window.__pressed.at(-1));
}

/** Between two letters of a hand that is slow. */
const PAUSE_MS = 200;

export const typeSlowly = (page, text) => page.keyboard.type(text, { delay: PAUSE_MS });

/** Holds N for so long, in ms of the page's own clock, writes, and saves: a note on a range. */
export async function writeRange(page, ms, text) {
  await page.keyboard.down("n");
  await page.evaluate((ms) => new Promise((over) => setTimeout(over, ms)), ms);
  await page.keyboard.up("n");
  await page.keyboard.insertText(text);
  await page.keyboard.press("Enter");
}

/** Types into the field without a key or click before: the first letter marks. */
export async function writeByTyping(page, text) {
  await page.getByRole("textbox", { name: "What did you hear?" }).focus();
  await page.keyboard.type(text);
  await page.keyboard.press("Enter");
}

/** Presses a tag's key and Enter: a note in one word. */
export async function writeTag(page, digit) {
  await page.keyboard.press(String(digit));
  await page.keyboard.press("Enter");
}

/** The dialog that asks why: a reason and Enter. */
export async function because(page, reason) {
  await page.getByRole("dialog").waitFor();
  await page.keyboard.type(reason);
  await page.keyboard.press("Enter");
}

/** Slate and roll by the mouse; waits for the red band. */
export async function roll(page, slate) {
  await click(page, page.getByRole("textbox", { name: /^Slate of/ }));
  await page.keyboard.type(slate);
  await click(page, page.getByRole("button", { name: "● Roll" }));
  await page.locator('[data-record="on"]').waitFor();
}

export async function stop(page) {
  await click(page, page.getByRole("button", { name: "■ Stop" }));
  await page.locator('[data-record="off"]').waitFor();
}

const row = (page, name) => page.locator("[data-person]", { hasText: name });

/** Opens what can be done about somebody in the people's list. */
export const openPerson = (page, name) => click(page, row(page, name).locator("[aria-expanded]"));

/** Opens what somebody may do, grant by grant. */
export async function openGrants(page, name) {
  await openPerson(page, name);
  await click(page, row(page, name).getByText("fine"));
  await grant(page, name, "talk back").waitFor();
}

/** The box of one grant of somebody. */
export const grant = (page, name, words) => row(page, name).getByRole("checkbox", { name: words, exact: true });
/** Waits until what was changed for somebody is saved. */
export const settled = (page, name) => row(page, name).locator(".keeping").first().waitFor({ state: "detached" });

/** What stands in the lists, in words. */
export const journal = (page) =>
  page.evaluate(() => {
    const text = (selector) => [...document.querySelectorAll(selector)].map((one) => one.innerText.replace(/\s+/g, " ").trim());
    const kept = [...document.querySelectorAll("li[data-note]")].map((one) => one.dataset.keeping);
    return {
      record: document.querySelector("[data-record]")?.dataset.record ?? null,
      band: text(".transport")[0] ?? null,
      notes: text("li[data-note]").map((words, at) => ({ words, keeping: kept[at] })),
      takes: text("li[data-take]"),
      chat: text(".chat li"),
      refused: text("[data-refused]"),
      notices: text('[role="status"] > p'),
      urgent: document.querySelector("[data-urgent]")?.textContent ?? "",
      log: [...document.querySelectorAll('[role="log"] p')].map((one) => one.textContent),
    };
  });

/** What people write who mean ill. It is shown as text, stays in its row, and runs nothing. */
export const HOSTILE = [
  "<script>window.__hurt = 1</script>",
  "<img src=x onerror='window.__hurt = 1'>",
  "<svg onload='window.__hurt = 1'><a href='javascript:window.__hurt=1'>click</a>",
  "{@html '<b>bold</b>'} {{constructor.constructor('window.__hurt = 1')()}} ${window.__hurt = 1}",
  "\u202egnihtemos si siht\u202c and \u2066isolated",
  "ي\u064b\u064c\u064d\u064e\u064f\u0650\u0651\u0652".repeat(12),
  "zero\u200b\u200c\u200d\ufeffwidth",
  "\u001b[31mred\u001b[0m \u001b]0;title\u0007",
  "👩🏽\u200d🚀".repeat(120),
  "W".repeat(600),
];

/** Whether anything that was written has become more than text: elements, handlers, a page that scrolls sideways. */
export const harm = (page) =>
  page.evaluate(() => ({
    ran: window.__hurt !== undefined,
    elements: document.querySelectorAll("#page script, #page img, #page svg[onload], #page a[href^='javascript']").length,
    sideways: document.documentElement.scrollWidth > document.documentElement.clientWidth,
    spilt: [...document.querySelectorAll("aside li")].some((row) => row.scrollWidth > row.clientWidth + 1),
  }));

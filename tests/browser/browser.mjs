// One headless Chromium with what every scenario needs: fake microphone, ears on the page's faults, eyes for pictures.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright-core";

const FLAGS = [
  "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync",
  "--use-fake-device-for-media-stream", "--autoplay-policy=document-user-activation-required",
];

export const SIZES = { wide: { width: 1280, height: 800 }, narrow: { width: 390, height: 844 } };
export const VARIANTS = Object.keys(SIZES).flatMap((size) => ["dark", "light"].map((scheme) => ({ size, scheme })));

/**
 * Opens a browser and an empty page. `mic`: "refused", "asked" (until the page's permissions are granted), or a
 * WAV file that the microphone plays once. `loud`: plays through the sound system that `PULSE_SERVER` names.
 */
export async function open({ mic, size = "wide", scheme = "dark", loud = false } = {}) {
  const ask = { refused: ["--deny-permission-prompts"], asked: [] }[mic] ?? ["--use-fake-ui-for-media-stream"];
  const play = mic && !["refused", "asked"].includes(mic) ? [`--use-file-for-fake-audio-capture=${mic}%noloop`] : [];
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: [...FLAGS, ...ask, ...play],
    ignoreDefaultArgs: loud ? ["--mute-audio"] : [],
  });
  const context = await browser.newContext({ viewport: SIZES[size], colorScheme: scheme });
  const page = await context.newPage();
  const faults = [];
  page.on("pageerror", (error) => faults.push(`error: ${error.message}`));
  page.on("console", (line) => line.type() === "error" && faults.push(`console: ${line.text()}`));
  return { browser, context, page, faults };
}

/** Shows the page in one variant; returns when it stands so, canvases included. */
export async function vary(page, { size, scheme }) {
  await page.setViewportSize(SIZES[size]);
  await page.emulateMedia({ colorScheme: scheme });
  const wanted = { scheme, width: SIZES[size].width };
  await page.waitForFunction(({ scheme, width }) => {
    const { dataset } = document.documentElement;
    const drawn = [...document.querySelectorAll("canvas")].every(
      (canvas) => Math.abs(canvas.width - canvas.clientWidth * devicePixelRatio) < 1,
    );
    return dataset.theme === scheme && innerWidth === width && drawn;
  }, wanted);
}

/** Takes the picture `NAME-SIZE-SCHEME.png` of every variant; gives the paths. */
export async function pictures(page, folder, name) {
  mkdirSync(folder, { recursive: true });
  const paths = [];
  for (const variant of VARIANTS) {
    await vary(page, variant);
    const path = join(folder, `${name}-${variant.size}-${variant.scheme}.png`);
    await page.screenshot({ path, fullPage: variant.size === "narrow" });
    paths.push(path);
  }
  await vary(page, VARIANTS[0]);
  return paths;
}

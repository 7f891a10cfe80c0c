// What axe-core finds against the page, in every size and theme.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { VARIANTS, vary } from "./browser.mjs";

const SOURCE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** Violations as short texts, each with the state and the variant in which it was found. */
export async function violations(page, state) {
  const found = [];
  await page.evaluate(SOURCE);
  for (const variant of VARIANTS) {
    await vary(page, variant);
    // Scrolled to its end, nothing lies under what stays at the bottom of a narrow page.
    await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
    const result = await page.evaluate((tags) => window.axe.run({ runOnly: tags }), TAGS);
    for (const { id, help, nodes } of result.violations) {
      const where = nodes.map((node) => node.target.join(" ")).join(", ");
      found.push(`${state} ${variant.size} ${variant.scheme}: ${id}: ${help}: ${where}`);
    }
  }
  await vary(page, VARIANTS[0]);
  return found;
}

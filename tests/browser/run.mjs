// Drives the page in a real headless Chromium and prints one line of JSON:
//   node run.mjs SCENARIO --link LINK [--second LINK] --out DIR [--seconds N] [--name NAME] [--mic FILE.wav] [--pictures]
// Scenarios: listen, mark, talk, hands, refused, axe, reconnect, cut, leave, second, badlink, states, notes, takes, faster, offline,
// slowly, hostile, lobby, scenes. The browser is /usr/bin/chromium or $CHROMIUM.
import { mkdirSync } from "node:fs";
import { parseArgs } from "node:util";
import { scenarios } from "./scenarios.mjs";

const options = {
  link: { type: "string" },
  second: { type: "string" },
  out: { type: "string", default: "." },
  seconds: { type: "string", default: "5" },
  name: { type: "string", default: "Paul" },
  mic: { type: "string" },
  pictures: { type: "boolean", default: false },
};
const { values, positionals } = parseArgs({ options, allowPositionals: true });
const [scenario] = positionals;
const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

try {
  if (!scenarios[scenario]) throw new Error(`there is no scenario ${scenario}; use ${Object.keys(scenarios).join(", ")}`);
  mkdirSync(values.out, { recursive: true });
  const result = await scenarios[scenario]({ ...values, seconds: Number(values.seconds), say });
  say({ scenario, ok: true, ...result });
  process.exit(0);
} catch (error) {
  say({ scenario, ok: false, error: String(error?.message ?? error) });
  process.exit(1);
}

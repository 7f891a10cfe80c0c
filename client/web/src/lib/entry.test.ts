import { afterEach, expect, test, vi } from "vitest";
import { call, helloFor, PATIENCE_MS, postJson, Refusal } from "./entry";
import { Link, type LinkState, type Socket } from "./link";

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

const seat = { invitation: { id: "i", secret: "x" }, name: "Ada", peer: 0 };

/** Calls whose patience ends when told, and how long each of them had. */
function patience() {
  const controllers: AbortController[] = [];
  const spans = vi.spyOn(AbortSignal, "timeout").mockImplementation(() => {
    controllers.push(new AbortController());
    return controllers.at(-1)!.signal;
  });
  const end = () => controllers.at(-1)!.abort(new DOMException("too long", "TimeoutError"));
  return { end, spans };
}

const never = (signal: AbortSignal): Promise<never> =>
  new Promise((_, failed) => signal.addEventListener("abort", () => failed(signal.reason)));

const answers = (status: number, text: string) => vi.stubGlobal("fetch", async () => new Response(text || null, { status }));

test("an_answer_is_read_as_json_and_one_that_is_none_as_nothing", async () => {
  answers(200, `{"ticket":"t"}`);
  expect(await postJson("/", {})).toEqual({ status: 200, body: { ticket: "t" } });
  answers(502, "<h1>Bad gateway</h1>");
  await expect(call(postJson, "/", {})).rejects.toEqual(new Refusal("internal", "The relay answered 502. Try again.", false));
  answers(204, "");
  expect(await postJson("/", {})).toEqual({ status: 204, body: null });
});

test.each<[string, (signal: AbortSignal) => Promise<unknown>]>([
  ["answers", never],
  ["ends_its_answer", async (signal) => ({ status: 200, text: () => never(signal), json: () => never(signal) })],
])("a_relay_that_never_%s_is_given_up_as_one_that_cannot_be_reached", async (_, answer) => {
  const { end, spans } = patience();
  vi.stubGlobal("fetch", (_path: string, { signal }: { signal: AbortSignal }) => answer(signal));
  const hello = helloFor(postJson, seat);
  const refused = expect(hello).rejects.toEqual(new Refusal("unreachable", "The relay does not answer.", false));
  await settled();
  end();
  await refused;
  expect(spans.mock.calls).toEqual([[PATIENCE_MS]]);
});

test("who_is_not_answered_in_time_reads_that_and_the_link_is_redeemed_again_by_itself", async () => {
  const { end, spans } = patience();
  vi.stubGlobal("fetch", (_path: string, { signal }: { signal: AbortSignal }) => never(signal));
  const states: LinkState[] = [];
  const later: (() => void)[] = [];
  const link = new Link(
    {
      open: () => ({}) as Socket,
      now: () => 0,
      later: (_ms, then) => (later.push(then), () => {}),
      hello: () => helloFor(postJson, seat),
    },
    { state: (state) => states.push(state), welcome() {}, frame() {}, pong() {}, wayBackRefused() {} },
  );
  link.connect();
  await settled();
  end();
  await settled();
  expect(states.at(-1)).toEqual({ at: "waiting", attempt: 0, why: "The relay does not answer." });
  later.pop()!();
  await settled();
  expect(states.at(-1)).toEqual({ at: "connecting", attempt: 1 });
  expect(spans).toHaveBeenCalledTimes(2);
});

const settled = async () => {
  for (let i = 0; i < 10; i += 1) await Promise.resolve();
};

// A wire to the relay that can be cut and mended: everything over TCP, which is the page and its link; sound is UDP.
import { connect, createServer } from "node:net";

/** Begins to pass on to `target` (HOST:PORT). While cut, what there is breaks and nothing new comes up. */
export async function cuttable(target) {
  const [host, port] = target.split(":");
  const open = new Set();
  let whole = true;
  const server = createServer((near) => {
    if (!whole) return near.destroy();
    const far = connect(Number(port), host);
    for (const [one, other] of [[near, far], [far, near]]) {
      open.add(one);
      one.pipe(other);
      one.on("error", () => {});
      one.on("close", () => (open.delete(one), other.destroy()));
    }
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  const cut = () => {
    whole = false;
    for (const socket of open) socket.destroy();
  };
  return { host: `127.0.0.1:${server.address().port}`, cut, mend: () => (whole = true) };
}

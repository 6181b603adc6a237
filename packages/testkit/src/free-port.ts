import { once } from "node:events";
import { createServer } from "node:net";

/** A port that is free now, for a server that must use the same one after a restart. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const bound = probe.address();
  probe.close();
  await once(probe, "close");
  if (bound === null || typeof bound === "string") throw new Error("no free port");
  return bound.port;
}

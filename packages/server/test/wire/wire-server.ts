import { writeFileSync } from "node:fs";
import type { Environment, Place, ServerProcess } from "@latchkey/testkit/server/server-process";

/** A server on loopback, and its document in a file. */
export interface WireServer {
  readonly server: ServerProcess;
  /** The path of the document. */
  readonly document: string;
}

/** Limits beyond the fuzzer's requests: the test is about the document. */
const roomy = { PAIR: "1000000/1m", ACCOUNT: "1000000/1m", ADDRESS: "1000000/1m" };

/**
 * Starts a server without guard keys, and writes its document to a file of the place.
 *
 * @param env further settings
 */
export async function startWireServer(place: Place, env: Environment = {}): Promise<WireServer> {
  const limits = Object.entries(roomy).map(([name, rule]) => [`LATCHKEY_THROTTLE_${name}`, rule]);
  const server = await place.server({ env: { LATCHKEY_ISSUER: "", ...Object.fromEntries(limits), ...env } });
  const document = place.path("openapi.json");
  writeFileSync(document, await (await fetch(`${server.url}/openapi.json`)).text());
  return { server, document };
}

import { readCall, readList } from "@latchkey/testkit/mcp/notes-clients";
import { listenForCallback } from "../callback.ts";
import type { Peer, PeerKind, PeerOptions } from "./peer.ts";
import type { Connection, Opening } from "./typescript-connection.ts";
import { connectionV1 } from "./typescript-v1.ts";
import { connectionV2 } from "./typescript-v2.ts";

/** Programs on the TypeScript SDK. Each version calls this machine by another of its names. */
export const typeScript: readonly PeerKind[] = [
  {
    name: "the TypeScript SDK v1",
    connect: (options) => connect(connectionV1, "localhost", options),
  },
  {
    name: "the TypeScript SDK v2",
    connect: (options) => connect(connectionV2, "127.0.0.1", options),
  },
];

async function connect(
  connectionOf: (opening: Opening) => Connection,
  host: "localhost" | "127.0.0.1",
  { address, browser, clientName, documentUrl }: PeerOptions,
): Promise<Peer> {
  const callback = await listenForCallback(host);
  const connection = connectionOf({ address: new URL(address), clientName, documentUrl, callback, browser });

  /** Follows the SDK's documentation: finishes the sign-in that the SDK has begun, then tries again. */
  async function signedIn<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      if (!connection.isUnauthorized(error)) throw error;
      browser.assertNoFailure();
      await connection.finish(await callback.next());
      return await work();
    }
  }

  await signedIn(() => connection.connect());
  return {
    tools: async () => readList(await signedIn(() => connection.listTools())).map(({ name }) => name),
    async call(name, args = {}) {
      const result = await signedIn(() => connection.callTool({ name, arguments: { ...args } }));
      return readCall(result).content[0]?.text ?? "";
    },
    async [Symbol.asyncDispose]() {
      await connection.close();
      await callback[Symbol.asyncDispose]();
    },
  };
}

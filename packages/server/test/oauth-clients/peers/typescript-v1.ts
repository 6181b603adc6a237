import { type OAuthDiscoveryState, UnauthorizedError } from "@modelcontextprotocol/sdk/client/auth.js";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { OAuthClientInformationMixed, OAuthTokens } from "@modelcontextprotocol/sdk/shared/auth.js";
import { MemoryProvider } from "./memory-provider.ts";
import type { Connection, Opening } from "./typescript-connection.ts";

/** A program on version 1 of the SDK. */
export function connectionV1(opening: Opening): Connection {
  const { address, clientName } = opening;
  const authProvider = new MemoryProvider<OAuthClientInformationMixed, OAuthTokens, OAuthDiscoveryState>(
    opening,
  );
  const open = () => ({
    client: new Client({ name: clientName, version: "1.0.0" }),
    transport: new StreamableHTTPClientTransport(address, { authProvider }),
  });
  let current = open();
  return {
    async connect() {
      current = open();
      // With exact optional properties, the SDK's transport does not match the SDK's own types.
      await current.client.connect(current.transport as Parameters<Client["connect"]>[0]);
    },
    async finish(response) {
      authProvider.assertOwn(response);
      await current.transport.finishAuth(response.get("code") ?? "");
    },
    isUnauthorized: (error) => error instanceof UnauthorizedError,
    listTools: () => current.client.listTools(),
    callTool: (call) => current.client.callTool(call),
    close: () => current.client.close(),
  };
}

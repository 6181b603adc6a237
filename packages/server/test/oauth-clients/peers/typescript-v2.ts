import {
  Client,
  type OAuthDiscoveryState,
  type StoredOAuthClientInformation,
  type StoredOAuthTokens,
  StreamableHTTPClientTransport,
  UnauthorizedError,
} from "@modelcontextprotocol/client";
import { MemoryProvider } from "./memory-provider.ts";
import type { Connection, Opening } from "./typescript-connection.ts";

/** A program on version 2 of the SDK. It also compares the issuer in the response (RFC 9207). */
export function connectionV2(opening: Opening): Connection {
  const { address, clientName } = opening;
  const authProvider = new MemoryProvider<
    StoredOAuthClientInformation,
    StoredOAuthTokens,
    OAuthDiscoveryState
  >(opening);
  const open = () => ({
    client: new Client({ name: clientName, version: "2.0.0" }, { versionNegotiation: { mode: "auto" } }),
    transport: new StreamableHTTPClientTransport(address, { authProvider }),
  });
  let current = open();
  return {
    async connect() {
      current = open();
      await current.client.connect(current.transport);
    },
    async finish(response) {
      authProvider.assertOwn(response);
      await current.transport.finishAuth(response);
    },
    isUnauthorized: (error) => error instanceof UnauthorizedError,
    listTools: () => current.client.listTools(),
    callTool: (call) => current.client.callTool(call),
    close: () => current.client.close(),
  };
}

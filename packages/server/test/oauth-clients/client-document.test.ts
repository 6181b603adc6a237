import { DocumentHost } from "@latchkey/testkit/oauth/document-host";
import { Person } from "@latchkey/testkit/oauth/person";
import { passwords, type TestServer, testServer } from "@latchkey/testkit/server/test-server";
import { afterAll, beforeAll, expect, test } from "vitest";
import { argon2id } from "../../src/core/passwords/passwords.ts";
import { Browser } from "./browser.ts";
import { mcpRemote } from "./peers/mcp-remote.ts";
import { python } from "./peers/python.ts";
import { typeScript } from "./peers/typescript.ts";

const documentUrl = "https://app.example/client.json";

let host: DocumentHost;
let server: TestServer;

beforeAll(async () => {
  host = await DocumentHost.start();
  host.publish("/client.json", {
    client_id: documentUrl,
    client_name: "Notes",
    redirect_uris: ["localhost", "127.0.0.1"].flatMap((name) => [
      `http://${name}/callback`,
      `http://${name}/oauth/callback`,
    ]),
    grant_types: ["authorization_code", "refresh_token"],
    token_endpoint_auth_method: "none",
  });
  server = await testServer({}, argon2id, 0, host.network);
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await host[Symbol.asyncDispose]();
});

const kinds = [...typeScript, ...python, mcpRemote].map((kind) => ({ kind, client: kind.name }));

test.concurrent.each(kinds)("$client signs in as the client that a document describes", async ({ kind }) => {
  await using browser = await Browser.of(new Person("alice", passwords.alice));
  const address = `${server.url}/mcp`;
  await using peer = await kind.connect({ address, browser, clientName: "unused", documentUrl });

  expect(await peer.call("list_my_sessions")).toContain(documentUrl);
  expect(browser.opened).toEqual([expect.stringContaining(encodeURIComponent(documentUrl))]);
});

import { generateKeyPairSync } from "node:crypto";
import { writeFileSync } from "node:fs";
import { readCall } from "@latchkey/testkit/mcp/notes-clients";
import * as v2 from "@modelcontextprotocol/client";
import * as v1 from "@modelcontextprotocol/sdk/client/auth-extensions.js";
import { Client as ClientV1 } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ScopedNotes, startScopedNotes } from "./scoped-notes.ts";
import { type World, Worlds } from "./world.ts";

const flags = ["--grant", "client_credentials", "--role", "robot", "--scope", "notes:read"];

const worlds = new Worlds();
let world: World;
let notes: ScopedNotes;
let withSecret: { readonly clientId: string; readonly clientSecret: string; readonly expectedIssuer: string };
let withKey: { clientId: string; privateKey: string; algorithm: string; expectedIssuer: string };

beforeAll(async () => {
  world = await worlds.make("SQLite");
  notes = await startScopedNotes(world.issuer);
  await world.operator(["resource", "add", notes.address, "--scope", "notes:read", "--scope", "notes:write"]);
  const expectedIssuer = world.issuer;
  const { id, secret } = await world.addClient("robot with secret", ["--secret", ...flags]);
  withSecret = { clientId: id, clientSecret: secret, expectedIssuer };

  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const file = world.path("robot.pem");
  writeFileSync(file, publicKey.export({ type: "spki", format: "pem" }));
  const { id: clientId } = await world.addClient("robot with key", ["--public-key", file, ...flags]);
  const pem = String(privateKey.export({ type: "pkcs8", format: "pem" }));
  withKey = { clientId, privateKey: pem, algorithm: "ES256", expectedIssuer };
});
afterAll(() => notes[Symbol.asyncDispose]());

/** Calls a tool of the notes as a machine. @returns the text of its result */
const ways: Readonly<Record<string, () => Promise<string>>> = {
  "the TypeScript SDK v1 with a secret": () => callV1(new v1.ClientCredentialsProvider(withSecret)),
  "the TypeScript SDK v1 with a key": () => callV1(new v1.PrivateKeyJwtProvider(withKey)),
  "the TypeScript SDK v2 with a secret": () => callV2(new v2.ClientCredentialsProvider(withSecret)),
  "the TypeScript SDK v2 with a key": () => callV2(new v2.PrivateKeyJwtProvider(withKey)),
};

test.each(Object.entries(ways))("%s calls a tool without a person", async (_way, call) => {
  expect(await call()).toMatch(/: notes:read$/);
});

async function callV1(
  authProvider: v1.ClientCredentialsProvider | v1.PrivateKeyJwtProvider,
): Promise<string> {
  const client = new ClientV1({ name: "robot", version: "1.0.0" });
  const transport = new StreamableHTTPClientTransport(new URL(notes.address), { authProvider });
  // With exact optional properties, the SDK's transport does not match the SDK's own types.
  await client.connect(transport as Parameters<ClientV1["connect"]>[0]);
  const result = await client.callTool({ name: "read_notes" });
  await client.close();
  return readCall(result).content[0]?.text ?? "";
}

async function callV2(
  authProvider: v2.ClientCredentialsProvider | v2.PrivateKeyJwtProvider,
): Promise<string> {
  const client = new v2.Client({ name: "robot", version: "2.0.0" }, { versionNegotiation: { mode: "auto" } });
  await client.connect(new v2.StreamableHTTPClientTransport(new URL(notes.address), { authProvider }));
  const result = await client.callTool({ name: "read_notes" });
  await client.close();
  return readCall(result).content[0]?.text ?? "";
}

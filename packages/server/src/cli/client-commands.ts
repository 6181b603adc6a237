import type { SettingName } from "../config/settings.ts";
import { type Command, command } from "./command.ts";
import { json, limit, ofDatabase, oneJson, yes } from "./command-parts.ts";

const clientId = { name: "ID", meaning: "id of the client, from `latchkey client list`" };
const ofClients: readonly SettingName[] = [...ofDatabase, "sessionIdle", "sessionMax"];

/** The commands about OAuth clients and resources. */
export const clientCommands: readonly Command[] = [
  command({
    name: "client add",
    meaning: "add an OAuth client, or a machine",
    argument: { name: "NAME", meaning: "name that people see on the sign-in page" },
    options: {
      redirect: { value: "URI", meaning: "where the browser returns to after the sign-in", many: true },
      secret: { meaning: "make a secret, which is shown once" },
      "public-key": {
        value: "FILE",
        meaning: "public key that checks its assertions: PEM, a JWK or a JWK set",
      },
      "jwks-url": { value: "URL", meaning: "https address of its public keys, read when they are needed" },
      grant: {
        value: "TYPE",
        meaning: "client_credentials: it gets tokens of its own, without a person",
        many: true,
      },
      role: { value: "ROLE", meaning: "a role in those tokens", many: true },
      scope: { value: "SCOPE", meaning: "a scope of those tokens", many: true },
      json: { meaning: "print the id and the secret as one JSON object" },
    },
    settings: ofDatabase,
    example: "client add Notes --redirect http://127.0.0.1/callback",
    notes: [
      "The port of a redirect URI at localhost, 127.0.0.1 or [::1] does not count.",
      "A client without --secret, --public-key or --jwks-url is public: PKCE protects its codes.",
    ],
    load: async () => (await import("./client.ts")).addClient,
  }),
  command({
    name: "client list",
    meaning: "list clients: added, blocked, or with live sessions",
    options: {
      ...json,
      limit,
      after: { value: "ID", meaning: "start behind this client" },
    },
    settings: ofClients,
    example: "client list --json",
    load: async () => (await import("./client.ts")).listClients,
  }),
  command({
    name: "client show",
    meaning: "show a client and all that it may do",
    argument: clientId,
    options: oneJson,
    settings: ofClients,
    example: "client show notes-app-3f9c2a7b10e4",
    load: async () => (await import("./client.ts")).showClient,
  }),
  command({
    name: "client secret",
    meaning: "give a client a new secret, which is shown once",
    argument: clientId,
    options: { json: { meaning: "print the id and the secret as one JSON object" } },
    settings: ofDatabase,
    example: "client secret notes-app-3f9c2a7b10e4",
    notes: ["The earlier secret is void at once. Sessions go on: `latchkey client block` ends them."],
    load: async () => (await import("./client.ts")).replaceSecret,
  }),
  command({
    name: "client remove",
    meaning: "remove a client for good and end its sessions",
    argument: clientId,
    options: yes,
    settings: ofClients,
    example: "client remove notes-app-3f9c2a7b10e4",
    notes: ["The command asks before it ends live sessions."],
    load: async () => (await import("./client.ts")).removeClient,
  }),
  command({
    name: "client block",
    meaning: "keep a client out and end its sessions",
    argument: clientId,
    settings: ofDatabase,
    example: "client block https://app.example.com/oauth/client.json",
    load: async () => (await import("./client.ts")).blockClient,
  }),
  command({
    name: "client unblock",
    meaning: "let a blocked client in again",
    argument: clientId,
    settings: ofDatabase,
    example: "client unblock notes-app-3f9c2a7b10e4",
    load: async () => (await import("./client.ts")).unblockClient,
  }),
  command({
    name: "resource add",
    meaning: "let clients get tokens for an API or MCP server",
    argument: { name: "URL", meaning: "its URL, the `aud` of those tokens" },
    options: {
      name: { value: "TEXT", meaning: "name that people see on the sign-in page" },
      scope: { value: "SCOPE", meaning: "a scope that clients may ask for", many: true },
    },
    settings: [...ofDatabase, "issuer", "host", "port", "mcp"],
    example: "resource add https://notes.example.com/mcp --scope notes:read",
    notes: [
      "A repeated call replaces the name and the scopes, and names what is gone.",
      "The server's own URLs are refused: the issuer, its /admin/v1, and its /mcp if the tools are on.",
    ],
    load: async () => (await import("./resource.ts")).addResource,
  }),
  command({
    name: "resource list",
    meaning: "list the resources that were added",
    options: json,
    settings: ofDatabase,
    example: "resource list",
    load: async () => (await import("./resource.ts")).listResources,
  }),
  command({
    name: "resource remove",
    meaning: "give out no more tokens for a resource",
    argument: { name: "URL", meaning: "its URL" },
    settings: ofDatabase,
    example: "resource remove https://notes.example.com/mcp",
    load: async () => (await import("./resource.ts")).removeResource,
  }),
];

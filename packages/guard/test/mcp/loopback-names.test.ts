import { request } from "node:http";
import { TestIssuer } from "@latchkey/testkit/mcp/issuer";
import { people } from "@latchkey/testkit/mcp/tokens";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { guardMcp } from "../../src/mcp/index.ts";
import { type HttpNotes, serveNotes } from "./notes-http.ts";
import { Evidence, rules } from "./notes-policy.ts";

// Clients refuse metadata of another resource than the one that they have dialled (RFC 9728 §3.3).

const wellKnown = "/.well-known/oauth-protected-resource";

describe.each([1, 2] as const)("a loopback endpoint of major %i", (major) => {
  let issuer: TestIssuer;
  let notes: HttpNotes;
  let port: string;

  beforeAll(async () => {
    issuer = await TestIssuer.make();
    const policy = { guard: issuer.guard(), authorizationServers: [issuer.issuer] };
    notes = await serveNotes(major, policy, new Evidence());
    ({ port } = new URL(notes.origin));
  });
  afterAll(() => notes[Symbol.asyncDispose]());

  /** Sends a request with a `Host` of its own, which `fetch` does not allow. */
  function ask(path: string, ...hosts: readonly string[]): Promise<{ body: unknown; challenge: string }> {
    return new Promise((resolve, reject) => {
      const headers = hosts.flatMap((host) => ["host", host]);
      request(`${notes.origin}${path}`, { headers }, async (response) => {
        let text = "";
        for await (const chunk of response) text += String(chunk);
        resolve({ body: JSON.parse(text), challenge: response.headers["www-authenticate"] ?? "" });
      })
        .once("error", reject)
        .end();
    });
  }

  async function resourceAt(...hosts: readonly string[]): Promise<unknown> {
    const { body } = await ask(`${wellKnown}/mcp`, ...hosts);
    return body;
  }

  it.each(["localhost", "127.0.0.1", "[::1]", "LOCALHOST"])(
    "calls itself %s if it is dialled so",
    async (name) => {
      const origin = `http://${name.toLowerCase()}:${port}`;
      for (const path of [wellKnown, `${wellKnown}/mcp`]) {
        const { body } = await ask(path, `${name}:${port}`);
        expect(body).toMatchObject({ resource: `${origin}/mcp`, authorization_servers: [issuer.issuer] });
      }
      const { challenge } = await ask("/mcp", `${name}:${port}`);
      expect(challenge).toBe(`Bearer resource_metadata="${origin}${wellKnown}/mcp"`);
    },
  );

  it.each(["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "127.0.0.2", "[::2]"])(
    "keeps its configured name for the foreign Host %j",
    async (name) => {
      expect(await resourceAt(`${name}:${port}`)).toMatchObject({ resource: notes.url });
      const { challenge } = await ask("/mcp", `${name}:${port}`);
      expect(challenge).toBe(`Bearer resource_metadata="${notes.origin}${wellKnown}/mcp"`);
    },
  );

  it("keeps its configured name for another port, and for no port", async () => {
    for (const host of ["localhost:1", "localhost"]) {
      expect(await resourceAt(host)).toMatchObject({ resource: notes.url });
    }
  });
});

describe("an endpoint off this machine", () => {
  it.each(["localhost", "localhost:443", "evil.example"])(
    "keeps its configured name for the Host %s",
    async (host) => {
      const issuer = await TestIssuer.make();
      const { fetch } = guardMcp(async () => new Response(), {
        guard: issuer.guard(),
        tools: rules,
        resource: "https://notes.example/mcp",
      });
      const url = `https://notes.example${wellKnown}/mcp`;
      const metadata = await fetch(new Request(url, { headers: { host } }));
      expect(await metadata.json()).toMatchObject({ resource: "https://notes.example/mcp" });
    },
  );
});

it("the default port may be written or left out", async () => {
  const issuer = await TestIssuer.make();
  const policy = { guard: issuer.guard(), tools: rules, resource: "http://127.0.0.1/mcp" };
  const { fetch } = guardMcp(async () => new Response(), policy);
  for (const host of ["localhost", "localhost:80"]) {
    const metadata = await fetch(new Request(`http://127.0.0.1${wellKnown}`, { headers: { host } }));
    expect(await metadata.json()).toMatchObject({ resource: "http://localhost/mcp" });
  }
});

it.each([
  "",
  ":80",
  "localhost:",
  "localhost:80:1",
  "localhost:80, localhost:80",
  "localhost@evil.example:80",
  "localhost:99999",
])("a malformed Host changes nothing: %j", async (host) => {
  const issuer = await TestIssuer.make();
  const policy = { guard: issuer.guard(), tools: rules, resource: "http://127.0.0.1/mcp" };
  const { fetch } = guardMcp(async () => new Response(), policy);
  const metadata = await fetch(new Request(`http://127.0.0.1${wellKnown}`, { headers: { host } }));
  expect(await metadata.json()).toMatchObject({ resource: "http://127.0.0.1/mcp" });
});

it("a platform without a Host header is dialled under the name in the URL", async () => {
  const issuer = await TestIssuer.make();
  const policy = { guard: issuer.guard(), tools: rules, resource: "http://127.0.0.1:4001/mcp" };
  const { fetch } = guardMcp(async () => new Response(), policy);
  const metadata = await fetch(new Request(`http://localhost:4001${wellKnown}`));
  expect(await metadata.json()).toMatchObject({ resource: "http://localhost:4001/mcp" });
});

describe("the audience of a token", () => {
  const configured = "http://127.0.0.1:4001/mcp";
  const accepts = async (audience: string, aud: unknown) => {
    const issuer = await TestIssuer.make();
    const token = await issuer.token({ claims: { ...people.user, aud } });
    return await issuer
      .guard({ audience, onEvent: () => {} })
      .verify(token)
      .then(
        () => true,
        () => false,
      );
  };

  it.each(["http://localhost:4001/mcp", configured, "http://[::1]:4001/mcp"])(
    "may be any spelling of this machine: %s",
    async (aud) => {
      expect(await accepts(configured, aud)).toBe(true);
      expect(await accepts(aud, configured)).toBe(true);
      expect(await accepts(configured, ["https://other.example", aud])).toBe(true);
    },
  );

  it.each([
    ["another port", "http://localhost:4002/mcp"],
    ["no port", "http://localhost/mcp"],
    ["another path", "http://localhost:4001/"],
    ["a longer path", "http://localhost:4001/mcp/more"],
    ["another scheme", "https://localhost:4001/mcp"],
    ["a query", "http://localhost:4001/mcp?x"],
    ["another host", "http://localhost.example:4001/mcp"],
    ["another address of this machine", "http://127.0.0.2:4001/mcp"],
    ["a user before another host", "http://localhost:4001@evil.example/mcp"],
    ["capitals", "HTTP://LOCALHOST:4001/mcp"],
    ["a path that leads up", "http://localhost:4001/x/../mcp"],
    ["a text around it", " http://localhost:4001/mcp"],
  ])("must be the same but for that name: not with %s", async (_name, aud) => {
    expect(await accepts(configured, aud)).toBe(false);
  });

  it("has one spelling off this machine", async () => {
    expect(await accepts("https://notes.example/mcp", "http://localhost/mcp")).toBe(false);
    expect(await accepts("https://notes.example/mcp", "https://Notes.example/mcp")).toBe(false);
  });
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LatchkeyError } from "../../../src/core/errors.ts";
import { comparableUrl } from "../../../src/core/oauth/resource-urls.ts";
import { createResources, type ResourceParts } from "../../../src/core/oauth/resources.ts";

const issuer = "https://login.example.com";
const notes = { url: "https://notes.example.com/mcp", name: "Notes", scopes: ["notes:read"], createdAt: 0 };
const parts: ResourceParts = {
  issuer,
  mcp: true,
  audience: [],
  fallback: undefined,
  registered: { list: async () => [notes] },
};
const atLoopback = { ...parts, issuer: "http://127.0.0.1:8000" };

const named = (asked: string | undefined, changes: Partial<ResourceParts> = {}) =>
  createResources({ ...parts, ...changes }).named(asked);
const urlOf = async (asked: string | undefined, changes?: Partial<ResourceParts>) =>
  (await named(asked, changes)).url;
const refusal = { code: "invalid_target" };

describe("a resource is found", () => {
  test.each([
    ["as it was added", "https://notes.example.com/mcp"],
    ["with a trailing slash", "https://notes.example.com/mcp/"],
    ["with the default port", "https://notes.example.com:443/mcp"],
    ["with another case of scheme and host", "HTTPS://Notes.Example.COM/mcp"],
    ["by its bare origin", "https://notes.example.com"],
    ["by its bare origin with a slash", "https://notes.example.com/"],
  ])("%s", async (_, asked) => {
    expect(await named(asked)).toEqual({ url: notes.url, name: "Notes", scopes: ["notes:read"] });
  });

  test("by the name of this machine that the client uses", async () => {
    for (const host of ["localhost", "127.0.0.1", "[::1]", "LOCALHOST"])
      expect(await urlOf(`http://${host}:8000/mcp`, atLoopback)).toBe("http://127.0.0.1:8000/mcp");
  });

  test("in the settings: its own tools, and each audience that is a URL", async () => {
    const audience = ["billing", "https://api.example.com"];
    expect(await urlOf(`${issuer}/mcp`)).toBe(`${issuer}/mcp`);
    expect(await urlOf("https://api.example.com/", { audience })).toBe("https://api.example.com");
    await expect(named("billing", { audience })).rejects.toMatchObject(refusal);
  });

  test("with the name and scopes that were added for a resource of the settings", async () => {
    const registered = {
      list: async () => [{ url: `${issuer}/mcp/`, name: "Own", scopes: ["x"], createdAt: 0 }],
    };
    expect(await named(undefined, { registered })).toEqual({
      url: `${issuer}/mcp`,
      name: "Own",
      scopes: ["x"],
      ownTools: true,
    });
  });
});

describe("without a resource the request is for", () => {
  test.each<[string, Partial<ResourceParts>, string]>([
    ["the server's own tools", { audience: ["https://api.example.com"] }, `${issuer}/mcp`],
    [
      "the first audience that is a URL",
      { mcp: false, audience: ["a", "https://b.example"] },
      "https://b.example",
    ],
    ["the default of the settings", { fallback: "https://c.example/mcp" }, "https://c.example/mcp"],
    ["the default of the settings, as it was added", { fallback: `${notes.url}/` }, `${notes.url}/`],
  ])("%s", async (_, changes, expected) => {
    expect(await urlOf(undefined, changes)).toBe(expected);
  });

  test("none, if the settings name none", async () => {
    await expect(named(undefined, { mcp: false })).rejects.toMatchObject(refusal);
  });
});

describe("invalid_target is answered to", () => {
  test.each([
    "",
    "notes",
    "https://other.example.com/mcp",
    "https://notes.example.com/mcp2",
    "https://notes.example.com/mc",
    "https://notes.example.com/MCP",
    "https://notes.example.com/mcp//",
    "https://notes.example.com/%6Dcp",
    "https://notes.example.com/x/../mcp",
    "https://notes.example.com/mcp?x=1",
    "https://notes.example.com/mcp#x",
    "https://user@notes.example.com/mcp",
    "https://notes.example.com:444/mcp",
    "http://notes.example.com/mcp",
    "https:\\\\notes.example.com\\mcp",
    " https://notes.example.com/mcp",
    "https://notes.example.com/mcp\n",
    "https://notes.example.com@evil.example/mcp",
    "javascript:alert(1)",
    "http://localhost:3000/mcp",
    `https://notes.example.com/mcp?${"x".repeat(600)}`,
  ])("%j", async (asked) => {
    await expect(named(asked)).rejects.toMatchObject(refusal);
  });

  test("a bare origin with two resources", async () => {
    const registered = { list: async () => [notes, { ...notes, url: "https://notes.example.com/v2" }] };
    await expect(named("https://notes.example.com", { registered })).rejects.toMatchObject(refusal);
    expect(await urlOf("https://notes.example.com/v2", { registered })).toBe("https://notes.example.com/v2");
  });
});

describe("at a loopback issuer", () => {
  test.each([
    ["http://localhost:3000/mcp", "http://localhost:3000/mcp"],
    ["http://[::1]:3000/mcp/", "http://[::1]:3000/mcp/"],
    ["http://localhost:3000/", "http://localhost:3000"],
  ])("%s is a resource with any scope, as the client spells it", async (asked, url) => {
    expect(await named(asked, atLoopback)).toEqual({ url, name: null, scopes: [], anyScope: true });
  });

  test("an added resource keeps its spelling and its scopes", async () => {
    const registered = { list: async () => [{ ...notes, url: "http://localhost:3000/mcp" }] };
    const asked = "http://127.0.0.1:3000/mcp";
    const found = await named(asked, { ...atLoopback, registered });
    expect(found).toEqual({ url: "http://localhost:3000/mcp", name: "Notes", scopes: ["notes:read"] });
  });

  test.each(["http://127.0.0.1:8000/auth", "http://localhost:8000/x", "http://[::1]:8000/mcp2"])(
    "%s, an address of the server itself, is refused",
    async (asked) => {
      await expect(named(asked, atLoopback)).rejects.toMatchObject(refusal);
    },
  );

  test("the bare origin of the server means its tools, and never its own audience", async () => {
    expect(await urlOf("http://localhost:8000", atLoopback)).toBe("http://127.0.0.1:8000/mcp");
    const withoutTools = { ...atLoopback, mcp: false };
    await expect(named("http://127.0.0.1:8000", withoutTools)).rejects.toMatchObject(refusal);
  });

  test.each(["https://other.example.com/mcp", "http://10.0.0.1:3000/mcp"])("%s is refused", async (asked) => {
    await expect(named(asked, atLoopback)).rejects.toBeInstanceOf(LatchkeyError);
  });
});

test.each(["https://user@notes.example.com/mcp", "https://u:p@a.example/", "https://@a.example/"])(
  "%s, an address with a user, names no resource",
  (url) => expect(comparableUrl(url)).toBeUndefined(),
);

describe("two URLs are the same resource", () => {
  const hosts = fc.constantFrom("notes.example.com", "localhost", "127.0.0.1", "[::1]", "10.0.0.1");
  const scheme = fc.constantFrom("http", "https");
  const port = fc.constantFrom(undefined, 80, 443, 3000);
  const path = fc.stringMatching(/^(\/[a-zA-Z0-9._~%-]{0,4}){0,3}$/);
  const query = fc.constantFrom("", "?x=1", "?x=2");
  const url = fc.record({ scheme, host: hosts, port, path, query });
  type Url = { scheme: string; host: string; port: number | undefined; path: string; query: string };
  const textOf = ({ scheme, host, port, path, query }: Url) =>
    `${scheme}://${host}${port === undefined ? "" : `:${port}`}${path}${query}`;
  /** The parts that must be equal, by a description of their own. */
  const identity = ({ scheme, host, port, path, query }: Url) =>
    JSON.stringify([
      scheme,
      ["localhost", "127.0.0.1", "[::1]"].includes(host) ? "this machine" : host,
      port ?? (scheme === "http" ? 80 : 443),
      path.endsWith("/") ? path.slice(0, -1) : path,
      query,
    ]);

  test("exactly if they differ in case, default port, one slash or the name of this machine alone", () => {
    fc.assert(
      fc.property(url, url, (one, other) => {
        const same = comparableUrl(textOf(one)) === comparableUrl(textOf(other));
        expect(same).toBe(identity(one) === identity(other));
      }),
    );
  });

  test("whatever the case of scheme and host", () => {
    fc.assert(
      fc.property(url, (one) => {
        const shouted = { ...one, scheme: one.scheme.toUpperCase(), host: one.host.toUpperCase() };
        expect(comparableUrl(textOf(shouted))).toBe(comparableUrl(textOf(one)));
      }),
    );
  });

  test("and any text is compared without an error", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.webUrl(), (text, web) => {
        for (const given of [text, `https://${text}`, `${web}${text}`, `https://${text}@host/`]) {
          const comparable = comparableUrl(given) ?? "https://host";
          expect(comparable).not.toMatch(/[#\s\\]/);
          expect(new URL(comparable)).toMatchObject({ username: "", password: "", hash: "" });
        }
      }),
    );
  });
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isAcceptable, kindOf, matches, maxRedirectUri } from "../../../src/core/oauth/redirect-uris.ts";

describe("an acceptable redirect URI", () => {
  test.each([
    ["https://claude.ai/api/mcp/auth_callback", "https"],
    ["https://app.example:8443/cb?tenant=1", "https"],
    ["https://localhost:3000/cb", "https"],
    ["http://localhost/callback", "loopback"],
    ["http://localhost:8787/callback", "loopback"],
    ["http://127.0.0.1:33418/", "loopback"],
    ["http://127.0.0.1:33418", "loopback"],
    ["http://[::1]:6274/oauth/callback?a=b", "loopback"],
    ["cursor://anysphere.cursor-mcp/oauth/callback", "scheme"],
    ["com.example.app:/oauth", "scheme"],
    ["vscode-insiders://bieber.snip/auth", "scheme"],
  ])("%s is of the kind %s", (uri, kind) => {
    expect(kindOf(uri)).toBe(kind);
    expect(isAcceptable(uri)).toBe(true);
  });
});

describe("a redirect URI is refused with", () => {
  test.each([
    ["plain http off loopback", "http://app.example/cb"],
    ["another loopback address", "http://127.0.0.2/cb"],
    ["a short loopback address", "http://127.1/cb"],
    ["a loopback name in capitals", "http://LOCALHOST/cb"],
    ["a name that begins like a loopback name", "http://localhost.evil.example/cb"],
    ["a user in front of a loopback host", "http://localhost@evil.example/cb"],
    ["a user", "https://user@app.example/cb"],
    ["an empty user", "https://@app.example/cb"],
    ["a user and a password", "https://user:pass@app.example/cb"],
    ["a user of a scheme", "cursor://user@host/cb"],
    ["a port that is too large", "http://localhost:65536/cb"],
    ["a fragment", "https://app.example/cb#part"],
    ["an empty fragment", "https://app.example/cb#"],
    ["a backslash", "https://app.example\\@evil.example/cb"],
    ["a space", "https://app.example/a b"],
    ["a space in front", " https://app.example/cb"],
    ["a tab in the scheme", "java\tscript:alert(1)"],
    ["a line break at the end", "https://app.example/cb\n"],
    ["a NUL", "https://app.example/\u0000"],
    ["a letter beyond ASCII", "https://ä.example/cb"],
    ["a letter that looks like a slash", "https:⁄⁄app.example/cb"],
    ["no host", "https:///evil.example/cb"],
    ["no slashes", "https:app.example/cb"],
    ["one slash", "https:/app.example/cb"],
    ["a script", "javascript:alert(1)"],
    ["a script in capitals", "JaVaScRiPt:/alert(1)"],
    ["a script with a host", "javascript://app.example/%0aalert(1)"],
    ["content", "data:text/html,x"],
    ["content with a slash", "data:/text/html,x"],
    ["a blob", "blob:https://app.example/1"],
    ["a file", "file:///etc/passwd"],
    ["the source of a page", "view-source:https://app.example/"],
    ["a page of the browser", "about:blank"],
    ["an Android intent", "intent://host/#Intent;end"],
    ["a tool of Windows", "ms-msdt:/id"],
    ["a drive of Windows", "c:/windows/system32/calc.exe"],
    ["another browser", "googlechrome://evil.example/"],
    ["an installer of applications", "itms-services://?action=download-manifest&url=https://evil.example"],
    ["an editor of scripts", "applescript://com.apple.scripteditor?action=new&script=x"],
    ["a feed with a script", "feed:/javascript:alert(1)"],
    ["a scheme that looks like a host", "localhost:/callback"],
    ["a scheme without a slash", "urn:ietf:wg:oauth:2.0:oob"],
    ["a host without a scheme", "localhost:8080/callback"],
    ["a relative address", "/callback"],
    ["an empty text", ""],
    ["a text that is too long", `https://app.example/${"a".repeat(maxRedirectUri)}`],
  ])("%s", (_, uri) => {
    expect(isAcceptable(uri)).toBe(false);
    expect(matches(uri, uri)).toBe(false);
  });
});

describe("a redirect URI matches", () => {
  test.each([
    ["http://localhost/callback", "http://localhost:49152/callback", true],
    ["http://localhost:8787/callback", "http://localhost/callback", true],
    ["http://[::1]:1/cb?a=b", "http://[::1]:2/cb?a=b", true],
    ["http://localhost/callback", "http://127.0.0.1:49152/callback", false],
    ["http://127.0.0.1:33418", "http://127.0.0.1:33418/", false],
    ["http://localhost/callback", "http://localhost:49152/callback/", false],
    ["http://localhost/callback", "http://localhost:49152/callback?x=1", false],
    ["http://localhost/callback", "http://localhost:49152/Callback", false],
    ["http://localhost/callback", "https://localhost:49152/callback", false],
    ["http://localhost/callback", "http://localhost:99999/callback", false],
    ["https://localhost:1/callback", "https://localhost:2/callback", false],
    ["https://app.example/cb", "https://app.example:443/cb", false],
    ["https://app.example/cb", "https://app.example/cb/../evil", false],
    ["https://app.example/cb", "https://app.example/cb.evil", false],
    ["https://app.example/cb", "https://APP.example/cb", false],
    ["https://app.example/%63b", "https://app.example/cb", false],
    ["cursor://app:1/cb", "cursor://app:2/cb", false],
  ])("%s, asked %s: %s", (registered, asked, expected) => {
    expect(matches(registered, asked)).toBe(expected);
    expect(matches(registered, registered)).toBe(true);
  });
});

const hosts = [
  "localhost",
  "127.0.0.1",
  "[::1]",
  "app.example",
  "localhost.evil.example",
  "127.0.0.2",
  "::1",
];
const port = fc.oneof(
  fc.constant(""),
  fc.nat(99_999).map((number) => `:${number}`),
);
const similar = fc
  .record({
    scheme: fc.constantFrom("http", "https", "HTTP", "cursor", "javascript", "http:/", "file"),
    user: fc.constantFrom("", "", "", "user@", "a:b@"),
    host: fc.constantFrom(...hosts),
    port,
    rest: fc.constantFrom("", "/", "/cb", "/cb/", "/cb?x", "/cb#x", "/c%62", "/../cb", "\\cb", "/cb "),
  })
  .map(({ scheme, user, host, port, rest }) => `${scheme}://${user}${host}${port}${rest}`);
const anyUri = fc.oneof({ weight: 4, arbitrary: similar }, fc.webUrl({ withFragments: true }), fc.string());

test("two URIs that match differ in a loopback port alone", () => {
  fc.assert(
    fc.property(anyUri, anyUri, (registered, asked) => {
      if (!matches(registered, asked) || registered === asked) return;
      const [a, b] = [new URL(registered), new URL(asked)];
      expect(["localhost", "127.0.0.1", "[::1]"]).toContain(b.hostname);
      expect(b.protocol).toBe("http:");
      a.port = "";
      b.port = "";
      expect(a.href).toBe(b.href);
    }),
    { numRuns: 3_000 },
  );
});

test("an accepted URI leads where its text says, and runs nothing", () => {
  const odd = fc.constantFrom("\t", "\n", "\r", " ", "\\", "@", "#", "\u0000", "\u200b", "é", "／", "<");
  const spoiled = fc
    .tuple(anyUri, fc.nat(60), odd)
    .map(([uri, at, character]) => uri.slice(0, at) + character + uri.slice(at));
  fc.assert(
    fc.property(fc.oneof(anyUri, spoiled), (uri) => {
      if (!isAcceptable(uri)) return;
      const { protocol, username, password, hash, hostname } = new URL(uri);
      expect(uri).toMatch(/^[\x21-\x7e]+$/);
      expect(uri).not.toMatch(/[\\#<]/);
      expect([username, password, hash]).toEqual(["", "", ""]);
      expect(uri.toLowerCase().startsWith(protocol)).toBe(true);
      expect(["javascript:", "data:", "vbscript:", "blob:", "file:", "about:"]).not.toContain(protocol);
      if (protocol === "http:") expect(["localhost", "127.0.0.1", "[::1]"]).toContain(hostname);
      if (protocol === "https:") expect(uri.toLowerCase()).toMatch(/^https:\/\/[^/?@]/);
    }),
    { numRuns: 3_000 },
  );
});

test("a loopback URI matches under every port", () => {
  const valid = fc.oneof(
    fc.constant(""),
    fc.integer({ min: 0, max: 65_535 }).map((number) => `:${number}`),
  );
  fc.assert(
    fc.property(fc.constantFrom("localhost", "127.0.0.1", "[::1]"), valid, valid, (host, one, other) => {
      expect(matches(`http://${host}${one}/cb`, `http://${host}${other}/cb`)).toBe(true);
    }),
  );
});

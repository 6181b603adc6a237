import { describe, expect, test } from "vitest";
import { ownUrlProblem } from "../../../src/core/oauth/own-urls.ts";

const own = { issuer: "https://example.com/login", mcp: true };

describe("a URL of the server itself", () => {
  test.each([
    ["https://example.com/login/admin/v1", /administration/],
    ["https://example.com/login/admin/v1/", /administration/],
    ["HTTPS://EXAMPLE.COM:443/login/admin/v1", /administration/],
    ["https://example.com:443/login/mcp", /tools/],
    ["https://Example.com/login/", /issuer/],
  ])("is refused in each spelling: %s", (url, cause) => {
    expect(ownUrlProblem(url, own)).toMatch(cause);
  });

  test.each([
    "https://example.com",
    "https://example.com/admin/v1",
    "https://example.com/login/notes",
    "https://example.com/LOGIN/mcp",
    "https://example.com:8443/login/mcp",
    "http://example.com/login/mcp",
  ])("is not %s", (url) => {
    expect(ownUrlProblem(url, own)).toBeUndefined();
  });

  test("is not /mcp of a server without tools", () => {
    expect(ownUrlProblem(`${own.issuer}/mcp`, { ...own, mcp: false })).toBeUndefined();
  });
});

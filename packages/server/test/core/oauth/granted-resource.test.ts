import { describe, expect, test } from "vitest";
import { grantedResource, grantedScope } from "../../../src/core/oauth/granted-resource.ts";
import { createResources } from "../../../src/core/oauth/resources.ts";

const notes = { url: "https://notes.example.com/mcp", name: null, scopes: ["notes:read", "notes:write"] };
const client = { resource: notes.url, scope: "notes:read profile" };

const resources = (...urls: readonly string[]) =>
  createResources({
    issuer: "https://login.example.com",
    mcp: true,
    audience: [],
    fallback: undefined,
    registered: { list: async () => urls.map((url) => ({ ...notes, url, createdAt: 0 })) },
  });

describe("a client that continues its session", () => {
  test.each([undefined, notes.url, `${notes.url}/`, "https://NOTES.example.com:443/mcp"])(
    "may send the resource %s",
    async (asked) => {
      expect(await grantedResource(asked, client, resources(notes.url))).toEqual(notes);
    },
  );

  test.each(["https://login.example.com/mcp", "https://other.example.com", ""])(
    "may not send the resource %j",
    async (asked) => {
      await expect(grantedResource(asked, client, resources(notes.url))).rejects.toMatchObject({
        code: "invalid_target",
      });
    },
  );

  test.each([
    ["removed", []],
    ["replaced by another one at its origin", ["https://notes.example.com/v2"]],
  ])("has to sign in again if its resource was %s", async (_, urls) => {
    await expect(grantedResource(undefined, client, resources(...urls))).rejects.toMatchObject({
      code: "invalid_grant",
    });
  });

  test("has to sign in again if its resource, a bare origin, was replaced", async () => {
    const origin = { resource: "https://notes.example.com" };
    await expect(grantedResource(undefined, origin, resources(notes.url))).rejects.toMatchObject({
      code: "invalid_grant",
    });
  });

  test("may repeat its whole request, with scopes that were dropped then", () => {
    expect(grantedScope("openid offline_access notes:read profile", client, notes)).toBe(client.scope);
    expect(grantedScope("offline_access", client, notes)).toBe(client.scope);
  });

  test("gets no scope that was not allowed", () => {
    expect(() => grantedScope("notes:write", client, notes)).toThrow(
      expect.objectContaining({ code: "invalid_scope" }),
    );
  });
});

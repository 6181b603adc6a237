import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createAllowedScope, noteDroppedScopes } from "../../../src/core/oauth/dropped-scopes.ts";
import type { Resource } from "../../../src/core/oauth/resources.ts";
import {
  allowedScopes,
  longestScope,
  machineScope,
  narrowed,
  readScopes,
} from "../../../src/core/oauth/scopes.ts";

const notes: Resource = {
  url: "https://notes.example.com/mcp",
  name: null,
  scopes: ["notes:read", "notes:write"],
};
const open: Resource = { url: "http://localhost:3000/mcp", name: null, scopes: [], anyScope: true };

describe("the scope that a person is asked about", () => {
  test.each([
    ["one known scope", "notes:read", "notes:read"],
    ["both, in the order of the request", "notes:write notes:read", "notes:write notes:read"],
    ["each once", "notes:read notes:read", "notes:read"],
    ["without unknown ones", "claudeai notes:read offline_access", "notes:read"],
    ["after a leading blank", " offline_access notes:read", "notes:read"],
    ["at any blank", "notes:read\tnotes:write\r\n", "notes:read notes:write"],
    ["of a profile", "openid email profile", "email profile"],
    ["all of them, if only unknown ones are asked for", "openid x", "profile email notes:read notes:write"],
    ["all of them, if none is asked for", undefined, "profile email notes:read notes:write"],
    ["all of them, if blanks alone are asked for", "  ", "profile email notes:read notes:write"],
  ])("is %s", (_, asked, expected) => {
    expect(allowedScopes(asked, notes).scope).toBe(expected);
  });

  test("is any at a server on this machine that nobody added", () => {
    expect(allowedScopes("a:b c openid offline_access", open)).toEqual({
      scope: "a:b c",
      dropped: ["openid", "offline_access"],
    });
    expect(allowedScopes(undefined, open).scope).toBe("profile email");
  });

  test("holds known words alone, is never empty, and fits into a token", () => {
    const asked = fc.oneof(
      fc.string({ unit: "binary" }),
      fc
        .array(fc.oneof(fc.constantFrom("notes:read", "profile", "openid"), fc.string()))
        .map((all) => all.join(" ")),
      fc.array(fc.stringMatching(/^[a-z]{1,90}$/), { maxLength: 40 }).map((all) => all.join(" ")),
    );
    fc.assert(
      fc.property(asked, fc.constantFrom(notes, open), (text, resource) => {
        const { scope, dropped } = allowedScopes(text, resource);
        const words = scope.split(" ");
        expect(words.every((word) => /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(word))).toBe(true);
        expect(new Set(words).size).toBe(words.length);
        expect(scope.length).toBeLessThanOrEqual(longestScope);
        if (resource === notes)
          expect(["profile", "email", ...notes.scopes]).toEqual(expect.arrayContaining(words));
        const known = words.filter((word) => readScopes(text).includes(word));
        if (known.length > 0) expect(new Set([...known, ...dropped])).toEqual(new Set(readScopes(text)));
      }),
    );
  });
});

describe("the scope of a refresh", () => {
  test.each([
    ["as before without a scope", "notes:read profile", undefined, "notes:read profile"],
    ["narrower", "notes:read profile", "notes:read", "notes:read"],
    ["the same, in another order", "notes:read profile", "profile notes:read", "profile notes:read"],
    ["as before with unknown scopes alone", "notes:read", "offline_access claudeai", "notes:read"],
    ["without unknown ones", "notes:read profile", "openid notes:read", "notes:read"],
    ["kept, though the resource lost it since", "old notes:read", "old", "old"],
    ["never wider", "notes:read", "notes:read notes:write", undefined],
    ["never another", "notes:read", "email", undefined],
  ])("is %s", (_, granted, asked, expected) => {
    expect(narrowed(granted, asked, notes)).toBe(expected);
  });

  test("never has a word that was not granted", () => {
    const words = fc.subarray(["profile", "email", "notes:read", "notes:write", "x", "openid"]);
    fc.assert(
      fc.property(words, words, fc.constantFrom(notes, open), (granted, asked, resource) => {
        const scope = narrowed(granted.join(" "), asked.join(" "), resource);
        expect(granted).toEqual(expect.arrayContaining(readScopes(scope ?? "")));
      }),
    );
  });
});

describe("the scope of a machine", () => {
  test.each([
    ["all that the operator gave it and the resource has", "notes:read a", undefined, "notes:read"],
    ["narrower", "notes:read notes:write", "notes:write", "notes:write"],
    ["without those of a profile", "notes:read", "openid profile email notes:read", "notes:read"],
    ["empty without scopes of the resource", "a b", undefined, ""],
    ["never wider", "notes:read", "notes:write", undefined],
    ["nothing for unknown ones alone", "notes:read", "note:read x", undefined],
    ["nothing for one that another resource has", "notes:read a", "a", undefined],
    ["all of it for those without an effect", "notes:read", "openid email", "notes:read"],
  ])("is %s", (_, held, asked, expected) => {
    expect(machineScope(held, asked, notes).scope).toBe(expected);
  });
});

describe("at the administration", () => {
  const administration: Resource = {
    ...{ url: "https://auth.example.com/admin/v1", name: null, scopes: ["users:read", "users:write"] },
    refusesUnknownScopes: true,
  };
  const allowedScope = createAllowedScope(() => {});

  test.each([
    ["all scopes without one", undefined, "profile email users:read users:write"],
    [
      "all scopes for those without an effect",
      "openid offline_access",
      "profile email users:read users:write",
    ],
    ["the known ones, without the unknown", "users:read user:write", "users:read"],
    ["those of a profile", "profile", "profile"],
  ])("a person is asked about %s", (_, asked, expected) => {
    expect(allowedScope(asked, administration)).toBe(expected);
  });

  test.each(["user:read", "user:read openid", "*", "üsers:read", '"', "x".repeat(101)])(
    "unknown scopes alone are refused: %s",
    (asked) => {
      expect(() => allowedScope(asked, administration)).toThrow(
        expect.objectContaining({ code: "invalid_scope" }),
      );
      expect(narrowed("users:read users:write", asked, administration)).toBeUndefined();
      expect(machineScope("users:read users:write", asked, administration).scope).toBeUndefined();
    },
  );

  test("a refresh without a scope is as wide as before", () => {
    expect(narrowed("users:read", undefined, administration)).toBe("users:read");
    expect(narrowed("users:read", "openid offline_access", administration)).toBe("users:read");
  });
});

describe("a dropped scope", () => {
  function world() {
    const lines: string[] = [];
    const note = noteDroppedScopes(({ scope }, line) => {
      expect(line).toContain(`the scope ${scope}`);
      lines.push(scope);
    });
    return { lines, note };
  }

  test("is logged once, with the resource and the command that adds it", () => {
    const { lines, note } = world();
    const allowedScope = createAllowedScope(note);
    for (let n = 0; n < 3; n++) expect(allowedScope("notes:admin notes:read", notes)).toBe("notes:read");
    expect(lines).toEqual(["notes:admin"]);
  });

  test("is left out of the log, if every client sends it for nothing", () => {
    const { lines, note } = world();
    note(notes, ["openid", "offline_access"]);
    expect(lines).toEqual([]);
  });

  test("fills no log: a hundred are noted", () => {
    const { lines, note } = world();
    for (let n = 0; n < 1000; n++) note(notes, [`x${n}`]);
    expect(lines).toHaveLength(100);
  });
});

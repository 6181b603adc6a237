import { describe, expect, test } from "vitest";
import { brokenPromises } from "./check.ts";
import type { Entry } from "./ledger.ts";

/** An entry that was answered 10 ms after it was sent. */
const at = (sentAt: number, entry: Partial<Entry> & Pick<Entry, "act">): Entry => ({
  session: "s",
  sentAt,
  answeredAt: sentAt + 10,
  status: 200,
  ...entry,
});
const login = at(0, { act: "login" });
const refused = { status: 401, code: "token_revoked" } as const;

describe("the check of a ledger finds", () => {
  test.for<[string, Entry[], RegExp]>([
    [
      "a session that is accepted later than a second after its end",
      [login, at(100, { act: "logout" }), at(1200, { act: "me" })],
      /^accepted 1090 ms after its end: s me/,
    ],
    [
      "a session that goes on at all after its end",
      [login, at(100, { act: "logout" }), at(111, { act: "trade" })],
      /^accepted 1 ms after its end: s trade/,
    ],
    [
      "the same after a user was disabled",
      [login, at(100, { act: "user_ended" }), at(5000, { act: "trade" })],
      /^accepted 4890 ms/,
    ],
    [
      "the same after a refused replay",
      [login, at(100, { act: "replay", ...refused }), at(5000, { act: "refresh" })],
      /^accepted 4890 ms/,
    ],
    [
      "a session that is refused without an end",
      [login, at(100, { act: "refresh", ...refused })],
      /^lost: s refresh/,
    ],
    [
      "a session that is accepted after a refusal",
      [
        login,
        at(50, { act: "logout", status: undefined }),
        at(100, { act: "me", ...refused }),
        at(2000, { act: "me" }),
      ],
      /^resurrected: s me/,
    ],
    [
      "two successors of one refresh token",
      [
        login,
        at(100, { act: "refresh", shown: "a", successor: "b" }),
        at(100, { act: "refresh", shown: "a", successor: "c" }),
      ],
      /^two successors of one token/,
    ],
    [
      "an error of the server",
      [at(0, { act: "me", status: 500, code: "internal_error" })],
      /^odd answer: s me .* 500/,
    ],
    ["an unexpected answer", [at(0, { act: "me", status: 404 })], /^odd answer/],
    ["a 503 without Retry-After", [at(0, { act: "me", status: 503 })], /^503 without Retry-After/],
  ])("%s", ([, entries, broken]) => {
    const found = brokenPromises(entries);
    expect(found.length).toBeGreaterThan(0);
    expect(found[0]).toMatch(broken);
  });
});

test("the check of a ledger accepts all permitted answers", () => {
  const entries = [
    login,
    at(100, { act: "refresh", shown: "a", successor: "b" }),
    at(100, { act: "refresh", shown: "a", successor: "b" }),
    at(150, { act: "refresh", shown: "b", status: undefined }),
    at(160, { act: "me", status: 503, retryAfter: true }),
    // Sent before the end was answered, or within the second until every replica knows it.
    at(200, { act: "logout" }),
    at(205, { act: "me" }),
    at(1200, { act: "me" }),
    at(1300, { act: "me", ...refused }),
    at(5000, { act: "refresh", ...refused }),
  ];
  expect(brokenPromises(entries)).toEqual([]);
});

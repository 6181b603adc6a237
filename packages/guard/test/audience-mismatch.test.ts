import { codeOf, TestIssuer } from "@latchkey/testkit/mcp/issuer";
import { isIn } from "@latchkey/testkit/mcp/tokens";
import { describe, expect, test, vi } from "vitest";
import type { GuardOptions } from "../src/index.ts";
import { Listener } from "./listener.ts";

/** Verifies tokens for these audiences with one guard. @returns its events */
async function eventsFor(audiences: readonly unknown[], options: Partial<GuardOptions> = {}) {
  const issuer = await TestIssuer.make();
  const listener = new Listener();
  await using guard = issuer.guard({ onEvent: listener.onEvent, ...options });
  for (const aud of audiences) {
    expect(await codeOf(guard.verify(await issuer.token({ claims: { aud } })))).toBe("invalid_token");
  }
  return listener.all("audience.mismatch");
}

const other = "https://other.example";

/** The lines that a guard without a listener writes to the console. */
async function consoleLines(use: (issuer: TestIssuer) => Promise<void>): Promise<unknown[]> {
  const warned = vi.spyOn(console, "warn").mockImplementation(() => {});
  try {
    await use(await TestIssuer.make());
    return warned.mock.calls.flat();
  } finally {
    warned.mockRestore();
  }
}

describe("a token for another audience", () => {
  test("causes one console line, with both audiences and without the token", async () => {
    const tokens: string[] = [];
    const lines = await consoleLines(async (issuer) => {
      await using guard = issuer.guard();
      for (const aud of [other, other, "https://third.example"]) {
        const token = await issuer.token({ claims: { aud } });
        tokens.push(token);
        expect(await codeOf(guard.verify(token))).toBe("invalid_token");
      }
    });
    expect(lines).toEqual([
      '@latchkey/guard: a token is refused: audience: a token is for "https://other.example", and this guard accepts ' +
        '"https://api.example": if it is meant for this API, set audience: "https://other.example"',
    ]);
    for (const token of tokens) expect(isIn(lines.join(), token)).toBe(false);
  });

  test("is an event for a listener, and the console stays silent", async () => {
    const lines = await consoleLines(async () => {
      const [event] = await eventsFor([[other, "b"]]);
      expect(event).toMatchObject({ named: [other, "b"], expected: ["https://api.example"] });
      expect(event?.reason).toContain('a token is for "https://other.example", "b", and');
    });
    expect(lines).toEqual([]);
  });

  test("is reported once for each audience, and at most ten times", async () => {
    const names = Array.from({ length: 12 }, (_, n) => `https://api-${n}.example`);
    const events = await eventsFor([...names, ...names]);
    expect(events.map(({ named }) => named)).toEqual(names.slice(0, 10).map((name) => [name]));
  });

  test.each([{}, { aud: null }, { aud: 7 }, { aud: [] }, { aud: [7, {}] }])(
    "is reported without an audience: %j",
    async ({ aud }) => {
      const [event] = await eventsFor([aud]);
      expect(event).toMatchObject({ named: [] });
      expect(event?.reason).toMatch(/is for no audience, and .*: set authorizedParty if/);
    },
  );

  test("is reported in printable characters and at a bounded length", async () => {
    const hostile = `x"\u001b[2J\r\n\u202e${"y".repeat(1_000)}`;
    const several = Array.from({ length: 8 }, (_, n) => `${n}${hostile}`);
    const [event] = await eventsFor([several], { audience: `another ${hostile}` });
    expect(event?.named).toHaveLength(5);
    expect(event?.reason).toContain('"0x??[2J???yyy');
    expect(event?.reason).toMatch(/^[\x20-\x7e]{1,1600}$/);
  });

  test("is reported with the issuer as audience, if none is configured", async () => {
    const issuer = await TestIssuer.make();
    const listener = new Listener();
    const { onEvent } = listener;
    await using guard = issuer.guard({ onEvent, audience: issuer.issuer });
    expect(await codeOf(guard.verify(await issuer.token()))).toBe("invalid_token");
    expect(listener.all("audience.mismatch")).toMatchObject([
      { named: [issuer.audience], expected: [issuer.issuer] },
    ]);
  });
});

test.each([
  ["of a foreign issuer", { claims: { aud: other, iss: "https://foreign.example" } }],
  ["with another key id", { claims: { aud: other }, header: { kid: "unknown" } }],
] as const)("a token %s causes no report of its audience", async (_name, changes) => {
  const issuer = await TestIssuer.make();
  const listener = new Listener();
  await using guard = issuer.guard({ onEvent: listener.onEvent });
  expect(await codeOf(guard.verify(await issuer.token(changes)))).toBe("invalid_token");
  expect(listener.events).toEqual([]);
});

test("a listener that throws changes no refusal", async () => {
  const issuer = await TestIssuer.make();
  await using guard = issuer.guard({
    onEvent() {
      throw new Error("the log is full");
    },
  });
  expect(await codeOf(guard.verify(await issuer.token({ claims: { aud: other } })))).toBe("invalid_token");
});

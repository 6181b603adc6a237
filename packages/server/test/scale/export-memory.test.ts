import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { signIn } from "@latchkey/testkit/server/auth-calls";
import { adminPassword, Place } from "@latchkey/testkit/server/server-process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { engines, numbers, type ScaleDatabase } from "./engines.ts";
import { runInSmallHeap, smallHeap } from "./small-heap.ts";

const place = new Place();

const events = 100_000;
/** Makes an event longer than any of the server's, so that all of them are 90 MB: more than the heap. */
const padding = "x".repeat(700);

describe.each(engines)("on %s", (_engine, open) => {
  let database: ScaleDatabase;
  beforeAll(async () => {
    database = await open(place);
    await database.query(`insert into audit_events (at, name, subject, session_id, address, request_id)
      ${numbers(events)} select ${Date.now()} - n, 'login.succeeded', 'user:admin', 'session-of-number-' || n,
      '2001:db8:0:1::/64', '${padding}' from numbers`);
  });
  afterAll(() => database[Symbol.asyncDispose]());

  test("the memory of `user export` does not grow with the audit trail", async () => {
    const file = place.path(`${crypto.randomUUID()}.json`);
    await runInSmallHeap(place, ["user", "export", "admin", "--output", file], database.env);
    expect(await count(createReadStream(file), /"session-of-number-/)).toBe(events);
  });

  test("the memory of `audit --json` does not grow with the audit trail", async () => {
    const stdout = await runInSmallHeap(place, ["audit", "--json"], database.env);
    expect(await count(Readable.from([stdout]), /"session-of-number-/)).toBe(events);
  });

  describe("over HTTP", () => {
    let url: string;
    let headers: Readonly<Record<string, string>>;
    beforeAll(async () => {
      ({ url } = await place.server({ env: { ...database.env, ...smallHeap } }));
      const { access } = await signIn(url, "admin", adminPassword);
      headers = { authorization: `Bearer ${access}`, accept: "application/x-ndjson" };
    });
    const opened = async (path: string) => {
      const { status, body } = await fetch(`${url}/admin/v1${path}`, { headers });
      if (status !== 200 || body === null) throw new Error(`${path} answered ${status}`);
      return Readable.fromWeb(body);
    };

    test.each([
      ["the audit trail", "/audit"],
      ["a user", "/users/user:admin/export"],
    ])("readers that wait hold no memory of the server: export of %s", async (_what, path) => {
      const waiting = [await opened(path), await opened(path)];
      // A server without bounds would read on for them.
      expect(await count(await opened(path), /"session-of-number-/)).toBe(events);
      for (const reader of waiting) expect(await count(reader, /"session-of-number-/)).toBe(events);
    });
  });
});

/** The lines that match. */
async function count(text: Readable, pattern: RegExp): Promise<number> {
  let found = 0;
  for await (const line of createInterface({ input: text })) if (pattern.test(line)) found++;
  return found;
}

import { existsSync, writeFileSync } from "node:fs";
import { Place } from "@latchkey/testkit/server/server-process";
import { expect, test } from "vitest";
import { expectRefusal } from "./refusal.ts";

const place = new Place({ commands: "here" });
const secure = {
  LATCHKEY_ISSUER: "https://login.example.com",
  LATCHKEY_HASH_MEMORY: "",
  LATCHKEY_HASH_ITERATIONS: "",
  LATCHKEY_ALLOW_INSECURE: "",
};

/** The warnings about settings in a log. */
const warnings = (log: string) =>
  (log.match(/.*"level":40.*/g) ?? []).filter((line) => /LATCHKEY_/.test(line));

test("a dangerous combination stops the start before a file is written", async () => {
  const database = place.path("refused/latchkey.db");
  const env = { ...secure, LATCHKEY_DATABASE: database, LATCHKEY_CORS_ORIGINS: "*" };
  const result = await place.latchkey(["serve", "--port", "0"], { env });
  expectRefusal(result, /LATCHKEY_CORS_ORIGINS is \*, .*set LATCHKEY_ALLOW_INSECURE=cors$/m);
  expect(existsSync(database)).toBe(false);
});

test("an allowed combination is one warning in the log of every start", async () => {
  const env = { ...secure, LATCHKEY_CORS_ORIGINS: "*", LATCHKEY_ALLOW_INSECURE: "cors" };
  for (let start = 0; start < 2; start++) {
    const server = await place.server({ env });
    await server.stop();
    expect(warnings(server.stdout())).toEqual([expect.stringContaining("LATCHKEY_CORS_ORIGINS is *")]);
  }
});

test("secure settings cause no warning, and commands accept the others", async () => {
  const server = await place.server({ env: secure });
  await server.stop();
  expect(warnings(server.stdout())).toEqual([]);
  const env = { ...secure, LATCHKEY_CORS_ORIGINS: "*" };
  expect(await place.latchkey(["user", "list"], { env })).toMatchObject({ status: 0, stderr: "" });
});

test("the secret beside the database is judged too", async () => {
  const database = place.path("weak.db");
  await (await place.server({ database, env: secure })).stop();
  writeFileSync(`${database}.secret`, "a".repeat(40));
  const result = await place.latchkey(["serve", "--port", "0", "--database", database], { env: secure });
  expectRefusal(result, /fewer than 8 different characters.*set LATCHKEY_ALLOW_INSECURE=secret/);
});

test("the demo starts with any settings, without a warning", async () => {
  const env = { ...secure, LATCHKEY_CORS_ORIGINS: "*", LATCHKEY_ISSUER: "" };
  const demo = await place.server({ command: "demo", env });
  await demo.stop();
  expect(warnings(demo.stdout())).toEqual([]);
});

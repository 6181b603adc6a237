import { execFileSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { refresh, signIn, tokensOf } from "@latchkey/testkit/server/auth-calls";
import { adminPassword, Place } from "@latchkey/testkit/server/server-process";
import { expect, test } from "vitest";

const place = new Place();
const page = readFileSync(new URL("../../../../docs/operations.md", import.meta.url), "utf8");

test("the documented steps replace the secret and keep every session", async () => {
  const [, block = ""] = /```sh\n(# The new secret goes first\..*?)```/s.exec(page) ?? [];
  const steps = block
    .split(/^# restart the server.*$/m)
    .map((step) => step.trim())
    .filter(Boolean);
  expect(steps).toHaveLength(2);

  let server = await place.server();
  let tokens = await signIn(server.url, "admin", adminPassword);
  const before = readFileSync(`${place.database}.secret`, "utf8");
  for (const [number, step] of steps.entries()) {
    execFileSync("/bin/sh", ["-ec", step], { cwd: place.directory });
    expect(statSync(`${place.database}.secret`).mode & 0o777).toBe(0o600);
    await server.stop();
    server = await place.server();
    expect(server.stdout().includes("signing keys were sealed with the first secret")).toBe(number === 0);
    tokens = tokensOf(await refresh(server.url, tokens.refresh));
  }
  const after = readFileSync(`${place.database}.secret`, "utf8");
  expect(after).toMatch(/^\S{44}\n$/);
  expect(after).not.toBe(before);
  await server.stop();
});

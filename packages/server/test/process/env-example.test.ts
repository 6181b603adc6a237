import { parseEnv } from "node:util";
import { Place } from "@latchkey/testkit/server/server-process";
import { expect, test } from "vitest";
import { readConfig } from "../../src/config/config.ts";
import { settingNames, variableOf } from "../../src/config/settings.ts";
import { changedExample, envExample, markedSettings } from "../deploy/env-example.ts";

const place = new Place();
const changes = {
  LATCHKEY_ISSUER: "https://login.example.org",
  LATCHKEY_SECRET: "rT1x/Nm3v8Qk+0aYc5Zb7Lw2Hd4Js6Fg9Pe=",
  LATCHKEY_ADMIN_PASSWORD: "a phrase of the operator's own",
};
/** The machine of the tests has no state directory of a service, and its port may be in use. */
const here = { LATCHKEY_DATABASE: place.database, LATCHKEY_PORT: "0" };
/** Unsets the variables that the tests give to other servers. */
const unset = { LATCHKEY_HASH_MEMORY: "", LATCHKEY_HASH_ITERATIONS: "", LATCHKEY_ALLOW_INSECURE: "" };

const lines = envExample.split("\n");
/** Each line that is off, with those above it in its paragraph: a mail server needs a sender. */
const off = envExample.split("\n\n").flatMap((paragraph) => {
  const ofParagraph = paragraph.split("\n").filter((line) => /^#LATCHKEY_/.test(line));
  return ofParagraph.map((line, index) => ({
    line: line.slice(1),
    above: ofParagraph.slice(0, index).map((one) => one.slice(1)),
  }));
});

test("the example marks exactly the settings that have a placeholder", () => {
  const placeholders = lines.filter((line) => line.includes("=<")).map((line) => line.split("=")[0]);
  expect(markedSettings).toEqual(Object.keys(changes));
  expect(placeholders).toEqual(markedSettings);
});

test.each(markedSettings)("the server does not start with the placeholder of %s", async (name) => {
  const kept = Object.fromEntries(Object.entries(changes).filter(([changed]) => changed !== name));
  const env = { ...parseEnv(changedExample({ ...kept, ...here })), ...unset };
  const { status, stderr, stdout } = await place.latchkey(["serve"], { env });
  expect(status).toBe(1);
  expect(stderr.trim().split("\n")).toEqual([expect.stringContaining(name)]);
  expect(stdout).toBe("");
});

test("with the marked changes the server starts, and `admin` signs in", async () => {
  const server = await place.server({
    env: { ...parseEnv(changedExample({ ...changes, ...here })), ...unset },
  });
  const body = JSON.stringify({ username: "admin", password: changes.LATCHKEY_ADMIN_PASSWORD });
  const headers = { "content-type": "application/json" };
  const login = await fetch(`${server.url}/auth/login`, { method: "POST", headers, body });
  expect(login.status).toBe(200);
  const metadata = await (await fetch(`${server.url}/.well-known/openid-configuration`)).text();
  expect(JSON.parse(metadata).issuer).toBe(changes.LATCHKEY_ISSUER);
  await server.stop();
  // A setting that is missing, unknown or insecure would be named in a warning.
  expect(server.stdout()).not.toContain('"level":40');
  expect(server.stderr()).toBe("");
});

test.each(off)("a line that is off is a setting with a valid value: $line", ({ line, above }) => {
  const environment = parseEnv([changedExample(changes), ...above, line].join("\n"));
  const [name = ""] = line.split("=");
  expect(settingNames.map(variableOf)).toContain(name);
  expect(environment[name]).toBe(line.slice(name.length + 1));
  expect(() => readConfig(environment)).not.toThrow();
});

test("every line is empty, a comment, or a setting without a comment", () => {
  for (const line of lines) expect(line).toMatch(/^(#.*|LATCHKEY_[A-Z_]+=[^#"'\\]+|)$/);
});

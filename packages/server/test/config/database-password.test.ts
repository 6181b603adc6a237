import { Place } from "@latchkey/testkit/server/server-process";
import { describe, expect, test } from "vitest";
import { readConfig } from "../../src/config/config.ts";
import { holdsPassword } from "../../src/config/postgres-url.ts";

const place = new Place({ commands: "here" });

/** Addresses with the password `hunter2`, which Latchkey refuses or cannot read. */
const refused = [
  "postgres://u@h/d?password=hunter2",
  "postgres://u@h/d?PASSWORD=hunter2",
  "postgres://u@h/d?pass%77ord=hunter2",
  "postgres://u@h/d?%70%61%73%73%77%6f%72%64=hunter2",
  "postgres://u@h/d?password=one&password=hunter2",
  "postgres://u@h/d?sslpassword=hunter2",
  "POSTGRES://u:hunter2@h:99999/d",
  "PostgreSQL://u:hunter2@h/d?nonsense=1",
  "postgres://u%3Ahunter2@h/d",
  "postgres://u@h/d%3Fpassword=hunter2",
  "postgres://u@h/d%40hunter2",
  "postgres://u:hunter2@h",
  "postgres:/u:hunter2@h/d",
  "postgres:u:hunter2@h/d",
  "postgres://u:hunter2",
  "postgres://u:hunter2@h:x/d",
  "postgres://u:a@hunter2@h/d",
  "postgres://u:a/hunter2@h/d",
  "postgres://u:a?hunter2&b@h/d",
  "postgres://u:a@h/d?x&hunter2&b@h/d",
  "postgres://u:a#hunter2@h/d",
  "postgres://u:hunter2%@h/d",
  "postgres:///d?host=u:hunter2@h",
  "postgres:///d?user=u&password=hunter2",
  '"postgres://u:hunter2@h/d"',
  "'postgres://u:hunter2@h/d'",
  "LATCHKEY_DATABASE=postgres://u:hunter2@h/d",
  "mysql://root:hunter2@h/d",
  "mysql://root:hunter2",
  "host=h dbname=d user=u password=hunter2",
  "password = hunter2 host=h",
  "postgres://u:hunter2\u0007@h/d",
];

describe("the password in an address of a database", () => {
  test.each(refused)("%j is refused, and the error leaves the password out", (given) => {
    const read = () => readConfig({ LATCHKEY_DATABASE: given, LATCHKEY_SECRET: "s".repeat(32) });
    expect(read).toThrow(/^LATCHKEY_DATABASE: /);
    expect(read).not.toThrow(/hunter2/i);
  });

  test.each(["HOST", "PORT", "ISSUER", "CORS_ORIGINS", "KEYCLOAK_URL"])(
    "in LATCHKEY_%s by mistake stays out of the error",
    (name) => {
      const read = () => readConfig({ [`LATCHKEY_${name}`]: "postgres://u:hunter2@h/d" });
      expect(read).toThrow(new RegExp(`^LATCHKEY_${name}: expected`));
      expect(read).not.toThrow(/hunter2/);
    },
  );

  test.each([
    ["serve", "postgres://u:hunter2@h/d"],
    ["serve", "postgres://u:hun hunter2@h/d"],
    ["postgres://u:hunter2@h/d"],
    ["serve", "--database", "postgres://u@h/d?pass%77ord=hunter2"],
    ["serve", "--database", '"postgres://u:hunter2@h/d"'],
    ["serve", "--host", "postgres://u:hunter2@h/d"],
    ["serve", "--databse=postgres://u:hunter2@h/d"],
    ["database", "prune", "--keep", "postgres://u:hunter2@h/d"],
  ])("as an argument of `%s %s %s` stays out of the error", async (...args) => {
    const { status, stdout, stderr } = await place.latchkey(args, {});
    // A setting that is not understood is status 1, also as a flag.
    expect({ status, stdout }).toEqual({ status: args[1] === "--host" ? 1 : 2, stdout: "" });
    expect(stderr).toMatch(/^latchkey: [^\n]+\n$/);
    expect(stderr).not.toContain("hunter2");
  });

  test.each(["./data@home/latchkey.db", "100%.db", "host.db", "a=b.db"])("%s is still a file", (path) => {
    expect(holdsPassword(path)).toBe(false);
    expect(readConfig({ LATCHKEY_DATABASE: path }).database).toEqual({ engine: "sqlite", path });
  });

  test("a user with an @, as some providers have it, is accepted", () => {
    const given = "postgres://me%40server:hunter2@h/d";
    const config = readConfig({ LATCHKEY_DATABASE: given, LATCHKEY_SECRET: "s".repeat(32) });
    expect(config.database).toMatchObject({ user: "me@server", password: "hunter2" });
  });
});

import { execFile } from "node:child_process";
import { readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { login } from "@latchkey/testkit/server/auth-calls";
import { Place, type ServerProcess } from "@latchkey/testkit/server/server-process";
import { beforeAll, describe, expect, test } from "vitest";
import { foreignVectors, vectorPassword } from "../core/foreign-vectors.ts";
import { expectRefusal, expectUsageError } from "./refusal.ts";

const place = new Place({ commands: "here" });
const bcrypt = foreignVectors.find(([origin]) => origin === "passlib bcrypt 2b")?.[1] ?? "";
let server: ServerProcess;
beforeAll(async () => {
  server = await place.server();
});

/** Imports a file with this content. */
function run(name: string, content: string, ...flags: string[]) {
  writeFileSync(place.path(name), content);
  return place.latchkey(["user", "import", place.path(name), ...flags]);
}

const lines = (...users: readonly object[]) => users.map((user) => `${JSON.stringify(user)}\n`).join("");
const statusOf = async (name: string) => (await login(server.url, name, vectorPassword)).status;

test("users of a file sign in at once with the passwords that they had", async () => {
  const users = lines(
    {
      id: "7",
      username: "ina",
      email: "ina@example.com",
      display_name: "Ina",
      roles: ["editor"],
      password_hash: bcrypt,
    },
    { email: "ira@example.com", password_hash: bcrypt },
    { email: "off@example.com", password_hash: bcrypt, disabled: true },
    { email: "none@example.com" },
  );
  expect(await run("users.jsonl", users, "--role", "guest")).toMatchObject({
    status: 0,
    stdout: "imported 4 users\n",
    stderr: "",
  });
  const { body } = await login(server.url, "ina", vectorPassword);
  expect(body).toMatchObject({ roles: ["editor"], user: { id: "7", display_name: "Ina" } });
  expect((await login(server.url, "ira@example.com", vectorPassword)).body).toMatchObject({
    username: "ira",
    roles: ["guest"],
  });
  expect([await statusOf("off"), await statusOf("none")]).toEqual([401, 401]);
  const trail = await place.latchkey(["audit", "--event", "user.imported", "--json"]);
  expect(trail.stdout).toMatch(/"subject":"7"/);

  expect(await run("users.jsonl", users)).toMatchObject({
    status: 0,
    stdout: "imported 0 users\n4 are there already\n",
  });
});

test("a row that fails is named by its line and cause, and the others go on", async () => {
  const strong = bcrypt.replace("$04$", "$31$");
  const result = await run(
    "bad.jsonl",
    lines({ email: "kai@example.com", password_hash: strong }) +
      "{\n" +
      lines({ email: "kim@example.com" }, { email: "no address" }),
  );
  expect(result).toMatchObject({
    status: 1,
    stdout: "imported 1 user\n3 rows failed: mend the file and run the command again\n",
    stderr:
      "line 1: password_hash cannot be checked: its cost (bcrypt 31) is beyond the bounds of docs/migrate.md\n" +
      "line 2: not valid JSON\n" +
      "line 4: this is not an e-mail address\n",
  });
});

test("a dry run finds the same faults and changes nothing", async () => {
  const users = lines(
    { id: "a", email: "lea@example.com" },
    { id: "b", email: "LEA@example.com" },
    { email: "leo@example.com" },
  );
  expect(await run("dry.jsonl", users, "--dry-run")).toMatchObject({
    status: 1,
    stdout: expect.stringMatching(/^would import 2 users\n1 row failed/),
    stderr: "line 2: another user has the e-mail address LEA@example.com already\n",
  });
  expect(await statusOf("leo")).toBe(401);
  expect((await place.latchkey(["user", "list"])).stdout).not.toContain("leo");
  expect(readdirSync(tmpdir()).filter((name) => name.startsWith("latchkey-import-"))).toEqual([]);
});

test("a terminal shows a bar, and problems scroll above it", async () => {
  const file = place.path("shown.jsonl");
  writeFileSync(file, lines({ email: "pia@example.com" }, { email: "no address" }));
  const main = join(import.meta.dirname, "../../bin/latchkey.js");
  const command = `${process.execPath} ${main} user import ${file} --database ${place.database}; true`;
  // `script` runs a command with a terminal.
  const { stdout } = await promisify(execFile)("script", ["-qec", command, "/dev/null"]);
  expect(stdout).toContain("[##############################] 100 %  2 users");
  expect(stdout).toContain("line 2: this is not an e-mail address\r\n");
  expect(stdout).toContain("imported 1 user\r\n1 row failed");
});

test("CSV in Latchkey's own form", async () => {
  const csv = `username,email,roles,password_hash,email_verified\nmia,mia@example.com,editor user,${bcrypt},true\n`;
  expect(await run("users.csv", csv)).toMatchObject({ status: 0, stdout: "imported 1 user\n" });
  expect((await login(server.url, "mia", vectorPassword)).body).toMatchObject({ roles: ["editor", "user"] });
});

test("a second file has the hashes of the first", async () => {
  writeFileSync(
    place.path("accounts.csv"),
    `id,userId,providerId,password\n1,ba1,credential,${bcrypt}\n2,ba2,google,\n`,
  );
  const users = "id,name,email,emailVerified\nba1,Nel,nel@example.com,1\nba2,Noa,noa@example.com,0\n";
  const result = await run(
    "user.csv",
    users,
    "--from",
    "better-auth",
    "--passwords",
    place.path("accounts.csv"),
  );
  expect(result).toMatchObject({ status: 0, stdout: "imported 2 users\n", stderr: "" });
  expect([await statusOf("nel@example.com"), await statusOf("noa@example.com")]).toEqual([200, 401]);
});

test("a role of another product makes nobody an administrator", async () => {
  const realm = {
    realm: "notes",
    users: [{ id: "k1", username: "ole", email: "ole@example.com", realmRoles: ["admin", "editor"] }],
  };
  expect(await run("realm.json", JSON.stringify(realm), "--from", "keycloak")).toMatchObject({
    status: 0,
    stdout: "imported 1 user\n1 user lost a role that administers Latchkey (admin, support, auditor)\n",
  });
  expect((await place.latchkey(["user", "list"])).stdout).toMatch(/^ole .* editor$/m);
});

describe("refused with a sentence", () => {
  test("an unknown product", async () => {
    expectUsageError(await run("x", "{}", "--from", "okta"), /must be one of keycloak, auth0/);
  });
  test("a file that is not there", async () => {
    expectRefusal(
      await place.latchkey(["user", "import", place.path("absent")]),
      /cannot read .*absent \(ENOENT\)/,
    );
  });
  test("a folder", async () => {
    expectRefusal(
      await place.latchkey(["user", "import", place.directory]),
      /is a folder: name a file in it/,
    );
  });
  test("a file without users", async () => {
    expectRefusal(
      await run("empty.json", '{"realm":"x"}', "--from", "keycloak"),
      /has no users: check its form and --from/,
    );
  });
  test("a second file for a product without one", async () => {
    expectRefusal(
      await run("y", "{}", "--passwords", place.path("y")),
      /no second file: leave out --passwords/,
    );
  });
  test("hash parameters for a product without them, or without one of them", async () => {
    expectUsageError(await run("z", "{}", "--hash-config", place.path("z")), /belongs to --from firebase/);
    expectRefusal(
      await run("z", "{}", "--from", "firebase", "--hash-config", place.path("z")),
      /must have base64_signer_key/,
    );
  });
  test("an unknown, repeated or missing column of a CSV file, once for the file", async () => {
    const known = /the columns are id, username, email, .*, must_change\n$/;
    for (const [columns, message] of [
      ["username,email,role", /unknown column role in its first line: did you mean roles\? the columns are/],
      ["username,Email", /unknown column Email in its first line: did you mean email\?/],
      ["name,email", known],
      ["email,roles,email", /has the column email twice/],
      ["username,roles", /has no column email in its first line/],
    ] as const) {
      const result = await run("columns.csv", `${columns}\nx,y,z\nx,y,z\n`);
      expectRefusal(result, message);
    }
  });
  test("a CSV file without a first line of names, and nothing of it is shown", async () => {
    const result = await run("rows.csv", `${bcrypt},zoe@example.com,zoe\n`);
    expectRefusal(result, /has an unknown column in its first line/);
    expect(result.stderr).not.toMatch(/zoe|\$2/);
  });
  test("an export in another form than the product's", async () => {
    for (const product of ["firebase", "keycloak", "kratos"])
      expectRefusal(
        await run("users.csv", "u1,zoe@example.com,true,hash==,salt==\n", "--from", product),
        /is not JSON, as an export of (Firebase|Keycloak|Kratos) is: docs\/migrate\.md/,
      );
    for (const product of ["auth0", "supabase", "better-auth"])
      expectRefusal(
        await run("users.csv", "u1,zoe@example.com,true\nx,y,z\n", "--from", product),
        /has no column email in its first line/,
      );
  });
  test("users of a Keycloak realm", async () => {
    const env = {
      LATCHKEY_PROVIDER: "keycloak",
      LATCHKEY_KEYCLOAK_URL: "http://127.0.0.1:9",
      LATCHKEY_KEYCLOAK_REALM: "notes",
      LATCHKEY_KEYCLOAK_CLIENT_ID: "latchkey",
      LATCHKEY_KEYCLOAK_CLIENT_SECRET: "a secret",
    };
    expectRefusal(await place.latchkey(["user", "import", "x"], { env }), /the users are in Keycloak/);
  });
});

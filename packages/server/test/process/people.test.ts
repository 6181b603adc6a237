import { login, me, refresh, signIn } from "@latchkey/testkit/server/auth-calls";
import { Place, type ServerProcess } from "@latchkey/testkit/server/server-process";
import { until } from "@latchkey/testkit/until";
import { beforeAll, describe, expect, test } from "vitest";
import { expectRefusal, expectUsageError } from "./refusal.ts";

const place = new Place({ commands: "here" });
const password = "correct horse battery staple";
let server: ServerProcess;

beforeAll(async () => {
  server = await place.server();
});

function add(name: string, ...flags: string[]) {
  return place.latchkey(["user", "add", name, "--email", `${name}@example.com`, ...flags], {
    input: `${password}\n`,
  });
}

/** A signed-in user. */
async function signedIn(name: string) {
  expect(await add(name)).toMatchObject({ status: 0, stdout: `added user:${name}\n`, stderr: "" });
  return signIn(server.url, name, password);
}

describe.concurrent("while the server runs", () => {
  test("an added user signs in at once, by username and by email address", async () => {
    await add("ada", "--name", "Ada L.", "--role", "editor", "--role", "user");
    const answer = await login(server.url, "ada", password);
    expect(answer.body).toMatchObject({
      username: "ada",
      roles: ["editor", "user"],
      user: { email: "ada@example.com", display_name: "Ada L.", active_status: true },
    });
    expect((await login(server.url, "ADA@example.com", password)).status).toBe(200);

    const { stdout } = await place.latchkey(["user", "list"]);
    expect(stdout).toMatch(/^ada +ada@example.com +Ada L. +active +editor user$/m);
    expect(stdout).not.toContain("argon2");
  });

  test("a disabled user is refused within a second, and can sign in once enabled", async () => {
    const tokens = await signedIn("disa");
    expect((await me(server.url, tokens.access)).status).toBe(200);

    expect((await place.latchkey(["user", "disable", "disa"])).status).toBe(0);
    expect((await refresh(server.url, tokens.refresh)).status).toBe(401);
    expect((await login(server.url, "disa", password)).status).toBe(401);
    await until("the user's access token is refused", async () => {
      return (await me(server.url, tokens.access)).body["code"] === "token_revoked";
    });

    expect((await place.latchkey(["user", "enable", "disa@example.com"])).status).toBe(0);
    const { access } = await signIn(server.url, "disa", password);
    expect((await me(server.url, access)).status).toBe(200);
    expect((await me(server.url, tokens.access)).status).toBe(401);
    expect((await refresh(server.url, tokens.refresh)).status).toBe(401);
  });

  test("a removed user is refused within a second, and a namesake gets nothing", async () => {
    const tokens = await signedIn("remo");
    expect((await me(server.url, tokens.access)).status).toBe(200);

    expect((await place.latchkey(["user", "remove", "remo"])).status).toBe(0);
    expect((await refresh(server.url, tokens.refresh)).status).toBe(401);
    expect((await login(server.url, "remo", password)).status).toBe(401);
    await until("the user's access token is refused", async () => {
      return (await me(server.url, tokens.access)).status === 401;
    });

    expect((await add("remo")).stdout).toMatch(/^added user:remo~[a-z2-7]{8}\n$/);
    await signIn(server.url, "remo", password);
    expect((await me(server.url, tokens.access)).status).toBe(401);
    expect((await refresh(server.url, tokens.refresh)).status).toBe(401);
  });

  test("a new password ends all sessions within a second", async () => {
    const tokens = [await signedIn("pasc"), await signIn(server.url, "pasc", password)];
    const changed = await place.latchkey(["user", "passwd", "pasc"], { input: "another fine passphrase\n" });
    expect(changed).toMatchObject({ status: 0, stderr: "" });

    expect((await login(server.url, "pasc", password)).status).toBe(401);
    expect((await login(server.url, "pasc", "another fine passphrase")).status).toBe(200);
    for (const { access, refresh: refreshToken } of tokens) {
      expect((await refresh(server.url, refreshToken)).status).toBe(401);
      await until("the access token is refused", async () => (await me(server.url, access)).status === 401);
    }
  });

  test("the server logs each change of a command once", async () => {
    await add("logg");
    await place.latchkey(["user", "disable", "logg"]);
    const told = () =>
      server
        .stdout()
        .split("\n")
        .filter((line) => line.includes('"subject":"user:logg"'))
        .map((line): unknown => JSON.parse(line));
    await until("both changes are logged", () => told().length >= 2);
    await add("logg2");
    await until("the later change is logged", () => server.stdout().includes('"subject":"user:logg2"'));
    expect(told()).toEqual([
      expect.objectContaining({ event: "user.added", address: "cli" }),
      expect.objectContaining({ event: "user.disabled", address: "cli" }),
    ]);
  });

  test("a password is read only from standard input", async () => {
    await add("ines");
    const asFlag = await place.latchkey(["user", "passwd", "ines", "--password", "given as a flag"]);
    expectUsageError(asFlag, /--password/);
    const asWord = await place.latchkey(["user", "passwd", "ines", "given-as-a-word"]);
    expectUsageError(asWord, /takes one argument: .*It is never an argument/);
    expect(asWord.stderr).not.toContain("given-as-a-word");
    expectRefusal(await place.latchkey(["user", "passwd", "ines"]), /standard input is empty/);
    expect((await login(server.url, "ines", password)).status).toBe(200);
  });
});

test.concurrent.for([
  ["a name that is taken", "admin", "other@example.com", /a user admin already/],
  ["an address that is taken", "other", "admin@localhost", /admin@localhost is taken/],
  ["a bad address", "other", "nowhere", /not an e-mail address/],
] as const)("the command refuses %s before it asks for a password", async ([, name, email, why]) => {
  expectRefusal(await place.latchkey(["user", "add", name, "--email", email], { input: "" }), why);
});

describe.concurrent("a refused change of a user is explained in one line", () => {
  test.for([
    ["an unknown user", ["passwd", "nobody"], /there is no user nobody/],
    ["an unknown user", ["disable", "nobody@example.com"], /there is no user nobody@example.com/],
    ["an unknown user", ["remove", "nobody"], /there is no user nobody/],
    ["a name that is taken", ["add", "ADMIN", "--email", "other@example.com"], /a user ADMIN already/],
    ["an address that is taken", ["add", "other", "--email", "Admin@LOCALHOST"], /Admin@LOCALHOST is taken/],
    ["a bad address", ["add", "other", "--email", "nowhere"], /not an e-mail address/],
    ["a bad name", ["add", "o@ther", "--email", "other@example.com"], /must not contain @/],
    ["a bad role", ["add", "other", "--email", "other@example.com", "--role", "a b"], /role .*"a b"/],
  ] as const)("%s: user %s", async ([, args, why]) => {
    expectRefusal(await place.latchkey(["user", ...args], { input: `${password}\n` }), why);
  });
});

describe.concurrent("a command line with a part too few is answered with the usage:", () => {
  test.for([
    ["no user", ["enable"], /usage: latchkey user enable NAME/],
    ["no name", ["add"], /usage: latchkey user add NAME --email ADDRESS/],
    ["an unknown verb", ["rename", "admin"], /add\|list\|show\|set\|passwd/],
    ["no address", ["add", "other"], /--email ADDRESS/],
  ] as const)("%s: user %s", async ([, args, why]) => {
    expectUsageError(await place.latchkey(["user", ...args], { input: `${password}\n` }), why);
  });
});

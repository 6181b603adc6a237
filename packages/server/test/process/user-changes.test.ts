import { readFileSync, statSync, writeFileSync } from "node:fs";
import { login, me, refresh, signIn } from "@latchkey/testkit/server/auth-calls";
import { adminPassword, Place, type ServerProcess } from "@latchkey/testkit/server/server-process";
import { until } from "@latchkey/testkit/until";
import { beforeAll, describe, expect, test } from "vitest";
import { objects } from "./json-lines.ts";
import { expectRefusal, expectUsageError } from "./refusal.ts";

const place = new Place({ commands: "here" });
const password = "correct horse battery staple";
const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
const latchkey = (...args: string[]) => place.latchkey(args, { input: `${password}\n` });
let server: ServerProcess;

beforeAll(async () => {
  server = await place.server();
});

async function add(name: string, ...flags: string[]): Promise<void> {
  const added = await latchkey("user", "add", name, "--email", `${name}@example.com`, ...flags);
  expect(added).toMatchObject({ status: 0, stderr: "" });
}

async function shown(name: string) {
  const [user = {}] = objects((await latchkey("user", "show", name, "--json")).stdout);
  return user;
}

/** The names and reasons of the events about a user, oldest first. */
async function trail(subject: string): Promise<unknown[]> {
  const events = objects((await latchkey("audit", subject, "--json")).stdout);
  return events.map(({ name, reason }) => (reason === undefined ? name : `${name} ${reason}`)).reverse();
}

describe("latchkey user show", () => {
  test("shows all that an administrator sees of a user, in the names of the wire", async () => {
    await add("shona", "--name", "Shona S.", "--role", "user", "--role", "editor");
    await signIn(server.url, "shona", password);
    expect(await shown("SHONA@example.com")).toEqual({
      id: "user:shona",
      username: "shona",
      email: "shona@example.com",
      display_name: "Shona S.",
      active_status: true,
      roles: ["user", "editor"],
      created_at: time,
      last_login_at: time,
      password_changed_at: null,
      must_change_password: false,
      email_verified: false,
      version: 0,
      live_sessions: 1,
    });
    const { stdout } = await latchkey("user", "show", "shona");
    expect(stdout).toMatch(/^ID +user:shona\nUSERNAME +shona\n/);
    expect(stdout).not.toContain("argon2");
  });

  test("refuses an unknown user", async () => {
    expectRefusal(await latchkey("user", "show", "nobody"), /there is no user nobody/);
  });
});

describe("latchkey user set", () => {
  test("changes names, address and roles, and sessions go on", async () => {
    await add("sem");
    const { access, refresh: token } = await signIn(server.url, "sem", password);
    const changed = await latchkey(
      ...["user", "set", "sem", "--username", "Sam", "--email", "sam@example.org", "--verified"],
      ...["--name", "Sam S.", "--add-role", "editor", "--remove-role", "user"],
    );
    expect(changed).toMatchObject({ status: 0, stdout: "changed Sam\n", stderr: "" });
    expect(await shown("sam")).toMatchObject({
      id: "user:sem",
      username: "Sam",
      email: "sam@example.org",
      email_verified: true,
      display_name: "Sam S.",
      roles: ["editor"],
    });
    expect((await me(server.url, access)).status).toBe(200);
    expect((await refresh(server.url, token)).status).toBe(200);
    expect((await login(server.url, "sem", password)).status).toBe(401);
    expect((await login(server.url, "sam@example.org", password)).body["roles"]).toEqual(["editor"]);
    expect(await trail("user:sem")).toEqual(
      expect.arrayContaining([
        "user.changed name",
        "user.changed email",
        "user.changed roles",
        "user.changed email_verified",
      ]),
    );
  });

  test("replaces all roles, and takes a display name away", async () => {
    await add("rolf", "--name", "Rolf", "--role", "a", "--role", "b");
    await latchkey("user", "set", "rolf", "--role", "c", "--role", "c", "--no-name");
    expect(await shown("rolf")).toMatchObject({ roles: ["c"], display_name: null });
  });

  test("says if nothing changed, and records nothing", async () => {
    await add("same", "--role", "user");
    const before = await trail("user:same");
    expect((await latchkey("user", "set", "same", "--add-role", "user")).stdout).toBe("same is so already\n");
    expect(await trail("user:same")).toEqual(before);
  });

  test("refuses to take the role of the last administrator without --yes", async () => {
    expectRefusal(
      await latchkey("user", "set", "admin", "--remove-role", "admin"),
      /^latchkey: admin is the last active administrator: .* To go on, add --yes\n$/,
    );
    expect(await shown("admin")).toMatchObject({ roles: ["admin"] });
  });

  test.for<[string, string[], RegExp]>([
    ["a name that is taken", ["--username", "ADMIN"], /there is a user ADMIN already/],
    ["an address that is taken", ["--email", "Admin@localhost"], /Admin@localhost is taken/],
    ["a bad address", ["--email", "nowhere"], /not an e-mail address/],
    ["a bad role", ["--add-role", "a b"], /"a b" breaks this rule/],
  ])("refuses %s, and changes nothing", async ([, args, why]) => {
    const before = await shown("kept");
    if (before["id"] === undefined) await add("kept");
    const kept = await shown("kept");
    expectRefusal(await latchkey("user", "set", "kept", "--name", "Other", ...args), why);
    expect(await shown("kept")).toEqual(kept);
  });

  test.for<[string, string[], RegExp]>([
    ["no change", [], /user set needs a change/],
    ["a name and none", ["--name", "A", "--no-name"], /--name and --no-name exclude/],
    ["two marks", ["--verified", "--unverified"], /--verified and --unverified exclude/],
    ["all roles and one more", ["--role", "a", "--add-role", "b"], /--role and --add-role exclude/],
    ["a role to add and to take", ["--add-role", "a", "--remove-role", "a"], /both name a/],
  ])("does not understand %s", async ([, args, why]) => {
    expectUsageError(await latchkey("user", "set", "admin", ...args), why);
  });
});

describe("a password that must be changed", () => {
  test.for([
    ["add", async (name: string) => add(name, "--must-change")],
    [
      "passwd",
      async (name: string) => {
        await add(name);
        await latchkey("user", "passwd", name, "--must-change");
      },
    ],
    [
      "set",
      async (name: string) => {
        await add(name);
        await latchkey("user", "set", name, "--must-change");
      },
    ],
  ] as const)("is marked by user %s", async ([verb, mark]) => {
    const name = `must${verb}`;
    await mark(name);
    expect(await shown(name)).toMatchObject({ must_change_password: true });
    await latchkey("user", "passwd", name);
    expect(await shown(name)).toMatchObject({ must_change_password: false, password_changed_at: time });
  });
});

describe("a link to choose a password", () => {
  const env = { LATCHKEY_DATABASE: place.path("mail.db"), LATCHKEY_MAILBOX: "on", LATCHKEY_ISSUER: "" };
  const withMail = (...args: string[]) => place.latchkey(args, { env, input: `${password}\n` });
  let sending: ServerProcess;
  /** The server looks into its outbox every five seconds. */
  const outbox = 20_000;
  const mailbox = async () => (await fetch(`${sending.url}/mailbox`)).text();

  beforeAll(async () => {
    sending = await place.server({ env });
  });

  test("goes to a user who is added without a password", async () => {
    const added = await withMail("user", "add", "nina", "--email", "nina@example.com", "--no-password");
    expect(added).toMatchObject({ status: 0, stderr: "" });
    expect(added.stdout).toMatch(/^added user:nina\na link to choose a password goes to nina@example\.com; /);
    await until("the mail is there", async () => (await mailbox()).includes("nina@example.com"), outbox);
    const [, link = ""] = /link=(lkl_[\w-]+)/.exec(await mailbox()) ?? [];
    const response = await fetch(`${sending.url}/auth/password/reset`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ link, new_password: password }),
    });
    expect(response.status).toBeLessThan(300);
    expect((await login(sending.url, "nina", password)).status).toBe(200);
  });

  test("goes to a user by user passwd --mail, and keeps the password until used", async () => {
    await withMail("user", "add", "milo", "--email", "milo@example.com");
    const sent = await withMail("user", "passwd", "milo", "--mail");
    expect(sent.stdout).toMatch(/^a link to choose a password goes to milo@example\.com; /);
    await until("the mail is there", async () => (await mailbox()).includes("milo@example.com"), outbox);
    expect((await login(sending.url, "milo", password)).status).toBe(200);
    await withMail("user", "disable", "milo");
    expectRefusal(await withMail("user", "passwd", "milo", "--mail"), /milo is disabled, .*user enable/);
  });

  test("goes to an address at localhost with a word about it", async () => {
    expect((await withMail("user", "passwd", "admin", "--mail")).stdout).toMatch(
      /goes to admin@localhost; .*\nno mail server of another machine takes mails for localhost: `latchkey user set admin --email ADDRESS`/,
    );
  });

  test("is not sent with a password that the operator sets: the user is told of the change", async () => {
    await withMail("user", "add", "mona", "--email", "mona@example.com");
    const other = await place.latchkey(["user", "passwd", "mona"], {
      env,
      input: "lantern copper thistle\n",
    });
    expect(other).toMatchObject({ status: 0, stderr: "" });
    const mails = async () => (await mailbox()).split("<section").filter((mail) => mail.includes("mona@"));
    await until("the mail is there", async () => (await mails()).length > 0, outbox);
    expect(await mails()).toEqual([expect.stringContaining(" · password_changed · ")]);
  });

  test("needs a server that sends mails", async () => {
    await add("nell");
    expectRefusal(
      await latchkey("user", "passwd", "nell", "--mail"),
      /no mails are sent: set LATCHKEY_SMTP_URL/,
    );
    const added = await latchkey("user", "add", "nils", "--email", "nils@example.com", "--no-password");
    expect(added.stdout).toMatch(
      /^added user:nils\nnobody knows the password: `latchkey user passwd nils` sets/,
    );
    expect((await login(server.url, "nils", password)).status).toBe(401);
  });

  test.for([
    ["add", "x", "--email", "x@example.com", "--no-password", "--must-change"],
    ["passwd", "admin", "--mail", "--must-change"],
  ])("user %s: no password is known that could be changed", async (args) => {
    expectUsageError(await latchkey("user", ...args), /exclude one another/);
  });
});

describe("latchkey user list finds", () => {
  const names = async (...args: string[]) =>
    objects((await latchkey("user", "list", "--json", ...args)).stdout).map(({ username }) => username);

  beforeAll(async () => {
    for (const name of ["lia", "lio", "liu"]) await add(name, "--role", "finder", "--name", `Zed ${name}`);
    await latchkey("user", "disable", "lio");
    await latchkey("user", "set", "liu", "--verified");
  });

  test.for<[string, string[], string[]]>([
    ["by the beginning of a username", ["--search", "LI"], ["lia", "lio", "liu"]],
    ["by an address", ["--search", "lio@"], ["lio"]],
    ["by a display name", ["--search", "zed"], ["lia", "lio", "liu"]],
    ["by role", ["--role", "finder"], ["lia", "lio", "liu"]],
    ["by status", ["--role", "finder", "--status", "active"], ["lia", "liu"]],
    ["with a verified address", ["--search", "li", "--verified"], ["liu"]],
    ["without one", ["--role", "finder", "--unverified"], ["lia", "lio"]],
    ["nobody", ["--search", "lix"], []],
  ])("users %s", async ([, args, expected]) => {
    expect(await names(...args)).toEqual(expected);
  });

  test("users page by page, and each page says how to go on", async () => {
    const first = await latchkey("user", "list", "--json", "--search", "li", "--limit", "2");
    expect(objects(first.stdout)).toHaveLength(2);
    const [, after = ""] = /goes on with --after (\S+)\n$/.exec(first.stderr) ?? [];
    expect(await names("--search", "li", "--after", after)).toEqual(["liu"]);
  });

  test("no user for an unknown status or an odd cursor", async () => {
    expectUsageError(await latchkey("user", "list", "--status", "gone"), /--status=gone: expected/);
    expectUsageError(await latchkey("user", "list", "--role", "a", "--after", "b"), /--after=b: expected/);
    expectUsageError(await latchkey("user", "list", "--verified", "--unverified"), /exclude one another/);
  });
});

test("latchkey user unlock forgets the failures of an account", async () => {
  await add("ulla");
  const isLocked = async () => (await login(server.url, "ulla", "wrong")).status === 429;
  await until("the account is locked", isLocked, 20_000);
  expect((await login(server.url, "ulla", password)).status).toBe(429);
  expect((await latchkey("user", "unlock", "ulla")).stdout).toMatch(/^unlocked ulla; /);
  const isIn = async () => (await login(server.url, "ulla", password)).status === 200;
  await until("the user signs in", isIn, 20_000);
  expect(await trail("user:ulla")).toContain("user.unlocked");
});

describe("latchkey user remove and erase", () => {
  test("a namesake of a removed user gets another id, and no share in the trail", async () => {
    await add("nora");
    await latchkey("user", "remove", "nora");
    const again = await latchkey("user", "add", "nora", "--email", "nora@example.com");
    expect(again.stdout).toMatch(/^added user:nora~[a-z2-7]{8}\n$/);
    expect(await trail("nora")).toEqual(["user.added"]);
    expect(await trail("user:nora")).toEqual(["user.added", "user.removed"]);
  });

  test("an erased user leaves a pseudonym in the trail", async () => {
    await add("erika");
    const { access } = await signIn(server.url, "erika", password);
    const erased = await latchkey("user", "erase", "erika", "--yes");
    expect(erased).toMatchObject({ status: 0, stderr: "" });
    const [pseudonym = ""] = /erased:[\w-]{22}/.exec(erased.stdout) ?? [];
    await until("the token is refused", async () => (await me(server.url, access)).status === 401);
    expect(await trail(pseudonym)).toContain("user.erased");
    expectRefusal(await latchkey("user", "show", "erika"), /there is no user erika/);
    await until("the trail is rewritten", async () => (await trail("user:erika")).length === 0, 60_000, 500);
    expect(await trail(pseudonym)).toEqual(expect.arrayContaining(["user.added", "login.succeeded"]));
    expect((await latchkey("audit", "--json")).stdout).not.toContain("erika");
  });

  test("a removed user is erased by the id, and a repetition changes nothing", async () => {
    await add("rahel");
    await latchkey("user", "remove", "rahel");
    expectRefusal(
      await latchkey("user", "erase", "rahel", "--yes"),
      /there is no user rahel, and no removed user had this id/,
    );
    expectRefusal(await latchkey("user", "erase", "user:rahel"), /user:rahel was removed, .* add --yes/);
    const erased = await latchkey("user", "erase", "user:rahel", "--yes");
    expect(erased).toMatchObject({ status: 0, stderr: "" });
    expect(erased.stdout).toMatch(/^erased user:rahel; the audit trail says erased:[\w-]{22} instead/);
    expect(await latchkey("user", "erase", "user:rahel", "--yes")).toMatchObject(erased);
    await until("the trail is rewritten", async () => (await trail("user:rahel")).length === 0, 60_000, 500);
    expect((await latchkey("audit", "--json")).stdout).not.toContain("rahel");
  });

  test("a name that is the id of another user erases neither of them", async () => {
    await add("greta");
    await add("user:greta");
    expectRefusal(
      await latchkey("user", "erase", "user:greta", "--yes"),
      /user:greta is the name of one user and the id of another/,
    );
    await latchkey("user", "remove", "greta");
    expectRefusal(
      await latchkey("user", "erase", "user:greta", "--yes"),
      /user:greta is the name of one user and the id of another/,
    );
    expect(await shown("user:greta")).toMatchObject({ id: "user:user:greta" });
    await latchkey("user", "set", "user:greta", "--username", "margarete");
    expect((await latchkey("user", "erase", "user:greta", "--yes")).stdout).toMatch(/^erased user:greta;/);
    expect(await shown("margarete")).toMatchObject({ id: "user:user:greta" });
  });

  test("an erasure without a terminal needs --yes", async () => {
    await add("elsa");
    expectRefusal(await latchkey("user", "erase", "elsa"), /elsa is removed, .* To go on, add --yes/);
    expect(await shown("elsa")).toMatchObject({ username: "elsa" });
  });
});

describe("latchkey user export", () => {
  beforeAll(async () => {
    await add("xena", "--name", "Xena");
    await signIn(server.url, "xena", password);
  });

  test("prints all that is known of a user as JSON, without a hash", async () => {
    const { stdout, stderr, status } = await latchkey("user", "export", "xena");
    expect([status, stderr]).toEqual([0, ""]);
    expect(JSON.stringify(JSON.parse(stdout))).toContain("xena@example.com");
    expect(stdout).not.toMatch(/argon2|password_hash|refresh_hash/);
    expect(await trail("xena")).toContain("user.exported");
  });

  test("writes a new file that its owner alone can read", async () => {
    const file = place.path("xena.json");
    const written = await latchkey("user", "export", "xena", "--output", file);
    expect(written).toMatchObject({ status: 0, stdout: expect.stringContaining("mode 0600") });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(JSON.parse(readFileSync(file, "utf8"))).toBeTypeOf("object");
  });

  test("never overwrites a file, and names a folder that is missing", async () => {
    const taken = place.path("taken.json");
    writeFileSync(taken, "kept");
    expectRefusal(await latchkey("user", "export", "xena", "--output", taken), /never overwrites/);
    expect(readFileSync(taken, "utf8")).toBe("kept");
    const nowhere = place.path("none/xena.json");
    expectRefusal(await latchkey("user", "export", "xena", "--output", nowhere), /cannot write .*ENOENT/);
  });

  test("takes the id of a removed user, until the erasure", async () => {
    await add("xaver");
    await latchkey("user", "remove", "xaver");
    const file = place.path("xaver.json");
    const { stdout } = await latchkey("user", "export", "user:xaver", "--output", file);
    expect(stdout).toContain("all that is known of the removed user user:xaver, ");
    expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({ user: { id: "user:xaver" } });
    expectRefusal(await latchkey("user", "export", "xaver"), /there is no user xaver/);
  });

  test("refuses a text that is the name of one user and the id of another", async () => {
    await add("xerxes");
    await latchkey("user", "remove", "xerxes");
    await latchkey("user", "add", "user:xerxes", "--email", "other@example.com");
    expectRefusal(
      await latchkey("user", "export", "user:xerxes"),
      /the name of one user and the id of another/,
    );
    const { stdout } = await latchkey("user", "export", "user:xena");
    expect(JSON.parse(stdout)).toMatchObject({ user: { username: "xena" } });
  });

  test("refuses an unknown user, and writes nothing", async () => {
    expectRefusal(await latchkey("user", "export", "nobody"), /there is no user nobody/);
  });
});

test("the first administrator signs in by the API all along", async () => {
  expect((await login(server.url, "admin", adminPassword)).status).toBe(200);
});

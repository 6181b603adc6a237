import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { codeBlocks, sectionBlocks } from "@latchkey/testkit/code-blocks";
import { Place } from "@latchkey/testkit/server/server-process";
import { until } from "@latchkey/testkit/until";
import { beforeAll, describe, expect, test } from "vitest";
import { sqliteMigrations } from "../../src/store/sqlite/migrations.ts";
import { freshMachine, root, runPrinted, wrongClock } from "./printed-commands.ts";
import { type SystemdMachine, whyNoSystemd } from "./systemd-machine.ts";

const place = new Place();
const admin = { username: "admin", password: "a password of the operator" };
const alice = { username: "alice", password: "a password of alice herself" };
const newPassword = "another password of alice";

/** A start, or a change of a full disk, may take this long, in milliseconds. */
const patient = 60_000;

/** The text that a block of docs/deploy.md prints, by a part of the block. */
const shown: readonly (readonly [string, RegExp])[] = [
  ["npm install", /^added \d+ packages/m],
  ["node --version", /^v24\./],
  ["health/ready", /\{"status":"ready"\}/],
  ["user passwd admin", /^changed the password of admin; all their sessions have ended$/m],
  ["user add alice", /^added user:alice$/m],
  ["nginx -t", /test is successful/],
  [
    "ufw status",
    /^Status: active$.*^22\/tcp [^\n]*\n80,443\/tcp [^\n]*\n22\/tcp \(v6\)[^\n]*\n80,443\/tcp \(v6\)/ms,
  ],
  ["openid-configuration", /^\{"issuer":"https:\/\/login\.example\.com".*\}401\n404\n$/],
  ["login.json", /\{"access_token":"eyJ/],
  ["grep login.succeeded", /"event":"login\.succeeded".*"subject":"user:alice"/],
  ["promtool check config", /^ *SUCCESS: 27 rules found$/m],
  ["latchkey-backup.timer", /^-rw------- 1 latchkey latchkey .*Z\.db$/m],
];

/** The text that an operator types into a block, by a part of it. */
const typed: readonly (readonly [string, string])[] = [
  ["user passwd admin", `${admin.password}\n`],
  ["user passwd alice", `${newPassword}\n`],
  ["user add alice", `${alice.password}\n`],
  ["login.json", `${JSON.stringify(alice)}\n`],
];

const partOf = <Value>(table: readonly (readonly [string, Value])[], block: string): Value | undefined =>
  table.find(([part]) => block.includes(part))?.[1];

const missing = whyNoSystemd(place.path("probe"));
if (missing !== undefined)
  process.stderr.write(`Left out: docs/deploy.md and docs/recipes.md on a real system; ${missing}.\n`);

describe.skipIf(missing !== undefined)("an operator", () => {
  let machine: SystemdMachine;
  beforeAll(async () => {
    machine = await freshMachine(place.directory);
    return () => machine[Symbol.asyncDispose]();
  }, 120_000);

  describe("installs, with each command of docs/deploy.md", () => {
    const blocks = codeBlocks(join(root, "docs/deploy.md"), "sh", 18);

    test.each(blocks.map((block) => [block.split("\n")[0], block]))(
      "%s",
      async (_title, block) => {
        const { status, output } = await runPrinted(machine, block, partOf(typed, block));
        expect(output).toMatch(partOf(shown, block) ?? /^/);
        expect(status, output).toBe(0);
      },
      300_000,
    );

    test("the command latchkey passes on its arguments and its exit status", async () => {
      const name = `A $HOME \${HOME} $$ %n "x"`;
      const add = `latchkey user add odd --email odd@example.com --name '${name}'`;
      expect(await machine.operate(add, `${alice.password}\n`)).toEqual({
        status: 0,
        output: "added user:odd\n",
      });
      const { output } = await machine.operate("latchkey user list --limit 1 --after alice --json");
      expect(JSON.parse(output.split("\n")[0] ?? "")).toMatchObject({ username: "odd", display_name: name });
      expect((await machine.operate("latchkey nonsense")).status).toBe(2);
    });

    test("Prometheus finds that the server is ready", async () => {
      const [query = ""] = blocks.filter((block) => block.includes("query=latchkey_ready"));
      const ready = /"job":"latchkey"\},"value":\[[\d.]+,"1"\]/;
      await until("a scrape", async () => ready.test((await machine.operate(query)).output), patient);
    });
  });

  describe("recovers, with each command of docs/recipes.md", () => {
    const recipes = sectionBlocks(join(root, "docs/recipes.md"), "sh");
    const followed = new Set<string>();

    /** Runs all commands of a recipe. @returns all that they print */
    async function follow(recipe: string): Promise<string> {
      followed.add(recipe);
      const outputs: string[] = [];
      for (const block of recipes.get(recipe) ?? []) {
        const { status, output } = await runPrinted(machine, block, partOf(typed, block));
        expect(status, `${block}\n${output}`).toBe(0);
        outputs.push(output);
      }
      return outputs.join("");
    }

    async function run(script: string, input = ""): Promise<string> {
      const { status, output } = await machine.operate(script, input);
      expect(status, output).toBe(0);
      return output;
    }

    const signIn = (user: object) => machine.ask("/auth/login", { body: user });
    const me = (token: string) => machine.ask("/auth/me", { token }).status;
    const ready = () =>
      until("the server is ready", () => machine.ask("/health/ready").status === 200, patient);
    async function tokenOf(user: object): Promise<string> {
      await ready();
      const { status, text } = signIn(user);
      expect(status, text).toBe(200);
      return JSON.parse(text).access_token;
    }

    test("a user locked out by wrong passwords signs in again", async () => {
      for (let attempt = 0; attempt < 20; attempt++) signIn({ ...alice, password: "wrong" });
      expect(signIn(alice).status).toBe(429);
      expect(await follow("Unlock a user")).toMatch(/"subject":"user:alice","reason":"pair"/);
      const user = { ...alice, password: newPassword };
      await until("the server forgets the failures", () => signIn(user).status === 200, patient);
    });

    test("the logins of a user are found, and a session is ended", async () => {
      const user = { ...alice, password: newPassword };
      await run("systemctl restart latchkey; latchkey user passwd alice", `${newPassword}\n`);
      const token = await tokenOf(user);
      const output = await follow("Find who signed in from where");
      expect(output).toMatch(/ login\.failed +user:alice +127\.0\.0\.1 +wrong_password/);
      await until("the token is refused", () => me(token) === 401);
    });

    test("an erased user cannot sign in", async () => {
      const output = await follow("Erase a user");
      expect(output).toMatch(/^erased alice; the audit trail says erased:[\w-]{22} instead/m);
      expect(output).toMatch(/^\d+ audit events older than 1h were deleted$/m);
      expect(signIn({ ...alice, password: newPassword }).status).toBe(401);
    });

    test("after the loss of the secret, users sign in again", async () => {
      const token = await tokenOf(admin);
      await run(
        "sed -i 's/^LATCHKEY_SECRET=.*/LATCHKEY_SECRET=another-secret-of-forty-characters-0123456789/' /etc/latchkey.env",
      );
      await run("systemctl restart latchkey");
      const log = "journalctl --unit latchkey --output cat";
      await until("the start is refused", async () => /^latchkey: /m.test(await run(log)), patient);
      const output = await follow("A lost secret");
      expect(output).toContain("this is not the secret that the database was made with");
      expect(output).toContain("all earlier keys are void");
      await tokenOf(admin);
      expect(me(token)).toBe(401);
    });

    test("on a full disk, logins work again after the audit trail was shortened", async () => {
      await run(`systemctl stop latchkey
        mkdir /var/tmp/moved && mv /var/lib/latchkey/* /var/tmp/moved
        mount -t tmpfs -o "size=64m,mode=0700,uid=$(id -u latchkey),gid=$(id -g latchkey)" tmpfs /var/lib/latchkey
        mv /var/tmp/moved/* /var/lib/latchkey
        systemctl start latchkey`);
      await run(`runuser -u latchkey -- sqlite3 /var/lib/latchkey/latchkey.db "
        with recursive n (i) as (select 1 union all select i + 1 from n where i < 50000)
        insert into audit_events (at, name, subject, address, request_id)
          select (unixepoch() - 864000) * 1000, 'login.failed', 'user:mallory', '203.0.113.9', 'request-' || i from n"`);
      // `prune` counts from the newest event, so that must be one of now.
      await tokenOf(admin);
      const reserve = "stat --format=%s /var/lib/latchkey/latchkey.db.reserve || true";
      await until("the reserve is whole", async () => (await run(reserve)) === "16777216\n", 90_000);
      await run("dd if=/dev/zero of=/var/lib/latchkey/filler bs=1M || true");
      const log = "journalctl --unit latchkey --output cat";
      const isFull = async () => (await run(log)).includes("the volume of the database is full");
      // A busy server answers 503 too, and its log has another reason.
      await until(
        "logins are refused for the volume",
        async () => signIn(admin).status === 503 && (await isFull()),
        patient,
      );
      const output = await follow("A full disk");
      expect(output).toContain("the volume of the database is full");
      expect(output).toContain("50000 audit events older than 7d were deleted");
      await until("users sign in", () => signIn(admin).status === 200, patient);
      await run("rm /var/lib/latchkey/filler");
    });

    test("a session of a clock that was three days ahead is ended, and others stay", async () => {
      const before = await tokenOf(admin);
      await run("apt-get install --yes --no-install-recommends faketime");
      const dropIn = `[Service]
Environment=FAKETIME=+3d DONT_FAKE_MONOTONIC=1
Environment=LD_PRELOAD=LIBRARY`;
      await run(
        `library=$(ls /usr/lib/*/faketime/libfaketimeMT.so.1)
        mkdir -p "$(dirname ${wrongClock})"; sed "s|LIBRARY|$library|" > ${wrongClock}`,
        dropIn,
      );
      await run("systemctl daemon-reload; systemctl restart latchkey");
      const ahead = await tokenOf(admin);
      expect(me(before)).toBe(401);
      expect(await follow("A moved clock")).toContain("the clock is ahead");
      expect(await run("systemctl cat latchkey")).not.toContain("FAKETIME");
      await ready();
      // The server reads the changes of a command four times a second.
      await until("the session is refused", () => me(ahead) === 401);
      expect(me(before)).toBe(200);
    });

    test("an upgrade on an older database keeps users and sessions", async () => {
      const token = await tokenOf(admin);
      // The first migration that `sqlite3` cannot run: the server gives its connections a function.
      const older = sqliteMigrations.findIndex((steps) =>
        steps.some((sql) => sql.includes("latchkey_sha256")),
      );
      const migrations = sqliteMigrations.slice(0, older).flat();
      using empty = new DatabaseSync(":memory:");
      empty.exec(migrations.join(";\n"));
      const copied = ["users", "sessions", "signing_keys"].map((table) => {
        const columns = empty.prepare("select name from pragma_table_info(?)").all(table);
        const names = columns.map(({ name }) => name).join();
        return `insert into ${table} (${names}) select ${names} from newer.${table}`;
      });
      const made = [
        ...migrations,
        `pragma user_version = ${older}`,
        "attach '/var/lib/latchkey/latchkey.db' as newer",
        ...copied,
        "detach newer",
      ];
      await run("systemctl stop latchkey; cd /var/lib/latchkey; sqlite3 older.db", `${made.join(";\n")};\n`);
      await run(
        "cd /var/lib/latchkey; rm latchkey.db*; chmod 600 older.db; chown latchkey: older.db; mv older.db latchkey.db",
      );
      const output = await follow("Upgrade");
      const newest = sqliteMigrations.length;
      expect(output).toContain(`version         ${newest} of ${newest}\n`);
      expect(output).toContain("nothing is wrong");
      expect(me(token)).toBe(200);
    }, 300_000);

    test("after a restore, no session that had ended is live again", async () => {
      const ended = await tokenOf(admin);
      await run("systemctl start latchkey-backup.service");
      machine.ask("/auth/logout", { token: ended, body: {} });
      expect(me(ended)).toBe(401);
      expect(await follow("Restore a backup")).toContain("nothing is wrong");
      expect(me(ended)).toBe(401);
      await tokenOf(admin);
    });

    test("each recipe was followed", () => {
      expect([...followed]).toEqual([...recipes.keys()]);
    });
  });
});

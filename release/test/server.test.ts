import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { allowClient, redeemCode, registerClient } from "@latchkey/testkit/oauth/client-calls";
import { embeddedBinaries } from "@latchkey/testkit/postgres/binaries";
import { PostgresServer } from "@latchkey/testkit/postgres/postgres-server";
import { type Environment, type Program, Programs } from "@latchkey/testkit/programs";
import { me, signIn } from "@latchkey/testkit/server/auth-calls";
import { describe, expect, inject, test } from "vitest";
import { rootManifest } from "../manifest.ts";
import { commandOf, nodes } from "./runtimes.ts";

const folder = mkdtempSync(join(tmpdir(), "latchkey-installed-"));
const programs = new Programs(() => rmSync(folder, { recursive: true }));
const { installed, project, tarball } = inject("server");
const password = "a passphrase for the test";

/** Files that a start loads, at most, without those that measure the first administrator's password. */
const mostFiles = 15;

/** The settings that keep a start short: the hashes are cheap. */
const quick = {
  LATCHKEY_HASH_MEMORY: "64",
  LATCHKEY_HASH_ITERATIONS: "1",
  LATCHKEY_ALLOW_INSECURE: "hash,issuer",
};

describe.each([nodes.oldestForServer, nodes[24], nodes[26]])("$name", (runtime) => {
  /** Starts the installed command in a folder of its own. */
  function latchkey(args: readonly string[], env: Environment = {}, input = ""): Program {
    const [command, ...options] = commandOf(runtime);
    const file = join(project, "node_modules/.bin/latchkey");
    return programs.start(command, [...options, file, ...args], {
      cwd: folder,
      env: { PATH: process.env["PATH"], ...quick, ...env },
      input,
    });
  }

  const listening = (server: Program) => server.says(/"listening at (http:[^"]+)"/);

  test("the demo answers a login, and shows its sign-in page for an OAuth client", async () => {
    const demo = latchkey(["demo", "--port", "0"]);
    const url = await listening(demo);
    const { access } = await signIn(url, "alice", "alice123");
    expect(await me(url, access)).toMatchObject({ status: 200, body: { username: "alice" } });
    const client = await registerClient(url);
    const code = await allowClient(url, url, client, { username: "alice", password: "alice123" });
    expect(code && (await redeemCode(url, client, code)).status).toBe(200);
    expect(await demo.stop()).toEqual({ status: 0, signal: null });
  });

  test("the thread that measures passwords and its list are part of the package", async () => {
    const env = { LATCHKEY_DATABASE: join(folder, "never.db"), LATCHKEY_ADMIN_PASSWORD: "w5txn36alfw" };
    const refused = latchkey(["serve", "--port", "0"], env);
    expect(await refused.exited).toMatchObject({ status: 1 });
    expect(refused.stderr()).toContain("LATCHKEY_ADMIN_PASSWORD: this password is too common");
  });

  test("the start loads few files, and none of the modules of Node that it does not use", async () => {
    const notes = join(folder, `${runtime.version}.loaded`);
    const note = `
      import { appendFileSync } from "node:fs";
      import { registerHooks } from "node:module";
      import { isMainThread } from "node:worker_threads";
      registerHooks({ load(url, context, next) { appendFileSync(process.env.LOADED, url + "\\n"); return next(url, context); } });
      if (isMainThread) process.on("exit", () => appendFileSync(process.env.LOADED, process.moduleLoadList.join("\\n") + "\\n"));`;
    const env = {
      LATCHKEY_DATABASE: join(folder, `${runtime.version}-start.db`),
      LATCHKEY_ADMIN_PASSWORD: password,
      NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(note)}`,
      LOADED: notes,
    };
    const server = latchkey(["serve", "--port", "0"], env);
    await signIn(await listening(server), "admin", password);
    expect(await server.stop()).toEqual({ status: 0, signal: null });
    const loaded = new Set(readFileSync(notes, "utf8").trim().split("\n"));
    const files = [...loaded].filter((each) => each.startsWith("file:") && !each.includes("/@zxcvbn-ts/"));
    expect(files.filter((each) => each.includes("/fastify/"))).toEqual([]);
    expect(files.length).toBeLessThanOrEqual(mostFiles);
    for (const module of ["internal/deps/undici/undici", "http2", "https"])
      expect(loaded).not.toContain(`NativeModule ${module}`);
    expect(loaded).toContain("NativeModule http");
  });

  test("a user that a command adds signs in before and after a restart", async () => {
    const env = {
      LATCHKEY_DATABASE: join(folder, `${runtime.version}.db`),
      LATCHKEY_ADMIN_PASSWORD: password,
      LATCHKEY_PORT: "0",
      LATCHKEY_ISSUER: "http://latchkey.test",
    };
    const first = latchkey(["serve"], env);
    const url = await listening(first);
    const added = latchkey(
      ["user", "add", "grace", "--email", "grace@example.com", "--role", "user"],
      env,
      `${password}\n`,
    );
    expect(await added.exited, added.stderr()).toEqual({ status: 0, signal: null });
    const { access } = await signIn(url, "grace", password);
    await first.stop();
    const second = latchkey(["serve"], env);
    const again = await listening(second);
    expect(await me(again, access)).toMatchObject({ status: 200, body: { username: "grace" } });
    await signIn(again, "admin", password);
    expect(await second.stop()).toEqual({ status: 0, signal: null });
    expect(`${first.stdout()}${second.stdout()}`).not.toContain(password);
  });
});

test("it serves and checks a PostgreSQL database", async () => {
  await using postgres = await PostgresServer.make({ binaries: embeddedBinaries(), fsync: false });
  const env = {
    ...{ PATH: process.env["PATH"], ...quick },
    LATCHKEY_DATABASE: postgres.address("postgres"),
    LATCHKEY_SECRET: "a secret for the tests of the installed package",
    LATCHKEY_ADMIN_PASSWORD: password,
  };
  const command = join(project, "node_modules/.bin/latchkey");
  const server = programs.start(command, ["serve", "--port", "0"], { cwd: folder, env });
  const url = await server.says(/"listening at (http:[^"]+)"/);
  await signIn(url, "admin", password);
  const check = programs.start(command, ["database", "check"], { cwd: folder, env, input: "" });
  await check.exited;
  expect(check.stdout()).toContain("PostgreSQL");
  expect(check.stdout() + check.stderr()).not.toContain(postgres.password);
  await server.stop();
});

test("npx runs it from an empty folder", () => {
  const empty = mkdtempSync(join(folder, "empty-"));
  const said = execFileSync(
    "npx",
    ["--yes", "--prefer-offline", "--package", tarball, "latchkey", "--help"],
    {
      cwd: empty,
      encoding: "utf8",
    },
  );
  expect(said).toContain("latchkey serve");
  expect(readdirSync(empty)).toEqual([]);
});

test("its first line works with every env, also BusyBox, and npm on Windows", () => {
  const [first] = readFileSync(join(installed, "bin/latchkey.js"), "utf8").split("\n");
  expect(first).toBe("#!/usr/bin/env node");
});

test("without a writable folder it starts without a cache or a warning", async () => {
  const command = join(project, "node_modules/.bin/latchkey");
  const env = { PATH: process.env["PATH"], NODE_COMPILE_CACHE: "/dev/null/cache" };
  const help = programs.start(command, ["--help"], { cwd: folder, env, input: "" });
  expect(await help.exited).toEqual({ status: 0, signal: null });
  expect(help.stderr()).toBe("");
});

test("an older Node gets one line that says how to get a newer one", async () => {
  const [command, ...args] = commandOf(nodes[22]);
  const old = programs.start(command, [...args, join(installed, "bin/latchkey.js"), "demo"], {
    cwd: folder,
    env: {},
    input: "",
  });
  expect(await old.exited).toEqual({ status: 1, signal: null });
  expect(old.stderr()).toBe(
    `latchkey: this is Node ${nodes[22].version}, but Latchkey needs Node 24.8 or newer: install it, or run ` +
      "`npx -p node@24 -p latchkey latchkey`; in a clone, `npx latchkey` finds it\n",
  );
});

test("an installation has fewer than 120 packages and 75 MB", () => {
  const { packages } = JSON.parse(readFileSync(join(project, "node_modules/.package-lock.json"), "utf8"));
  const present = Object.keys(packages).filter((path) => existsSync(join(project, path)));
  expect(present.length).toBeLessThan(120);
  expect(sizeOf(join(project, "node_modules"))).toBeLessThan(75e6);
});

test("NOTICES.md names the licences of the packages in the code, and of those in their files", () => {
  const notices = readFileSync(join(installed, "NOTICES.md"), "utf8");
  for (const name of ["fastify", "jose", "pg", "pino", "@modelcontextprotocol/server"])
    expect(notices).toMatch(new RegExp(`^## ${name} \\d`, "m"));
  expect(notices).toMatch(/\* content-type\s+\* Copyright/);
});

test("it has no source in TypeScript, no other package's tests and no scripts", () => {
  const names = readdirSync(installed, { recursive: true, encoding: "utf8" });
  expect(names.filter((name) => /\.ts$|test/.test(name))).toEqual([]);
  const manifest = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
  expect(manifest).toMatchObject({
    name: "latchkey",
    version: rootManifest().version,
    engines: { node: ">=24.8" },
  });
  expect(manifest).not.toHaveProperty("scripts");
  expect(manifest).not.toHaveProperty("private");
  expect(manifest).not.toHaveProperty("devDependencies");
});

/** The bytes that the files of a folder take on the disk, without the cache of compiled code, which a start writes. */
function sizeOf(at: string): number {
  return readdirSync(at, { recursive: true, encoding: "utf8" })
    .filter((name) => !name.includes("/.cache"))
    .map((name) => statSync(join(at, name)))
    .reduce((sum, { blocks }) => sum + blocks * 512, 0);
}

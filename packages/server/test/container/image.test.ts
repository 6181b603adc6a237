import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Programs } from "@latchkey/testkit/programs";
import { login, me, send, signIn } from "@latchkey/testkit/server/auth-calls";
import { freePort, listenLocally } from "@latchkey/testkit/sockets";
import { run } from "@latchkey/testkit/toolchains";
import { until } from "@latchkey/testkit/until";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { version } from "../../src/core/version.ts";
import { whyNoContainers } from "./buildah.ts";
import { Container, type ContainerOptions } from "./container.ts";
import { buildImage, type Image, removeLeftovers } from "./image.ts";

/** A start may take this long on a busy machine, in milliseconds. */
const startTimeout = 30_000;

const place = mkdtempSync(join(tmpdir(), "latchkey-"));
const programs = new Programs();
const secret = "a secret of the container, for this test alone";
const adminPassword = "an administrator's passphrase";
const metricsKey = "a key for the monitoring of this test alone".replaceAll(" ", "-");
const secrets = {
  secret,
  password: adminPassword,
  metrics: metricsKey,
};
const env = {
  LATCHKEY_ISSUER: "https://latchkey.test",
  LATCHKEY_SECRET_FILE: "/run/secrets/latchkey/secret",
  LATCHKEY_ADMIN_PASSWORD_FILE: "/run/secrets/latchkey/password",
  LATCHKEY_METRICS_KEYS_FILE: "/run/secrets/latchkey/metrics",
};

const missing = whyNoContainers();
if (missing !== undefined) process.stderr.write(`Left out: the image and its containers; ${missing}.\n`);

let image: Image;
beforeAll(async () => {
  if (missing !== undefined) return;
  await removeLeftovers();
  image = await buildImage("debian");
});
afterAll(async () => {
  if (missing !== undefined) return;
  await image?.[Symbol.asyncDispose]();
  await removeLeftovers();
  rmSync(place, { recursive: true, force: true });
});

let count = 0;
const start = (options: Partial<ContainerOptions> = {}) =>
  Container.start(programs, { image, folder: join(place, `container-${++count}`), secrets, env, ...options });
const ready = (container: Container) =>
  until("the server is ready", () => answers(`${container.url}/health/ready`), startTimeout);
const answers = (url: string) =>
  fetch(url).then(
    ({ status }) => status === 200,
    () => false,
  );
const du = async (path: string) =>
  Number((await run("du", ["-s", "-B1000", path], { cwd: place })).split("\t")[0]) / 1000;

describe.skipIf(missing !== undefined)("the image", () => {
  test("adds less than 50 MB to Node, and has less than 300 MB in all", async () => {
    expect(await du(`${image.root}/opt/latchkey`)).toBeLessThan(50);
    expect(await du(image.root)).toBeLessThan(300);
  });

  test("starts the server as a numbered user, with Node as the first process", () => {
    expect(image.config).toMatchObject({
      User: "65532:65532",
      Entrypoint: ["node", "--max-semi-space-size=2", "/opt/latchkey/bin/latchkey.js"],
      Cmd: ["serve"],
      StopSignal: "SIGTERM",
      Volumes: { "/data": {} },
    });
  });

  test("names its version and its source", () => {
    expect(image.config.Labels).toMatchObject({
      "org.opencontainers.image.title": "Latchkey",
      "org.opencontainers.image.licenses": "MIT",
      "org.opencontainers.image.version": version,
      "org.opencontainers.image.revision": "a-commit",
    });
  });

  test("has the built program, and neither sources nor tools", async () => {
    const names = ["*.ts", "*.cts", "*.mts", "*.map", "*.test.js"].flatMap((name) => ["-o", "-name", name]);
    const found = await run("find", [`${image.root}/opt`, "(", ...names.slice(1), ")"], { cwd: place });
    expect(found).toBe("");
    const packages = await run("ls", [`${image.root}/opt/latchkey/node_modules`], { cwd: place });
    expect(packages.split("\n")).toContain("nodemailer");
    // The program contains `fastify` and others.
    for (const tool of ["fastify", "typescript", "vitest", "rolldown", "node", "pino-pretty"]) {
      expect(packages.split("\n"), tool).not.toContain(tool);
    }
    expect(await run("ls", ["-A", image.root], { cwd: place })).not.toMatch(/^src$/m);
  });

  test("gives its user nothing to write but /data", async () => {
    const writable = ["(", "-user", "65532", "-o", "-group", "65532", "-o", "-perm", "-o+w", ")"];
    const found = await run(
      "find",
      [`${image.root}/opt`, `${image.root}/data`, ...writable, "-not", "-type", "l"],
      { cwd: place },
    );
    expect(found.trim()).toBe(`${image.root}/data`);
  });
});

describe.skipIf(missing !== undefined)("a container with a read-only root", () => {
  let container: Container;
  beforeAll(async () => {
    container = await start();
    await ready(container);
  });
  afterAll(() => container?.stop());

  test("signs users in", async () => {
    const { access } = await signIn(container.url, "admin", adminPassword);
    expect((await me(container.url, access)).status).toBe(200);
  });

  test("runs as 65532 without privileges", async () => {
    const status = readFileSync(`/proc/${await container.pid()}/status`, "utf8");
    for (const line of [
      /^Uid:\t65532\t65532\t65532\t65532$/m,
      /^Gid:\t65532/m,
      /^CapEff:\t0+$/m,
      /^NSpid:\t\d+\t1$/m,
    ]) {
      expect(status).toMatch(line);
    }
  });

  test("writes its database, and nothing beside it", async () => {
    const written = (path: string) => container.execute("node", "-e", `fs.writeFileSync("${path}/x", "")`);
    await expect(written("/opt/latchkey")).rejects.toThrow("EROFS");
    await expect(written("/etc")).rejects.toThrow("EROFS");
    const files = await container.execute("node", "-p", `fs.readdirSync("/data").join()`);
    expect(files).toContain("latchkey.db");
  });

  test("keeps its secrets out of variables, arguments, files and log", async () => {
    const pid = await container.pid();
    const seen = ["environ", "cmdline"].map((name) => readFileSync(`/proc/${pid}/${name}`, "utf8")).join("");
    await until("a login is in the log", () => container.program.stdout().includes("login.succeeded"));
    const log = container.program.stdout() + container.program.stderr();
    for (const each of Object.values(secrets)) expect(seen + log).not.toContain(each);
    expect(await container.execute("node", "-p", `fs.readdirSync("/data").join()`)).not.toContain(".secret");
  });

  test("has the command for its users", async () => {
    expect(await container.execute("latchkey", "user", "list")).toContain("admin");
  });

  test("passes its health check, which fails if nothing answers", async () => {
    const [kind, ...check] = image.config.Healthcheck.Test;
    expect(kind).toBe("CMD");
    expect(await container.execute(...check)).toMatch(/answered 200/);
    await expect(container.execute("env", `LATCHKEY_PORT=${await freePort()}`, ...check)).rejects.toThrow(
      /did not answer: ECONNREFUSED/,
    );
  });

  test("finds its users again in the next container with the same volume", async () => {
    const data = join(place, "shared-data");
    const first = await start({ data });
    await ready(first);
    const { access } = await signIn(first.url, "admin", adminPassword);
    expect(await first.stop()).toEqual({ status: 0, signal: null });
    const second = await start({ data });
    await ready(second);
    expect((await me(second.url, access)).status).toBe(200);
    await second.stop();
  });
});

describe.skipIf(missing !== undefined)("SIGTERM", () => {
  test("ends a server that still waits for its database, with 0", async () => {
    const silent = createServer();
    const port = await listenLocally(silent);
    const connected = once(silent, "connection");
    const address = `postgres://latchkey:password@127.0.0.1:${port}/latchkey`;
    const container = await start({ env: { ...env, LATCHKEY_DATABASE: address } });
    const [connection] = await connected;
    expect(await container.stop()).toEqual({ status: 0, signal: null });
    expect(container.program.stdout()).toContain("stopping before the start has ended");
    connection.destroy();
    silent.close();
  });

  test("finishes a login in flight, and exits with 0", async () => {
    // One hash takes about a second, so that the signal arrives before the answer.
    const slow = { LATCHKEY_HASH_MEMORY: "65536", LATCHKEY_HASH_ITERATIONS: "12" };
    const container = await start({ env: { ...env, ...slow } });
    await ready(container);
    const answer = login(container.url, "admin", adminPassword);
    const isHashing = async () => {
      const headers = { authorization: `Bearer ${metricsKey}` };
      const { text } = await send(`${container.url}/metrics`, { headers });
      return /^latchkey_hash_running 1$/m.test(text);
    };
    await until("the password is being hashed", isHashing, startTimeout);
    const exit = container.stop();
    expect((await answer).status).toBe(200);
    expect(await exit).toEqual({ status: 0, signal: null });
    const log = container.program.stdout();
    expect(log.indexOf("finishing open requests")).toBeGreaterThan(0);
    expect(log.indexOf("login.succeeded")).toBeGreaterThan(log.indexOf("finishing open requests"));
    expect(log).toMatch(/"stopped"/);
  });
});

test.skipIf(missing !== undefined)("an image with Node and its libraries alone serves as well", async () => {
  await using bare = await buildImage("bare");
  const container = await start({ image: bare });
  await ready(container);
  expect((await login(container.url, "admin", adminPassword)).status).toBe(200);
  expect(await container.execute(...bare.config.Healthcheck.Test.slice(1))).toMatch(/answered 200/);
  await expect(container.execute("sh", "-c", "true")).rejects.toThrow("sh");
  await container.stop();
});

import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { adminPassword, Place } from "@latchkey/testkit/server/server-process";
import { beforeAll, describe, expect, test } from "vitest";
import { administrationOf } from "./administration.ts";
import { everyOperation, expectEveryOperation } from "./called-operations.ts";
import { generate, pythonEnvironment, run } from "./tools.ts";
import { startWireServer, type WireServer } from "./wire-server.ts";

const programs = join(import.meta.dirname, "clients");
/** The timeout of a client, in milliseconds. A client that reads a stream never ends. */
const timeout = 60_000;
/** How long the first run may take to fetch the generator and to build a client, in milliseconds. */
const firstRun = 900_000;

const place = new Place();
let wire: WireServer;
let credentials: readonly string[];
beforeAll(async () => {
  wire = await startWireServer(place, everyOperation);
  credentials = [wire.server.url, "admin", adminPassword];
});

describe("a client from openapi-generator in Python", () => {
  /** Runs a program of the client. @returns what it prints */
  let call: (program: string) => Promise<string>;
  beforeAll(async () => {
    const folder = await generate(wire.document, "python", { packageName: "latchkey_client" });
    const environment = await pythonEnvironment("python-client");
    await run(`${environment}/bin/pip`, ["install", "--quiet", "--force-reinstall", folder]);
    call = (program) =>
      run(`${environment}/bin/python`, [`${programs}/${program}`, ...credentials], { timeout });
  }, firstRun);

  test("signs in, refreshes, signs out, and is refused", async () => {
    expectAnswers(await call("call.py"));
  });

  test("administers a user", async () => {
    expect(JSON.parse(await call("admin.py"))).toEqual(administrationOf("carol", "Carol"));
  });

  test("calls each operation of the administration and of the own account", async () => {
    expectEveryOperation(wire.document, await call("operations.py"));
  });
});

describe("a client from openapi-generator signs in, refreshes, signs out, and is refused", () => {
  test("in Go", async () => {
    const folder = await generate(wire.document, "go", { packageName: "latchkey", withGoMod: "true" });
    mkdirSync(`${folder}/call`, { recursive: true });
    copyFileSync(`${programs}/call.go`, `${folder}/call/main.go`);
    await run("go", ["build", "-o", "call/call", "./call"], { cwd: folder });
    expectAnswers(await run(`${folder}/call/call`, credentials, { timeout }));
  });

  test("in Java", async () => {
    const folder = await generate(wire.document, "java", {
      library: "native",
      invokerPackage: "latchkey",
      apiPackage: "latchkey.api",
      modelPackage: "latchkey.model",
    });
    copyFileSync(`${programs}/Call.java`, `${folder}/src/main/java/Call.java`);
    await run("mvn", ["-q", "-B", "-Dmaven.test.skip=true", "compile", "dependency:copy-dependencies"], {
      cwd: folder,
    });
    const classes = `${folder}/target/classes:${folder}/target/dependency/*`;
    expectAnswers(await run("java", ["-cp", classes, "Call", ...credentials], { timeout }));
  });
});

function expectAnswers(printed: string): void {
  const { ended, ...answers } = JSON.parse(printed);
  expect(answers).toEqual({
    username: "admin",
    roles: ["admin"],
    expiresIn: 3600,
    message: "Successfully logged out",
    refused: { status: 401, code: "token_revoked" },
  });
  expect(ended).toBeGreaterThan(0);
}

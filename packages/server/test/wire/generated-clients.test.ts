import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { adminPassword, Place } from "@latchkey/testkit/server/server-process";
import { beforeAll, describe, expect, test } from "vitest";
import { administrationOf } from "./administration.ts";
import { generate, pythonEnvironment, run } from "./tools.ts";
import { startWireServer, type WireServer } from "./wire-server.ts";

const programs = join(import.meta.dirname, "clients");
/** The timeout of a client, in milliseconds. A client that reads a stream never ends. */
const timeout = 60_000;

const place = new Place();
let wire: WireServer;
let credentials: readonly string[];
beforeAll(async () => {
  wire = await startWireServer(place);
  credentials = [wire.server.url, "admin", adminPassword];
});

describe("a client from openapi-generator calls every operation", () => {
  test("in Python", async () => {
    const folder = await generate(wire.document, "python", { packageName: "latchkey_client" });
    const environment = await pythonEnvironment("python-client");
    await run(`${environment}/bin/pip`, ["install", "--quiet", "--force-reinstall", folder]);
    const printed = await run(`${environment}/bin/python`, [`${programs}/call.py`, ...credentials], {
      timeout,
    });
    expectAnswers(printed);
    const administered = await run(`${environment}/bin/python`, [`${programs}/admin.py`, ...credentials], {
      timeout,
    });
    expect(JSON.parse(administered)).toEqual(administrationOf("carol", "Carol"));
  });

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

import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { login } from "@latchkey/testkit/server/auth-calls";
import { adminPassword, Place, type ServerProcess } from "@latchkey/testkit/server/server-process";
import { beforeEach, describe, expect, test } from "vitest";
import { expectRefusal } from "./refusal.ts";

const place = new Place({ commands: "here" });
const main = join(import.meta.dirname, "../../bin/latchkey.js");
const password = "correct horse battery staple";
let databases = 0;
let server: ServerProcess;
let env: { LATCHKEY_DATABASE: string };

/** A database with one administrator, `admin`. */
beforeEach(async () => {
  env = { LATCHKEY_DATABASE: place.path(`latchkey-${databases++}.db`) };
  server = await place.server({ env });
  return async () => {
    await server.stop();
  };
});

const latchkey = (...args: string[]) => place.latchkey(args, { env, input: `${password}\n` });
const signsIn = async () => (await login(server.url, "admin", adminPassword)).status === 200;

describe.for(["disable", "remove"] as const)("user %s of the last administrator", (verb) => {
  test("is refused without a terminal, and the message says --yes", async () => {
    expectRefusal(
      await latchkey("user", verb, "admin"),
      /^latchkey: admin is the last active administrator: add or enable another one first\. To go on, add --yes\n$/,
    );
    expect(await signsIn()).toBe(true);
  });

  test("is made with --yes", async () => {
    expect(await latchkey("user", verb, "admin", "--yes")).toMatchObject({ status: 0, stderr: "" });
    expect(await signsIn()).toBe(false);
  });

  test("is made without --yes if another administrator is active", async () => {
    await latchkey("user", "add", "second", "--email", "s@example.com", "--role", "admin");
    expect(await latchkey("user", verb, "admin")).toMatchObject({ status: 0, stderr: "" });
    expectRefusal(await latchkey("user", verb, "second"), /second is the last active administrator/);
  });

  /** Runs the command on a terminal. The shell types the answer. */
  async function onTerminal(answer: string) {
    const line = `${process.execPath} ${main} user ${verb} admin`;
    const run = promisify(execFile)(
      "/bin/sh",
      ["-c", `printf '${answer}' | script -qec '${line}' /dev/null`],
      {
        env: { PATH: process.env["PATH"], ...env },
      },
    );
    return run.then(
      ({ stdout }) => ({ code: 0, stdout }),
      ({ code, stdout }: { code: number; stdout: string }) => ({ code, stdout }),
    );
  }

  test.for([
    ["no", "n\\n"],
    ["a bare line end", "\\n"],
    ["the end of the input", "\\004"],
  ] as const)("is asked for on a terminal, and %s keeps the administrator", async ([, answer]) => {
    const { code, stdout } = await onTerminal(answer);
    expect(stdout).toContain(
      "admin is the last active administrator: add or enable another one first. Go on? [y/N]",
    );
    expect(stdout).toContain("latchkey: nothing was changed");
    expect(code).toBe(1);
    expect(await signsIn()).toBe(true);
  });

  test("is asked for on a terminal, and yes goes on", async () => {
    const { code, stdout } = await onTerminal("y\\n");
    expect(stdout).toMatch(/d admin; all their sessions have ended/);
    expect(code).toBe(0);
    expect(await signsIn()).toBe(false);
  });
});

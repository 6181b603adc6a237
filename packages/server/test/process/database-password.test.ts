import { send, signIn } from "@latchkey/testkit/server/auth-calls";
import { adminPassword, type Environment, Place } from "@latchkey/testkit/server/server-process";
import { beforeAll, expect, test } from "vitest";
import { replicaEnvironment } from "../postgres/replica.ts";
import { newDatabase } from "../postgres/server/suite-postgres.ts";
import { expectRefusal } from "./refusal.ts";

const place = new Place({ commands: "here" });
let address: URL;
beforeAll(async () => {
  address = new URL(await newDatabase());
});

/** The address with another password in front of the host. */
function withPassword(password: string): string {
  const changed = new URL(address);
  changed.password = encodeURIComponent(password);
  return changed.href;
}

/** An address without a password, and libpq's variable with it. */
const inVariable = (password: string): Environment => ({
  ...replicaEnvironment(withPassword("")),
  PGPASSWORD: password,
});

test.each(["in the address", "in PGPASSWORD"])(
  "the right password, %s, is in no log line, answer or report",
  async (source) => {
    const password = decodeURIComponent(address.password);
    const env =
      source === "in PGPASSWORD" ? inVariable(password) : replicaEnvironment(withPassword(password));
    const server = await place.server({ env: { ...env, LATCHKEY_LOG_LEVEL: "debug" } });
    await signIn(server.url, "admin", adminPassword);
    const answers = await Promise.all(
      ["/health/ready", "/health/live", "/metrics", "/nowhere"].map((path) => send(server.url + path)),
    );
    const { stdout, stderr } = await place.latchkey(["database", "check"], { env });
    await server.stop();
    expect(stdout).toMatch(/^users +1$/m);
    const written = [
      server.stdout(),
      server.stderr(),
      stdout,
      stderr,
      ...answers.map(({ text }) => text),
    ].join();
    expect(written).toContain(address.host);
    for (const form of [password, address.password, encodeURIComponent(password)])
      expect(written).not.toContain(form);
  },
);

test.each([
  ["in the address", () => replicaEnvironment(withPassword("hunter2"))],
  ["in PGPASSWORD", () => inVariable("hunter2")],
])("a wrong password, %s, is in no error line", async (_source, env) => {
  for (const command of [
    ["serve", "--port", "0"],
    ["database", "check"],
    ["user", "list"],
  ]) {
    const result = await place.latchkey(command, { env: env() });
    expectRefusal(result, /the password is wrong: correct LATCHKEY_DATABASE/);
    expect(result.stderr).not.toContain("hunter2");
  }
});

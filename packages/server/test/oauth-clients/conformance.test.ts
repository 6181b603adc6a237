import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Programs } from "@latchkey/testkit/programs";
import { freePort } from "@latchkey/testkit/sockets";
import { expect, test } from "vitest";
import { installed } from "./install.ts";
import { engines, Worlds } from "./world.ts";

const worlds = new Worlds();
const programs = new Programs();

test.each(engines)("the MCP conformance suite is green on %s", async (engine) => {
  const world = await worlds.make(engine);
  const person = await world.person("alice");
  const { id } = await world.addClient("conformance", ["--redirect", "http://127.0.0.1/callback"]);
  const [port, results] = [String(await freePort()), world.path(`conformance-${engine}`)];

  const suite = programs.start(
    process.execPath,
    [
      ...[installed.conformance, "authorization", "--url", world.issuer, "--client-id", id],
      ...["--resource", world.servers["its own tools"], "--port", port, "--output-dir", results],
    ],
    { env: { PATH: process.env["PATH"] } },
  );
  await person.allow(await suite.says(/^(http\S+\/oauth\/authorize\?\S+)$/m));
  const { status } = await suite.exited;

  expect(checks(results)).toEqual({
    "authorization-server-metadata": "SUCCESS",
    "authorization-server-metadata-cimd": "SUCCESS",
    "authorization-code-grant": "SUCCESS",
  });
  expect(status).toBe(0);
});

/** Each check with its status, or with its error. */
function checks(folder: string): Record<string, string> {
  const found = globSync(join(folder, "*/checks.json"))
    .flatMap((file): { id: string; status: string; errorMessage?: string }[] =>
      JSON.parse(readFileSync(file, "utf8")),
    )
    .map(({ id, status, errorMessage }) => [id, errorMessage ?? status]);
  return Object.fromEntries(found);
}

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { startDemo, withOtherSignature } from "@latchkey/testkit/demo";
import { Programs } from "@latchkey/testkit/programs";
import { Place } from "@latchkey/testkit/server/server-process";
import { rolldown } from "rolldown";
import { expect, inject, test } from "vitest";
import { ProgramFolder } from "./consumer.ts";
import { exampleUnder } from "./readme-examples.ts";
import { commandOf, workerd } from "./runtimes.ts";

const place = new Place();
const programs = new Programs();

const config = `
using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .worker),
    (name = "internet", network = (allow = ["private"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
const worker :Workerd.Worker = (
  modules = [(name = "worker", esModule = embed "built.mjs")],
  compatibilityDate = "2026-07-01",
);`;

/** Builds the README's fetch handler as a bundler builds it for a worker, with its advice not to follow the feed. */
async function buildWorker(folder: ProgramFolder, issuer: string): Promise<string> {
  const readme = readFileSync(join(inject("guard").installed, "README.md"), "utf8");
  const code = exampleUnder(readme, "### Fetch handlers", issuer);
  const worker = code.replace(`issuer: "${issuer}"`, `issuer: "${issuer}", follow: false`);
  expect(worker).toContain("follow: false");
  await using bundler = await rolldown({
    input: folder.write("worker.mjs", worker),
    platform: "browser",
    resolve: { conditionNames: ["workerd", "worker", "import"] },
  });
  const built = folder.write("built.mjs", "");
  const { output } = await bundler.write({ file: built, format: "esm" });
  expect(output.map((part) => (part.type === "chunk" ? part.imports : []))).toEqual([[]]);
  return folder.write("config.capnp", config);
}

test("a worker admits a good token and refuses others, also in later requests", async () => {
  const { issuer, tokens } = await startDemo(place);
  const file = await buildWorker(new ProgramFolder(inject("consumer")), issuer);
  const [command, ...args] = commandOf(workerd);
  const worker = programs.start(command, [...args, file], { env: {} });
  const port = await worker.says(/"port":(\d+)/);
  const get = async (token?: string) => {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const response = await fetch(`http://127.0.0.1:${port}/me`, { headers });
    return `${response.status} ${await response.text()}`;
  };
  expect(await get(tokens.alice)).toBe("200 alice");
  expect(await get(withOtherSignature(tokens.alice))).toMatch(/^401 .*"code":"invalid_token"/);
  expect(await get()).toMatch(/^401 .*"code":"missing_token"/);
  expect(await get(tokens.admin)).toBe("200 admin");
  expect(await get(tokens.alice)).toBe("200 alice");
  await worker.stop();
});

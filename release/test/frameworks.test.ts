import { readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { join } from "node:path";
import { type Demo, startDemo, withOtherSignature } from "@latchkey/testkit/demo";
import { Place } from "@latchkey/testkit/server/server-process";
import { freePort } from "@latchkey/testkit/sockets";
import { beforeAll, describe, expect, inject, test } from "vitest";
import { ProgramFolder } from "./consumer.ts";
import { exampleUnder } from "./readme-examples.ts";
import { bun, commandOf, deno, nodes } from "./runtimes.ts";

const place = new Place();
let demo: Demo;
beforeAll(async () => {
  demo = await startDemo(place);
});

/** The examples of the guard's README as JavaScript, each with a port of its own. */
async function writeExamples(folder: ProgramFolder): Promise<Readonly<Record<string, number>>> {
  const readme = readFileSync(join(inject("guard").installed, "README.md"), "utf8");
  const ports: Record<string, number> = {};
  for (const [name, heading] of [
    ["fastify", "### Fastify"],
    ["express", "### Express"],
    ["hono", "### Hono"],
    ["fetch", "### Fetch handlers"],
  ] as const) {
    ports[name] = await freePort();
    const code = exampleUnder(readme, heading, demo.issuer).replace("4000", String(ports[name]));
    folder.write(`${name}.mjs`, stripTypeScriptTypes(code));
  }
  return ports;
}

/** Runs all four examples in one process. Hono's and the fetch handler's export takes requests without a port. */
const program = `
  const [ports, good, bad, admin] = JSON.parse(process.argv[2]);
  const send = async (name, path, method, token) => {
    const headers = token === undefined ? {} : { authorization: "Bearer " + token };
    const example = await import("./" + name + ".mjs");
    if (example.default) return example.default.fetch(new Request("http://api.test" + path, { method, headers }));
    return fetch("http://127.0.0.1:" + ports[name] + path, { method, headers });
  };
  for (const name of Object.keys(ports)) {
    const said = [];
    for (const token of [good, bad, undefined]) {
      const response = await send(name, "/me", "GET", token);
      said.push(response.status, response.ok ? await response.text() : (await response.json()).code);
    }
    // The handler of the fetch example has one rule for all paths.
    if (name !== "fetch") {
      for (const token of [admin, good]) said.push((await send(name, "/notes", "DELETE", token)).status);
    }
    console.log(name, said.join(" "));
  }
  process.exit();`;

describe.each([nodes.oldestForGuard, nodes[20], nodes[22], nodes[24], nodes[26], deno, bun])(
  "$name",
  (runtime) => {
    test("the README's servers admit a good token and refuse others", async () => {
      const folder = new ProgramFolder(inject("consumer"));
      const ports = await writeExamples(folder);
      const { alice, admin } = demo.tokens;
      const given = JSON.stringify([ports, alice, withOtherSignature(alice), admin]);
      const said = await folder.run(commandOf(runtime), folder.write("requests.mjs", program), given);
      const me = "200 alice 401 invalid_token 401 missing_token";
      expect(said.trimEnd().split("\n")).toEqual([
        `fastify ${me} 200 403`,
        `express ${me} 200 403`,
        `hono ${me} 200 403`,
        `fetch ${me}`,
      ]);
    });
  },
);

import { readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { codeBlocks, sectionBlocks } from "@latchkey/testkit/code-blocks";
import { type Program, Programs } from "@latchkey/testkit/programs";
import { freePort } from "@latchkey/testkit/sockets";
import { run } from "@latchkey/testkit/toolchains";
import { beforeAll, expect, test } from "vitest";
import { installed } from "./install.ts";
import { type KnownPerson, type World, Worlds } from "./world.ts";

const root = join(import.meta.dirname, "../../../..");
const page = join(root, "docs/oauth.md");
const sdkPage = join(root, "docs/oauth/sdk.md");
const [program = "", importsV1 = ""] = codeBlocks(sdkPage, "js", 2);
const [pythonProgram = ""] = codeBlocks(sdkPage, "python");

const worlds = new Worlds();
const programs = new Programs();
let world: World;
let person: KnownPerson;
let notes: string;

beforeAll(async () => {
  world = await worlds.make("SQLite");
  person = await world.person("alice");
  notes = world.servers["a guarded server"];
  // The imports of the programs resolve from this folder.
  symlinkSync(join(root, "node_modules"), world.path("node_modules"));
});

/** The code blocks of a section of the page, for the servers of this test. */
function blocksFor(section: string, language: string): readonly string[] {
  return (sectionBlocks(page, language).get(section) ?? []).map((block) =>
    block
      .replaceAll("http://127.0.0.1:8000", world.issuer)
      .replaceAll("http://127.0.0.1:4001", new URL(notes).origin)
      .replaceAll("-d password=alice123", `--data-urlencode 'password=${person.password}'`),
  );
}

test("the commands of the first ten minutes sign in, call, refresh and revoke", async () => {
  const [, ...commands] = blocksFor("The first ten minutes", "sh");
  expect(commands).toHaveLength(4);
  const written = await run("bash", ["-euo", "pipefail", "-c", commands.join("\n")], { cwd: root });

  const metadata = `${new URL(notes).origin}/.well-known/oauth-protected-resource/mcp`;
  expect(written).toContain("HTTP/1.1 401 Unauthorized");
  expect(written).toContain(`www-authenticate: Bearer resource_metadata="${metadata}"`);
  expect(written).toContain(`"authorization_servers":["${world.issuer}"]`);
  expect(written).toContain('"name":"add_note"');
  expect(written).toMatch(
    /^\{"access_token":"eyJ[^"]+","token_type":"Bearer","expires_in":3590,"refresh_token":"lkr_[^"]+","scope":"profile email"\}$/m,
  );
  expect(written).toMatch(/^200$/m);
});

test("the assertion of a machine gets a token, and works once", async () => {
  const [script = ""] = blocksFor("Machines", "js");
  const [, , keys = ""] = blocksFor("Machines", "sh");
  const [makeKey = "", showKey = ""] = keys.split("\n");
  const folder = world.path("");
  await run("bash", ["-euc", `${makeKey}\n${showKey}`], { cwd: folder });
  writeFileSync(world.path("assertion.mjs"), script);
  const flags = [
    "--public-key",
    world.path("worker.pub"),
    "--grant",
    "client_credentials",
    "--scope",
    "profile",
  ];
  const { id } = await world.addClient("Signer", flags);
  const args = [world.path("assertion.mjs"), id, world.issuer, world.path("worker.key")];
  const assertion = (await run(process.execPath, args, { cwd: folder })).trim();
  const body = {
    grant_type: "client_credentials",
    resource: notes,
    client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    client_assertion: assertion,
  };
  const send = () =>
    fetch(`${world.issuer}/oauth/token`, { method: "POST", body: new URLSearchParams(body) });

  expect((await send()).status).toBe(200);
  expect((await send()).status).toBe(401);
});

/** Lets the person of a program sign in. @returns its last line */
async function signedIn(started: Program): Promise<string> {
  await person.allow(await started.says(/^Open in a browser: (\S+)$/m));
  const { status } = await started.finish();
  expect(started.stderr()).toBe("");
  expect(status).toBe(0);
  return started.stdout().trim().split("\n").at(-1) ?? "";
}

const toolsOfAlice = "['add_note', 'search_notes']";

test.each([
  { version: 2, text: program },
  {
    version: 1,
    text: program
      .replace(/^import \{ Client, .*\n/m, () => importsV1)
      .replace(/await transport\.finishAuth\(.*\);/, () => documentedFinish()),
  },
])("the program on version $version of the TypeScript SDK lists the tools", async ({ version, text }) => {
  const file = world.path(`sign-in-${version}.mjs`);
  writeFileSync(file, text.replaceAll("8976", String(await freePort())));
  const { PATH } = process.env;
  const started = programs.start(process.execPath, [file, notes], { env: { PATH } });
  expect(await signedIn(started)).toBe("[ 'add_note', 'search_notes' ]");
});

/** The call of version 1 in the sentence below the program. */
function documentedFinish(): string {
  const [, call = ""] = /`(await transport\.finishAuth\(\(.*\);)`/.exec(readFileSync(sdkPage, "utf8")) ?? [];
  return call;
}

/** The program on version 1, by the table of differences. */
function pythonV1(): string {
  const rows = [...readFileSync(sdkPage, "utf8").matchAll(/^\| `([^`]+)` +\| `([^`]+)` +\|$/gm)];
  expect(rows).toHaveLength(3);
  return rows.reduce((text, [, two = "", one = ""]) => text.replaceAll(two, one), pythonProgram);
}

test.each([2, 1] as const)("the program on version %i of the Python SDK lists the tools", async (version) => {
  const file = world.path(`sign_in_${version}.py`);
  const text = version === 2 ? pythonProgram : pythonV1();
  writeFileSync(file, text.replaceAll("8976", String(await freePort())));
  const { PATH } = process.env;
  const started = programs.start(installed.python[version], [file, notes], { env: { PATH } });
  expect(await signedIn(started)).toBe(toolsOfAlice);
});

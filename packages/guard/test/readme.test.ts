import { execFile } from "node:child_process";
import { readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { type Demo, startDemo } from "@latchkey/testkit/demo";
import { Programs } from "@latchkey/testkit/programs";
import { Place } from "@latchkey/testkit/server/server-process";
import { beforeAll, describe, expect, test } from "vitest";
import { challengeOf } from "../src/bearer.ts";
import { TokenError, type TokenErrorCode } from "../src/index.ts";
import { send } from "./adapters/send.ts";

const folder = join(import.meta.dirname, "..");
const read = (name: string) => readFileSync(join(folder, name), "utf8");
const readme = read("README.md");
const place = new Place();
const compiled = new Place();
const programs = new Programs();
const run = promisify(execFile);

/** A part of the README, from its heading to the next of the same rank or a higher one. */
function section(heading: string): string {
  const [, rank = "", text = ""] = new RegExp(`\\n(#+) ${heading}\\n(.*)$`, "s").exec(readme) ?? [];
  return text.split(new RegExp(`\\n#{1,${rank.length}} `))[0] ?? "";
}

function exampleOf(heading: string): string {
  return examplesOf(heading)[0] ?? "";
}

function examplesOf(heading: string): readonly string[] {
  return [...section(heading).matchAll(/```ts\n(.*?)```/gs)].map(([, example = ""]) => example);
}

/** The rows of the tables in a text, cell by cell. */
function rows(text: string): readonly (readonly string[])[] {
  return [...text.matchAll(/^\| (`.*) \|$/gm)].map(([, row = ""]) =>
    row.split("|").map((cell) => cell.trim()),
  );
}

const firstColumn = (text: string) => rows(text).map(([name = ""]) => name.replaceAll("`", ""));

/** The properties of an interface of the source. */
function propertiesOf(file: string, name: string): readonly string[] {
  const [, rest = ""] = read(file).split(new RegExp(`export interface ${name}\\b.*\\{\n`));
  return [...(rest.split("\n}")[0] ?? "").matchAll(/^ {2}readonly (\w+)\??:/gm)].map(
    ([, found = ""]) => found,
  );
}

describe("the examples, unchanged, against the demo", () => {
  let demo: string;
  let tokens: Demo["tokens"];

  beforeAll(async () => {
    // Their imports resolve from this folder.
    symlinkSync(join(folder, "../../node_modules"), place.path("node_modules"));
    ({ issuer: demo, tokens } = await startDemo(place));
  });

  /** Writes a program with two changes: its port and its issuer. */
  function write(name: string, program: string): string {
    writeFileSync(place.path(name), program.replaceAll("http://127.0.0.1:8000", demo));
    return place.path(name);
  }

  /** A program that serves the export of another one. */
  function serving(file: string): string {
    const hosts = JSON.stringify(pathToFileURL(join(import.meta.dirname, "adapters/hosts.ts")));
    const served = JSON.stringify(pathToFileURL(file));
    return [
      `import { fromFetch, listen } from ${hosts};`,
      `import served from ${served};`,
      "console.log((await listen(fromFetch(served.fetch))).url);",
    ].join("\n");
  }

  const listening: readonly (readonly [string, (example: string) => string])[] = [
    [
      "Fastify",
      (example) =>
        example.replace("await app.listen({ port: 4000 })", "console.log(await app.listen({ port: 0 }))"),
    ],
    [
      "Express",
      (example) =>
        example.replace(
          "app.listen(4000);",
          'const server = app.listen(0, () => console.log("http://127.0.0.1:" + server.address().port));',
        ),
    ],
    ["Hono", (example) => serving(write("hono-app.mts", example))],
    ["Fetch handlers", (example) => serving(write("fetch-app.mts", example))],
  ];

  test.each(listening)("%s", async (heading, listen) => {
    const example = exampleOf(heading);
    const program = listen(example);
    expect(program).not.toBe(example);
    const file = write(`${heading.split(" ")[0]}.mts`, program);
    const url = await programs.script(file, {}).says(/^(http:\S+)\n/m);
    const as = (token: string) => ({ headers: [["Authorization", `Bearer ${token}`]] as const });

    expect(await send(url, { path: "/me" })).toMatchObject({
      status: 401,
      headers: { "www-authenticate": "Bearer" },
    });
    expect(await send(url, { path: "/me", ...as(tokens.alice) })).toMatchObject({
      status: 200,
      body: "alice",
    });
    if (!example.includes("/notes")) return;
    const remove = { method: "DELETE", path: "/notes" };
    expect(await send(url, { ...remove, ...as(tokens.alice) })).toMatchObject({ status: 403 });
    expect(await send(url, { ...remove, ...as(tokens.admin) })).toMatchObject({
      status: 200,
      body: "all notes are gone",
    });
  });

  test("Anything else", async () => {
    const example = exampleOf("Anything else");
    const [welcome, refused] = [...example.matchAll(/^ +console\.log\(.*\); \/\/ (.*)$/gm)].map(
      ([, said]) => said,
    );
    const file = write("anything.mts", example);
    expect((await run(process.execPath, [file, tokens.alice])).stdout.trim()).toBe(welcome);
    expect((await run(process.execPath, [file])).stdout.trim()).toBe(refused);
  });
});

test("the examples compile", async () => {
  symlinkSync(join(folder, "../../node_modules"), compiled.path("node_modules"));
  const write = (name: string, text: string) => writeFileSync(compiled.path(name), text);
  const guard = [
    'import { allow, createGuard } from "@latchkey/guard";',
    'const guard = createGuard({ issuer: "http://127.0.0.1:8000" });',
  ];
  const rules = [
    ...guard,
    'import "@latchkey/guard/fastify";',
    'import Fastify, { type FastifyRequest } from "fastify";',
    "const app = Fastify();",
    "const readNotes = ({ principal }: FastifyRequest) => principal.roles;",
  ];
  for (const heading of ["Fastify", "Express", "Hono", "Fetch handlers", "Anything else"]) {
    write(`${heading.split(" ")[0]}.mts`, exampleOf(heading));
  }
  write("rules.mts", [...rules, exampleOf("Rules")].join("\n"));
  // The server's start finds rules without a tool. The compiler needs no more than this.
  write("mcp.mts", exampleOf("MCP tools"));
  // The later ones change parts of the first.
  expect(examplesOf("Over HTTP")).toHaveLength(3);
  write("mcp-http.mts", examplesOf("Over HTTP").join("\n"));
  write("mcp-stdio.mts", exampleOf("Over stdio"));
  write(
    "tsconfig.json",
    JSON.stringify({
      extends: join(folder, "../../tsconfig.json"),
      // With exact optional properties, the types of the MCP SDK do not fit those of Node.
      compilerOptions: { exactOptionalPropertyTypes: false },
      include: ["*.mts"],
    }),
  );
  const tsc = join(folder, "../../node_modules/typescript/bin/tsc");
  const compiling = run(process.execPath, [tsc, "-p", compiled.directory]).catch((error) => error);
  expect(await compiling).toEqual({ stdout: "", stderr: "" });
});

describe("the README names", () => {
  test("every option of a guard, and nothing else", () => {
    const options = [
      ...propertiesOf("src/guard-options.ts", "GuardOptions"),
      ...propertiesOf("src/adapters/route-options.ts", "RouteOptions"),
    ];
    expect(options).toContain("issuer");
    expect(options).toContain("onDecision");
    expect(firstColumn(section("Options")).toSorted()).toEqual(options.toSorted());
  });

  test("every field of a principal", () => {
    const fields = propertiesOf("src/principal.ts", "Principal");
    expect(fields).toContain("userId");
    for (const field of fields) expect(section("What to know")).toContain(`\`${field}\``);
  });

  test("every rule, and nothing else", () => {
    const [, list = ""] = /export const allow = \{(.*?)\n\}/s.exec(read("src/rules/allow.ts")) ?? [];
    const rules = [...list.matchAll(/^ {2}(\w+):/gm)].map(([, name]) => `allow.${name}`);
    expect(rules).toContain("allow.roles");
    expect(firstColumn(section("Rules")).map((call) => call.split("(")[0])).toEqual(
      expect.arrayContaining(rules),
    );
    expect(firstColumn(section("Rules"))).toHaveLength(rules.length);
  });

  test("every state of health, and nothing else", () => {
    const states = (name: string) => {
      const [, rest = ""] = read("src/issuer/health.ts").split(`export interface ${name} {`);
      const [, union = ""] = /readonly state: (.*);/.exec(rest) ?? [];
      return union.split(" | ").map((state) => state.replaceAll('"', ""));
    };
    const [, ...named] = firstColumn(section("Health"));
    expect(named.filter((name) => !name.includes("."))).toEqual([
      ...states("KeysHealth"),
      ...states("RevocationsHealth"),
    ]);
  });

  describe("every refusal", () => {
    const [, list = ""] = /const refusals = \{(.*?)\n\}/s.exec(read("src/token-error.ts")) ?? [];
    const codes = [...list.matchAll(/^ {2}(\w+):/gm)].map(([, code = ""]) => code);
    const [, ...listed] = rows(section("Refusals"));

    test("by the codes of the source, in their order", () => {
      expect(codes).toContain("missing_token");
      expect(listed.map(([code]) => code)).toEqual(codes.map((code) => `\`${code}\``));
    });

    test.each(listed)("%s", (code = "", status, message, challenge = "") => {
      // The test above compared it with the source.
      const error = new TokenError(code.replaceAll("`", "") as TokenErrorCode, "", ["notes:read"]);
      expect([String(error.status), error.message]).toEqual([status, message]);
      const [, quoted] = /^`([^`]+)`/.exec(challenge) ?? [];
      const sent = challengeOf(error);
      if (quoted === undefined) expect(sent).toBeUndefined();
      else expect(sent?.startsWith(quoted)).toBe(true);
      expect(challenge.includes("Retry-After: 1")).toBe(error.retryAfter === 1);
    });
  });
});

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Demo, startDemo } from "@latchkey/testkit/demo";
import { Place } from "@latchkey/testkit/server/server-process";
import { beforeAll, describe, expect, inject, test } from "vitest";
import { ProgramFolder } from "./consumer.ts";
import { exampleUnder } from "./readme-examples.ts";
import { bun, commandOf, deno, nodes } from "./runtimes.ts";

const place = new Place();
let demo: Demo;
beforeAll(async () => {
  demo = await startDemo(place);
});

/** The comments at the ends of the lines, which say what an example prints. */
const comments = (code: string) =>
  [...code.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm)].map(([, text]) => text);

const lines = (text: string) => text.trimEnd().split("\n");

/** Signs in with the client, checks its token with the guard, and signs out. */
const wholeDay = `
  async function main(issuer) {
    const auth = new AuthClient({ baseURL: issuer });
    const guard = createGuard({ issuer });
    await guard.ready();
    const seen = [];
    const refused = await auth.login({ username: "alice", password: "wrong" }).catch((error) => error);
    seen.push(refused instanceof UnauthorizedError && refused.code);
    await auth.login({ username: "alice", password: "alice123" });
    const token = await auth.token();
    const { username, roles } = await guard.verify(token);
    seen.push(username, roles.join(" "));
    seen.push(await guard.verify(token.slice(0, -4) + "AAAA").catch((error) => error instanceof TokenError && error.code));
    const answer = await guard.fetch((request, { principal }) => new Response(principal.username), allow.roles("admin"))(
      new Request("http://api.example/", { headers: { authorization: "Bearer " + token } }),
    );
    seen.push(answer.status);
    await auth.logout();
    while (guard.recall(token) !== undefined) await new Promise((resolve) => setTimeout(resolve, 20));
  }
  main(process.argv[2]).catch((error) => { console.log(error.code); process.exit(); });`;

const names = "{ AuthClient, UnauthorizedError }";
const guardNames = "{ allow, createGuard, TokenError }";
const day = wholeDay.replace(
  "await auth.logout();",
  "await auth.logout();\n    console.log(JSON.stringify(seen));",
);

const allNodes = [nodes[20], nodes[22], nodes[24], nodes[26]];

describe.each([nodes.oldestForGuard, ...allNodes, deno, bun])("$name", (runtime) => {
  test.each([
    [
      "import",
      "mjs",
      `import ${names} from "@latchkey/client"; import ${guardNames} from "@latchkey/guard";`,
    ],
    [
      "require",
      "cjs",
      `const ${names} = require("@latchkey/client"); const ${guardNames} = require("@latchkey/guard");`,
    ],
  ])("by %s: login, token, guard, logout, and the guard refuses the token", async (_how, extension, load) => {
    const folder = new ProgramFolder(inject("consumer"));
    const said = await folder.run(
      commandOf(runtime),
      folder.write(`day.${extension}`, load + day),
      demo.issuer,
    );
    expect(lines(said)).toEqual([
      JSON.stringify(["invalid_credentials", "alice", "user premium", "invalid_token", 403]),
      "token_revoked",
    ]);
  });

  test("the first example of the client's README prints its comments", async () => {
    const folder = new ProgramFolder(inject("consumer"));
    const readme = readFileSync(join(inject("client").installed, "README.md"), "utf8");
    const code = exampleUnder(readme, "## A first example", demo.issuer);
    expect(comments(code)).toHaveLength(4);
    const said = await folder.run(commandOf(runtime), folder.write("first.mjs", code));
    expect(lines(said)).toEqual(comments(code));
  });

  test("the guard's README without a framework: with and without a token", async () => {
    const folder = new ProgramFolder(inject("consumer"));
    const readme = readFileSync(join(inject("guard").installed, "README.md"), "utf8");
    const code = exampleUnder(readme, "### Anything else", demo.issuer);
    const [good, missing] = comments(code);
    const file = folder.write("guarded.mjs", code);
    expect(lines(await folder.run(commandOf(runtime), file, demo.tokens.alice))).toEqual([good]);
    expect(lines(await folder.run(commandOf(runtime), file))).toEqual([missing]);
  });
});

test.each([nodes.oldestForClient])("the client alone, with $name", async (runtime) => {
  const folder = new ProgramFolder(inject("client").project);
  const program = `
    import ${names} from "@latchkey/client";
    import { acrossTabs } from "@latchkey/client/browser";
    import { fileStore } from "@latchkey/client/file";
    const auth = new AuthClient({ baseURL: process.argv[2], store: acrossTabs(fileStore("session.json")) });
    // The channel of a listener must not keep the process alive.
    auth.onSessionEnd(() => {});
    const { username } = await auth.login({ username: "alice", password: "alice123" });
    console.log(username, (await auth.me()).email, (await auth.logout()).message);`;
  const said = await folder.run(commandOf(runtime), folder.write("client.mjs", program), demo.issuer);
  expect(said).toBe("alice alice@example.com Successfully logged out\n");
});

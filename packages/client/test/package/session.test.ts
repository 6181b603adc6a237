import { passwords, type TestServer, testServer } from "@latchkey/testkit/server/test-server";
import { afterAll, beforeAll, expect, test } from "vitest";
import { run } from "./program.ts";

let server: TestServer;
beforeAll(async () => {
  server = await testServer();
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

const names = "{ APIError, AuthClient, RateLimitError, SignedOutError, UnauthorizedError }";
const credentials = JSON.stringify({ username: "alice", password: passwords.alice });

/** Signs in, continues with a second client on the same store, and signs out. */
const session = `
  async function main([baseURL, file]) {
    const auth = new AuthClient({ baseURL, store: fileStore(file) });
    const refused = await auth.login({ username: "alice", password: "wrong" }).catch((error) => error);
    const { username, roles } = await auth.login(${credentials});
    const token = await auth.token();
    const other = new AuthClient({ baseURL, store: fileStore(file) });
    const { id } = await other.me();
    const same = token === (await other.token());
    const { message } = await other.logout();
    const after = await auth.token().catch((error) => error);
    console.log(JSON.stringify({
      refused: [refused instanceof UnauthorizedError, refused.kind, refused.code],
      username, roles, same, id, message,
      after: [after instanceof SignedOutError, after.kind],
    }));
  }
  main(process.argv.slice(2));`;

test.each([
  [
    "import",
    "session.mjs",
    `import ${names} from "@latchkey/client"; import { fileStore } from "@latchkey/client/file";`,
  ],
  [
    "require",
    "session.cjs",
    `const ${names} = require("@latchkey/client"); const { fileStore } = require("@latchkey/client/file");`,
  ],
])("with %s: login, token, me, logout", async (_how, name, load) => {
  const file = `${server.database}.${name}.json`;
  expect(await run(name, load + session, server.url, file)).toEqual({
    refused: [true, "unauthorized", "invalid_credentials"],
    username: "alice",
    roles: ["user", "premium"],
    same: true,
    id: "user:alice",
    message: "Successfully logged out",
    after: [true, "signed_out"],
  });
});

test("an error of one copy is an instance for the other copy", async () => {
  const program = `
    import * as imported from "@latchkey/client";
    import { createRequire } from "node:module";
    const required = createRequire(import.meta.url)("@latchkey/client");
    const seen = [];
    for (const [from, by] of [[imported, required], [required, imported]]) {
      const auth = new from.AuthClient({ baseURL: process.argv[2] });
      const error = await auth.login({ username: "alice", password: "wrong" }).catch((error) => error);
      const kinds = [by.AuthError, by.APIError, by.UnauthorizedError, by.ForbiddenError, by.RateLimitError];
      seen.push(from.AuthError !== by.AuthError, kinds.map((kind) => error instanceof kind));
    }
    console.log(JSON.stringify(seen));`;
  const known = [true, true, true, false, false];
  expect(await run("both.mjs", program, server.url)).toEqual([true, known, true, known]);
});

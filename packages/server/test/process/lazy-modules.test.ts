import { readFileSync } from "node:fs";
import { send, signIn } from "@latchkey/testkit/server/auth-calls";
import { adminPassword, Place } from "@latchkey/testkit/server/server-process";
import { expect, test } from "vitest";

const place = new Place();

/** Notes the name of every module that a process loads, one a line. */
const noteModules = `
import { appendFileSync } from "node:fs";
import { registerHooks } from "node:module";
registerHooks({ load(url, context, next) { appendFileSync(process.env.LOADED, url + "\\n"); return next(url, context); } });`;

/** Modules that a start with an existing database loads, at most. Each of them costs every start time and memory. */
const mostModules = 556;

test("a first start with a generated password loads no password checks", async () => {
  const fresh = new Place();
  const notes = fresh.path("loaded");
  const hook = `--import=data:text/javascript,${encodeURIComponent(noteModules)}`;
  const env = { LATCHKEY_ADMIN_PASSWORD: "", NODE_OPTIONS: hook, LOADED: notes };
  const server = await fresh.server({ env });
  expect(server.stderr()).toContain("The first administrator was created.");
  await server.stop();
  const loaded = readFileSync(notes, "utf8");
  expect(loaded).toContain("/src/http/app.ts\n");
  for (const module of ["password-thread.ts", "strength.ts", "/@zxcvbn-ts/"])
    expect(loaded).not.toContain(module);
});

test("documents, mails, tools, pages, administration and checks are loaded at first use", async () => {
  // The first start checks the password of the first administrator.
  await (await place.server()).stop();
  const notes = place.path("loaded");
  const hook = `--import=data:text/javascript,${encodeURIComponent(noteModules)}`;
  const mail = { LATCHKEY_SMTP_URL: "smtp://127.0.0.1:1", LATCHKEY_MAIL_FROM: "login@example.com" };
  const env = { LATCHKEY_ISSUER: "", NODE_OPTIONS: hook, LOADED: notes, ...mail };
  const server = await place.server({ env });
  const loaded = () =>
    [
      "/src/http/app.ts",
      "/src/client-documents/safe-fetch.ts",
      "/src/http/docs/docs-app.ts",
      "/@fastify/swagger/index.js",
      "/src/mcp/endpoint.ts",
      "/src/http/account/account-pages.ts",
      "/src/http/admin/admin-routes.ts",
      "/src/http/oauth/oauth-routes.ts",
      "/src/http/oauth/authorize-route.ts",
      "/src/http/pages/layout.ts",
      "/src/http/self-service.ts",
      "/src/core/people/change-users.ts",
      "/src/core/people/create-self-service.ts",
      "/src/core/stories/redeem.ts",
      "/src/password-checks/check-foreign-hash.ts",
      "/fast-json-stringify/index.js",
      "/src/mail/delivery.ts",
      "/src/password-checks/strength.ts",
      "/@zxcvbn-ts/core/dist/index.cjs",
      "/nodemailer/dist/esm/smtp-connection/index.js",
    ].filter((module) => readFileSync(notes, "utf8").includes(`${module}\n`));
  expect(new Set(readFileSync(notes, "utf8").trim().split("\n")).size).toBeLessThanOrEqual(mostModules);
  const { access } = await signIn(server.url, "admin", adminPassword);
  expect(loaded()).toEqual(["/src/http/app.ts"]);

  // The address leads inside, so the first use ends before a connection.
  const { status } = await send(`${server.url}/oauth/authorize?client_id=https://127.0.0.1/notes`);
  expect(status).toBe(400);
  expect(loaded()).toEqual([
    "/src/http/app.ts",
    "/src/client-documents/safe-fetch.ts",
    "/src/http/oauth/authorize-route.ts",
    "/src/http/pages/layout.ts",
    "/src/core/stories/redeem.ts",
  ]);

  expect((await send(`${server.url}/openapi.json`)).status).toBe(200);
  expect(loaded()).toContain("/src/http/docs/docs-app.ts");
  expect(loaded()).toContain("/@fastify/swagger/index.js");
  // The document describes them.
  expect(loaded()).toContain("/src/http/admin/admin-routes.ts");
  expect(loaded()).toContain("/src/http/self-service.ts");
  expect(loaded()).not.toContain("/src/http/account/account-pages.ts");

  expect((await send(`${server.url}/account/sign-in`)).status).toBe(200);
  expect(loaded()).toContain("/src/http/account/account-pages.ts");

  expect(loaded()).not.toContain("/src/password-checks/strength.ts");
  const { status: changed } = await send(`${server.url}/auth/password`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${access}` },
    body: JSON.stringify({ current_password: adminPassword, new_password: "umbrella quartz meadow" }),
  });
  expect(changed).toBe(200);
  expect(loaded()).toContain("/src/password-checks/strength.ts");
  expect(loaded()).toContain("/@zxcvbn-ts/core/dist/index.cjs");
  await server.stop();
});

import { login, me, send } from "@latchkey/testkit/server/auth-calls";
import { Place, type ServerProcess } from "@latchkey/testkit/server/server-process";
import { afterAll, beforeAll, expect, test } from "vitest";

const chosen = "umbrella quartz meadow";

let server: ServerProcess;
let generated: string;
beforeAll(async () => {
  server = await new Place().server({ env: { LATCHKEY_ADMIN_PASSWORD: "", LATCHKEY_ISSUER: "" } });
  generated = /^ {4}password {2}(\S+)$/m.exec(server.stderr())?.[1] ?? "";
});
afterAll(() => server.stop());

/** Sends the form of the sign-in to the account pages. */
function signInForm(fields: Readonly<Record<string, string>>) {
  return send(`${server.url}/account/sign-in`, {
    method: "POST",
    headers: { origin: server.url },
    body: new URLSearchParams({ username: "admin", password: generated, ...fields }),
    redirect: "manual",
  });
}

test("the start shows a generated password once, and says where to change it", () => {
  expect(generated).toMatch(/^[\w-]{20}$/);
  expect(server.stderr()).toContain("The first sign-in at /account asks for another one.");
  expect(server.stdout()).not.toContain(generated);
});

test("it signs in over the API, and the answer of `me` says that it must be changed", async () => {
  const { status, body } = await login(server.url, "admin", generated);
  expect(status).toBe(200);
  expect((await me(server.url, String(body["access_token"]))).body).toMatchObject({
    username: "admin",
    must_change_password: true,
  });
});

test("the sign-in page asks for another one, and goes on with it", async () => {
  const asked = await signInForm({});
  expect(asked.text).toContain('name="new_password"');
  const changed = await signInForm({ change: "yes", new_password: chosen, new_password_again: chosen });
  expect(changed.status).toBe(303);

  expect((await login(server.url, "admin", generated)).status).toBe(401);
  const { body } = await login(server.url, "admin", chosen);
  const own = await me(server.url, String(body["access_token"]));
  expect(own.body["must_change_password"]).toBeUndefined();
});

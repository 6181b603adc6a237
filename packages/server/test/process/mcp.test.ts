import { me, signIn, type Tokens } from "@latchkey/testkit/server/auth-calls";
import { adminPassword, Place, type ServerProcess } from "@latchkey/testkit/server/server-process";
import { until } from "@latchkey/testkit/until";
import { afterAll, beforeAll, expect, test } from "vitest";
import { connectMcp } from "../api/mcp-client.ts";

const place = new Place();
const password = "correct horse battery staple";
/** The secret parts of all issued tokens. */
const secrets = new Set<string>();
let one: ServerProcess;
let other: ServerProcess;

beforeAll(async () => {
  const env = { LATCHKEY_LOG_LEVEL: "debug" };
  one = await place.server({ env });
  other = await place.server({ env });
  const added = await place.latchkey(["user", "add", "ada", "--email", "ada@example.com"], {
    input: password,
  });
  expect(added.status).toBe(0);
});

afterAll(async () => {
  await Promise.all([one.stop("SIGKILL"), other.stop("SIGKILL")]);
});

async function issued(url: string, name: string): Promise<Tokens> {
  const tokens = await signIn(url, name, name === "admin" ? adminPassword : password);
  for (const part of tokens.access.split(".").slice(1)) secrets.add(part);
  secrets.add(tokens.refresh.slice(-60));
  return tokens;
}

test("a session ended by one process is refused by the other within a second", async () => {
  const ada = await issued(one.url, "ada");
  const admin = await issued(other.url, "admin");
  await using atOther = await connectMcp(2, other.url, ada.access);
  await using administrator = await connectMcp(2, one.url, admin.access);
  expect((await atOther.call("who_am_i")).value).toMatchObject({ id: "user:ada" });

  expect((await administrator.call("disable_user", { user: "ada" })).value).toMatchObject({
    active_status: false,
  });
  expect((await me(one.url, ada.access)).status).toBe(401);
  await until("the other process refuses ada", async () => (await me(other.url, ada.access)).status === 401);
  // `me` reads the user as well as the ended sessions. The endpoint's gate reads the ended sessions alone.
  await until("the gate of the other process refuses the session of ada", () =>
    atOther.call("who_am_i").then(
      ({ value }) => {
        expect(value).toBeUndefined();
        return false;
      },
      () => true,
    ),
  );

  const { value } = await administrator.call("recent_audit_events", { name: "user.disabled" });
  expect(value).toMatchObject({
    events: [{ subject: "user:ada", actor: "user:admin", address: "127.0.0.1" }],
  });
  await administrator.call("enable_user", { user: "ada" });
});

test("the logs have no token, from a right or wrong place of a call", async () => {
  const { access, refresh } = await issued(one.url, "ada");
  const { access: stranger } = await issued(one.url, "admin");
  await using byHeader = await connectMcp(2, one.url, access);
  await using byField = await connectMcp(1, one.url);
  for (const [tool, args] of [
    ["who_am_i", { token: access }],
    ["who_am_i", { token: stranger }],
    ["who_am_i", { token: [access] }],
    ["who_am_i", { tokn: access }],
    ["end_my_session", { session_id: access, token: access }],
    ["end_my_session", { session_id: refresh.slice(-60), token: access }],
    ["find_user", { user: access, token: access }],
    ["find_user", { user: refresh.slice(-60), token: stranger }],
    [access, { token: access }],
  ] as const) {
    for (const client of [byHeader, byField]) await client.call(tool, args).catch(() => {});
  }
  const headers = { "content-type": "application/json", accept: "application/json, text/event-stream" };
  for (const body of [`{"jsonrpc":"2.0","id":1,"method":"${access}"}`, access, `{"token":"${access}"`]) {
    await fetch(`${one.url}/mcp`, { method: "POST", headers, body });
    const authorization = `Bearer ${access}`;
    await fetch(`${one.url}/mcp`, { method: "POST", headers: { ...headers, authorization }, body });
  }
  await fetch(`${one.url}/mcp?token=${access}`, { headers: { origin: access, host: "127.0.0.1" } });
  await until("the log has all lines", () => one.stdout().includes('"tool.denied"'), 10_000);
});

test("a connected client does not delay a shutdown", async () => {
  const { access } = await issued(one.url, "ada");
  await using client = await connectMcp(2, one.url, access);
  await using older = await connectMcp(1, one.url, access);
  for (const connected of [client, older])
    expect((await connected.call("list_my_sessions")).problem).toBe(undefined);
  let ended = false;
  const exited = one.stop("SIGTERM").then((exit) => {
    ended = true;
    return exit;
  });
  await until("the server stops", () => ended, 3_000);
  expect(await exited).toEqual({ status: 0, signal: null });
});

test("neither process wrote a secret", async () => {
  await other.stop();
  for (const server of [one, other]) {
    const written = server.stdout() + server.stderr();
    expect(written).toContain('"stopped"');
    expect([...secrets].filter((secret) => written.includes(secret))).toEqual([]);
  }
  expect(secrets.size).toBeGreaterThan(10);
});

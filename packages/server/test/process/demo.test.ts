import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import { promisify } from "node:util";
import { login, send, signIn } from "@latchkey/testkit/server/auth-calls";
import { Place } from "@latchkey/testkit/server/server-process";
import { until } from "@latchkey/testkit/until";
import { expect, test } from "vitest";
import { expectRefusal } from "./refusal.ts";

const place = new Place();
const run = promisify(execFile);

test.for(["0.0.0.0", "::", "192.0.2.1", "example.com"])("the demo refuses to listen on %s", async (host) => {
  expectRefusal(await place.latchkey(["demo", "--port", "0", "--host", host]), /only on this machine/);
});

test("the demo refuses OAuth in plain text in one line", async () => {
  const env = { LATCHKEY_ISSUER: "http://login.example.com", LATCHKEY_OAUTH: "on" };
  expectRefusal(
    await place.latchkey(["demo", "--port", "0"], { env }),
    /LATCHKEY_OAUTH=on needs an https:\/\/ or a loopback/,
  );
});

test("the demo admits its two users and leaves nothing behind", async () => {
  const demo = await place.server({ command: "demo", env: { LATCHKEY_DATABASE: "" } });
  expect((await login(demo.url, "alice", "alice123")).body["roles"]).toEqual(["user", "premium"]);
  expect((await login(demo.url, "admin", "admin123")).body["roles"]).toEqual(["admin"]);
  expect((await login(demo.url, "admin", "alice123")).status).toBe(401);
  expect(await demo.stop()).toEqual({ status: 0, signal: null });
  expect(demo.stderr()).toBe("");
  expect(readdirSync(place.directory)).toEqual([]);
});

test("the demo keeps its mails, and names the page that shows them", async () => {
  const demo = await place.server({ command: "demo", env: { LATCHKEY_ISSUER: "" } });
  await until(
    "the demo prints its pages",
    () => demo.stdout().includes(`mails at ${demo.url}/mailbox\n`),
    5_000,
  );
  expect(demo.stdout()).toContain(`own account at ${demo.url}/account\n`);
  const headers = { "content-type": "application/json" };
  const body = JSON.stringify({ username: "alice" });
  const asked = await send(`${demo.url}/auth/password/forgot`, { method: "POST", headers, body });
  expect(asked.status).toBe(202);
  const mailbox = async () => (await send(`${demo.url}/mailbox`)).text;
  await until(
    "the mail is shown",
    async () => (await mailbox()).includes("/account/reset?link=lkl_"),
    20_000,
  );
  expect(await mailbox()).toContain("alice@example.com");
});

test("a demo that sends its mails names no page with mails", async () => {
  const env = {
    LATCHKEY_ISSUER: "",
    LATCHKEY_SMTP_URL: "smtp://127.0.0.1:1",
    LATCHKEY_MAIL_FROM: "login@example.com",
  };
  const demo = await place.server({ command: "demo", env });
  await until("the demo prints its commands", () => demo.stdout().includes("/auth/logout"), 5_000);
  expect(demo.stdout()).not.toContain("/mailbox");
  expect((await send(`${demo.url}/mailbox`)).status).toBe(404);
});

test("a command beside the demo says that it needs a server with a database", async () => {
  const add = ["user", "add", "ada", "--email", "ada@example.com"];
  const beside = await place.here(add, { env: { LATCHKEY_DATABASE: "" } });
  expectRefusal(
    beside,
    /no database at \.\/data\/latchkey\.db: start `latchkey serve` once, or .* --database; a demo keeps its users/,
  );
});

test("the commands that the demo prints work", async () => {
  const demo = await place.server({ command: "demo", env: { LATCHKEY_ISSUER: "" } });
  const printed = () => demo.stdout().match(/^(TOKEN=|curl ).*$/gm) ?? [];
  await until("the demo prints its commands", () => printed().length === 3, 5_000);
  const [signInLine = "", meLine = "", logoutLine = ""] = printed();

  const script = [signInLine, meLine, "echo", logoutLine, "echo", meLine].join("\n");
  const { stdout, stderr } = await run("bash", ["-c", script]);
  expect(stderr).toBe("");
  const answers = stdout.split("\n").map((line): unknown => JSON.parse(line));
  expect(answers).toEqual([
    expect.objectContaining({ id: "user:alice", username: "alice", roles: ["user", "premium"] }),
    { message: "Successfully logged out" },
    expect.objectContaining({ code: "token_revoked" }),
  ]);
  await signIn(demo.url, "alice", "alice123");
});

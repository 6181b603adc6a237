import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { adminPassword, Place, type ServerProcess } from "@latchkey/testkit/server/server-process";
import { until } from "@latchkey/testkit/until";
import { beforeAll, describe, expect, test } from "vitest";

const run = promisify(execFile);
const place = new Place();
const phrase = "umbrella quartz meadow";
const another = "lantern copper thistle";

let server: ServerProcess;
beforeAll(async () => {
  server = await place.server({
    env: { LATCHKEY_ISSUER: "", LATCHKEY_MAILBOX: "on", LATCHKEY_SIGN_UP: "example.com" },
  });
});

interface CurlAnswer {
  readonly status: number;
  readonly text: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Runs the `curl` of this machine, as a person types it. */
async function curl(path: string, ...options: readonly string[]): Promise<CurlAnswer> {
  const line = ["-sS", "--max-time", "20", "-w", "\n%{http_code}", ...options, server.url + path];
  const { stdout } = await run("curl", line);
  const end = stdout.lastIndexOf("\n");
  const text = stdout.slice(0, end);
  return { status: Number(stdout.slice(end + 1)), text, body: text.startsWith("{") ? JSON.parse(text) : {} };
}

const bearer = (token: string) => ["-H", `Authorization: Bearer ${token}`];

/** Sends JSON to an operation. */
const post = (path: string, body: object, token?: string) =>
  curl(
    path,
    ...["-H", "Content-Type: application/json", "-d", JSON.stringify(body)],
    ...(token === undefined ? [] : bearer(token)),
  );

const login = (username: string, password: string) => post("/auth/login", { username, password });

async function tokenOf(username: string, password: string): Promise<string> {
  const { status, body } = await login(username, password);
  expect(status).toBe(200);
  return String(body["access_token"]);
}

/** Adds a user as the operator. */
async function user(username: string): Promise<void> {
  const command = ["user", "add", username, "--email", `${username}@example.com`];
  expect(await place.latchkey(command, { input: `${phrase}\n` })).toMatchObject({ status: 0 });
}

/** The page of a link that the newest mail to an address has. Waits for a mail that was not seen before. */
async function linkTo(address: string, seen: readonly string[] = []): Promise<string> {
  let link: string | undefined;
  await until(
    `a mail to ${address}`,
    async () => {
      const mails = (await curl("/mailbox")).text.split("<section").filter((mail) => mail.includes(address));
      const links = mails.map((mail) => /\/account\/[a-z]+\?link=lkl_[\w-]+/.exec(mail)?.[0]);
      link = links.find((one) => one !== undefined && !seen.includes(one));
      return link !== undefined;
    },
    20_000,
  );
  return link ?? "";
}

const tokenIn = (link: string) => link.slice(link.indexOf("lkl_"));

describe("by curl, a person", () => {
  test("resets a forgotten password, and the link works once", async () => {
    await user("rita");
    expect(await post("/auth/password/forgot", { username: "rita" })).toMatchObject({ status: 202 });
    const link = await linkTo("rita@example.com");
    const body = { link: tokenIn(link), new_password: another };
    // A scanner of mails opens the page of the link first.
    expect((await curl(link)).status).toBe(200);
    expect((await curl(link, "-I")).status).toBe(200);
    expect(await post("/auth/password/reset", body)).toMatchObject({ status: 200 });
    expect((await login("rita", phrase)).status).toBe(401);
    expect((await login("rita", another)).status).toBe(200);
    const again = await post("/auth/password/reset", body);
    expect([again.status, again.body["code"]]).toEqual([400, "invalid_link"]);
  });

  test("changes the password, and the token of another session is refused at once", async () => {
    await user("carl");
    const [own, other] = [await tokenOf("carl", phrase), await tokenOf("carl", phrase)];
    const change = { current_password: phrase, new_password: another };
    expect((await post("/auth/password", { ...change, current_password: "wrong" }, own)).body["code"]).toBe(
      "wrong_password",
    );
    expect((await post("/auth/password", change, own)).status).toBe(200);
    expect((await curl("/auth/me", ...bearer(other))).body["code"]).toBe("token_revoked");
    expect((await curl("/auth/me", ...bearer(own))).status).toBe(200);
  });

  test("lists the own sessions, and ends one, then all", async () => {
    await user("sofia");
    const [own, other] = [await tokenOf("sofia", phrase), await tokenOf("sofia", phrase)];
    const listed = await curl("/auth/sessions", ...bearer(own));
    expect(listed.body).toMatchObject({ total: 2 });
    const [, id] = /"id":"([^"]+)"[^{}]*"current":false/.exec(listed.text) ?? [];
    expect((await curl(`/auth/sessions/${id}`, "-X", "DELETE", ...bearer(own))).body).toEqual({ ended: 1 });
    expect((await curl("/auth/me", ...bearer(other))).status).toBe(401);
    expect((await curl("/auth/sessions", "-X", "DELETE", ...bearer(own))).body).toEqual({ ended: 1 });
    expect((await curl("/auth/me", ...bearer(own))).status).toBe(401);
  });

  test("confirms the address, and changes it", async () => {
    await user("emil");
    const own = await tokenOf("emil", phrase);
    expect((await curl("/auth/email/verify", "-X", "POST", ...bearer(own))).status).toBe(202);
    const first = await linkTo("emil@example.com");
    const verified = await post("/auth/email/confirm", { link: tokenIn(first) });
    expect(verified.body).toEqual({ email: "emil@example.com" });

    const change = { email: "emil@example.org", current_password: phrase };
    expect((await post("/auth/email", change, own)).status).toBe(202);
    const link = await linkTo("emil@example.org");
    const shown = async () => (await curl("/auth/me", ...bearer(own))).body["email"];
    expect(await shown()).toBe("emil@example.com");
    expect((await post("/auth/email/confirm", { link: tokenIn(link) })).body).toEqual({
      email: "emil@example.org",
    });
    // A user is served from memory for half a second.
    await until("`me` has the new address", async () => (await shown()) === "emil@example.org");
    await until("the old address is told", async () =>
      (await curl("/mailbox")).text.includes("email_changed"),
    );
  });

  test("signs up with an address of the domain, and by an invitation", async () => {
    expect((await post("/auth/sign-up", { email: "nora@example.org" })).status).toBe(422);
    expect((await post("/auth/sign-up", { email: "nora@example.com" })).status).toBe(202);
    const own = { link: tokenIn(await linkTo("nora@example.com")), username: "nora", password: phrase };
    expect(await post("/auth/join", own)).toMatchObject({ status: 201, body: { roles: ["user"] } });
    expect((await login("nora@example.com", phrase)).status).toBe(200);

    const admin = await tokenOf("admin", adminPassword);
    const invitation = { email: "ivan@example.net", roles: ["user", "editor"] };
    expect((await post("/admin/v1/invitations", invitation, admin)).status).toBe(202);
    const invited = { link: tokenIn(await linkTo("ivan@example.net")), username: "ivan", password: phrase };
    expect(await post("/auth/join", invited)).toMatchObject({ status: 201, body: invitation });
  });

  test("uses the pages with a jar of cookies", async () => {
    await user("paul");
    const jar = place.path("cookies");
    const kept = ["-c", jar, "-b", jar, "-H", `Origin: ${server.url}`];
    const fields = (values: Readonly<Record<string, string>>) =>
      Object.entries(values).flatMap(([name, value]) => ["--data-urlencode", `${name}=${value}`]);
    const form = (path: string, values: Readonly<Record<string, string>>) =>
      curl(path, "-d", "", ...kept, ...fields(values));
    expect((await form("/account/sign-in", { username: "paul", password: phrase })).status).toBe(303);
    expect((await curl("/account", ...kept)).text).toContain("paul@example.com");
    const change = { current_password: phrase, new_password: another, new_password_again: another };
    expect((await form("/account/password", change)).text).toContain("Your password is changed");
    expect((await login("paul", another)).status).toBe(200);
    expect((await form("/account/sign-out", {})).status).toBe(303);
    expect((await curl("/account", ...kept)).status).toBe(303);

    expect((await form("/account/forgot", { username: "paul" })).status).toBe(200);
    const link = await linkTo("paul@example.com");
    const reset = { link: tokenIn(link), new_password: phrase, new_password_again: phrase };
    expect((await form("/account/reset", reset)).text).toContain("Your new password is saved");
    expect((await login("paul", phrase)).status).toBe(200);
  });
});

import { createGuard } from "@latchkey/guard";
import { type BrowserPage, HttpBrowser } from "@latchkey/testkit/http-browser";
import { passwords } from "@latchkey/testkit/keycloak/acceptance-realm";
import { OAuthProgram } from "@latchkey/testkit/oauth-program";
import { nextTotp, totp } from "@latchkey/testkit/totp";
import { until } from "@latchkey/testkit/until";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { claimsOf, send } from "../api/api-case.ts";
import { sharedServer } from "../api/provider-world.ts";
import { ownRealm, realmWorld } from "./own-realm.ts";

const realm = ownRealm();
const server = sharedServer(realmWorld(realm), { OAUTH: "on" });
const resource = "http://127.0.0.1:9/mcp";

let program: OAuthProgram;
let browser: HttpBrowser;
beforeEach(async () => {
  program = await OAuthProgram.register(server().url);
  browser = new HttpBrowser(program.callback);
});

/** Allows the request on Latchkey's page, and types name and password on Keycloak's. */
async function typePassword(username: string, password: string, at = browser): Promise<BrowserPage> {
  const login = await at.submit(await at.open(program.request()), { decision: "allow" });
  expect(login.address).toContain(`/realms/${realm.name}/`);
  return at.submit(login, { username, password });
}

async function tokens(username: keyof typeof passwords = "alice") {
  return program.redeem((await typePassword(username, passwords[username])).address);
}

describe("a realm with a second factor for everybody", () => {
  const tess = { username: "tess", password: "a factor is not enough" };
  let secret = "";
  beforeAll(async () => {
    await realm.admin.changeRequiredAction(realm.name, "CONFIGURE_TOTP", {
      enabled: true,
      defaultAction: true,
    });
    await realm.admin.addUser(realm.name, {
      username: tess.username,
      email: "tess@example.com",
      firstName: "Tess",
      lastName: "Example",
      enabled: true,
      emailVerified: true,
      credentials: [{ type: "password", value: tess.password }],
    });
    return () =>
      realm.admin.changeRequiredAction(realm.name, "CONFIGURE_TOTP", { enabled: true, defaultAction: false });
  });

  test("the first sign-in sets it up on Keycloak's page, and comes back with a code", async () => {
    const setup = await typePassword(tess.username, tess.password);
    secret = /name="totpSecret" value="([^"]+)"/.exec(setup.text)?.[1] ?? "";
    expect(secret).not.toBe("");
    const { address } = await browser.submit(setup, { totp: totp(secret, Date.now()), userLabel: "phone" });
    const { status, access } = await program.redeem(address);
    expect(status).toBe(200);
    expect(claimsOf(access)).toMatchObject({ iss: server().url, aud: resource, preferred_username: "tess" });
  });

  test("a later sign-in asks for the second factor", async () => {
    const asked = await typePassword(tess.username, tess.password);
    expect(asked.address).toContain(realm.keycloak);
    const wrong = await browser.submit(asked, { otp: "000000" });
    expect(wrong.address).toContain(realm.keycloak);
    const { address } = await browser.submit(wrong, { otp: nextTotp(secret, Date.now()) });
    const { access, refresh } = await program.redeem(address);
    expect(claimsOf(access)["preferred_username"]).toBe("tess");
    expect((await program.refresh(refresh)).status).toBe(200);
  });

  test("the password alone signs nobody in", async () => {
    const login = { method: "POST", path: "/login", body: tess } as const;
    const { status, body } = await send(server(), "/auth", login);
    expect([status, body["code"]]).toEqual([401, "invalid_credentials"]);
  });
});

test("a client without direct access grants is enough, and takes no passwords", async () => {
  await realm.admin.changeClient(realm.name, "latchkey", { directAccessGrantsEnabled: false });
  await using strict = await realm.open({ OAUTH: "on" });
  const other = await OAuthProgram.register(strict.url);
  const login = await browser.submit(await browser.open(other.request()), { decision: "allow" });
  const { address } = await browser.submit(login, { username: "alice", password: passwords.alice });
  expect((await other.redeem(address)).status).toBe(200);
  const request = { method: "POST", path: "/login", body: { username: "alice", password: "x" } } as const;
  expect((await send(strict, "/auth", request)).body["code"]).toBe("password_login_off");
  await realm.admin.changeClient(realm.name, "latchkey", { directAccessGrantsEnabled: true });
});

describe("tokens of an OAuth client", () => {
  test("are Latchkey's, with the roles of the realm", async () => {
    const { status, access } = await tokens();
    expect(status).toBe(200);
    const { roles, ...claims } = claimsOf(access);
    expect((roles as string[]).toSorted()).toEqual(["editor", "premium", "user"]);
    expect(claims).toMatchObject({ iss: server().url, aud: resource, email: "alice@example.com" });
    await using guard = createGuard({ issuer: server().url, audience: resource });
    expect(await guard.verify(access)).toMatchObject({ username: "alice" });
  });

  test("are refused by /auth, which passes Keycloak's through", async () => {
    const { access } = await tokens();
    const me = { method: "GET", path: "/me", headers: { authorization: `Bearer ${access}` } } as const;
    expect((await send(server(), "/auth", me)).body["code"]).toBe("invalid_token");
    const login = {
      method: "POST",
      path: "/login",
      body: { username: "bob", password: passwords.bob },
    } as const;
    const own = await send(server(), "/auth", login);
    expect(claimsOf(String(own.body["access_token"]))["iss"]).toBe(`${realm.keycloak}/realms/${realm.name}`);
  });

  test("and those of Keycloak are checked by guards side by side", async () => {
    const { access } = await tokens();
    const login = {
      method: "POST",
      path: "/login",
      body: { username: "bob", password: passwords.bob },
    } as const;
    const passed = String((await send(server(), "/auth", login)).body["access_token"]);
    const issuer = `${realm.keycloak}/realms/${realm.name}`;
    await using ofKeycloak = createGuard({
      issuer,
      discoverAt: `${server().url}/realm`,
      authorizedParty: "latchkey",
    });
    await using ofLatchkey = createGuard({ issuer: server().url, audience: resource });
    expect(await ofKeycloak.verify(passed)).toMatchObject({ username: "bob" });
    expect(await ofLatchkey.verify(access)).toMatchObject({ username: "alice" });
    await expect(ofKeycloak.verify(access)).rejects.toMatchObject({ code: "invalid_token" });
    await expect(ofLatchkey.verify(passed)).rejects.toMatchObject({ code: "invalid_token" });
  });

  test("get today's roles at a refresh", async () => {
    const { access, refresh } = await tokens("bob");
    expect(claimsOf(access)["roles"]).toEqual(["user"]);
    await realm.admin.addRole(realm.name, "bob", "premium");
    const next = await program.refresh(refresh);
    expect((claimsOf(next.access)["roles"] as string[]).toSorted()).toEqual(["premium", "user"]);
  });
});

describe("a session of an OAuth client ends", () => {
  const refused = { status: 400, error: "invalid_grant" };

  test("when the person is disabled in the realm", async () => {
    const { access, refresh } = await tokens("trent");
    await using guard = createGuard({ issuer: server().url, audience: resource });
    await guard.verify(access);
    await realm.admin.changeUser(realm.name, "trent", { enabled: false });
    server().newEvents();
    expect(await program.refresh(refresh)).toMatchObject(refused);
    expect(server().newEvents()).toMatchObject([{ name: "session.ended", reason: "realm" }]);
    await realm.admin.changeUser(realm.name, "trent", { enabled: true });
    expect(await program.refresh(refresh)).toMatchObject(refused);
    const code = () => guard.verify(access).catch((error: { code?: unknown }) => error.code);
    await until("the guard refuses", async () => (await code()) === "token_revoked", 5_000);
  });

  test("when the person is disabled between consent and refresh", async () => {
    const page = await typePassword("trent", passwords.trent);
    await realm.admin.changeUser(realm.name, "trent", { enabled: false });
    const { status, refresh } = await program.redeem(page.address);
    expect(status).toBe(200);
    expect(await program.refresh(refresh)).toMatchObject(refused);
    await realm.admin.changeUser(realm.name, "trent", { enabled: true });
  });

  test("when an administrator of the realm ends the person's sessions", async () => {
    const { refresh } = await tokens("trent");
    await realm.admin.endSessions(realm.name, "trent");
    expect(await program.refresh(refresh)).toMatchObject(refused);
  });

  test("and the realm's session with it", async () => {
    const before = await realm.admin.sessions(realm.name, "trent");
    const { refresh } = await tokens("trent");
    expect(await realm.admin.sessions(realm.name, "trent")).toBe(before + 1);
    await program.revoke(refresh);
    await until(
      "Keycloak has ended its session",
      async () => {
        return (await realm.admin.sessions(realm.name, "trent")) === before;
      },
      10_000,
    );
  });
});

test("twenty refreshes on two replicas keep a session that Keycloak rotates", async () => {
  const { refresh } = await tokens();
  const settings = { OAUTH: "on", ISSUER: server().url, DATABASE: server().database };
  await using other = await realm.open(settings);
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, at) => program.refresh(refresh, at % 2 === 0 ? server().url : other.url)),
  );
  expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
  expect(new Set(answers.map((answer) => answer.refresh)).size).toBe(1);
  expect((await program.refresh(answers[0]?.refresh ?? "")).status).toBe(200);
});

describe("an answer of the realm", () => {
  /** Signs in as far as Keycloak's answer. */
  async function answerTo(at: HttpBrowser): Promise<string> {
    return (await typePassword("alice", passwords.alice, at)).address;
  }
  const isCallback = (address: string) => address.startsWith(`${server().url}/oauth/callback`);

  test("is accepted once, and the session goes on after a replay", async () => {
    const { visited, address } = await typePassword("alice", passwords.alice);
    const { refresh } = await program.redeem(address);
    const answer = visited.find(isCallback) ?? "";
    const replay = await browser.open(answer);
    expect([replay.status, replay.address]).toEqual([400, answer]);
    expect((await program.refresh(refresh)).status).toBe(200);
  });

  test("in another browser is refused: login CSRF", async () => {
    const attacker = new HttpBrowser(`${server().url}/oauth/callback`);
    const answer = await answerTo(attacker);
    const victim = await new HttpBrowser(program.callback).open(answer);
    expect([victim.status, victim.address]).toEqual([400, answer]);
  });

  test("with the code of another client of the realm is refused", async () => {
    const stopping = new HttpBrowser(`${server().url}/oauth/callback`);
    const answer = new URL(await answerTo(stopping));
    const query = new URLSearchParams({
      response_type: "code",
      client_id: "browser",
      redirect_uri: "http://127.0.0.1/elsewhere",
      scope: "openid",
    });
    await realm.admin.changeClient(realm.name, "browser", { redirectUris: ["http://127.0.0.1/elsewhere"] });
    const elsewhere = new HttpBrowser("http://127.0.0.1/elsewhere");
    for (const [name, value] of stopping.cookies()) elsewhere.cookies().set(name, value);
    const { address } = await elsewhere.open(
      `${realm.keycloak}/realms/${realm.name}/protocol/openid-connect/auth?${query}`,
    );
    const foreign = new URL(address).searchParams.get("code") ?? "";
    expect(foreign).not.toBe("");
    answer.searchParams.set("code", foreign);
    const same = new HttpBrowser(program.callback);
    for (const [name, value] of stopping.cookies()) same.cookies().set(name, value);
    const page = await same.open(answer.href);
    expect([page.status, page.address]).toEqual([400, answer.href]);
  });
});

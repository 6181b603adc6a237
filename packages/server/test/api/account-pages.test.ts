import { passwords, type TestServer, testServer } from "@latchkey/testkit/server/test-server";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { repeatedFor } from "../../src/http/pages/repeated-forms.ts";
import { type AccountAnswer, linkOf, recipientsOf, tokenOf, Visitor } from "./account-world.ts";

let server: TestServer;
beforeAll(async () => {
  server = await testServer({ MAILBOX: "on", SIGN_UP: "example.com" });
});
afterAll(() => server[Symbol.asyncDispose]());
beforeEach(() => void server.newEvents());

/** The names of the audit events since the last call, without those of logins. */
const events = () =>
  server
    .newEvents()
    .map(({ name, reason }) => (reason ? `${name} ${reason}` : name))
    .filter((name) => !name.startsWith("login."));

/** A signed-in visitor. */
async function signedIn(username: "alice" | "bob" = "alice"): Promise<Visitor> {
  const visitor = new Visitor(server);
  expect((await visitor.signIn(username, passwords[username])).status).toBe(303);
  return visitor;
}

const heading = ({ html }: AccountAnswer) => /<h1>([^<]*)<\/h1>/.exec(html)?.[1];
const faultsIn = ({ html }: AccountAnswer) =>
  [...html.matchAll(/<p class="field-error" id="([a-z_]+)-error">([^<]*)</g)].map(([, name, text]) => [
    name,
    text,
  ]);

const readers = ["/account", "/account/password", "/account/email"];
const strangers = ["/account/sign-in", "/account/forgot", "/account/sign-up"];

describe("the sign-in to the account pages", () => {
  test("leads to the requested page, and hides its cookie from scripts and sites", async () => {
    const visitor = new Visitor(server);
    const asked = await visitor.open("/account/password");
    expect([asked.status, asked.location]).toEqual([303, "/account/sign-in?to=%2Faccount%2Fpassword"]);
    const form = await visitor.open(asked.location ?? "");
    expect(form.html).toContain('<input type="hidden" name="to" value="/account/password">');
    const answer = await visitor.signIn("alice", passwords.alice, { to: "/account/password" });
    expect([answer.status, answer.location]).toEqual([303, "/account/password"]);
    expect(answer.headers.getSetCookie()).toEqual([
      expect.stringMatching(
        /^latchkey-account=[\w-]{22}\.\d{13}\.[\w-]{43}; Max-Age=3600; Path=\/; HttpOnly; SameSite=Strict$/,
      ),
    ]);
    expect((await visitor.open("/account/password")).status).toBe(200);
  });

  test.each([
    "https://evil.example/",
    "//evil.example",
    "/account/../oauth",
    "/account/sign-out",
    "javascript:alert(1)",
    "/account?x",
    "",
  ])("leads to the overview for the address %j", async (to) => {
    const visitor = new Visitor(server);
    const shown = await visitor.open(`/account/sign-in?${new URLSearchParams({ to })}`);
    expect(shown.html).toContain('name="to" value="/account"');
    expect((await visitor.signIn("alice", passwords.alice, { to })).location).toBe("/account");
  });

  test("refuses a wrong password like every login, and keeps the typed name", async () => {
    const visitor = new Visitor(server);
    const before = server.hashes();
    for (const name of ["alice", "nobody", "mallory"]) {
      const answer = await visitor.signIn(name, "wrong");
      expect([answer.status, heading(answer)]).toEqual([422, "Sign in to your account"]);
      expect(answer.html).toContain('role="alert" id="failure">The user name or the password is wrong.</p>');
      expect(answer.html).toContain(`value="${name}"`);
      expect(answer.headers.has("www-authenticate")).toBe(false);
      expect(answer.headers.getSetCookie()).toEqual([]);
    }
    expect(server.hashes() - before).toBe(3);
    expect(server.newEvents().map(({ name }) => name)).toEqual(Array(3).fill("login.failed"));
  });

  test("names each empty field beside it, and lists them with links", async () => {
    const one = await new Visitor(server).send("/account/sign-in", { username: "alice" });
    expect([one.status, faultsIn(one)]).toEqual([422, [["password", "Enter your password."]]]);
  });

  test("shares the limits of every login", async () => {
    await using limited = await testServer({ THROTTLE_PAIR: "1/15m" });
    const wrong = { username: "alice", password: "wrong" };
    const login = {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(wrong),
    };
    expect((await fetch(`${limited.url}/auth/login`, login)).status).toBe(401);
    const answer = await new Visitor(limited).signIn("alice", passwords.alice);
    expect(answer.status).toBe(429);
    expect(answer.headers.get("retry-after")).toBe("900");
    expect(answer.html).toContain("Too many attempts. Try again in 15 minutes.");
  });

  test("opens a session that ends with its cookie", async () => {
    await using own = await testServer();
    const visitor = new Visitor(own);
    await visitor.signIn("alice", passwords.alice);
    own.advance(3_599_000);
    expect((await visitor.open("/account")).status).toBe(200);
    own.advance(1_000);
    const { cookie } = visitor;
    const late = await visitor.open("/account");
    expect([late.status, late.location]).toEqual([303, "/account/sign-in"]);
    expect(visitor.cookie).toBeUndefined();
    visitor.cookie = cookie;
    expect((await visitor.send("/account/password")).location).toBe(
      "/account/sign-in?to=%2Faccount%2Fpassword",
    );
  });
});

describe("the cookie of the account pages", () => {
  test("opens no operation of the API, and no token opens the pages", async () => {
    const visitor = await signedIn();
    const cookie = visitor.cookie ?? "";
    const [, text = ""] = cookie.split("=", 2);
    for (const headers of [{ cookie }, { authorization: `Bearer ${text}` }]) {
      expect((await fetch(`${server.url}/auth/me`, { headers })).status).toBe(401);
    }
    const login = await fetch(`${server.url}/auth/login`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ username: "alice", password: passwords.alice }),
    });
    const { access_token }: { access_token: string } = JSON.parse(await login.text());
    const stranger = new Visitor(server);
    expect((await stranger.open("/account", { authorization: `Bearer ${access_token}` })).status).toBe(303);
    stranger.cookie = `latchkey-account=${access_token}`;
    expect((await stranger.open("/account")).status).toBe(303);
  });

  test("with __Host- belongs to an https issuer", async () => {
    await using own = await testServer({ ISSUER: "https://auth.example" });
    const headers = { origin: "https://auth.example" };
    const fields = { username: "alice", password: passwords.alice };
    const answer = await new Visitor(own).send("/account/sign-in", fields, headers);
    expect(answer.headers.getSetCookie()).toEqual([
      expect.stringMatching(
        /^__Host-latchkey-account=[^;]+; Max-Age=3600; Path=\/; HttpOnly; Secure; SameSite=Strict$/,
      ),
    ]);
  });

  test("is brought along by a second step if another site led here", async () => {
    const visitor = await signedIn();
    const { cookie } = visitor;
    visitor.cookie = undefined;
    const first = await visitor.open("/account/password", { "sec-fetch-site": "cross-site" });
    expect(first.status).toBe(200);
    expect(first.html).toContain('<meta http-equiv="refresh" content="0;url=/account/password">');
    visitor.cookie = cookie;
    const second = await visitor.open("/account/password", { "sec-fetch-site": "same-origin" });
    expect(heading(second)).toBe("Change your password");
    // Without a cookie the second step leads to the sign-in, so it never loops.
    visitor.cookie = undefined;
    expect((await visitor.open("/account/password", { "sec-fetch-site": "same-origin" })).status).toBe(303);
  });

  test("ends with the session: by sign-out, and from another browser", async () => {
    const [one, other] = [await signedIn(), await signedIn()];
    const kept = one.cookie;
    server.newEvents();
    const out = await one.send("/account/sign-out");
    expect([out.status, out.location, one.cookie]).toEqual([303, "/account/sign-in", undefined]);
    expect(events()).toEqual(["session.ended logout"]);
    one.cookie = kept;
    expect((await one.open("/account")).status).toBe(303);

    const third = await signedIn();
    const session = third.cookie?.split("=")[1]?.split(".")[0] ?? "";
    expect((await other.open("/account")).html).toContain(`name="session" value="${session}"`);
    expect((await other.send("/account/sessions", { session })).location).toBe("/account");
    expect((await third.open("/account")).status).toBe(303);
  });
});

test("the list of sessions begins with this browser, also if another session is newer", async () => {
  const visitor = new Visitor(server);
  await visitor.signIn("alice", passwords.alice);
  await new Visitor(server).signIn("alice", passwords.alice);
  const { html } = await visitor.open("/account");
  const items = html.split("<li>").slice(1);
  expect(items.length).toBeGreaterThan(1);
  expect(items.map((item) => item.includes("This browser"))).toEqual(items.map((_, place) => place === 0));
});

describe("a form of the account pages", () => {
  const paths = [...readers, ...strangers, "/account/reset", "/account/confirm", "/account/join"].concat([
    "/account/sign-out",
    "/account/sessions",
    "/account/verify",
  ]);

  test.each(paths)("at %s is refused from another site, before any work", async (path) => {
    const visitor = await signedIn();
    const { cookie } = visitor;
    server.newEvents();
    const before = server.hashes();
    for (const headers of [
      { origin: "https://evil.example" },
      { origin: "null" },
      { origin: "null", "sec-fetch-site": "cross-site" },
      {},
    ]) {
      const answer = await visitor.send(path, { username: "alice", password: passwords.alice }, headers);
      expect(answer.status).toBe(403);
      expect(heading(answer)).toBe("This form came from another site");
    }
    expect([server.hashes() - before, events(), visitor.cookie]).toEqual([0, [], cookie]);
    expect((await visitor.open("/account")).status).toBe(200);
  });

  test.each(["/account/password", "/account/forgot", "/account/join"])(
    "at %s that is none gets a page with 400",
    async (path) => {
      const visitor = await signedIn();
      const headers = { origin: server.url, "content-type": "application/json" };
      const answer = await visitor.send(path, {}, headers);
      expect([answer.status, heading(answer)]).toEqual([400, "This form is not complete"]);
    },
  );
});

describe("every account page", () => {
  test.each([...readers, ...strangers, "/account/reset?link=lkl_x", "/account/join", "/account/confirm"])(
    "%s is kept out of caches and frames, loads nothing, and is not for other origins",
    async (path) => {
      const visitor = await signedIn();
      const { headers, html } = await visitor.open(path, { origin: "https://app.example" });
      expect(headers.get("cache-control")).toBe("no-store");
      expect(headers.get("content-security-policy")).toMatch(/^default-src 'none'; style-src 'sha256-/);
      expect(headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
      expect(headers.get("x-frame-options")).toBe("DENY");
      expect(headers.get("referrer-policy")).toBe(path.includes("?") ? "no-referrer" : "same-origin");
      expect(headers.get("access-control-allow-origin")).toBeNull();
      expect(headers.get("vary")).toContain("Cookie");
      expect(html).not.toMatch(/<script|<img|<link|<iframe|src=|@import|url\(/);
    },
  );

  test("names the operator's site, with a link, beside the host", async () => {
    await using own = await testServer({ SITE_NAME: "Acme <Notes>", SITE_URL: "https://acme.example/notes" });
    const { host } = new URL(own.url);
    expect((await new Visitor(own).open("/account/sign-in")).html).toContain(
      `<p class="site"><a href="https://acme.example/notes"><bdi>Acme &lt;Notes&gt;</bdi></a> · ${host}</p>`,
    );
    expect((await new Visitor(server).open("/account/sign-in")).html).toContain(
      `<p class="site">${new URL(server.url).host}</p>`,
    );
  });

  test("is in the language of its reader", async () => {
    const visitor = await signedIn();
    const { html } = await visitor.open("/account/password", { "accept-language": "de-AT" });
    expect(html).toContain('<html lang="de">');
    expect(html).toContain("<h1>Passwort ändern</h1>");
  });

  test("leads a browser under another loopback name to the issuer's", async () => {
    const { port } = new URL(server.url);
    const answer = await new Visitor({ url: `http://localhost:${port}` }).open("/account/reset?link=a%22b");
    expect([answer.status, answer.location]).toEqual([303, `${server.url}/account/reset?link=a%22b`]);
  });

  test("is where password managers look for it", async () => {
    const answer = await new Visitor(server).open("/.well-known/change-password");
    expect([answer.status, answer.location]).toEqual([303, "/account/password"]);
  });

  test("has the path of an issuer with one", async () => {
    await using own = await testServer({ ISSUER: "https://example.com/sso" });
    const visitor = new Visitor(own);
    expect((await visitor.open("/account")).location).toBe("/sso/account/sign-in");
    expect((await visitor.open("/sso/account/sign-in")).html).toContain('action="/sso/account/sign-in"');
  });
});

describe("the change of the own password", () => {
  const change = (current_password: string, next: string, more: Readonly<Record<string, string>> = {}) => ({
    current_password,
    new_password: next,
    new_password_again: next,
    ...more,
  });

  test("ends the other sessions by choice, and this browser stays signed in", async () => {
    const [one, other] = [await signedIn("bob"), await signedIn("bob")];
    const next = "orbit velvet cactus nine";
    server.newEvents();
    const kept = await one.send("/account/password", change(passwords.bob, next));
    expect([kept.status, heading(kept)]).toEqual([200, "Your password is changed"]);
    expect(events()).toEqual(["user.password_changed owner"]);
    expect((await other.open("/account")).status).toBe(200);
    const back = await one.send("/account/password", change(next, passwords.bob, { end_others: "yes" }));
    expect(back.html).toContain("You are signed out everywhere else.");
    expect((await other.open("/account")).status).toBe(303);
    expect((await one.open("/account")).status).toBe(200);
  });

  test("says what is wrong beside each field, and keeps no password", async () => {
    const visitor = await signedIn();
    const sent = async (fields: Readonly<Record<string, string>>) => {
      const answer = await visitor.send("/account/password", fields);
      expect(answer.status).toBe(422);
      for (const value of Object.values(fields)) expect(answer.html).not.toContain(`value="${value}"`);
      return answer;
    };
    expect(faultsIn(await sent(change("wrong", "orbit velvet cactus nine")))).toEqual([
      ["current_password", "This is not your current password."],
    ]);
    const weak = faultsIn(await sent(change(passwords.alice, "Alice2024!")));
    expect(weak).toEqual([
      ["new_password", expect.stringMatching(/^This password is too easy to guess\. Leave/)],
    ]);
    expect(faultsIn(await sent(change(passwords.alice, "short")))).toEqual([
      ["new_password", "The password is too short: it needs at least 8 characters."],
    ]);
    expect(faultsIn(await sent(change(passwords.alice, passwords.alice)))).toEqual([
      ["new_password", "The new password must differ from the current one."],
    ]);
    const differs = change(passwords.alice, "orbit velvet cactus nine", { new_password_again: "orbit" });
    expect(faultsIn(await sent(differs))).toEqual([
      ["new_password_again", "The two new passwords are not the same."],
    ]);
    const empty = await sent({});
    expect(faultsIn(empty)).toEqual([
      ["current_password", "Enter your current password."],
      ["new_password", "Choose a new password."],
    ]);
    expect(empty.html).toContain('<a href="#new_password">Choose a new password.</a>');
    expect(empty.html).toContain('tabindex="-1" id="failure"');
  });

  test("offers a password manager the user name and the new password", async () => {
    const { html } = await (await signedIn()).open("/account/password");
    expect(html).toContain('<input name="username" value="alice" autocomplete="username" hidden readonly>');
    expect(html.match(/autocomplete="(current|new)-password"/g)).toEqual([
      'autocomplete="current-password"',
      ...Array(2).fill('autocomplete="new-password"'),
    ]);
  });
});

describe("a forgotten password", () => {
  test("gets the same answer for every name", async () => {
    const visitor = new Visitor(server);
    const answers = new Set<string>();
    for (const username of ["alice", "nobody", "mallory", "alice@example.com"]) {
      const answer = await visitor.send("/account/forgot", { username });
      expect(answer.status).toBe(200);
      answers.add(answer.html);
    }
    expect(answers.size).toBe(1);
    await linkOf(server, "reset");
    expect(await recipientsOf(server, "reset")).toEqual(expect.arrayContaining(["alice@example.com"]));
    expect(await recipientsOf(server, "reset")).not.toContain("mallory@example.com");
  });

  test("is replaced through the link, once, also after a mail scanner's visit", async () => {
    const visitor = new Visitor(server);
    await visitor.send("/account/forgot", { username: "bob" });
    const link = await linkOf(server, "reset", await earlierLinks("bob"));
    const session = await signedIn("bob");
    server.newEvents();
    for (const method of ["GET", "HEAD", "GET", "HEAD"]) {
      const seen = await visitor.open(link, {}, method);
      expect([seen.status, seen.headers.get("referrer-policy")]).toEqual([200, "no-referrer"]);
    }
    expect(events()).toEqual([]);
    const next = "orbit velvet cactus nine";
    const fields = { link: tokenOf(link), new_password: next, new_password_again: next };
    // A browser hides the origin of a form on a page without a referrer.
    const hidden = { origin: "null", "sec-fetch-site": "same-origin" };
    const weak = { ...fields, new_password: "password", new_password_again: "password" };
    expect((await visitor.send("/account/reset", weak, hidden)).status).toBe(422);
    const done = await visitor.send("/account/reset", fields, hidden);
    expect([done.status, heading(done)]).toEqual([200, "Your new password is saved"]);
    expect((await session.open("/account")).status).toBe(303);
    expect((await visitor.signIn("bob", next)).status).toBe(303);
    server.advance(repeatedFor);
    for (const again of [await visitor.open(link), await visitor.send("/account/reset", fields)]) {
      expect([again.status, heading(again)]).toEqual([400, "This link does not work any more"]);
      expect(again.html).toContain('href="/account/forgot"');
    }
    const logged = JSON.stringify(server.logged());
    for (const secret of [tokenOf(link), next]) expect(logged).not.toContain(secret);
    await server.server.people.setPassword("bob", passwords.bob);
  });

  test.each(["", "lkl_", `lkl_${"A".repeat(43)}`, "lkl_%00"])("has no page for the link %j", async (link) => {
    const answer = await new Visitor(server).open(`/account/reset?link=${link}`);
    expect([answer.status, heading(answer)]).toEqual([400, "This link does not work any more"]);
  });
});

/** The reset links of others so far. */
async function earlierLinks(of: string): Promise<string[]> {
  const mailbox = await (await fetch(`${server.url}/mailbox`)).text();
  return mailbox
    .split("<section")
    .filter((mail) => !mail.includes(`${of}@example.com`))
    .flatMap((mail) =>
      [...mail.matchAll(/(\/account\/[a-z]+\?link=lkl_[\w-]+)/g)].map(([, link = ""]) => link),
    );
}

describe("a new e-mail address", () => {
  test("counts after its confirmation, and the link opens no other page", async () => {
    const visitor = await signedIn();
    const fields = { email: "alice@new.example", current_password: passwords.alice };
    const wrong = await visitor.send("/account/email", { ...fields, email: "alice" });
    expect(faultsIn(wrong)).toEqual([["email", "This is not an e-mail address. Check how it is spelt."]]);
    expect(wrong.html).toContain('value="alice"');
    const sent = await visitor.send("/account/email", fields);
    expect([sent.status, heading(sent)]).toEqual([200, "Look into your new mailbox"]);
    expect((await visitor.open("/account")).html).toContain("alice@example.com");
    const link = await linkOf(server, "change_email");
    const token = tokenOf(link);
    expect((await visitor.open(`/account/reset?link=${token}`)).status).toBe(400);
    const foreign = {
      link: token,
      new_password: "orbit velvet cactus",
      new_password_again: "orbit velvet cactus",
    };
    expect((await visitor.send("/account/reset", foreign)).status).toBe(400);
    const page = await visitor.open(link);
    expect(page.html).toContain("<strong><bdi>alice@new.example</bdi></strong>");
    const confirmed = await new Visitor(server).send("/account/confirm", { link: token });
    expect([confirmed.status, heading(confirmed)]).toEqual([200, "Your address is confirmed"]);
    const overview = await visitor.open("/account");
    expect(overview.html).toContain("alice@new.example");
    expect(overview.html).not.toContain("Not confirmed yet");
  });

  test("of the account is confirmed by a link that the person asks for", async () => {
    await using own = await testServer({ MAILBOX: "on" });
    const visitor = new Visitor(own);
    await visitor.signIn("bob", passwords.bob);
    expect((await visitor.open("/account")).html).toContain("Send a link to confirm it");
    const sent = await visitor.send("/account/verify");
    expect([sent.status, heading(sent)]).toEqual([200, "Look into your mailbox"]);
    const link = await linkOf(own, "verify");
    expect((await visitor.send("/account/confirm", { link: tokenOf(link) })).status).toBe(200);
    expect((await visitor.open("/account")).html).not.toContain("Not confirmed yet");
  });
});

describe("a form that is sent twice", () => {
  const next = "orbit velvet cactus nine";
  const chosen = { new_password: next, new_password_again: next };

  /** A link of each kind, with the rest of its form. */
  const linkForms = {
    async reset(own: TestServer) {
      await new Visitor(own).send("/account/forgot", { username: "bob" });
      return { link: tokenOf(await linkOf(own, "reset")), ...chosen };
    },
    async confirm(own: TestServer) {
      const visitor = new Visitor(own);
      await visitor.signIn("bob", passwords.bob);
      await visitor.send("/account/email", { email: "bob@new.example", current_password: passwords.bob });
      return { link: tokenOf(await linkOf(own, "change_email")) };
    },
    async join(own: TestServer) {
      await new Visitor(own).send("/account/sign-up", { email: "carol@example.com" });
      return { link: tokenOf(await linkOf(own, "sign_up")), username: "carol", ...chosen };
    },
  };
  const changes = {
    reset: "user.password_changed reset",
    confirm: "user.changed email",
    join: "user.signed_up",
  };

  test.each(["reset", "confirm", "join"] as const)(
    "to %s has one effect, and shows it twice",
    async (name) => {
      await using own = await testServer({ MAILBOX: "on", SIGN_UP: "example.com" });
      const fields: Readonly<Record<string, string>> = await linkForms[name](own);
      own.newEvents();
      const send = (values = fields) => new Visitor(own).send(`/account/${name}`, values);
      const [first, second] = await Promise.all([send(), send()]);
      own.advance(repeatedFor - 1);
      const third = await send();
      expect([first.status, second.html, third.html]).toEqual([200, first.html, first.html]);
      const made = own.newEvents().map((event) => [event.name, event.reason].filter(Boolean).join(" "));
      expect(made.filter((text) => text === changes[name])).toHaveLength(1);
      // Another form with the same link is a replay at once, and the same form is one later.
      const other = await send({ ...fields, more: "yes" });
      own.advance(1);
      for (const answer of [other, await send()])
        expect([answer.status, heading(answer)]).toEqual([400, "This link does not work any more"]);
      expect(own.newEvents()).toEqual([]);
    },
  );

  test("runs anew if it was refused", async () => {
    await using own = await testServer({ MAILBOX: "on", SIGN_UP: "example.com" });
    const weak = { new_password: "password", new_password_again: "password" };
    const fields = { ...(await linkForms.reset(own)), ...weak };
    for (const visitor of [new Visitor(own), new Visitor(own)])
      expect((await visitor.send("/account/reset", fields)).status).toBe(422);
    const answer = await new Visitor(own).send("/account/reset", { ...fields, ...chosen });
    expect(heading(answer)).toBe("Your new password is saved");
  });

  test("changes the own password once, for its session alone", async () => {
    await using own = await testServer();
    const [one, other] = [new Visitor(own), new Visitor(own)];
    for (const visitor of [one, other]) await visitor.signIn("bob", passwords.bob);
    own.newEvents();
    const fields = { current_password: passwords.bob, ...chosen };
    const answers = await Promise.all([1, 2].map(() => one.send("/account/password", fields)));
    expect(answers.map(heading)).toEqual(Array(2).fill("Your password is changed"));
    expect((await other.send("/account/password", fields)).status).toBe(422);
    expect(own.newEvents().map(({ name }) => name)).toEqual(["user.password_changed", "login.failed"]);
  });

  test("changes the own password again after a change back", async () => {
    await using own = await testServer();
    const visitor = new Visitor(own);
    await visitor.signIn("bob", passwords.bob);
    const other = "quiet harbour paints seven";
    const change = (from: string, to: string) =>
      visitor.send("/account/password", { current_password: from, new_password: to, new_password_again: to });
    await change(passwords.bob, next);
    own.newEvents();
    for (const [from, to] of [
      [next, other],
      [other, next],
      [next, other],
    ] as const)
      expect(heading(await change(from, to))).toBe("Your password is changed");
    expect(own.newEvents().map(({ name }) => name)).toEqual(Array(3).fill("user.password_changed"));
    expect((await new Visitor(own).signIn("bob", other)).status).toBe(303);
  });
});

describe("a link that is opened while somebody else is signed in", () => {
  test("changes the account that it names, and leaves theirs alone", async () => {
    await using own = await testServer({ MAILBOX: "on" });
    const alice = new Visitor(own);
    await alice.signIn("alice", passwords.alice);
    await alice.send("/account/email", { email: "alice@new.example", current_password: passwords.alice });
    const link = await linkOf(own, "change_email");
    const bob = new Visitor(own);
    await bob.signIn("bob", passwords.bob);
    own.newEvents();

    const asked = await bob.open(link);
    expect(asked.html).toContain("for your account <strong><bdi>alice</bdi></strong>");
    const { cookie } = bob;
    const done = await bob.send("/account/confirm", { link: tokenOf(link) });
    expect(done.html).toContain(
      "The account <strong><bdi>alice</bdi></strong> has the address <strong><bdi>alice@new.example</bdi></strong>.",
    );
    expect(own.newEvents()).toEqual([
      expect.objectContaining({ name: "user.changed", subject: "user:alice", reason: "email" }),
    ]);

    // Bob goes on as himself.
    expect(bob.cookie).toBe(cookie);
    const { html } = await bob.open("/account");
    expect(html).toContain("bob@example.com");
    expect(html).not.toContain("alice");
  });

  test("to set a password ends no session of theirs", async () => {
    await using own = await testServer({ MAILBOX: "on" });
    await new Visitor(own).send("/account/forgot", { username: "alice" });
    const link = tokenOf(await linkOf(own, "reset"));
    const bob = new Visitor(own);
    await bob.signIn("bob", passwords.bob);
    const next = { new_password: "orbit velvet cactus", new_password_again: "orbit velvet cactus" };
    expect(heading(await bob.send("/account/reset", { link, ...next }))).toBe("Your new password is saved");
    expect((await bob.open("/account")).html).toContain("bob@example.com");
    const alice = new Visitor(own);
    expect((await alice.signIn("alice", next.new_password)).status).toBe(303);
  });
});

describe("a new account", () => {
  test("is made by the link in the mail", async () => {
    const visitor = new Visitor(server);
    const foreign = await visitor.send("/account/sign-up", { email: "carol@elsewhere.example" });
    expect(faultsIn(foreign)).toEqual([["email", "Addresses of this domain cannot create an account here."]]);
    const sent = await visitor.send("/account/sign-up", { email: "carol@example.com" });
    const known = await visitor.send("/account/sign-up", { email: "bob@example.com" });
    expect([sent.status, known.html]).toEqual([200, sent.html]);
    const link = await linkOf(server, "sign_up");
    expect(heading(await visitor.open(link))).toBe("Create your account");
    const next = "orbit velvet cactus nine";
    const fields = { link: tokenOf(link), username: "carol", new_password: next, new_password_again: next };
    const taken = await visitor.send("/account/join", { ...fields, username: "alice" });
    expect([taken.status, faultsIn(taken)]).toEqual([
      422,
      [["username", "Another account has this user name. Choose another one."]],
    ]);
    for (const [field, value, text] of [
      ["username", "a b", "A user name has at most 128 characters, without blanks and without @."],
      ["display_name", "a\u0007b", "A name has at most 256 characters, and all of them must be visible."],
    ] as const) {
      const answer = await visitor.send("/account/join", { ...fields, [field]: value });
      expect([answer.status, faultsIn(answer)]).toEqual([422, [[field, text]]]);
    }
    server.newEvents();
    const joined = await visitor.send("/account/join", fields);
    expect([joined.status, heading(joined)]).toEqual([200, "Your account is ready"]);
    expect(events()).toEqual(["user.signed_up"]);
    expect((await visitor.signIn("carol", next)).status).toBe(303);
    expect((await visitor.open("/account")).html).not.toContain("Not confirmed yet");
  });
});

describe("a server without mail", () => {
  test("has no pages that need one, and no links to them", async () => {
    await using own = await testServer();
    const visitor = new Visitor(own);
    expect((await visitor.open("/account/sign-in")).html).not.toContain("/account/forgot");
    await visitor.signIn("alice", passwords.alice);
    const overview = await visitor.open("/account");
    expect(overview.html).not.toMatch(/\/account\/(email|verify)/);
    for (const path of [
      "/account/email",
      "/account/forgot",
      "/account/sign-up",
      "/account/reset?link=lkl_x",
    ]) {
      const answer = await visitor.open(path);
      expect([answer.status, heading(answer)]).toEqual([404, "There is no such page here"]);
    }
  });

  test.each([{ ACCOUNT_PAGES: "off" }, { ISSUER: "http://auth.example", ALLOW_INSECURE: "issuer" }])(
    "and with %j has no account pages",
    async (settings) => {
      await using own = await testServer(settings);
      expect((await new Visitor(own).open("/account")).status).toBe(404);
      expect((await new Visitor(own).open("/.well-known/change-password")).status).toBe(404);
    },
  );
});

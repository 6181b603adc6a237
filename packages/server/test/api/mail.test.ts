import { MailServer } from "@latchkey/testkit/mail/mail-server";
import { login, send } from "@latchkey/testkit/server/auth-calls";
import { passwords, testServer } from "@latchkey/testkit/server/test-server";
import { until } from "@latchkey/testkit/until";
import { describe, expect, test } from "vitest";

const forgot = (url: string, username: string) =>
  send(`${url}/auth/password/forgot`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ username }),
  });

const viaSmtp = (port: number) => ({
  SMTP_URL: `smtp://127.0.0.1:${port}`,
  MAIL_FROM: "Example <login@example.com>",
});

describe("a server with a mail server", () => {
  test("sends a link for a forgotten password, and counts it", async () => {
    await using mails = await MailServer.open();
    await using server = await testServer(viaSmtp(mails.port));
    expect((await forgot(server.url, "alice")).status).toBe(202);
    await until("the mail has arrived", () => mails.received.length === 1, 10_000);
    const [received] = mails.received;
    expect(received).toMatchObject({ to: ["alice@example.com"], from: "login@example.com" });
    expect(received?.mail.text).toMatch(/http:\/\/127\.0\.0\.1:\d+\/account\/reset\?link=lkl_/);
    const metrics = async () => (await send(`${server.url}/metrics`)).text;
    await until("the outbox is empty", async () => (await metrics()).includes("latchkey_outbox_waiting 0"));
    expect(await metrics()).toContain('latchkey_mails_total{kind="reset",outcome="sent"} 1');
  });

  test("sends nothing for an unknown name, and answers the same", async () => {
    await using mails = await MailServer.open();
    await using server = await testServer(viaSmtp(mails.port));
    const known = await forgot(server.url, "alice");
    const unknown = await forgot(server.url, "nobody");
    expect({ ...unknown }).toEqual({ ...known });
    await until("the mail has arrived", () => mails.received.length === 1, 10_000);
    const empty = async () =>
      (await send(`${server.url}/metrics`)).text.includes("latchkey_outbox_waiting 0");
    await until("the outbox is empty", empty, 10_000);
    expect(mails.tried).toEqual(["alice@example.com"]);
  });

  test("answers while the mail server is silent, and sends the mail later", async () => {
    await using mails = await MailServer.open();
    const slow = Promise.withResolvers<void>();
    mails.beforeAcceptance = () => slow.promise;
    await using server = await testServer(viaSmtp(mails.port));
    expect((await forgot(server.url, "alice")).status).toBe(202);
    await until("the mail is under way", () => mails.tried.length === 1, 10_000);
    expect((await forgot(server.url, "bob")).status).toBe(202);
    expect((await login(server.url, "alice", passwords.alice)).status).toBe(200);
    slow.resolve();
    await until("both mails have arrived", () => mails.received.length === 2, 10_000);
  });

  test("tells a user of a sign-in from a new address, and not of the first one", async () => {
    await using mails = await MailServer.open();
    await using server = await testServer({ ...viaSmtp(mails.port), TRUSTED_PROXIES: "127.0.0.1" });
    const from = (address: string) =>
      send(`${server.url}/auth/login`, {
        method: "POST",
        headers: { "content-type": "application/json", "x-forwarded-for": address },
        body: JSON.stringify({ username: "alice", password: passwords.alice }),
      });
    for (const address of ["192.0.2.1", "192.0.2.1", "192.0.2.2"])
      expect((await from(address)).status).toBe(200);
    await until("the notice has arrived", () => mails.received.length === 1, 10_000);
    expect(mails.received[0]?.mail).toMatchObject({
      subject: `New sign-in at 127.0.0.1:${new URL(server.url).port}`,
    });
    expect(mails.received[0]?.mail.text).toContain("192.0.2.2 (");
  });
});

describe("a server without mail", () => {
  test("writes no notice and has no mailbox", async () => {
    await using server = await testServer();
    await login(server.url, "alice", passwords.alice);
    expect((await send(`${server.url}/mailbox`)).status).toBe(404);
    expect((await forgot(server.url, "alice")).status).toBe(404);
    expect((await send(`${server.url}/metrics`)).text).not.toContain("latchkey_mails_total");
  });
});

describe("the mailbox of a development server", () => {
  test("shows the mails, with a link that works", async () => {
    await using server = await testServer({ MAILBOX: "on" });
    const page = async () => (await send(`${server.url}/mailbox`)).text;
    expect(await page()).toContain("There are no mails yet");
    await forgot(server.url, "alice");
    await until("the mail is shown", async () => (await page()).includes("alice@example.com"), 10_000);
    // The text is that of the mail. The link leads to the origin at which the page was opened.
    expect(await page()).toMatch(
      /<a href="\.\/account\/reset\?link=(lkl_[\w-]+)">http:\/\/127\.0\.0\.1:\d+\/account\/reset\?link=\1</,
    );
    const [, id = ""] = /href="\.\/mailbox\/([\w-]+)"/.exec(await page()) ?? [];
    const shown = await fetch(`${server.url}/mailbox/${id}`);
    expect(shown.headers.get("content-security-policy")).toMatch(/^default-src 'none'; .*sandbox/);
    expect(shown.headers.get("content-type")).toBe("text/html; charset=utf-8");
    const html = await shown.text();
    expect([...html.matchAll(/href="([^"]*)"/g)].map(([, url]) => url)).toEqual(
      expect.arrayContaining([expect.stringMatching(/^\.\.\/account\/reset\?link=lkl_/)]),
    );
    expect(html).not.toMatch(/href="http:\/\/127/);
    expect((await send(`${server.url}/mailbox/another`)).status).toBe(404);
  });

  test("shows them to no page of another origin, also if CORS admits it", async () => {
    const origin = "https://app.example";
    await using server = await testServer({ MAILBOX: "on", CORS_ORIGINS: origin });
    for (const path of ["/mailbox", "/mailbox/any"]) {
      const { headers } = await fetch(server.url + path, { headers: { origin } });
      expect(headers.get("access-control-allow-origin")).toBeNull();
    }
  });
});

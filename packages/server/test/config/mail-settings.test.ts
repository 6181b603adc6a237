import { describe, expect, test } from "vitest";
import { readConfig } from "../../src/config/config.ts";
import { mailWay } from "../../src/config/mail-way.ts";
import { siteOf } from "../../src/config/site.ts";

/** @param settings as variables, without `LATCHKEY_` */
function configOf(settings: Readonly<Record<string, string>>) {
  return readConfig(
    Object.fromEntries(Object.entries(settings).map(([name, text]) => [`LATCHKEY_${name}`, text])),
  );
}

const from = { MAIL_FROM: "login@example.com" };
const secret = "whsec_Zm9yIHRlc3RzIG9ubHksIG5vdCBzZWNyZXQ=";

describe("the way of mails", () => {
  test.each([
    ["smtps://mail.example.com", { host: "mail.example.com", port: 465, tls: "implicit", login: undefined }],
    ["smtp://mail.example.com", { host: "mail.example.com", port: 587, tls: "starttls" }],
    ["smtp://mail.example.com:25?tls=off", { port: 25, tls: "none" }],
    ["smtp://localhost:1025", { port: 1025, tls: "none" }],
    ["smtp://127.0.0.1:1025?tls=on", { tls: "starttls" }],
    ["smtp://[::1]:1025", { host: "::1", tls: "none" }],
    [
      "smtps://me%40example.com:p%3Aq%2F@mail.example.com",
      { login: { user: "me@example.com", password: "p:q/" } },
    ],
  ])("%s is a mail server", (url, server) => {
    expect(mailWay(configOf({ ...from, SMTP_URL: url }))).toMatchObject({ kind: "smtp", server });
  });

  test.each([
    ["mail.example.com", "expected a URL such as smtps://user:password@mail.example.com"],
    ["https://mail.example.com", "expected a URL such as smtps://user:password@mail.example.com"],
    ["smtp://mail.example.com/inbox", "expected a URL such as smtps://user:password@mail.example.com"],
    ["smtp://mail.example.com?ssl=no", "expected no query but ?tls=on or ?tls=off"],
    ["smtps://mail.example.com?tls=off", "smtps:// always has TLS"],
    ["smtps://hunter2@mail.example.com", "expected both user and password, or neither"],
    ["smtps://me:hunter2%@mail.example.com", "user or password has a % that encodes no character"],
  ])("the URL %s is refused without its text", (url, advice) => {
    const read = () => configOf({ ...from, SMTP_URL: url });
    expect(read).toThrow(`LATCHKEY_SMTP_URL: ${advice}`);
    expect(read).not.toThrow(/hunter2/);
  });

  test("is the webhook with its key, or the mailbox", () => {
    const webhook = mailWay(
      configOf({ MAIL_WEBHOOK_URL: "https://hooks.example.com/mail", MAIL_WEBHOOK_SECRET: secret }),
    );
    expect(webhook).toMatchObject({ kind: "webhook", url: "https://hooks.example.com/mail" });
    expect(mailWay(configOf({ MAILBOX: "on" }))).toEqual({ kind: "mailbox", from: undefined });
    expect(mailWay(configOf({}))).toBeUndefined();
  });

  test.each([
    [
      { ...from, SMTP_URL: "smtps://a.example", MAILBOX: "on" },
      "LATCHKEY_SMTP_URL and LATCHKEY_MAILBOX exclude each other",
    ],
    [
      {
        ...from,
        SMTP_URL: "smtps://a.example",
        MAIL_WEBHOOK_URL: "https://b.example",
        MAIL_WEBHOOK_SECRET: secret,
      },
      "LATCHKEY_SMTP_URL and LATCHKEY_MAIL_WEBHOOK_URL exclude each other",
    ],
    [{ SMTP_URL: "smtps://a.example" }, "LATCHKEY_MAIL_FROM must be set with LATCHKEY_SMTP_URL"],
    [
      { MAIL_WEBHOOK_URL: "https://b.example" },
      "LATCHKEY_MAIL_WEBHOOK_URL and LATCHKEY_MAIL_WEBHOOK_SECRET must be set together",
    ],
    [
      { MAIL_WEBHOOK_SECRET: secret },
      "LATCHKEY_MAIL_WEBHOOK_URL and LATCHKEY_MAIL_WEBHOOK_SECRET must be set together",
    ],
    [
      { MAILBOX: "on", PROVIDER: "keycloak" },
      "LATCHKEY_MAILBOX must not be set with LATCHKEY_PROVIDER=keycloak",
    ],
  ])("%j is refused", (settings, advice) => {
    expect(() => configOf(settings)).toThrow(advice);
  });

  test.each(["whsec_short", "hunter2 hunter2 hunter2", `whsec_${Buffer.alloc(32).toString("base64")}`])(
    "the key %s is refused without its text",
    (given) => {
      const read = () => configOf({ MAIL_WEBHOOK_URL: "https://b.example", MAIL_WEBHOOK_SECRET: given });
      expect(read).toThrow("LATCHKEY_MAIL_WEBHOOK_SECRET: expected 24 to 64 random bytes in base64");
      expect(read).not.toThrow(given);
    },
  );
});

describe("the sender", () => {
  test.each([
    ["login@example.com", { name: undefined, address: "login@example.com" }],
    ["Example <login@example.com>", { name: "Example", address: "login@example.com" }],
    ['"Example, Inc." <login@example.com>', { name: "Example, Inc.", address: "login@example.com" }],
    ["<login@bücher.example>", { name: undefined, address: "login@bücher.example" }],
  ])("%s is read", (given, sender) => expect(configOf({ MAIL_FROM: given }).mailFrom).toEqual(sender));

  test.each(["login", "Example <login>", "a@b.example, c@d.example", "Evil\u202eliam <a@b.example>"])(
    "%s is refused",
    (given) => expect(() => configOf({ MAIL_FROM: given })).toThrow("LATCHKEY_MAIL_FROM="),
  );
});

describe("the site", () => {
  test("has the issuer's host as its name, unless a name is set", () => {
    expect(siteOf(configOf({}), "https://login.example.com")).toEqual({
      name: "login.example.com",
      url: undefined,
    });
    const given = configOf({ SITE_NAME: "Bücher & Co", SITE_URL: "https://example.com/" });
    expect(siteOf(given, "https://login.example.com")).toEqual({
      name: "Bücher & Co",
      url: "https://example.com",
    });
  });

  test.each(["a\u202eb", "a\u2028b", "x".repeat(101)])(
    "a name with hidden or too many characters is refused",
    (name) =>
      expect(() => configOf({ SITE_NAME: name })).toThrow(
        "expected a name of at most 100 visible characters",
      ),
  );
});

describe("sign-up", () => {
  test.each([
    ["off", "off"],
    ["invitation", "invitation"],
    ["Example.com, xn--bcher-kva.example", ["example.com", "bücher.example"]],
  ])("%s is read", (given, expected) => expect(configOf({ SIGN_UP: given }).signUp).toEqual(expected));

  test.each(["on", "com", "@example.com", "https://example.com", "*.example.com", "example..com"])(
    "%s is refused",
    (given) =>
      expect(() => configOf({ SIGN_UP: given })).toThrow(
        `LATCHKEY_SIGN_UP=${given}: expected off, invitation, or domains`,
      ),
  );
});

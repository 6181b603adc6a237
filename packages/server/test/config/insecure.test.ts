import { describe, expect, test } from "vitest";
import { assertSecure } from "../../src/config/assert-secure.ts";
import { readConfig } from "../../src/config/config.ts";
import { allowableInsecurities, insecurities } from "../../src/config/insecure.ts";
import { coversHalf } from "../../src/config/wide-networks.ts";

type Settings = Readonly<Record<string, string>>;

const random = "Zm9yIHRlc3RzIG9ubHksIG5vdCBzZWNyZXQ";
const sentenceOf = new Map(insecurities.map(({ name, sentence }) => [name, sentence]));

/** @param settings as variables, without `LATCHKEY_` */
function judged(settings: Settings) {
  const given = Object.entries({ DATABASE: ":memory:", ...settings });
  return assertSecure(
    readConfig(Object.fromEntries(given.map(([name, text]) => [`LATCHKEY_${name}`, text]))),
  );
}

const keycloak = (url: string): Settings => ({
  PROVIDER: "keycloak",
  KEYCLOAK_URL: url,
  KEYCLOAK_REALM: "r",
  KEYCLOAK_CLIENT_ID: "c",
  KEYCLOAK_CLIENT_SECRET: "s",
});
const smtp: Settings = { MAIL_FROM: "login@example.com" };
const webhookSecret = "whsec_Zm9yIHRlc3RzIG9ubHksIG5vdCBzZWNyZXQ=";
const hash = (memory: number, iterations: number): Settings => ({
  HASH_MEMORY: String(memory),
  HASH_ITERATIONS: String(iterations),
});

/** Settings that meet a row, and the nearest ones that do not. */
const rows: Readonly<Record<string, { bad: readonly Settings[]; good: readonly Settings[] }>> = {
  issuer: {
    bad: [
      { ISSUER: "http://login.example.com" },
      { ISSUER: "HTTP://login.example.com" },
      { ISSUER: "http://10.0.0.1" },
      { ISSUER: "http://[2001:db8::1]:8000" },
      { ISSUER: "http://[::ffff:10.0.0.1]" },
      { ISSUER: "http://128.0.0.1" },
      { ISSUER: "http://localhost.example.com" },
      { HOST: "0.0.0.0" },
      { HOST: "::" },
      { HOST: "login.example.com" },
    ],
    good: [
      {},
      { ISSUER: "https://login.example.com" },
      { ISSUER: "http://localhost:8000" },
      { ISSUER: "http://127.0.0.1:8000" },
      { ISSUER: "http://127.0.0.2" },
      { ISSUER: "http://[::1]:8000" },
      { ISSUER: "http://[::ffff:127.0.0.1]" },
      { HOST: "0.0.0.0", ISSUER: "https://login.example.com" },
      { HOST: "0.0.0.0", ISSUER: "http://localhost:8000" },
      { HOST: "::1" },
      { HOST: "localhost" },
      { HOST: "127.0.0.2" },
    ],
  },
  secret: {
    bad: [
      { SECRET: "s".repeat(32) },
      { SECRET: "1234567".repeat(5) },
      { SECRET: `${random}\n${"ab".repeat(16)}` },
      { GUARD_KEYS: `${random},${"k".repeat(32)}` },
      { METRICS_KEYS: "k".repeat(32) },
    ],
    good: [
      { SECRET: random },
      { SECRET: "12345678".repeat(4) },
      { SECRET: "0123456789abcdef".repeat(2) },
      { GUARD_KEYS: random, METRICS_KEYS: random },
    ],
  },
  keycloak: {
    bad: [keycloak("http://keycloak.example.com"), keycloak("http://10.0.0.1:8080/auth")],
    good: [
      keycloak("https://keycloak.example.com"),
      keycloak("http://localhost:8080"),
      keycloak("http://127.0.0.2:8080"),
      keycloak("http://[::1]:8080"),
      keycloak("http://[::ffff:127.0.0.1]:8080"),
      { KEYCLOAK_URL: "http://keycloak.example.com" },
    ],
  },
  hash: {
    bad: [
      hash(47_103, 1),
      hash(19_455, 2),
      hash(12_287, 3),
      hash(9_215, 4),
      hash(7_167, 5),
      hash(7_167, 100),
      hash(64, 1),
    ],
    good: [
      hash(47_104, 1),
      hash(19_456, 2),
      hash(12_288, 3),
      hash(9_216, 4),
      hash(7_168, 5),
      hash(65_536, 3),
    ],
  },
  proxies: {
    bad: [
      { TRUSTED_PROXIES: "0.0.0.0/1" },
      { TRUSTED_PROXIES: "10.0.0.1,0.0.0.0/2,64.0.0.0/2" },
      { TRUSTED_PROXIES: "::ffff:0:0/97" },
      { TRUSTED_PROXIES: "::/1" },
      { TRUSTED_PROXIES: "2000::/4" },
    ],
    good: [
      { TRUSTED_PROXIES: "" },
      { TRUSTED_PROXIES: "127.0.0.1,::1" },
      { TRUSTED_PROXIES: "0.0.0.0/2,0.0.0.0/3,64.0.0.0/3" },
      { TRUSTED_PROXIES: "10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,100.64.0.0/10,fc00::/7,fe80::/10" },
      { TRUSTED_PROXIES: "2000::/5" },
      { TRUSTED_PROXIES: "8000::/1" },
    ],
  },
  cors: {
    bad: [{ CORS_ORIGINS: "*" }, { CORS_ORIGINS: "https://app.example.com,*" }],
    good: [{ CORS_ORIGINS: "" }, { CORS_ORIGINS: "https://app.example.com" }],
  },
  mail: {
    bad: [
      { ...smtp, SMTP_URL: "smtp://mail.example.com?tls=off" },
      { MAIL_WEBHOOK_URL: "http://hooks.example.com", MAIL_WEBHOOK_SECRET: webhookSecret },
    ],
    good: [
      { ...smtp, SMTP_URL: "smtp://mail.example.com" },
      { ...smtp, SMTP_URL: "smtps://mail.example.com" },
      { ...smtp, SMTP_URL: "smtp://127.0.0.1:1025?tls=off" },
      { ...smtp, SMTP_URL: "smtp://localhost:1025" },
      { MAIL_WEBHOOK_URL: "https://hooks.example.com", MAIL_WEBHOOK_SECRET: webhookSecret },
      { MAIL_WEBHOOK_URL: "http://127.0.0.1:9000", MAIL_WEBHOOK_SECRET: webhookSecret },
    ],
  },
  mailbox: {
    bad: [
      { MAILBOX: "on", ISSUER: "https://login.example.com" },
      { MAILBOX: "on", HOST: "0.0.0.0", ISSUER: "http://localhost:8000" },
      { MAILBOX: "on", TRUSTED_PROXIES: "127.0.0.1" },
    ],
    good: [
      { MAILBOX: "on" },
      { MAILBOX: "on", ISSUER: "http://localhost:8000" },
      { MAILBOX: "off", HOST: "::1" },
    ],
  },
  "token-lifetime": {
    bad: [{ ACCESS_TOKEN_TTL: "86401s" }],
    good: [{ ACCESS_TOKEN_TTL: "1d" }, { ACCESS_TOKEN_TTL: "24h" }],
  },
  grace: {
    bad: [{ REFRESH_GRACE: "61s" }, { REFRESH_GRACE_SAME_ADDRESS: "61s" }, { OAUTH_REFRESH_GRACE: "61s" }],
    good: [{ REFRESH_GRACE: "60s" }, { REFRESH_GRACE: "0s" }, { REFRESH_GRACE_SAME_ADDRESS: "1m" }],
  },
};

test("every row of the table has its cases", () => {
  expect(Object.keys(rows)).toEqual(insecurities.map(({ name }) => name));
});

describe.each(insecurities)("the insecurity $name", ({ name, effect, sentence }) => {
  const { bad = [], good = [] } = rows[name] ?? {};

  test.each(bad)("is found in %j", (settings) => {
    if (effect === "warns") return expect(judged(settings)).toEqual([sentence]);
    const message = `${sentence}. To start in spite of it, set LATCHKEY_ALLOW_INSECURE=${name}`;
    expect(() => judged(settings)).toThrow(new Error(message));
    expect(judged({ ...settings, ALLOW_INSECURE: name })).toEqual([sentence]);
    const others = allowableInsecurities.filter((other) => other !== name).join(",");
    expect(() => judged({ ...settings, ALLOW_INSECURE: others })).toThrow(sentence);
  });

  test.each(good)("is not found in %j", (settings) => {
    expect(judged(settings)).toEqual([]);
  });

  test("is one line that names a setting", () => {
    expect(sentence).toMatch(/^LATCHKEY_[A-Z_]+,? [^\n]+[^.\n]$/);
  });
});

test.each([{ ISSUER: "http://login.example.com" }, { HOST: "0.0.0.0" }])(
  "with %j OAuth cannot be on, whatever is allowed",
  (settings: Settings) => {
    expect(() => judged({ ...settings, OAUTH: "on", ALLOW_INSECURE: "issuer" })).toThrow(
      /^LATCHKEY_OAUTH=on needs an https:\/\/ or a loopback address as LATCHKEY_ISSUER: [^\n]+$/,
    );
    expect(judged({ ...settings, ALLOW_INSECURE: "issuer" })).toEqual([sentenceOf.get("issuer")]);
  },
);

test("all dangers are named in one line, and none of the allowed ones", () => {
  const settings = {
    CORS_ORIGINS: "*",
    ISSUER: "http://login.example.com",
    ALLOW_INSECURE: "hash",
    ...hash(8, 1),
  };
  expect(() => judged(settings)).toThrow(
    new Error(
      `${sentenceOf.get("issuer")}. ${sentenceOf.get("cors")}. To start in spite of it, set LATCHKEY_ALLOW_INSECURE=hash,issuer,cors`,
    ),
  );
});

test("an allowed combination that does not apply is a warning", () => {
  expect(judged({ ALLOW_INSECURE: "cors,\n  issuer\n" })).toEqual([
    "LATCHKEY_ALLOW_INSECURE allows cors without need: remove it",
    "LATCHKEY_ALLOW_INSECURE allows issuer without need: remove it",
  ]);
});

test("networks count once, alone or together", () => {
  expect(coversHalf(Array.from({ length: 128 }, (_, n) => `${n}.0.0.0/8`))).toBe(true);
  expect(coversHalf(Array.from({ length: 127 }, (_, n) => `${n}.0.0.0/8`))).toBe(false);
  expect(coversHalf(["0.0.0.0/2", "::ffff:0.0.0.0/98", "10.0.0.0/8"])).toBe(false);
});

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { readConfig } from "../../src/config/config.ts";
import { insecurities } from "../../src/config/insecure.ts";
import { allSettings, fileVariableOf, flagOf, variableOf } from "../../src/config/settings.ts";

describe("settings", () => {
  test("have the defaults of the design", () => {
    expect(readConfig({})).toMatchObject({
      host: "127.0.0.1",
      port: 8000,
      issuer: undefined,
      audience: undefined,
      database: { engine: "sqlite", path: "./data/latchkey.db" },
      provider: "local",
      accessTokenTtl: 3_600_000,
      sessionIdle: 7 * 86_400_000,
      sessionMax: 30 * 86_400_000,
      refreshGrace: 10_000,
      hashQueue: 64,
      hashMemory: 19_456,
      hashIterations: 2,
      trustedProxies: [],
      forwardedHeader: "x-forwarded-for",
      allowedHosts: [],
      corsOrigins: [],
      hstsSubdomains: "off",
      logLevel: "info",
      passwordMinLength: 8,
      oauth: "on",
      oauthRegistration: "on",
      oauthClientDocuments: "on",
      oauthRefreshGrace: 60_000,
      oauthResource: undefined,
    });
  });

  test.each([
    [{ ISSUER: "https://login.example.com", HOST: "0.0.0.0" }, "on"],
    [{ ISSUER: "http://localhost:8000", HOST: "0.0.0.0" }, "on"],
    [{ ISSUER: "http://login.example.com" }, "off"],
    [{ HOST: "0.0.0.0" }, "off"],
    [{ OAUTH: "off" }, "off"],
  ])("with %j the authorization server is %s", (given: Readonly<Record<string, string>>, expected) => {
    const environment = Object.entries(given).map(([name, text]) => [`LATCHKEY_${name}`, text]);
    expect(readConfig(Object.fromEntries(environment)).oauth).toBe(expected);
  });

  test("client documents are read from every host, from none, or from those that are named", () => {
    const read = (text: string) => readConfig({ LATCHKEY_OAUTH_CLIENT_DOCUMENTS: text }).oauthClientDocuments;
    expect(read("off")).toBe("off");
    expect(read("Claude.ai,\n vscode.dev")).toEqual(["claude.ai", "vscode.dev"]);
  });

  test("the grace of OAuth clients is at most the lifetime of a token", () => {
    const short = { LATCHKEY_ACCESS_TOKEN_TTL: "20s" };
    expect(readConfig(short).oauthRefreshGrace).toBe(20_000);
    expect(() => readConfig({ ...short, LATCHKEY_OAUTH_REFRESH_GRACE: "21s" })).toThrow(
      "LATCHKEY_OAUTH_REFRESH_GRACE must not be longer than LATCHKEY_ACCESS_TOKEN_TTL",
    );
  });

  test("an issuer and audience too large for a token are refused", () => {
    const audience = (length: number) => ({
      LATCHKEY_ISSUER: "https://login.example.com",
      LATCHKEY_AUDIENCE: Array.from({ length: length / 100 }, (_, n) => `${n}`.padStart(99, "a")).join(","),
    });
    expect(() => readConfig(audience(1000))).toThrow(
      /^LATCHKEY_ISSUER and LATCHKEY_AUDIENCE must not be longer than 1024 bytes together/,
    );
    expect(readConfig(audience(900)).audience).toHaveLength(9);
  });

  test("the rules of NIST ask for 15 characters at least", () => {
    const shortest = (length: string, rules = "nist") =>
      readConfig({ LATCHKEY_PASSWORD_RULES: rules, LATCHKEY_PASSWORD_MIN_LENGTH: length }).passwordMinLength;
    expect(shortest("")).toBe(15);
    expect(shortest("12")).toBe(15);
    expect(shortest("20")).toBe(20);
    expect(shortest("12", "standard")).toBe(12);
  });

  test("a flag goes before a variable, and an empty variable counts as not set", () => {
    expect(readConfig({ LATCHKEY_PORT: "1" }, { port: "2" }).port).toBe(2);
    expect(readConfig({ LATCHKEY_PORT: "" }).port).toBe(8000);
  });

  test.each([
    ["PORT", "80x", "expected a whole number from 0 to 65535"],
    ["PORT", "65536", "expected a whole number from 0 to 65535"],
    ["PORT", "-1", "expected a whole number from 0 to 65535"],
    [
      "HOST",
      "here and there",
      "expected an address or host name of this machine, such as 127.0.0.1 or 0.0.0.0",
    ],
    ["PORT", "tcp:/x", "expected a whole number from 0 to 65535"],
    ["PORT", "tcp://10.43.7.9", "expected a whole number from 0 to 65535"],
    ["PORT", "tcp://10.43.7:8000", "expected a whole number from 0 to 65535"],
    ["PORT", "tcp://login.example:8000", "expected a whole number from 0 to 65535"],
    ["PORT", "http://10.43.7.9:8000", "expected a whole number from 0 to 65535"],
    ["PORT", "tcp://10.43.7.9:99999", "expected a whole number from 0 to 65535"],
    [
      "ISSUER",
      "login.example.com",
      "expected a URL such as https://login.example.com, without user, query or fragment",
    ],
    [
      "ISSUER",
      "https://a.example/?x=1",
      "expected a URL such as https://login.example.com, without user, query or fragment",
    ],
    [
      "ISSUER",
      "https://u:p@a.example",
      "expected a URL such as https://login.example.com, without user, query or fragment",
    ],
    ["AUDIENCE", ",", "expected at least one text; separate several with commas"],
    [
      "DATABASE",
      "mysql://x",
      "expected the path of a SQLite file, :memory:, or postgres://user:password@host/database",
    ],
    ["PROVIDER", "ldap", "expected local or keycloak"],
    ["ACCESS_TOKEN_TTL", "1 hour", "expected a duration from 1s to 3650d, such as 90s, 15m or 7d"],
    ["ACCESS_TOKEN_TTL", "0s", "expected a duration from 1s to 3650d, such as 90s, 15m or 7d"],
    ["AUDIT_MAX_SIZE", "1", "expected a size of 1MB or more, such as 500MB or 1GB"],
    ["AUDIT_MAX_SIZE", "10KB", "expected a size of 1MB or more, such as 500MB or 1GB"],
    ["HASH_CONCURRENCY", "0", "expected a whole number from 1 to 256"],
    ["THROTTLE_PAIR", "20", "expected a number of failures and a window, such as 20/15m"],
    ["THROTTLE_PAIR", "0/15m", "expected a number of failures and a window, such as 20/15m"],
    [
      "TRUSTED_PROXIES",
      "0.0.0.0/0",
      "expected addresses or networks such as 10.0.0.0/8, separated by commas",
    ],
    ["TRUSTED_PROXIES", "10", "expected addresses or networks such as 10.0.0.0/8, separated by commas"],
    ["ACCESS_TOKEN_TTL", "99999999d", "expected a duration from 1s to 3650d, such as 90s, 15m or 7d"],
    [
      "ISSUER",
      "https://a.example?",
      "expected a URL such as https://login.example.com, without user, query or fragment",
    ],
    ["DATABASE", "file:x?mode=memory", "expected the path of a SQLite file, :memory:, or postgres://"],
    ["DATABASE_POOL", "1", "expected a whole number from 2 to 1000"],
    ["ALLOWED_HOSTS", "login.example:443", "expected host names such as login.example.com, without ports"],
    [
      "ALLOWED_HOSTS",
      "https://login.example",
      "expected host names such as login.example.com, without ports",
    ],
    ["ALLOWED_HOSTS", "*", "expected host names such as login.example.com, without ports"],
    ["FORWARDED_HEADER", "X-Real-IP", "expected x-forwarded-for or forwarded"],
    [
      "TRUSTED_PROXIES",
      "10.0.0.0/99",
      "expected addresses or networks such as 10.0.0.0/8, separated by commas",
    ],
    [
      "CORS_ORIGINS",
      "https://a.example/",
      "expected origins such as https://app.example.com, separated by commas, or *",
    ],
    ["CORS_ORIGINS", "https://*.example.com", "expected origins such as https://app.example.com"],
    ["CORS_ORIGINS", "https://app.example.com:*", "expected origins such as https://app.example.com"],
    ["CORS_ORIGINS", "*,https://*", "expected origins such as https://app.example.com"],
    [
      "ALLOW_INSECURE",
      "issuer,everything",
      "expected names separated by commas; known names are issuer, secret, keycloak, hash, proxies, cors, mail, mailbox",
    ],
    ["ALLOW_INSECURE", "grace", "expected names separated by commas; known names are issuer"],
    ["OAUTH", "yes", "expected on or off"],
    ...["yes", "claude", "10.0.0.1", "[::1]", "https://claude.ai", "claude.ai:443", "*.ai", "a b.ai"].map(
      (hosts): [string, string, string] => [
        "OAUTH_CLIENT_DOCUMENTS",
        hosts,
        "expected on, off, or host names such as claude.ai, separated by commas",
      ],
    ),
    ["OAUTH_RESOURCE", "notes", "expected a URL such as https://login.example.com"],
    ["LOG_LEVEL", "loud", "expected debug, info, warn, error, or silent"],
  ])("LATCHKEY_%s=%s is refused with the accepted texts", (name, given, advice) => {
    expect(() => readConfig({ [`LATCHKEY_${name}`]: given })).toThrow(`LATCHKEY_${name}=${given}: ${advice}`);
  });

  test.each(["127.0.0.1", "0.0.0.0", "::1", "fe80::1%eth0", "localhost", "my_host.example"])(
    "LATCHKEY_HOST=%s is accepted",
    (host) => expect(readConfig({ LATCHKEY_HOST: host }).host).toBe(host),
  );

  test("an IPv6 address may have the brackets of a URL", () => {
    expect(readConfig({ LATCHKEY_HOST: "[::1]" }).host).toBe("::1");
  });

  describe("a blank around a value", () => {
    const left = ["\r", "\r\n", "\n", " ", "\t", "\u00a0", "\ufeff", "\u200b"];
    const texts = {
      LATCHKEY_HOST: "localhost",
      LATCHKEY_PORT: "8080",
      LATCHKEY_ISSUER: "https://login.example",
      LATCHKEY_AUDIENCE: "one,two",
      LATCHKEY_DATABASE: "data.db",
      LATCHKEY_PROVIDER: "local",
      LATCHKEY_ACCESS_TOKEN_TTL: "15m",
      LATCHKEY_THROTTLE_PAIR: "5/1m",
      LATCHKEY_TRUSTED_PROXIES: "10.0.0.0/8,::1",
      LATCHKEY_ALLOWED_HOSTS: "a.example,b.example",
      LATCHKEY_CORS_ORIGINS: "https://a.example,https://b.example",
      LATCHKEY_GUARD_KEYS: `${"k".repeat(32)},${"l".repeat(32)}`,
      LATCHKEY_MCP: "off",
      LATCHKEY_LOG_LEVEL: "warn",
    };
    const clean = readConfig(texts);

    test.each(left)("%j at an edge is trimmed", (blank) => {
      const around = (add: (text: string) => string) =>
        Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, add(text)]));
      expect(readConfig(around((text) => text + blank))).toEqual(clean);
      expect(readConfig(around((text) => blank + text))).toEqual(clean);
    });

    test.each(left)("%j alone counts as not set", (blank) => {
      const blanks = Object.fromEntries(Object.keys(texts).map((name) => [name, blank]));
      expect(readConfig(blanks)).toEqual(readConfig({}));
    });

    test.each(left)("%j at the edge of a flag is trimmed", (blank) => {
      expect(readConfig({}, { database: `data.db${blank}`, port: `${blank}80` })).toMatchObject({
        database: { path: "data.db" },
        port: 80,
      });
    });

    const secrets = [
      ...["SECRET", "ADMIN_PASSWORD", "KEYCLOAK_CLIENT_SECRET"],
      ...["SMTP_URL", "MAIL_WEBHOOK_SECRET"],
    ];
    const cases = secrets.flatMap((name) => left.map((blank) => [name, blank] as const));

    test.each(cases)("LATCHKEY_%s with %j at an edge is refused without its value", (name, blank) => {
      const secret = "hunter2 hunter2 hunter2 hunter2 hunter2";
      for (const given of [secret + blank, blank + secret]) {
        const read = () => readConfig({ [`LATCHKEY_${name}`]: given });
        const code = (blank.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
        const why = `^LATCHKEY_${name}: it begins or ends with U\\+${code}( \\([a-z -]+\\))?: (remove it|save the)`;
        expect(read).toThrow(new RegExp(why));
        expect(read).not.toThrow(/hunter2/);
      }
    });

    test.each(Object.entries(texts).filter(([, text]) => text.includes(",")))(
      "%s is a list, and may be written on several lines",
      (variable, text) => {
        const lines = `\r\n  ${text.replaceAll(",", ",\r\n  ")}\r\n`;
        expect(readConfig({ ...texts, [variable]: lines })).toEqual(clean);
      },
    );
  });

  const variables = allSettings.map(([name]) => variableOf(name));

  test.each(variables)("%s refuses control characters", (variable) => {
    // In a list of one item a line, a line feed separates two items.
    const lines = allSettings.some(([name, setting]) => variableOf(name) === variable && setting.lines);
    for (const control of ["\0", ...(lines ? [] : ["\n"]), "\r", "\u001b", "\u0085"]) {
      const read = () => readConfig({ [variable]: `hunter2hunter2hunter2${control}hunter2hunter2hunter2` });
      expect(read).toThrow(/it contains the control character U\+00[0-9A-F]{2}/);
    }
  });

  test.each(variables)("%s refuses text that was not UTF-8", (variable) => {
    const read = () => readConfig({ [variable]: "caf\ufffd" });
    expect(read).toThrow(/it is not valid UTF-8: save it as UTF-8/);
  });

  test.each(["tcp://10.43.7.9:8000", "udp://10.43.7.9:8000", "tcp://[fd00::a]:8000"])(
    "LATCHKEY_PORT=%s, a service link of Kubernetes, is ignored",
    (link) => {
      expect(readConfig({ LATCHKEY_PORT: link }).port).toBe(8000);
      expect(readConfig({ LATCHKEY_PORT: link }, { port: "9000" }).port).toBe(9000);
      expect(() => readConfig({}, { port: link })).toThrow(/^--port=.*expected a whole number/);
    },
  );

  describe("LATCHKEY_SECRET", () => {
    const [one, two] = ["the first secret, of enough length", "the second secret, of enough length"];

    test.each([
      [one, [one]],
      [`${one}\n${two}`, [one, two]],
      [`${one}\r\n\r\n${two}`, [one, two]],
      [`${one}\n${two}\n${one}`, [one, two]],
    ])("%j is a list of secrets", (given, expected) => {
      expect(readConfig({ LATCHKEY_SECRET: given }).secret).toEqual(expected);
    });

    test.each([
      [`${one}\nhunter2`, "line 2: expected at least 32 random characters"],
      [`${one} \n${two}`, "it begins or ends with U+0020 (space): remove it"],
      [`${one}\n\t${two}`, "it begins or ends with U+0009 (tab): remove it"],
      [
        Array.from({ length: 11 }, (_, n) => `${one}${n}`).join("\n"),
        "it has more than 10 secrets: remove those that no session needs any more",
      ],
    ])("%j is refused without its value", (given, why) => {
      const read = () => readConfig({ LATCHKEY_SECRET: given });
      expect(read).toThrow(`LATCHKEY_SECRET: ${why}`);
      expect(read).not.toThrow(/hunter2|of enough length/);
    });
  });

  test("an error does not repeat a refused secret", () => {
    const read = () => readConfig({ LATCHKEY_SECRET: "hunter2" });
    expect(read).toThrow(/^LATCHKEY_SECRET: expected at least 32 random characters/);
    expect(read).not.toThrow(/hunter2/);
  });

  test("an error does not repeat a PostgreSQL URL with a password", () => {
    const read = () => readConfig({ LATCHKEY_DATABASE: "postgres://u:hunter2@h:99999/d" });
    expect(read).toThrow(/^LATCHKEY_DATABASE: expected hosts as in postgres:/);
    expect(read).not.toThrow(/hunter2/);
  });

  test("PostgreSQL requires LATCHKEY_SECRET, which all replicas share", () => {
    expect(() => readConfig({ LATCHKEY_DATABASE: "postgres://u@h/d" })).toThrow(
      /^LATCHKEY_SECRET must be set with PostgreSQL/,
    );
  });

  describe("with LATCHKEY_PROVIDER=keycloak", () => {
    const whole = {
      LATCHKEY_PROVIDER: "keycloak",
      LATCHKEY_KEYCLOAK_URL: "https://keycloak.example/auth/",
      LATCHKEY_KEYCLOAK_REALM: "demo",
      LATCHKEY_KEYCLOAK_CLIENT_ID: "latchkey",
      LATCHKEY_KEYCLOAK_CLIENT_SECRET: "hunter2",
    };

    test("the realm is read, and the built-in tools are off", () => {
      expect(readConfig(whole)).toMatchObject({
        keycloakUrl: "https://keycloak.example/auth",
        keycloakTimeout: 5_000,
        mcp: "off",
        oauth: "off",
      });
    });

    test.each(Object.keys(whole).filter((name) => name.includes("KEYCLOAK")))("%s must be set", (name) => {
      const incomplete = () => readConfig({ ...whole, [name]: undefined });
      expect(incomplete).toThrow(`${name} must be set with LATCHKEY_PROVIDER=keycloak`);
      expect(incomplete).not.toThrow(/hunter2/);
    });

    test("the built-in tools cannot be on", () => {
      expect(() => readConfig({ ...whole, LATCHKEY_MCP: "on" })).toThrow(
        /^LATCHKEY_MCP must be off with LATCHKEY_PROVIDER=keycloak: /,
      );
    });
  });

  test("a grace longer than a token is refused", () => {
    expect(() => readConfig({ LATCHKEY_ACCESS_TOKEN_TTL: "9s" })).toThrow(/REFRESH_GRACE must not be longer/);
  });

  test("an idle time longer than a session is refused", () => {
    expect(() => readConfig({ LATCHKEY_SESSION_MAX: "1d" })).toThrow(/SESSION_IDLE must not be longer/);
  });
});

test("docs/configuration.md has the flag, default and meaning of every setting", () => {
  const page = readFileSync(new URL("../../../../docs/configuration.md", import.meta.url), "utf8").replaceAll(
    / +/g,
    " ",
  );
  for (const [name, setting] of allSettings) {
    const flag = setting.secret ? "–" : `\`--${flagOf(name)}\``;
    const fallback = setting.shown ?? `\`${setting.fallback}\``;
    expect(page).toContain(`| \`${variableOf(name)}\` | ${flag} | ${fallback} | ${setting.meaning} |`);
    const file = fileVariableOf(name, setting);
    if (file !== undefined) expect(page).toContain(`| \`${file}\` |`);
  }
  for (const { name, effect } of insecurities)
    expect(page).toContain(`| \`${name}\` | ${effect === "refuses" ? "yes" : "no"} |`);
});

import { passwords, type TestServer, type testServer } from "@latchkey/testkit/server/test-server";
import { afterAll, describe, expect, test } from "vitest";
import { readConfig } from "../../src/config/config.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import { type ApiAnswer, send } from "./api-case.ts";
import { workLog } from "./work-log.ts";

/** Another address, so that each name meets separate limits. */
const elsewhere = (here: string) => here.replace("192.0.2", "198.51.100");
const md5 = "5f4dcc3b5aa765d61d8327deb882cf99";
const bcrypt = "$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy";

interface Path {
  readonly path: string;
  readonly settings?: Readonly<Record<string, string>>;
  /** Steps before the measured login. */
  readonly before?: (server: TestServer, name: string, here: string) => Promise<unknown>;
  /** An existing name and a name without an account. */
  readonly names?: readonly [existing: string, unknown: string];
  readonly password?: string;
  readonly status: number;
  readonly events: readonly string[];
  readonly hashes: number;
}

const login = (server: TestServer, username: string, password: string, from: string): Promise<ApiAnswer> =>
  send(server, "/auth", {
    method: "POST",
    path: "/login",
    body: { username, password },
    headers: { "x-forwarded-for": from },
  });

/** Changes the database as a command on the server's machine does. */
async function asOperator(server: TestServer, change: (store: Store) => Promise<unknown>): Promise<void> {
  const { database } = readConfig({ LATCHKEY_DATABASE: server.database, LATCHKEY_SECRET: "x".repeat(32) });
  const store = await openStore({ place: database, owner: "command", onAudit: () => {} });
  try {
    await change(store);
  } finally {
    await store.close();
  }
}

const at = { at: 1_700_000_000_000, address: "cli" };
const refused = { status: 401, events: ["login.failed"], hashes: 1 };
const throttled = { status: 429, events: ["login.throttled"], hashes: 0 };
const throttledAgain = { status: 429, events: [], hashes: 0 };
const storedHash = (name: string, passwordHash: string) => (server: TestServer) =>
  asOperator(server, (store) =>
    store.users.setPassword(`user:${name}`, passwordHash, { ...at, name: "user.password_changed" }),
  );
/** Only if all hashes have one cost, a name without an account costs what each account does. */
const allHashes = (passwordHash: string) => async (server: TestServer) => {
  for (const name of Object.keys(passwords)) await storedHash(name, passwordHash)(server);
};

const paths: readonly Path[] = [
  { path: "wrong password", ...refused },
  { path: "e-mail address", names: ["alice@example.com", "nobody@example.com"], ...refused },
  { path: "empty password", password: "", ...refused },
  { path: "over-long password", password: "x".repeat(8000), ...refused },
  { path: "disabled", names: ["mallory", "nobody"], password: passwords.mallory, ...refused },
  { path: "over-long name", names: ["alice", "x".repeat(300)], ...refused },
  { path: "name with a NUL", names: ["alice", "alice\0"], ...refused },
  {
    path: "removed",
    names: ["bob", "nobody"],
    before: (server) =>
      asOperator(server, (store) => store.users.remove("user:bob", { ...at, name: "user.removed" })),
    ...refused,
  },
  { path: "every hash is bcrypt", before: allHashes(bcrypt), ...refused },
  {
    path: "every hash is bcrypt, a password that NFKC changes",
    before: allHashes(bcrypt),
    password: "wrong \u2460",
    ...refused,
    hashes: 2,
  },
  {
    path: "every hash is bcrypt, over-long password",
    before: allHashes(bcrypt),
    password: "x".repeat(8000),
    ...refused,
  },
  {
    path: "bcrypt of a cost beyond the bound",
    before: storedHash("alice", bcrypt.replace("$10$", "$31$")),
    ...refused,
  },
  { path: "MD5 in the table", before: storedHash("alice", md5), ...refused },
  {
    path: "right password, MD5 in the table",
    before: storedHash("alice", md5),
    password: passwords.alice,
    ...refused,
  },
  { path: "no password in the table", before: storedHash("alice", "!"), password: "!", ...refused },
  { path: "cut hash", before: storedHash("alice", "$argon2id$v=19$m=64,t=1,p=1$c29t"), ...refused },
  {
    path: "hash that would take 4 TiB",
    before: storedHash("alice", `$argon2id$v=19$m=4294967295,t=1,p=1$${"A".repeat(22)}$${"A".repeat(43)}`),
    ...refused,
  },
  { path: "under the rules of NIST", settings: { PASSWORD_RULES: "nist" }, ...refused },
  {
    path: "right password that has failed 100 times, under the rules of NIST",
    settings: { PASSWORD_RULES: "nist" },
    password: passwords.alice,
    before: (server) =>
      asOperator(server, async ({ passwordFailures }) => {
        for (let time = 0; time < 100; time++) await passwordFailures.begin("user:alice");
      }),
    ...refused,
  },
  {
    path: "limit of the pair",
    settings: { THROTTLE_PAIR: "1/15m" },
    before: (server, name, here) => login(server, name, "wrong", here),
    ...throttled,
  },
  {
    path: "limit of the pair, told before",
    settings: { THROTTLE_PAIR: "1/15m" },
    async before(server, name, here) {
      for (let time = 0; time < 2; time++) await login(server, name, "wrong", here);
    },
    ...throttledAgain,
  },
  {
    path: "limit of the account",
    settings: { THROTTLE_ACCOUNT: "1/1h" },
    before: (server, name, here) => login(server, name, "wrong", elsewhere(here)),
    ...throttled,
  },
  {
    path: "limit of the address",
    settings: { THROTTLE_ADDRESS: "1/15m" },
    before: (server, _name, here) => login(server, "another", "wrong", here),
    ...throttled,
  },
  {
    path: "limit of the address, told before",
    settings: { THROTTLE_ADDRESS: "1/15m" },
    async before(server, _name, here) {
      for (let time = 0; time < 2; time++) await login(server, "another", "wrong", here);
    },
    ...throttledAgain,
  },
  {
    path: "limit of the address, signed in from elsewhere before",
    settings: { THROTTLE_ADDRESS: "1/15m" },
    async before(server, _name, here) {
      await login(server, "alice", passwords.alice, elsewhere(here));
      await login(server, "another", "wrong", here);
    },
    ...throttled,
  },
  {
    path: "limits of the account and of the address",
    settings: { THROTTLE_ACCOUNT: "1/1h", THROTTLE_ADDRESS: "1/15m" },
    async before(server, name, here) {
      await login(server, name, "wrong", elsewhere(here));
      await login(server, "another", "wrong", here);
    },
    ...throttled,
  },
];

const log = workLog();
afterAll(() => log[Symbol.dispose]());

/** Work and answers of a login do not depend on whether its account exists. @param open as `testServer` */
export function sameWorkContract(engine: string, open: typeof testServer): void {
  describe(`an existing and an unknown account cost the same: ${engine}`, () => {
    test.each(paths)("$path", async (given) => {
      const { settings = {}, before, names = ["alice", "nobody"], password = "wrong", ...expected } = given;
      await using server = await open({ TRUSTED_PROXIES: "127.0.0.1", ...settings }, log.hasher);
      const seen = [];
      for (const [number, name] of names.entries()) {
        const here = `192.0.2.${number}`;
        await before?.(server, name, here);
        server.newEvents();
        log.take();
        const { status, headers, text } = await login(server, name, password, here);
        const { "x-request-id": _, date: __, ...plain } = Object.fromEntries(headers);
        // Events of a command can arrive after its end.
        const heard = server.newEvents().map((event) => event.name);
        const events = heard.filter((event) => event.startsWith("login."));
        seen.push({ status, headers: plain, text, events, ...log.take() });
      }
      const [existing, unknown] = seen;
      expect(existing).toMatchObject({ status: expected.status, events: expected.events });
      expect(existing?.hashes).toHaveLength(expected.hashes);
      expect(existing?.statements.length).toBeGreaterThan(0);
      expect(existing).toEqual(unknown);
    });
  });
}

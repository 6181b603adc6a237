import { acceptanceRealm, clients, passwords } from "@latchkey/testkit/keycloak/acceptance-realm";
import { cachedDistribution, missingProgram } from "@latchkey/testkit/keycloak/distribution";
import { KeycloakProcess } from "@latchkey/testkit/keycloak/keycloak-process";
import { RealmAdmin } from "@latchkey/testkit/keycloak/realm-admin";
import { makeLoad } from "../make-load.ts";
import { median } from "../quantiles.ts";
import { bearerRequest, formRequest, loginRequest, meRequest, signInWith } from "../requests.ts";
import { type Measure, type Row, shown } from "../row.ts";
import { type Service, scratchFolder, startLatchkey } from "../service.ts";

const realm = "bench";
const endpoint = `/realms/${realm}/protocol/openid-connect`;
const client = { client_id: "latchkey", client_secret: clients.latchkey };
const people = Array.from({ length: 20 }, (_, number) => `person${number}`);
const alice = { username: "alice", password: passwords.alice };

/**
 * Logins through Latchkey compared with direct logins at Keycloak, and `me` compared with Keycloak's userinfo and
 * introspection. Skipped if `npm run test:keycloak` has not fetched Keycloak yet.
 */
export const keycloak: Measure = async ({ quick }) => {
  const distribution = cachedDistribution();
  if (distribution === undefined || missingProgram({ maven: false }) !== undefined) {
    return [
      skipped(
        "login and me compared with Keycloak: skipped, since `npm run test:keycloak` has not fetched it",
      ),
    ];
  }
  const lives = { accessTokenLifespan: 3_600, ssoSessionIdleTimeout: 86_400, ssoSessionMaxLifespan: 864_000 };
  await using provider = await KeycloakProcess.start(distribution);
  const { users, ...rest } = acceptanceRealm(realm, lives);
  const [pattern] = users;
  const more = people.map((username) => ({ ...pattern, username, email: `${username}@example.com` }));
  await new RealmAdmin(provider.url).importRealm({ ...rest, users: [...users, ...more] });
  using folder = scratchFolder();
  const settings = {
    LATCHKEY_PROVIDER: "keycloak",
    LATCHKEY_KEYCLOAK_URL: provider.url,
    LATCHKEY_KEYCLOAK_REALM: realm,
    LATCHKEY_KEYCLOAK_CLIENT_ID: client.client_id,
    LATCHKEY_KEYCLOAK_CLIENT_SECRET: client.client_secret,
  };
  await using server = await startLatchkey({ folder: folder.path, processor: 0, settings });
  return [await logins(server, provider, quick), ...(await meRows(server, provider, quick))];
};

/** One login at a time. The row compares times, because Keycloak alone limits the rate. */
async function logins(server: Service, provider: KeycloakProcess, quick: boolean): Promise<Row> {
  const [rounds, seconds] = quick ? [3, 2] : [9, 4];
  // The users take turns, because Keycloak refuses two logins of one user in quick succession.
  const ours = people.map((username) => loginRequest(username, alice.password));
  const theirs = people.map((username) => {
    const { password } = alice;
    const fields = { ...client, username, password, grant_type: "password", scope: "openid profile email" };
    return formRequest(`${endpoint}/token`, fields, `127.0.0.1:${provider.port}`);
  });
  const load = { connections: 1, seconds, expected: [200] } as const;
  const through = () => makeLoad(server, { ...load, traffic: { kind: "repeat", requests: ours } });
  const straight = () => makeLoad(provider, { ...load, traffic: { kind: "repeat", requests: theirs } });
  // Warms up the compiler of Java.
  for (let warm = 0; warm < (quick ? 2 : 5); warm++) await straight();
  await through();
  const results: { through: number; straight: number }[] = [];
  while (results.length < rounds) {
    results.push({ straight: (await straight()).p50, through: (await through()).p50 });
  }
  const of = (side: "through" | "straight") => median(results.map((result) => result[side]));
  const ratio = median(results.map((result) => result.through / result.straight));
  return {
    what: "login through Latchkey, one at a time",
    figure: `${shown(of("through"), 1)} ms`,
    limit: `${shown(of("straight"), 1)} ms: directly at Keycloak`,
    ratio: `${shown(ratio)} of the time`,
  };
}

async function meRows(server: Service, provider: KeycloakProcess, quick: boolean): Promise<Row[]> {
  const seconds = quick ? 2 : 5;
  const [tokens] = await signInWith(server.port, [loginRequest(alice.username, alice.password)]);
  const token = tokens?.access_token ?? "";
  const rate = async (service: Pick<Service, "port" | "pid">, request: string) => {
    const load = {
      connections: 8,
      seconds,
      traffic: { kind: "repeat", requests: [request] },
      expected: [200],
    } as const;
    const watched = { port: service.port, pid: service.pid, [Symbol.asyncDispose]: async () => {} };
    await makeLoad(watched, load);
    return makeLoad(watched, load);
  };
  const ours = await rate(server, meRequest(token));
  const at = `127.0.0.1:${provider.port}`;
  const ways = [
    ["userinfo", bearerRequest(`${endpoint}/userinfo`, token, at)],
    ["introspection", formRequest(`${endpoint}/token/introspect`, { ...client, token }, at)],
  ] as const;
  const rows: Row[] = [];
  for (const [name, request] of ways) {
    const theirs = await rate(provider, request);
    rows.push({
      what: `me with a token of Keycloak, compared with its ${name}`,
      figure: `${shown(ours.rate, 0)}/s, median ${shown(ours.p50)} ms`,
      limit: `${shown(theirs.rate, 0)}/s, median ${shown(theirs.p50)} ms: Keycloak's ${name}, on all processors`,
      ratio: `${shown(ours.rate / theirs.rate, 0)} times as many`,
    });
  }
  return rows;
}

const skipped = (what: string): Row => ({ what, figure: "–", limit: "–", ratio: "–" });

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { distribution, keycloakVersion } from "@latchkey/testkit/keycloak/distribution";
import { debianBinaries } from "@latchkey/testkit/postgres/binaries";
import { PostgresServer } from "@latchkey/testkit/postgres/postgres-server";
import { cacheFolder, run } from "@latchkey/testkit/toolchains";
import { processTree } from "../process-figures.ts";
import { bearerRequest, formRefreshing, formRequest } from "../requests.ts";
import { type Contestant, member, people } from "./contestant.ts";
import { startProgram } from "./program.ts";

const realm = "bench";
const endpoint = `/realms/${realm}/protocol/openid-connect`;
const client = { client_id: "bench", client_secret: "only for measuring" };

/** Keycloak in its production mode, on PostgreSQL. */
export const keycloak: Contestant = {
  id: "keycloak",
  name: "Keycloak",
  version: keycloakVersion,
  configuration:
    "`kc.sh start --optimized` on PostgreSQL with every commit flushed, both on the measured processor, and refresh tokens that are used once. Its hash is argon2id with 7 MiB and 5 iterations.",
  leavesOut: {
    memory: "The figure is of Keycloak alone, without its PostgreSQL.",
  },
  async prepare(stack) {
    const home = await builtForPostgres();
    const postgres = stack.use(await PostgresServer.make({ binaries: debianBinaries() }));
    // Its later processes inherit the processor.
    spawnSync("taskset", ["-a", "-c", "-p", "0", String(postgres.pid)]);
    const address = new URL(await postgres.database());
    writeFileSync(`${home}/data/import/realm.json`, JSON.stringify(realmFile));
    return async (folder, port) => {
      const service = await startProgram(port, folder, {
        command: [
          ...["sh", `${home}/bin/kc.sh`, "start", "--optimized", "--import-realm"],
          ...[`--http-port=${port}`, "--http-host=127.0.0.1", "--http-enabled=true"],
          ...["--hostname-strict=false"],
        ],
        environment: {
          KC_DB_URL: `jdbc:postgresql://${address.host}${address.pathname}`,
          KC_DB_USERNAME: decodeURIComponent(address.username),
          KC_DB_PASSWORD: decodeURIComponent(address.password),
        },
      });
      const at = `127.0.0.1:${port}`;
      const java = processTree(service.pid).at(-1) ?? service.pid;
      return {
        ...service,
        pid: java,
        watched: [...processTree(service.pid), ...processTree(postgres.pid)],
        login: ({ username, password }) =>
          formRequest(
            `${endpoint}/token`,
            { ...client, username, password, grant_type: "password", scope: "openid" },
            at,
          ),
        refreshToken: member("refresh_token"),
        refresh: formRefreshing(`${endpoint}/token`, client, at),
        me: (answered) => bearerRequest(`${endpoint}/userinfo`, member("access_token")(answered), at),
      };
    };
  },
};

/** A home of its own, whose build is for PostgreSQL. It shares the folders that it only reads. */
async function builtForPostgres(): Promise<string> {
  const { programs } = await distribution();
  const home = cacheFolder(`peers/keycloak-${keycloakVersion}`);
  if (existsSync(`${home}built`)) return home;
  rmSync(home, { recursive: true, force: true });
  mkdirSync(`${home}data/import`, { recursive: true });
  await run("cp", ["-r", `${programs}/bin`, `${programs}/lib`, home], { cwd: home });
  for (const shared of ["conf", "providers"]) symlinkSync(`${programs}/${shared}`, `${home}${shared}`);
  await run("sh", [`${home}bin/kc.sh`, "build", "--db=postgres"], { cwd: home });
  writeFileSync(`${home}built`, "");
  return home;
}

const realmFile = {
  realm,
  enabled: true,
  accessTokenLifespan: 3_600,
  ssoSessionIdleTimeout: 86_400,
  ssoSessionMaxLifespan: 864_000,
  revokeRefreshToken: true,
  refreshTokenMaxReuse: 0,
  clients: [
    {
      clientId: client.client_id,
      secret: client.client_secret,
      publicClient: false,
      standardFlowEnabled: false,
      directAccessGrantsEnabled: true,
      fullScopeAllowed: true,
    },
  ],
  users: people.map(({ username, email, password }) => ({
    username,
    email,
    emailVerified: true,
    firstName: "A",
    lastName: username,
    enabled: true,
    credentials: [{ type: "password", value: password }],
  })),
};

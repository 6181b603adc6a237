import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { acceptanceRealm, passwords } from "@latchkey/testkit/keycloak/acceptance-realm";
import { distribution, givenUrl } from "@latchkey/testkit/keycloak/distribution";
import { KeycloakProcess } from "@latchkey/testkit/keycloak/keycloak-process";
import { login } from "@latchkey/testkit/server/auth-calls";
import { Place } from "@latchkey/testkit/server/server-process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "latchkey-export-"));
const place = new Place();
afterAll(() => rmSync(folder, { recursive: true }));

/** Argon2 is what Keycloak takes by itself. */
const policies = {
  argon2: undefined,
  sha512: "hashAlgorithm(pbkdf2-sha512) and hashIterations(1000)",
} as const;

/** A Keycloak with a realm for each algorithm exports its realms into files. */
async function exportRealms(): Promise<void> {
  const realms = Object.entries(policies).map(([name, passwordPolicy]) => {
    const file = join(folder, `${name}.json`);
    writeFileSync(file, JSON.stringify(acceptanceRealm(name, { passwordPolicy })));
    return file;
  });
  const keycloak = await KeycloakProcess.start({ ...(await distribution()), realms });
  try {
    await keycloak.stop();
    const args = ["export", "--optimized", "--dir", join(folder, "out"), "--users", "realm_file"];
    const { status, stdout } = spawnSync("sh", [join(keycloak.home, "bin/kc.sh"), ...args], {
      encoding: "utf8",
    });
    if (status !== 0) throw new Error(stdout);
  } finally {
    keycloak.forget();
  }
}

// A Keycloak that was started by others exports nothing here.
describe.skipIf(givenUrl !== undefined)("the export of a real Keycloak", () => {
  beforeAll(exportRealms);

  test.each(Object.keys(policies))("with %s: everybody moves in with their password", async (realm) => {
    const database = place.path(`${realm}.db`);
    const server = await place.server({ database });
    const file = join(folder, "out", `${realm}-realm.json`);
    const moved = await place.latchkey([
      "user",
      "import",
      file,
      "--from",
      "keycloak",
      "--database",
      database,
    ]);
    expect(moved).toMatchObject({ status: 0, stdout: `imported ${users.length} users\n`, stderr: "" });
    for (const name of users) {
      const { status, body } = await login(server.url, name, passwords[name]);
      expect([name, status]).toEqual([name, name === "mallory" ? 401 : 200]);
      if (name === "alice") {
        expect(body).toMatchObject({ user: { display_name: "Alice Example" } });
        // Keycloak writes the roles in any order.
        expect(body["roles"]).toHaveLength(2);
        expect(body["roles"]).toEqual(expect.arrayContaining(["premium", "user"]));
      }
    }
    expect((await login(server.url, "alice", passwords.bob)).status).toBe(401);
    await server.stop();
  });
});

const users = ["alice", "bob", "mallory", "nina", "oscar", "quentin", "trent"] as const;

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type KeycloakOptions, KeycloakProcess } from "./keycloak-process.ts";

/** The release of every Keycloak that is started here. */
export const keycloakVersion = "26.7.3";

const artifact = `org.keycloak:keycloak-quarkus-dist:${keycloakVersion}:zip`;

/** Outside git, kept from run to run. */
const cache = fileURLToPath(new URL("../../../../.cache/keycloak/", import.meta.url));
const unpacked = `${cache}keycloak-${keycloakVersion}`;

/** The realm file of the documentation: every Keycloak that is started here has imported it. */
const exampleRealm = fileURLToPath(new URL("../../../../docs/keycloak/realm.json", import.meta.url));

/** A database folder in which Keycloak was started once and has imported the example realm. */
const seedName = createHash("sha256").update(readFileSync(exampleRealm)).digest("hex").slice(0, 12);
const seed = `${cache}seed-${keycloakVersion}-${seedName}`;

/** The address of a running Keycloak. With it, the suite starts none. */
export const givenUrl = process.env["KEYCLOAK_URL"]?.replace(/\/+$/, "") || undefined;

/**
 * Names in one line the program that is missing for the suite; undefined if the suite can run.
 *
 * @param needs whether Maven is needed as well, to fetch the distribution
 */
export function missingProgram(needs: { readonly maven: boolean }): string | undefined {
  if (givenUrl !== undefined) return undefined;
  const java = /version "(\d+)/.exec(spawnSync("java", ["-version"], { encoding: "utf8" }).stderr ?? "")?.[1];
  const remedy = "or the address of a running Keycloak in KEYCLOAK_URL";
  if (java === undefined || Number(java) < 17) return `Java 17 or newer on the PATH, ${remedy}`;
  if (needs.maven && spawnSync("mvn", ["-v"]).status !== 0) {
    return `Maven on the PATH, with which Keycloak is fetched once, ${remedy}`;
  }
  return undefined;
}

/** The distribution of an earlier run; undefined before the first run. Fetches nothing. */
export function cachedDistribution(): KeycloakOptions | undefined {
  return existsSync(seed) ? { programs: unpacked, seed } : undefined;
}

/**
 * The distribution of an earlier run, or fetched with Maven and built.
 *
 * @throws if Java or Maven is missing
 */
export async function distribution(): Promise<KeycloakOptions> {
  const known = cachedDistribution();
  const missing = missingProgram({ maven: known === undefined });
  if (missing !== undefined) throw new Error(`the tests against a real Keycloak need ${missing}`);
  if (known !== undefined) return known;
  mkdirSync(cache, { recursive: true });
  if (!existsSync(`${unpacked}/built`)) fetchAndBuild();
  await makeSeed();
  return { programs: unpacked, seed };
}

function fetchAndBuild(): void {
  rmSync(unpacked, { recursive: true, force: true });
  const unpack = ["dependency:unpack", `-Dartifact=${artifact}`, `-DoutputDirectory=${cache}`];
  run("mvn", ["-q", "-B", ...unpack]);
  run("sh", [`${unpacked}/bin/kc.sh`, "build", "--db=dev-file", "--cache=local"]);
  writeFileSync(`${unpacked}/built`, "");
}

async function makeSeed(): Promise<void> {
  const keycloak = await KeycloakProcess.start({ programs: unpacked, realms: [exampleRealm] });
  await keycloak.stop();
  const half = `${seed}.half`;
  rmSync(half, { recursive: true, force: true });
  cpSync(`${keycloak.home}/data/h2`, `${half}/h2`, { recursive: true });
  keycloak.forget();
  renameSync(half, seed);
}

function run(command: string, args: readonly string[]): void {
  const { status, stdout, stderr } = spawnSync(command, [...args], { cwd: cache, encoding: "utf8" });
  if (status !== 0) throw new Error(`${command} ${args[0]} failed:\n${stdout}\n${stderr}`);
}

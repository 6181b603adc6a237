import { spawnSync } from "node:child_process";

/** The Keycloak suite cannot run here. The message names the missing program. */
export class SuiteLeftOut extends Error {}

/** The address of a running Keycloak, if the suite is to use it instead of its own. */
export const givenUrl = process.env["KEYCLOAK_URL"]?.replace(/\/+$/, "") || undefined;

/**
 * Names in one line the program that is missing for the suite; undefined if the suite can run.
 *
 * @param needs whether Maven is needed as well, to fetch the distribution
 */
export function whatIsMissing(needs: { readonly maven: boolean }): string | undefined {
  if (givenUrl !== undefined) return undefined;
  const java = /version "(\d+)/.exec(spawnSync("java", ["-version"], { encoding: "utf8" }).stderr ?? "")?.[1];
  const remedy = "or the address of a running Keycloak in KEYCLOAK_URL";
  if (java === undefined || Number(java) < 17) return `Java 17 or newer on the PATH, ${remedy}`;
  if (needs.maven && spawnSync("mvn", ["-v"]).status !== 0) {
    return `Maven on the PATH, with which Keycloak is fetched once, ${remedy}`;
  }
  return undefined;
}

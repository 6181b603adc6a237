import { distribution, givenUrl } from "@latchkey/testkit/keycloak/distribution";
import { bootstrapAdmin, KeycloakProcess } from "@latchkey/testkit/keycloak/keycloak-process";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  export interface ProvidedContext {
    /** A running Keycloak and its administrator. */
    keycloak: {
      readonly url: string;
      readonly admin: { readonly username: string; readonly password: string };
    };
  }
}

/** Starts the Keycloak of the suite, or takes the one of `KEYCLOAK_URL`. @returns a function that stops it */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  if (givenUrl !== undefined) {
    const { KEYCLOAK_ADMIN: username = "admin", KEYCLOAK_ADMIN_PASSWORD: password = "admin" } = process.env;
    project.provide("keycloak", { url: givenUrl, admin: { username, password } });
    return async () => {};
  }
  const keycloak = await KeycloakProcess.start(await distribution());
  project.provide("keycloak", { url: keycloak.url, admin: bootstrapAdmin });
  return () => keycloak[Symbol.asyncDispose]();
}

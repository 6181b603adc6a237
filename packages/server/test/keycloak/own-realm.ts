import { randomUUID } from "node:crypto";
import { acceptanceRealm } from "@latchkey/testkit/keycloak/acceptance-realm";
import { RealmAdmin } from "@latchkey/testkit/keycloak/realm-admin";
import type { TestServer } from "@latchkey/testkit/server/test-server";
import { afterAll, beforeAll, inject } from "vitest";
import type { ProviderWorld } from "../api/provider-world.ts";
import { realmServer } from "./realm-server.ts";

/** A realm for the tests of one file, in the Keycloak of the suite. */
export interface OwnRealm {
  readonly name: string;
  readonly keycloak: string;
  readonly admin: RealmAdmin;
  /** Opens a Latchkey in front of it. */
  open(settings?: Readonly<Record<string, string>>): Promise<TestServer>;
}

/** @param change members that replace those of the usual realm */
export function ownRealm(change: object = {}): OwnRealm {
  const name = `tests-${randomUUID().slice(0, 8)}`;
  const { url: keycloak, admin: login } = inject("keycloak");
  const admin = new RealmAdmin(keycloak, login);
  beforeAll(() => admin.importRealm(acceptanceRealm(name, change)));
  afterAll(() => admin.removeRealm(name));
  return { name, keycloak, admin, open: (settings) => realmServer(keycloak, name, settings) };
}

/** The lifetimes of Latchkey's own tokens and sessions, so that the same contracts can move the same clock. */
export const sameTimes = {
  accessTokenLifespan: 3_600,
  ssoSessionIdleTimeout: 86_400,
  ssoSessionMaxLifespan: 864_000,
} as const;

/** The world of the contracts with this realm. @param differs cases with another outcome than for local users */
export function realmWorld(realm: OwnRealm, differs: ProviderWorld["differs"] = {}): ProviderWorld {
  const uuid = /^[\da-f-]{36}$/;
  const jwt = /^[\w-]+\.[\w-]+\.[\w-]+$/;
  return {
    open: realm.open,
    alice: {
      id: { asymmetricMatch: (id: unknown) => typeof id === "string" && uuid.test(id) },
      roles: sameMembers("user", "premium", "editor"),
      display_name: "Alice Example",
    },
    accessToken: jwt,
    refreshToken: jwt,
    wrongPassword: { reason: "refused_by_realm" },
    differs,
  };
}

/** Matches a list in any order, because Keycloak's order of roles is undefined. */
function sameMembers(...members: readonly string[]) {
  const sorted = members.toSorted().join();
  return { asymmetricMatch: (list: unknown) => Array.isArray(list) && list.toSorted().join() === sorted };
}

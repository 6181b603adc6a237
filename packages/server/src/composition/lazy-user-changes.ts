import { atFirstUse } from "../core/first-use.ts";
import type { UserChanges } from "../core/people/user-changes.ts";
import type { UserChangeFoundation } from "./user-changes.ts";

/**
 * User administration, loaded at its first use: a start changes no user. No other file of the server may import
 * `user-changes.ts` at start.
 */
export function lazyUserChanges(parts: UserChangeFoundation): UserChanges {
  const open = atFirstUse(async () => {
    const { composeUserChanges } = await import("./user-changes.ts");
    return composeUserChanges(parts);
  });
  return {
    byName: async (name) => (await open()).byName(name),
    byId: async (id) => (await open()).byId(id),
    search: async (query) => (await open()).search(query),
    add: async (...given) => (await open()).add(...given),
    change: async (...given) => (await open()).change(...given),
    setPassword: async (...given) => (await open()).setPassword(...given),
    setActive: async (...given) => (await open()).setActive(...given),
    remove: async (...given) => (await open()).remove(...given),
    erase: async (...given) => (await open()).erase(...given),
    unlock: async (...given) => (await open()).unlock(...given),
    endSessions: async (...given) => (await open()).endSessions(...given),
    exportUser: async (...given) => (await open()).exportUser(...given),
  };
}

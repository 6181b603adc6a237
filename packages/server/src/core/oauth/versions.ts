import { createHash } from "node:crypto";
import type { FoundClient } from "./registered-clients.ts";
import type { RegisteredResource } from "./resources.ts";

// Clients and resources count no changes. A digest of their content tells one state from another.

/**
 * The version of a client: a digest of all that administrators change, its credentials included. Live sessions do not
 * count. A client that describes itself has one version until it is blocked.
 */
export function clientVersion({ id, added, blockedAt, registered }: FoundClient): string {
  if (registered === undefined) return digestOf([id, added, blockedAt]);
  const { name, redirectUris, credentials, grantTypes, roles, scope, createdAt } = registered;
  // Both readings of the block: if it came between them, no later state has this version.
  const blocks = [blockedAt, registered.blockedAt];
  return digestOf([id, blocks, name, redirectUris, credentials, grantTypes, roles, scope, createdAt]);
}

/** The version of a resource: a digest of its content. */
export function resourceVersion({ url, name, scopes, createdAt }: RegisteredResource): string {
  return digestOf([url, name, scopes, createdAt]);
}

function digestOf(content: readonly unknown[]): string {
  return createHash("sha256").update(JSON.stringify(content)).digest("base64url");
}

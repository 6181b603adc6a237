import { LatchkeyError } from "../errors.ts";
import type { SessionClient } from "../stories/sessions.ts";
import { comparableUrl } from "./resource-urls.ts";
import type { Resource, Resources } from "./resources.ts";
import { narrowed } from "./scopes.ts";

/**
 * The resource that a person allowed a client, as it is known now. The client may repeat it in any spelling or leave
 * it out, but not change it.
 *
 * @param asked the parameter `resource`
 * @throws {LatchkeyError} `invalid_target` if it is another one, `invalid_grant` if the resource was removed since
 */
export async function grantedResource(
  asked: string | undefined,
  { resource: granted }: Pick<SessionClient, "resource">,
  resources: Resources,
): Promise<Resource> {
  const known = await resources.named(granted).catch((error: unknown) => {
    if (!isUnknown(error)) throw error;
    // `invalid_target` would not lead a client to a new sign-in.
    throw new LatchkeyError("invalid_grant", { reason: "resource was removed" });
  });
  // The origin of a removed resource may be that of another one.
  if (!areSame(known.url, granted))
    throw new LatchkeyError("invalid_grant", { reason: "resource was removed" });
  if (asked !== undefined && !areSame(asked, granted)) {
    const { url } = await resources.named(asked);
    if (!areSame(url, granted)) throw new LatchkeyError("invalid_target", { reason: "another resource" });
  }
  return known;
}

/**
 * The scope of a new access token of a client. It may be narrower than the one that the person allowed.
 *
 * @param asked the parameter `scope`
 * @throws {LatchkeyError} `invalid_scope` if it would be wider, or for unknown scopes alone at the administration
 */
export function grantedScope(
  asked: string | undefined,
  { scope: granted }: Pick<SessionClient, "scope">,
  resource: Resource,
): string {
  const scope = narrowed(granted, asked, resource);
  if (scope === undefined)
    throw new LatchkeyError("invalid_scope", { reason: "wider than what was allowed, or unknown" });
  return scope;
}

function areSame(one: string, other: string): boolean {
  const comparable = comparableUrl(one);
  return comparable !== undefined && comparable === comparableUrl(other);
}

function isUnknown(error: unknown): boolean {
  return error instanceof LatchkeyError && error.code === "invalid_target";
}

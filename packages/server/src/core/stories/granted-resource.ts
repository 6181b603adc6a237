import { LatchkeyError } from "../errors.ts";
import type { Resource, Resources } from "../oauth/resources.ts";
import { narrowed } from "../oauth/scopes.ts";
import type { SessionClient } from "./sessions.ts";

/**
 * The resource of a client's session, if the operator has not removed it. The client may repeat it or leave it out, but
 * not change it.
 *
 * @throws {LatchkeyError} `invalid_target`
 */
export async function grantedResource(
  asked: string | undefined,
  { resource: allowed }: Pick<SessionClient, "resource">,
  resources: Resources,
): Promise<Resource> {
  const resource = await resources.named(allowed);
  // The origin of a removed resource may be that of another one.
  if (resource.url !== allowed) throw otherResource("the resource was removed");
  if (asked === undefined || asked === allowed || (await resources.named(asked)).url === allowed)
    return resource;
  throw otherResource("another resource than the one that was allowed");
}

/**
 * The scope of a new access token of a client. It may be narrower than what the person allowed.
 *
 * @throws {LatchkeyError} `invalid_scope` if it would be wider
 */
export function grantedScope(
  asked: string | undefined,
  { scope }: Pick<SessionClient, "scope">,
  resource: Resource,
): string {
  const granted = narrowed(scope, asked, resource);
  if (granted !== undefined) return granted;
  throw new LatchkeyError("invalid_scope", { reason: "a wider scope than what was allowed" });
}

function otherResource(reason: string): LatchkeyError {
  return new LatchkeyError("invalid_target", { reason });
}

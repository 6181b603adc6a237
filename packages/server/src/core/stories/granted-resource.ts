import { LatchkeyError } from "../errors.ts";
import type { Resources } from "../oauth/resources.ts";
import type { SessionClient } from "./sessions.ts";

/**
 * Checks the resource that a client repeats. It may leave it out, but not change it.
 *
 * @throws {LatchkeyError} `invalid_target`
 */
export async function assertGrantedResource(
  asked: string | undefined,
  { resource }: Pick<SessionClient, "resource">,
  resources: Resources,
): Promise<void> {
  if (asked === undefined || asked === resource) return;
  if ((await resources.named(asked)).url === resource) return;
  throw new LatchkeyError("invalid_target", { reason: "another resource than the one that was allowed" });
}

/**
 * The scope of a new access token of a client. It may be narrower than what the person allowed.
 *
 * @throws {LatchkeyError} `invalid_scope` if it would be wider
 */
export function grantedScope(asked: string | undefined, { scope }: Pick<SessionClient, "scope">): string {
  const words = new Set(asked?.split(/\s+/).filter((word) => word !== ""));
  if (words.size === 0) return scope;
  const allowed = new Set(scope.split(" "));
  if (words.isSubsetOf(allowed)) return [...words].join(" ");
  throw new LatchkeyError("invalid_scope", { reason: "a wider scope than what was allowed" });
}

import { LatchkeyError } from "../errors.ts";
import type { Resource } from "./resources.ts";
import { allowedScopes, asksUnknownAlone, isScope } from "./scopes.ts";

/** Noted scopes, at most. A client can send any number of them. */
const mostNoted = 100;

/** Takes note of scopes that a client asked for and that its resource does not have. */
export type NoteDroppedScopes = (resource: Resource, dropped: readonly string[]) => void;

/**
 * Notes each dropped scope of a resource once per process. A guard may require a scope that its resource does not list.
 * Its clients then ask for it again and again, and nothing else shows the operator why.
 *
 * @param warn writes a line to the log
 */
export function noteDroppedScopes(
  warn: (fields: { readonly resource: string; readonly scope: string }, line: string) => void,
): NoteDroppedScopes {
  const noted = new Set<string>();
  return (resource, dropped) => {
    for (const scope of dropped.filter(isScope)) {
      const key = `${resource.url} ${scope}`;
      if (noted.has(key) || noted.size >= mostNoted) continue;
      noted.add(key);
      warn(
        { resource: resource.url, scope },
        `a client asked for the scope ${scope}, which ${resource.url} does not have: if a guard there requires it, add it with \`latchkey resource add\``,
      );
    }
  };
}

/**
 * The scope that a person is asked about, with a note of the words that were dropped. The function that it returns
 * throws {LatchkeyError} `invalid_scope` for unknown scopes alone, at a resource that refuses them.
 */
export function createAllowedScope(
  noteDropped: NoteDroppedScopes,
): (asked: string | undefined, resource: Resource) => string {
  return (asked, resource) => {
    const { scope, dropped } = allowedScopes(asked, resource);
    noteDropped(resource, dropped);
    if (resource.refusesUnknownScopes && asksUnknownAlone(asked, resource))
      throw new LatchkeyError("invalid_scope", { reason: "unknown scopes alone" });
    return scope;
  };
}

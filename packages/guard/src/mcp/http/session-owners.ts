import type { Principal } from "../../principal.ts";

/** How many MCP sessions are remembered; past that, the one that was used longest ago must be opened anew. */
const remembered = 10_000;

/**
 * Whose each MCP session is (`Mcp-Session-Id`, protocol revisions up to 2025-11-25). Knowing a session's id
 * opens it to nobody but the user and sign-in that it was opened by. Sessions that were opened without a
 * token are remembered apart, so that nobody can crowd out others' by opening many.
 */
export class SessionOwners {
  readonly #owned = new Map<string, string>();
  readonly #anonymous = new Map<string, string>();

  isOwner(session: string, principal: Principal | undefined): boolean {
    const sessions = this.#sessionsOf(principal);
    const owner = sessions.get(session);
    if (owner === undefined || owner !== ownerOf(principal)) return false;
    sessions.delete(session);
    sessions.set(session, owner);
    return true;
  }

  /** Takes note of who opened a session; one that is known stays whose it is. */
  open(session: string, principal: Principal | undefined): void {
    if (this.#owned.has(session) || this.#anonymous.has(session)) return;
    const sessions = this.#sessionsOf(principal);
    if (sessions.size >= remembered) {
      const oldest = sessions.keys().next();
      if (!oldest.done) sessions.delete(oldest.value);
    }
    sessions.set(session, ownerOf(principal));
  }

  close(session: string): void {
    this.#owned.delete(session);
    this.#anonymous.delete(session);
  }

  #sessionsOf(principal: Principal | undefined): Map<string, string> {
    return principal === undefined ? this.#anonymous : this.#owned;
  }
}

function ownerOf(principal: Principal | undefined): string {
  return principal === undefined ? "" : JSON.stringify([principal.userId, principal.sessionId ?? null]);
}

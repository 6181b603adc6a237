import type { Principal } from "../../principal.ts";

/** Bound on remembered sessions of each kind. Beyond it, the least recently used one must be opened again. */
const maxSessions = 10_000;

/**
 * The owner of each MCP session (`Mcp-Session-Id`, protocol revisions up to 2025-11-25). A session accepts requests of
 * the user and sign-in that opened it alone, so a stolen id is useless. Sessions that were opened without a token have a
 * bound of their own: opening many of them never evicts a session with an owner.
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

  /** Records a session's owner. An existing owner is never replaced. */
  open(session: string, principal: Principal | undefined): void {
    if (this.#owned.has(session) || this.#anonymous.has(session)) return;
    const sessions = this.#sessionsOf(principal);
    if (sessions.size >= maxSessions) {
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

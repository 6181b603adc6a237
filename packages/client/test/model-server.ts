/** The lifetime of the model's access tokens, in seconds. */
export const modelLifetime = 100;

/**
 * A model of a token server without a network: sessions, expiring access tokens and rotated refresh tokens.
 * Repeating the last refresh token returns the same successor. An older one ends the session.
 */
export class ModelServer {
  readonly #sessions: { generation: number; ended: boolean }[] = [];
  readonly #until = new Map<string, number>();
  /** The number of sessions that ended because of an old refresh token. */
  replays = 0;

  /** The expiry of an access token, in milliseconds since 1970. */
  until(accessToken: string): number {
    return this.#until.get(accessToken) ?? Number.NEGATIVE_INFINITY;
  }

  isOver(session: number): boolean {
    return this.#sessions[session]?.ended ?? true;
  }

  /** Ends all sessions, as an administrator may. */
  endAll(): void {
    for (const session of this.#sessions) session.ended = true;
  }

  login(): object {
    const session = this.#sessions.push({ generation: 0, ended: false }) - 1;
    return this.#issue(session, 0);
  }

  answer(path: string, body: Readonly<Record<string, unknown>>, bearer: string): Response {
    if (path === "/auth/login") return Response.json(this.login());
    if (path === "/auth/refresh") return this.#refresh(String(body["refresh_token"]));
    const session = this.#sessions[sessionOf(bearer)];
    if (!session || session.ended || Date.now() >= this.until(bearer)) return refused();
    if (path === "/auth/logout") session.ended = true;
    return Response.json({ id: "user:alice", username: "alice", email: "alice@example.com", message: "" });
  }

  #refresh(token: string): Response {
    const id = sessionOf(token);
    const session = this.#sessions[id];
    if (!session || session.ended) return refused();
    const age = session.generation - generationOf(token);
    if (age === 0) session.generation++;
    if (age > 1) {
      session.ended = true;
      this.replays++;
    }
    return age > 1 ? refused() : Response.json(this.#issue(id, session.generation));
  }

  #issue(session: number, generation: number): object {
    const access_token = `access-${session}-${this.#until.size}`;
    this.#until.set(access_token, Date.now() + modelLifetime * 1000);
    return { access_token, refresh_token: `refresh-${session}-${generation}`, expires_in: modelLifetime };
  }
}

/** The session of an access token or a refresh token. */
export function sessionOf(token: string): number {
  return Number(token.split("-")[1]);
}

export function generationOf(refreshToken: string): number {
  return Number(refreshToken.split("-")[2]);
}

function refused(): Response {
  return Response.json({ message: "No" }, { status: 401 });
}

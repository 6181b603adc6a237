import { jwtPart, type Tokens } from "@latchkey/testkit/server/auth-calls";
import type { Act, Entry } from "../ledger/ledger.ts";

/** A server without an answer for this long counts as gone, in milliseconds. */
const requestTimeout = 10_000;

/** Sends requests to a balancer and records the outcome of each. */
export class Calls {
  readonly entries: Entry[] = [];
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  /** @returns the tokens of a successful login, and the session id in its access token */
  async login(username: string, password: string): Promise<{ session: string; tokens: Tokens } | undefined> {
    const { entry, body } = await this.#post("login", "?", "/auth/login", { username, password });
    const { access_token: access, refresh_token: refresh } = body;
    const tokens =
      typeof access === "string" && typeof refresh === "string" ? { access, refresh } : undefined;
    const session =
      tokens === undefined
        ? `nobody's ${this.entries.length}`
        : String(jwtPart(tokens.access, "claims")["sid"]);
    this.entries.push({ ...entry, session });
    return tokens && { session, tokens };
  }

  async refresh(session: string, shown: string, act: "refresh" | "replay" = "refresh") {
    const { entry, body } = await this.#post(act, session, "/auth/refresh", { refresh_token: shown });
    const { access_token: access, refresh_token: refresh } = body;
    if (typeof access !== "string" || typeof refresh !== "string") return this.#note({ ...entry, shown });
    return { ...this.#note({ ...entry, shown, successor: refresh }), tokens: { access, refresh } };
  }

  async trade(session: string, current: string) {
    const { entry } = await this.#post("trade", session, "/auth/refresh", { current_token: current });
    return this.#note(entry);
  }

  async me(session: string, access: string) {
    const { entry } = await this.#send("me", session, "/auth/me", { headers: bearer(access) });
    return this.#note(entry);
  }

  async logout(session: string, access: string) {
    const { entry } = await this.#send("logout", session, "/auth/logout", {
      method: "POST",
      headers: bearer(access),
    });
    return this.#note(entry);
  }

  /** Records an act on several sessions without a request. @param done undefined if the outcome is unknown */
  note(act: Act, sessions: Iterable<string>, sentAt: number, done: true | undefined): void {
    const answeredAt = performance.now();
    for (const session of sessions)
      this.entries.push({ act, session, sentAt, answeredAt, status: done ? 200 : undefined });
  }

  #note(entry: Entry): Entry & { readonly tokens?: Tokens } {
    this.entries.push(entry);
    return entry;
  }

  #post(act: Act, session: string, path: string, body: object) {
    const headers = { "content-type": "application/json" };
    return this.#send(act, session, path, { method: "POST", headers, body: JSON.stringify(body) });
  }

  async #send(act: Act, session: string, path: string, init: RequestInit) {
    const sentAt = performance.now();
    const about = { act, session, sentAt };
    try {
      const response = await fetch(`${this.#url}${path}`, {
        ...init,
        signal: AbortSignal.timeout(requestTimeout),
      });
      const body: Record<string, unknown> = JSON.parse(await response.text());
      const { status, headers } = response;
      const entry: Entry = {
        ...about,
        answeredAt: performance.now(),
        status,
        code: String(body["code"] ?? ""),
        retryAfter: Number(headers.get("retry-after")) > 0,
      };
      return { entry, body };
    } catch {
      const entry: Entry = { ...about, answeredAt: performance.now(), status: undefined };
      return { entry, body: {} };
    }
  }
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

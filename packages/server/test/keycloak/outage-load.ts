import { passwords } from "@latchkey/testkit/keycloak/acceptance-realm";
import { type ApiRequest, bearer, claimsOf } from "../api/api-case.ts";

/** The users of the load. All have alice's password. */
export const crowd = ["ada", "ben", "cleo", "dan"] as const;

/** The answer to one operation. */
export interface Outcome {
  readonly operation: "login" | "refresh" | "me" | "logout" | "ready";
  /** 0 if no answer came within the bound. */
  readonly status: number;
  readonly code: unknown;
  readonly retryAfter: string | null;
}

/** A session with an acknowledged logout. */
interface SignedOut {
  readonly sid: string;
  readonly access: string;
  readonly refresh: string;
}

/** Users that sign in, refresh, call `me` and sign out in parallel, until `stop`. */
export class OutageLoad implements AsyncDisposable {
  readonly outcomes: Outcome[] = [];
  /** The `sid` of every opened session. */
  readonly opened: string[] = [];
  readonly signedOut: SignedOut[] = [];
  readonly #url: string;
  readonly #bound: number;
  readonly #workers: Promise<void>[];
  #stopped = false;

  /** @param bound the longest wait for an answer, in milliseconds @param lasting an access token for `me` */
  constructor(url: string, bound: number, lasting: string) {
    this.#url = url;
    this.#bound = bound;
    this.#workers = crowd.map((username) => this.#work(username, lasting));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#workers);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  of(operation: Outcome["operation"]): Outcome[] {
    return this.outcomes.filter((outcome) => outcome.operation === operation);
  }

  async #work(username: string, lasting: string): Promise<void> {
    while (!this.#stopped) {
      await this.#send("me", { method: "GET", path: "/auth/me", headers: bearer(lasting) });
      await this.#send("ready", { method: "GET", path: "/health/ready" });
      const credentials = { username, password: passwords.alice };
      const first = await this.#send("login", { method: "POST", path: "/auth/login", body: credentials });
      const access = first["access_token"];
      if (typeof access !== "string") continue;
      this.opened.push(String(claimsOf(access)["sid"]));
      const body = { refresh_token: first["refresh_token"] };
      const next = await this.#send("refresh", { method: "POST", path: "/auth/refresh", body });
      const refresh = String(next["refresh_token"] ?? first["refresh_token"]);
      const out = await this.#send("logout", {
        method: "POST",
        path: "/auth/logout",
        headers: bearer(access),
      });
      if (out["message"] === "Successfully logged out") {
        this.signedOut.push({ sid: String(claimsOf(access)["sid"]), access, refresh });
      }
    }
  }

  async #send(operation: Outcome["operation"], request: ApiRequest): Promise<Record<string, unknown>> {
    const { method, path, body, headers } = request;
    try {
      const response = await fetch(`${this.#url}${path}`, {
        method,
        headers: { ...headers, ...(body !== undefined && { "content-type": "application/json" }) },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(this.#bound),
      });
      const answer = (await response.json()) as Record<string, unknown>;
      const { status } = response;
      this.outcomes.push({
        operation,
        status,
        code: answer["code"],
        retryAfter: response.headers.get("retry-after"),
      });
      return status === 200 ? answer : {};
    } catch {
      this.outcomes.push({ operation, status: 0, code: "no answer within the bound", retryAfter: null });
      return {};
    }
  }
}

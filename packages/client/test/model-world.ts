import type { Scheduler } from "fast-check";
import { fieldsOf } from "../src/fields.ts";
import { AuthClient, type TokenSet, type TokenStore } from "../src/index.ts";
import { tokenSetOf } from "../src/tokens.ts";
import { readTokens } from "../src/wire.ts";
import { generationOf, ModelServer, sessionOf } from "./model-server.ts";

/** The outcome of a request. */
export type Fate = "answered" | "unavailable" | "lost on the way" | "answer lost";

/** Clients with one store, and a network under the control of a scheduler. Records violations. */
export class ModelWorld {
  readonly server = new ModelServer();
  readonly store: TokenStore;
  readonly clients: readonly AuthClient[];
  /** The last event: the response to a login, or the start of a logout. */
  lastEvent: "login" | "logout" = "login";
  /** The number of answered logins. */
  logins = 0;
  /** Called with the session of each write to the store. */
  readonly watching = new Set<(session: number) => void>();
  /** The error of a refused write. */
  readonly full = new Error("the disk is full");
  /** Violations. They are not thrown, because a client would treat them as network errors. */
  readonly faults: string[] = [];
  /** The number of current logouts of a client. */
  readonly leaving = new Map<AuthClient, number>();
  readonly #scheduler: Scheduler;
  readonly #fates: Fate[];
  readonly #storedGenerations = new Map<number, number>();
  #refusals: boolean[];
  #kept: TokenSet | undefined;
  #given: TokenSet | undefined;

  /** @param options `refusals` lists for each write whether the store refuses it */
  constructor(
    scheduler: Scheduler,
    fates: readonly Fate[],
    options: { clients: number; name?: string; refusals?: readonly boolean[] },
  ) {
    this.#scheduler = scheduler;
    this.#fates = [...fates];
    this.#refusals = [...(options.refusals ?? [])];
    this.#give(tokenSetOf(readTokens(this.server.login()), Date.now()));
    this.#kept = this.#given;
    this.store = options.name === undefined ? this.#slowStore() : this.#sharedStore(options.name);
    this.clients = Array.from({ length: options.clients }, () => this.#client());
  }

  /** The stored tokens. */
  get kept(): TokenSet | undefined {
    return this.#kept;
  }

  /** The tokens of the last write, even if it was refused. */
  get given(): TokenSet | undefined {
    return this.#given;
  }

  /** Makes all later writes succeed. */
  heal(): void {
    this.#refusals = [];
  }

  #keep(tokens: TokenSet | undefined): void {
    this.#give(tokens);
    if (this.#refusals.shift()) throw this.full;
    this.#kept = tokens;
  }

  #give(tokens: TokenSet | undefined): void {
    this.#given = tokens;
    if (!tokens) return;
    const session = sessionOf(tokens.accessToken);
    for (const watch of this.watching) watch(session);
    const stored = this.#storedGenerations.get(session) ?? 0;
    this.#storedGenerations.set(session, Math.max(stored, generationOf(tokens.refreshToken ?? "")));
  }

  #sharedStore(name: string): TokenStore {
    return { name, get: () => this.#kept, set: (tokens) => this.#keep(tokens) };
  }

  #slowStore(): TokenStore {
    const slowly = (label: string) => this.#scheduler.schedule(Promise.resolve(), label);
    return {
      get: async () => {
        await slowly("store is read");
        const tokens = this.#kept;
        await slowly("store has been read");
        return tokens;
      },
      set: async (tokens) => {
        await slowly("store is written");
        this.#keep(tokens);
        await slowly("store has been written");
      },
    };
  }

  #client(): AuthClient {
    let refreshing = 0;
    const client = new AuthClient({
      store: this.store,
      retry: false,
      fetch: async (request) => {
        const path = new URL(request.url).pathname;
        if (path !== "/auth/refresh") return this.#exchange(path, request);
        refreshing++;
        // A logout may have to refresh its own session first.
        if (refreshing > 1 && !this.leaving.get(client)) this.faults.push("two refreshes in flight");
        return this.#exchange(path, request).finally(() => {
          refreshing--;
        });
      },
    });
    return client;
  }

  async #exchange(path: string, request: Request): Promise<Response> {
    const fate = this.#fates.shift() ?? "answered";
    const bearer = request.headers.get("authorization")?.slice("Bearer ".length) ?? "";
    const body = fieldsOf(request.body ? await request.json() : {});
    if (path === "/auth/refresh") this.#checkUse(String(body["refresh_token"]));
    await this.#scheduler.schedule(Promise.resolve(), `${path} arrives`);
    if (fate === "lost on the way") throw new TypeError("fetch failed");
    const answer =
      fate === "unavailable" ? new Response(null, { status: 503 }) : this.server.answer(path, body, bearer);
    await this.#scheduler.schedule(Promise.resolve(), `${path} is answered`);
    if (fate === "answer lost") throw new TypeError("fetch failed");
    if (path === "/auth/login" && answer.ok) {
      this.lastEvent = "login";
      this.logins++;
    }
    return answer;
  }

  #checkUse(refreshToken: string): void {
    const stored = this.#storedGenerations.get(sessionOf(refreshToken)) ?? 0;
    if (generationOf(refreshToken) < stored)
      this.faults.push("a refresh token was used after its successor was stored");
  }
}

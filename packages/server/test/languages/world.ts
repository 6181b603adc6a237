import { DatabaseSync } from "node:sqlite";
import type { Place, ServerProcess } from "@latchkey/testkit/server/server-process";
import { expect } from "vitest";
import type { Issuer } from "./issuer.ts";
import { ListProxy } from "./list-proxy.ts";
import type { Verifier, Verifiers } from "./verifiers.ts";

/** The hosts with a follower of their own, and its language. */
const languages = [
  ["PyJWT", "Python"],
  ["golang-jwt", "Go"],
  ["Nimbus", "Java"],
] as const;
/** Longer than any wait of a follower after failures, in milliseconds. */
export const timeout = 30_000;

export type State = "live" | "ended" | "unavailable";

/** The parts that all worlds of a file share. */
export interface WorldParts {
  readonly place: Place;
  readonly issuer: Issuer;
  readonly verifiers: Verifiers;
}

let databases = 0;
const newDatabase = (place: Place) => place.path(`list-${databases++}.db`);

/** The same answer of every follower, by language. */
export const everyOne = (answer: string) =>
  Object.fromEntries(languages.map(([, language]) => [language, answer]));

/** A server with an empty list, a proxy before it, and the three followers behind the proxy. */
export class World implements AsyncDisposable {
  readonly proxy: ListProxy;
  readonly #parts: WorldParts;
  #database: string;
  #server: ServerProcess;
  #followers: readonly Verifier[] = [];

  private constructor(parts: WorldParts, proxy: ListProxy, database: string, server: ServerProcess) {
    this.#parts = parts;
    this.proxy = proxy;
    this.#database = database;
    this.#server = server;
  }

  static async make(parts: WorldParts): Promise<World> {
    const { place, issuer } = parts;
    const database = newDatabase(place);
    const server = await issuer.start(database);
    return new World(parts, await ListProxy.before(issuer.url), database, server);
  }

  /** Starts the followers. @param staleAfter the age from which their list is out of date, in seconds */
  async follow(staleAfter = 3): Promise<void> {
    const { issuer, verifiers } = this.#parts;
    const options = { issuer: issuer.url, revocations: this.proxy.url, staleAfter };
    this.#followers = await Promise.all(languages.map(([name]) => verifiers.start(name, options)));
  }

  get database(): string {
    return this.#database;
  }

  stopServer = () => this.#server.stop();

  async startServer(): Promise<void> {
    this.#server = await this.#parts.issuer.start(this.#database);
  }

  /** Restarts the server on an empty database, as if a backup from before all logouts was restored. */
  async replaceDatabase(): Promise<void> {
    await this.stopServer();
    this.#database = newDatabase(this.#parts.place);
    await this.startServer();
  }

  /** Waits until every follower says this about a session. */
  async say(sessionId: string, state: State): Promise<void> {
    const all = () => this.ask(`/sessions/${sessionId}`);
    await expect.poll(all, { timeout }).toEqual(everyOne(state));
  }

  /** Waits until every follower has this number of ended sessions in memory. */
  async know(count: number): Promise<void> {
    await expect.poll(() => this.ask("/known"), { timeout }).toEqual(everyOne(String(count)));
  }

  async ask(path: string): Promise<Record<string, string>> {
    const answers = this.#followers.map((follower) => follower.ask(path));
    return Object.fromEntries((await Promise.all(answers)).map((answer, at) => [languages[at]?.[1], answer]));
  }

  logs(): readonly string[] {
    return this.#followers.map(({ log }) => log());
  }

  /** Waits until the proxy has answered so many more requests. */
  async answers(count: number): Promise<void> {
    const before = this.proxy.answered.length;
    const more = () => this.proxy.answered.length - before;
    await expect.poll(more, { timeout }).toBeGreaterThanOrEqual(count);
  }

  /** Adds entries to the list, as another process would. */
  insert(sessionIds: readonly string[], until = Date.now() + 3_600_000): void {
    const database = new DatabaseSync(this.#database, { timeout: 5_000 });
    const insert = database.prepare("insert into revocations (session_id, until) values (?, ?)");
    database.exec("begin");
    for (const sessionId of sessionIds) insert.run(sessionId, until);
    database.exec("commit");
    database.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#followers.map((follower) => follower[Symbol.asyncDispose]()));
    await this.proxy[Symbol.asyncDispose]();
    await this.stopServer();
  }
}

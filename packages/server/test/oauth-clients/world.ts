import { join } from "node:path";
import { Person } from "@latchkey/testkit/oauth/person";
import { Programs } from "@latchkey/testkit/programs";
import { Place, type ServerProcess } from "@latchkey/testkit/server/server-process";
import { until } from "@latchkey/testkit/until";
import { newDatabase } from "../postgres/server/suite-postgres.ts";

/** The engines below each flow. */
export const engines = ["SQLite", "PostgreSQL"] as const;
export type Engine = (typeof engines)[number];

/** An MCP server of a person's own, in front of which the guard stands. */
const notesServer = join(import.meta.dirname, "../../../../examples/notes-mcp/src/http.ts");

const secret = "a secret that is long enough for this";

/** An audit event in the log of the server. */
interface LoggedEvent {
  readonly sessionId: string;
  readonly client: string;
}

/** A user with a known password. */
export interface KnownPerson extends Person {
  readonly id: string;
  readonly password: string;
}

/** Makes worlds. Created at the top of a test file, so that all processes end with its last test. */
export class Worlds {
  readonly #place = new Place();
  readonly #programs = new Programs();

  /** Starts a server, and an MCP server beside it. @param settings as environment variables */
  async make(engine: Engine, settings: Readonly<Record<string, string>> = {}): Promise<World> {
    const place = this.#place;
    const database = engine === "SQLite" ? place.path(`${crypto.randomUUID()}.db`) : await newDatabase();
    const env = {
      LATCHKEY_DATABASE: database,
      // Many programs start at once on few processors.
      LATCHKEY_DATABASE_TIMEOUT: "20s",
      LATCHKEY_ISSUER: "",
      LATCHKEY_SECRET: secret,
      ...settings,
    };
    const server = await place.server({ env });
    const notes = this.#programs.script(notesServer, { LATCHKEY_ISSUER: server.url, PORT: "0" });
    const address = await notes.says(/^notes at (\S+),/m);
    return new World(
      place,
      server,
      { "its own tools": `${server.url}/mcp`, "a guarded server": address },
      env,
    );
  }
}

/** A running server, a guarded MCP server that trusts it, and the users of both. */
export class World {
  readonly issuer: string;
  /** The addresses of both MCP servers. */
  readonly servers: { readonly "its own tools": string; readonly "a guarded server": string };
  readonly #place: Place;
  readonly #server: ServerProcess;
  readonly #env: Readonly<Record<string, string>>;

  constructor(
    place: Place,
    server: ServerProcess,
    servers: World["servers"],
    env: Readonly<Record<string, string>>,
  ) {
    this.issuer = server.url;
    this.servers = servers;
    this.#place = place;
    this.#server = server;
    this.#env = env;
  }

  /** A file of the test. */
  path(name: string): string {
    return this.#place.path(name);
  }

  /** Runs a command of the operator. @returns its standard output @throws if it fails */
  async operator(args: readonly string[], input = ""): Promise<string> {
    const { status, stdout, stderr } = await this.#place.latchkey(args, { env: this.#env, input });
    if (status !== 0) throw new Error(`latchkey ${args.join(" ")} failed: ${stderr}`);
    return stdout;
  }

  /** A new user. */
  async person(name: string): Promise<KnownPerson> {
    const password = `the passphrase of ${name}`;
    await this.operator(["user", "add", name, "--email", `${name}@example.com`], password);
    return Object.assign(new Person(name, password), { id: `user:${name}`, password });
  }

  /** Registers a client as the operator. @returns its id, and the secret that is shown once */
  async addClient(name: string, flags: readonly string[]): Promise<{ id: string; secret: string }> {
    const shown = JSON.parse(await this.operator(["client", "add", name, ...flags, "--json"]));
    return { id: shown.id, secret: shown.secret };
  }

  /** The ids of the sessions of a client, oldest first. Waits until the log has so many. */
  async sessions(clientId: string, count: number): Promise<readonly string[]> {
    const logged = () => this.#events("authorization.redeemed").filter(({ client }) => client === clientId);
    await until(`${count} sessions of ${clientId} are in the log`, () => logged().length >= count, 10_000);
    return logged().map(({ sessionId }) => sessionId);
  }

  /** How often the tokens of a session were refreshed. */
  refreshes(sessionId: string): number {
    return this.#events("token.refreshed").filter((event) => event.sessionId === sessionId).length;
  }

  /** The audit events in the log, by their name. */
  #events(name: string): LoggedEvent[] {
    return this.#server
      .stdout()
      .split("\n")
      .filter((line) => line.includes(name))
      .map((line): LoggedEvent => JSON.parse(line));
  }
}

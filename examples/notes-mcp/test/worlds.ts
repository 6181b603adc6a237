import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, type NotesClient, type Target } from "@latchkey/testkit/mcp/notes-clients";
import type { Programs } from "@latchkey/testkit/programs";

const source = join(import.meta.dirname, "../src");
const recorder = join(import.meta.dirname, "recorded-process.ts");

/** The major version of the SDK's client, and its transport. */
export interface Way {
  readonly major: 1 | 2;
  readonly transport: "stdio" | "HTTP";
}

export const ways: readonly Way[] = ([2, 1] as const).flatMap((major) =>
  (["stdio", "HTTP"] as const).map((transport) => ({ major, transport })),
);

/** A notes server over HTTP, or one for each stdio connection, and its clients. */
export interface World extends AsyncDisposable {
  /**
   * The client with this token around its calls: in the server's environment over stdio, or in the header over
   * HTTP. A second call returns the same client.
   */
  client(around: string | undefined): Promise<NotesClient>;
  /** The standard output and standard error so far. */
  written(): Promise<{ readonly stdout: string; readonly stderr: string }>;
}

/** Starts a world. @param programs stops its server after the last test */
export async function makeWorld(
  { major, transport }: Way,
  issuer: string,
  programs: Programs,
): Promise<World> {
  return transport === "stdio" ? overStdio(major, issuer) : await overHttp(major, issuer, programs);
}

function overStdio(major: 1 | 2, issuer: string): World {
  const directory = mkdtempSync(join(tmpdir(), "notes-"));
  const record = join(directory, "stdout");
  const clients = new Clients(major, (token) => ({
    args: [recorder, record, process.execPath, join(source, "stdio.ts")],
    env: { LATCHKEY_ISSUER: issuer, ...(token !== undefined && { NOTES_TOKEN: token }) },
  }));
  return {
    client: (around) => clients.of(around),
    async written() {
      const stdout = existsSync(record) ? readFileSync(record, "utf8") : "";
      return { stdout, stderr: (await clients.all()).map((client) => client.stderr()).join("") };
    },
    async [Symbol.asyncDispose]() {
      await clients.close();
      rmSync(directory, { recursive: true });
    },
  };
}

async function overHttp(major: 1 | 2, issuer: string, programs: Programs): Promise<World> {
  const server = programs.script(join(source, "http.ts"), { LATCHKEY_ISSUER: issuer, PORT: "0" });
  // At the endpoint itself no request without a header arrives.
  const url = `${await server.says(/^notes at (http:\S+\/mcp), /)}/token-field`;
  const clients = new Clients(major, (token) => ({
    url,
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
  }));
  return {
    client: (around) => clients.of(around),
    written: async () => ({ stdout: server.stdout(), stderr: server.stderr() }),
    async [Symbol.asyncDispose]() {
      await clients.close();
      await server.stop("SIGTERM");
    },
  };
}

/** One client for each token. */
class Clients {
  readonly #major: 1 | 2;
  readonly #target: (token: string | undefined) => Target;
  readonly #byToken = new Map<string | undefined, Promise<NotesClient>>();

  constructor(major: 1 | 2, target: (token: string | undefined) => Target) {
    this.#major = major;
    this.#target = target;
  }

  of(token: string | undefined): Promise<NotesClient> {
    const known = this.#byToken.get(token) ?? connect(this.#major, this.#target(token));
    this.#byToken.set(token, known);
    return known;
  }

  /** The connected clients. */
  async all(): Promise<readonly NotesClient[]> {
    const settled = await Promise.allSettled(this.#byToken.values());
    return settled.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
  }

  async close(): Promise<void> {
    for (const client of await this.all()) await client[Symbol.asyncDispose]();
  }
}

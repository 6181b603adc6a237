import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, type NotesClient, type Target } from "../../../packages/guard/test/mcp/notes-clients.ts";
import type { Programs } from "../../notes-api/test/programs.ts";

const source = join(import.meta.dirname, "../src");
const recorder = join(import.meta.dirname, "recorded-process.ts");

/** Which major version of the SDK's client calls the notes server, and over what. */
export interface Way {
  readonly major: 1 | 2;
  readonly transport: "stdio" | "HTTP";
}

export const ways: readonly Way[] = ([2, 1] as const).flatMap((major) =>
  (["stdio", "HTTP"] as const).map((transport) => ({ major, transport })),
);

/** A notes server, or one for each connection, and the clients of it. */
export interface World extends AsyncDisposable {
  /**
   * The client whose connection has this token around it: in the server's environment over stdio, in the
   * header over HTTP. The same one each time.
   */
  client(around: string | undefined): Promise<NotesClient>;
  /** All that was written so far to standard output and to standard error. */
  written(): Promise<{ readonly stdout: string; readonly stderr: string }>;
}

/** @param programs end what is started */
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
  const url = await server.says(/^notes at (http:\S+\/mcp), /);
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

  /** Those that could connect. */
  async all(): Promise<readonly NotesClient[]> {
    const settled = await Promise.allSettled(this.#byToken.values());
    return settled.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  }

  async close(): Promise<void> {
    for (const client of await this.all()) await client[Symbol.asyncDispose]();
  }
}

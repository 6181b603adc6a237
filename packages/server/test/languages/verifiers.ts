import { type Program, Programs } from "@latchkey/testkit/programs";
import { freePort } from "@latchkey/testkit/sockets";
import { until } from "@latchkey/testkit/until";
import { built } from "./build.ts";
import { audience, guardKey } from "./issuer.ts";

/** Milliseconds that a host has to start. A JVM with Spring takes some seconds on a busy machine. */
const startTimeout = 60_000;

/** A running program of the page. */
export interface Verifier extends AsyncDisposable {
  readonly name: string;
  /** Its output so far. */
  readonly log: () => string;
  /** The status with which it answers a bearer token. */
  check(token: string): Promise<number>;
  /** The answer of the host about its follower. */
  ask(path: string): Promise<string>;
}

/** Settings of a host. */
export interface VerifierOptions {
  readonly issuer: string;
  /** Address of the list. Default: the issuer's. */
  readonly revocations?: string;
  /** Seconds. */
  readonly staleAfter?: number;
  readonly whenStale?: "refuse" | "ask";
}

const java = (...given: string[]) => ({
  command: "java",
  // Two threads compile, because several of them start on two processors.
  args: [
    "-XX:TieredStopAtLevel=1",
    "-cp",
    `${built.java}target/classes:${built.java}target/dependency/*`,
    ...given,
  ],
});
const python = (file: string) => ({
  command: `${built.python}environment/bin/python`,
  args: [built.python + file],
});

const programs = {
  PyJWT: python("host.py"),
  FastMCP: python("server.py"),
  "golang-jwt": { command: `${built.go}host`, args: [] },
  "Spring Security": java("Notes"),
  "Spring Security by default": java("Notes", "default"),
  Nimbus: java("Host"),
};

export type VerifierName = keyof typeof programs;

/** Starts programs of the page, and ends them with the last test of the file. */
export class Verifiers {
  readonly #programs = new Programs();

  async start(name: VerifierName, options: VerifierOptions): Promise<Verifier> {
    const port = await freePort();
    const { issuer, revocations, staleAfter = 30, whenStale = "refuse" } = options;
    const { command, args } = programs[name];
    const program = this.#programs.start(command, args, {
      env: {
        PATH: process.env["PATH"],
        HOME: process.env["HOME"],
        ISSUER: issuer,
        AUDIENCE: audience,
        GUARD_KEY: guardKey,
        PORT: String(port),
        STALE_AFTER: String(staleAfter),
        WHEN_STALE: whenStale,
        ...(revocations !== undefined && { REVOCATIONS: revocations }),
      },
    });
    const url = `http://127.0.0.1:${port}`;
    await listening(name, url, program);
    return {
      name,
      log: () => program.stdout() + program.stderr(),
      check: (token) => (name === "FastMCP" ? mcpStatus(url, token) : status(url, token)),
      ask: async (path) => (await fetch(url + path)).text(),
      async [Symbol.asyncDispose]() {
        await program.stop("SIGKILL");
      },
    };
  }
}

async function listening(name: string, url: string, program: Program): Promise<void> {
  let over = false;
  void program.exited.then(() => {
    over = true;
  });
  await until(
    `${name} listens`,
    async () => {
      if (over) throw new Error(`${name} ended:\n${program.stdout()}${program.stderr()}`);
      return await fetch(url).then(
        () => true,
        () => false,
      );
    },
    startTimeout,
  );
}

/** A host may close its connection after a fault, so every request opens one of its own. */
function headersFor(token: string) {
  return { authorization: `Bearer ${token}`, connection: "close" };
}

async function status(url: string, token: string): Promise<number> {
  const answer = await fetch(url, { headers: headersFor(token) });
  await answer.arrayBuffer();
  return answer.status;
}

/** The answer to the first request of a session. */
async function mcpStatus(url: string, token: string): Promise<number> {
  const answer = await fetch(`${url}/mcp`, {
    method: "POST",
    headers: {
      ...headersFor(token),
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
    },
    body: JSON.stringify({
      jsonrpc: "2.0",
      id: 1,
      method: "initialize",
      params: {
        protocolVersion: "2025-06-18",
        capabilities: {},
        clientInfo: { name: "test", version: "1" },
      },
    }),
  });
  await answer.arrayBuffer();
  return answer.status;
}

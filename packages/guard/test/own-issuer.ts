import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type Changes, TestIssuer } from "@latchkey/testkit/mcp/issuer";
import { closeNow, listenLocally } from "@latchkey/testkit/sockets";
import { exportJWK } from "jose";
import { createGuard, type Guard, type GuardOptions } from "../src/index.ts";

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** One ended session, as the feed has it. */
export interface Ended {
  readonly number: number;
  readonly sessionId: string;
  readonly until: number;
}

/** Below it, every path has its usual answer: the target of redirects. */
const moved = "/moved";

/**
 * A real HTTP server that behaves like an issuer. A test can replace the answer of any path. The feed behaves
 * as documented until it is told otherwise.
 */
export class OwnIssuer implements AsyncDisposable {
  readonly tokens: TestIssuer;
  readonly url: string;
  /** Answers that replace the usual ones, by path. */
  readonly answers = new Map<string, Answer>();
  /** The answer to a request for a stream instead of one. Pages stay available. */
  streams: Answer | undefined;
  /** Each request: method, path with query, and the cursor that it resumed from. */
  readonly requests: string[] = [];
  /** Further members of the metadata. */
  discovery: Record<string, unknown> = {};
  /** The published keys, as JWKs. */
  keys: Record<string, unknown>[] = [];
  /** The numbered list of ended sessions. */
  ended: Ended[] = [];
  /** The key that guards must send; undefined if none is needed. */
  guardKey: string | undefined;
  readonly #server: Server;
  readonly #streams = new Set<ServerResponse>();

  private constructor(tokens: TestIssuer, server: Server, port: number) {
    this.tokens = tokens;
    this.#server = server;
    this.url = `http://127.0.0.1:${port}`;
    server.on("request", (request: IncomingMessage, response: ServerResponse) => {
      const cursor = request.headers["last-event-id"];
      const { pathname, search } = new URL(request.url ?? "/", this.url);
      this.requests.push(`${pathname}${search}${cursor === undefined ? "" : ` from ${cursor}`}`);
      const answer = this.answers.get(pathname) ?? this.#usual(pathname.replace(moved, ""));
      answer(request, response);
    });
  }

  static async start(): Promise<OwnIssuer> {
    const tokens = await TestIssuer.make();
    const server = createServer();
    const issuer = new OwnIssuer(tokens, server, await listenLocally(server));
    issuer.keys = [{ ...(await exportJWK(tokens.publicKey)), kid: "k1", alg: "ES256", use: "sig" }];
    issuer.discovery = { latchkey_revocations_endpoint: `${issuer.url}/revocations` };
    return issuer;
  }

  /** A guard with the address alone, on the test's clock. */
  guard(options: Partial<GuardOptions> = {}): Guard {
    return createGuard({ issuer: this.url, clockTolerance: 0, now: () => this.tokens.now, ...options });
  }

  token({ claims, ...changes }: Changes = {}): Promise<string> {
    return this.tokens.token({ ...changes, claims: { iss: this.url, aud: this.url, ...claims } });
  }

  /** The number of requests for a path. */
  asked(path: string): number {
    return this.requests.filter((request) => request === path || request.startsWith(`${path} `)).length;
  }

  /** Ends a session and sends the event to all followers. */
  end(sessionId: string, until: number = this.tokens.now + 3_600_000): void {
    const ended = { number: (this.ended.at(-1)?.number ?? 0) + 1, sessionId, until };
    this.ended.push(ended);
    for (const stream of this.#streams) stream.write(eventOf(ended));
  }

  /** Sends a heartbeat: the list is complete. */
  heartbeat(): void {
    for (const stream of this.#streams) stream.write(cursorOf(this.reach));
  }

  /** Writes to all followers. */
  say(text: string): void {
    for (const stream of this.#streams) stream.write(text);
  }

  /** Cuts all connections of followers. */
  cut(): void {
    for (const stream of this.#streams) stream.destroy();
  }

  /** Restores an older copy: the list ends at a number, and all connections are cut. */
  restore(reach: number): void {
    this.ended = this.ended.filter(({ number }) => number <= reach);
    this.cut();
  }

  get following(): number {
    return this.#streams.size;
  }

  get reach(): number {
    return this.ended.at(-1)?.number ?? 0;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return closeNow(this.#server);
  }

  #usual(path: string): Answer {
    if (path === "/.well-known/openid-configuration") {
      return json(() => ({ issuer: this.url, jwks_uri: `${this.url}/keys`, ...this.discovery }));
    }
    if (path === "/keys") return json(() => ({ keys: this.keys }));
    if (path.startsWith("/revocations")) {
      return (request, response) => {
        const { authorization } = request.headers;
        if (this.guardKey !== undefined && authorization !== `Bearer ${this.guardKey}`) {
          return json(() => ({ code: "invalid_guard_key" }), 401)(request, response);
        }
        const session = decodeURIComponent(path.slice("/revocations/".length));
        if (session !== "") {
          const ended = this.ended.some(({ sessionId }) => sessionId === session);
          return json(() => ({ sessionId: session, ended }))(request, response);
        }
        if (request.headers.accept !== "text/event-stream") return this.#page(request, response);
        if (this.streams !== undefined) return this.streams(request, response);
        this.#stream(request, response);
      };
    }
    return json(() => ({ code: "not_found" }), 404);
  }

  #after(cursor: number): Ended[] {
    return this.ended.filter(({ number }) => number > (cursor > this.reach ? 0 : cursor));
  }

  #stream(request: IncomingMessage, response: ServerResponse): void {
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
    response.write("retry: 1000\n\n");
    for (const ended of this.#after(Number(request.headers["last-event-id"] ?? 0))) {
      response.write(eventOf(ended));
    }
    response.write(cursorOf(this.reach));
    this.#streams.add(response);
    response.once("close", () => this.#streams.delete(response));
  }

  #page(request: IncomingMessage, response: ServerResponse): void {
    const after = Number(new URL(request.url ?? "/", this.url).searchParams.get("after"));
    const all = this.#after(after);
    const revocations = all.slice(0, 1_000);
    const cursor = revocations.at(-1)?.number ?? Math.min(after, this.reach);
    json(() => ({ revocations, cursor, more: all.length > revocations.length }))(request, response);
  }
}

/** An answer in JSON. */
export function json(body: () => unknown, status = 200): Answer {
  return (_request, response) => {
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body()));
  };
}

export function eventOf(ended: Ended): string {
  return `id: ${ended.number}\nevent: session.ended\ndata: ${JSON.stringify(ended)}\n\n`;
}

export function cursorOf(cursor: number): string {
  return `id: ${cursor}\nevent: cursor\ndata: {"cursor":${cursor}}\n\n`;
}

/** Wrong answers to any request. */
export const misbehaviour: Readonly<Record<string, Answer>> = {
  "500": json(() => ({}), 500),
  "404": json(() => ({}), 404),
  "an empty body": (_request, response) => void response.writeHead(200).end(),
  "a page in HTML": (_request, response) => void response.end("<!doctype html><title>Sign in</title>"),
  garbage: (_request, response) => void response.end(Buffer.from([0xff, 0xfe, 0x00, 0x80])),
  "a list": json(() => []),
  null: json(() => null),
  "a redirect to a good answer": (request, response) =>
    void response.writeHead(302, { location: `${moved}${request.url}` }).end(),
  "a body cut short": (_request, response) => {
    response.writeHead(200, { "content-length": "1000" });
    response.write("{", () => response.destroy());
  },
  "a connection cut": (request) => void request.socket.destroy(),
  "a body without end": (_request, response) => {
    response.writeHead(200, { "content-type": "application/json" });
    const more = () => {
      if (!response.destroyed) response.write(" ".repeat(65_536), more);
    };
    more();
  },
};

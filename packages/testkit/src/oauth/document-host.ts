import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import { connect, type Socket } from "node:net";
import { closeNow, listenLocally } from "../sockets.ts";
import { certificateFor, type HostCertificate } from "./certificates.ts";

export type HostAnswer = (request: IncomingMessage, response: ServerResponse) => void;

/** A public address. Connections to it lead to the host of the test. */
export const publicAddress = "93.184.215.14";

/** Hosts that resolve to this process. */
const hosts = ["app.example", "other.example"] as const;

/** Hosts of well-known clients. They have a certificate, and resolve if a test says so. */
const wellKnownHosts = ["claude.ai", "chatgpt.com", "vscode.dev"] as const;

let certificate: HostCertificate | undefined;

/**
 * An https host on the internet of a test: names resolve as the test says, and a public address leads to this process.
 * Connections to other addresses are refused, and all are on record.
 */
export class DocumentHost implements AsyncDisposable {
  /** Answers by path, or by host and path. */
  readonly answers = new Map<string, HostAnswer>();
  /** The URLs of all requests. */
  readonly asked: string[] = [];
  /** The headers of the last request. */
  headers: IncomingMessage["headers"] = {};
  /** The answers of the name server by host, one for each question. The last one is repeated. */
  readonly addresses = new Map<string, (readonly string[])[]>(hosts.map((host) => [host, [[publicAddress]]]));
  /** The addresses of all connections. */
  readonly connected: string[] = [];
  readonly authorities: string;
  readonly #server: Server;
  readonly #port: number;

  private constructor(server: Server, port: number, authorities: string) {
    this.#server = server;
    this.#port = port;
    this.authorities = authorities;
    server.on("request", (request: IncomingMessage, response: ServerResponse) => {
      this.asked.push(`https://${request.headers.host}${request.url}`);
      this.headers = request.headers;
      const path = request.url ?? "";
      const answer = this.answers.get(`${request.headers.host}${path}`) ?? this.answers.get(path);
      if (answer === undefined) response.writeHead(404).end();
      else answer(request, response);
    });
  }

  static async start(): Promise<DocumentHost> {
    certificate ??= certificateFor([...hosts, ...wellKnownHosts]);
    const server = createServer({ cert: certificate.cert, key: certificate.key });
    return new DocumentHost(server, await listenLocally(server), certificate.authority);
  }

  /** The network on which this host is found. */
  get network() {
    return {
      resolve: (host: string) => this.#resolve(host),
      connect: (addresses: readonly string[], port: number) => this.#connect(addresses, port),
      authorities: this.authorities,
    };
  }

  /** Publishes JSON at a path, or at a host and path. */
  publish(path: string, body: unknown, headers: Readonly<Record<string, string>> = {}): void {
    this.answers.set(path, (_request, response) => {
      response.writeHead(200, { "content-type": "application/json", ...headers });
      response.end(JSON.stringify(body));
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await closeNow(this.#server);
  }

  async #resolve(host: string): Promise<readonly string[]> {
    const answers = this.addresses.get(host) ?? [];
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    if (answer === undefined) throw Object.assign(new Error("no such name"), { code: "ENOTFOUND" });
    return answer;
  }

  #connect(addresses: readonly string[], port: number): Socket {
    this.connected.push(...addresses.map((address) => `${address} ${port}`));
    const leadsHere = port === 443 && addresses.includes(publicAddress);
    // The discard port: nothing listens there.
    return connect(leadsHere ? this.#port : 9, "127.0.0.1");
  }
}

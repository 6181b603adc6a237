import { execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "@latchkey/testkit/until";

/** How long a browser on a busy machine may take to follow a page, in milliseconds. */
const browserTimeout = 20_000;

/** A program that waits for authorization responses. */
export interface Receiver extends AsyncDisposable {
  readonly port: number;
  /** The requests so far. */
  readonly requests: IncomingMessage[];
  /** The first authorization response. */
  response(): Promise<URLSearchParams>;
}

/**
 * Waits for authorization responses on a free port of this machine.
 *
 * @param onward the address to which the receiver redirects the browser.
 * @param tls whether it speaks https, with a certificate that nobody trusts.
 */
export async function receiver({ onward, tls }: { onward?: string; tls?: boolean } = {}): Promise<Receiver> {
  const requests: IncomingMessage[] = [];
  const listener = (request: IncomingMessage, response: ServerResponse) => {
    // The browser also asks for an icon, and complains about a 404.
    if (request.url?.startsWith("/callback") !== true) return response.writeHead(204).end();
    requests.push(request);
    if (onward !== undefined) return response.writeHead(302, { location: onward }).end();
    return response.writeHead(200, { "content-type": "text/html" }).end("<title>Arrived</title>");
  };
  const server: Server = tls ? createTlsServer(certificate(), listener) : createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    port: address.port,
    requests,
    async response() {
      await until("a response arrives", () => requests.length > 0, browserTimeout);
      return new URL(requests[0]?.url ?? "", "http://receiver").searchParams;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function certificate(): { key: Buffer; cert: Buffer } {
  const folder = mkdtempSync(join(tmpdir(), "latchkey-tls-"));
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1"];
  const args = ["req", "-x509", ...kind, "-subj", "/CN=client.example", "-keyout", key, "-out", cert];
  execFileSync("openssl", args, { stdio: "ignore" });
  const made = { key: readFileSync(key), cert: readFileSync(cert) };
  rmSync(folder, { recursive: true });
  return made;
}

/** A client that registered itself, and its next authorization request. */
export interface OAuthClient {
  /** The address of the sign-in page. */
  readonly address: string;
  /** Trades a code at the token endpoint. @returns the answer's status and body */
  redeem(code: string): Promise<{ status: number; body: Record<string, unknown> }>;
}

/** Registers a client with one redirect URI. @param more parameters of its request */
export async function register(
  server: string,
  redirectUri: string,
  more: Readonly<Record<string, string>> = {},
): Promise<OAuthClient> {
  const registered = await fetch(`${server}/oauth/register`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      client_name: "Notes for the terminal",
      redirect_uris: [redirectUri],
      token_endpoint_auth_method: "none",
    }),
  });
  const { client_id }: { client_id: string } = JSON.parse(await registered.text());
  const verifier = randomBytes(32).toString("base64url");
  const query = new URLSearchParams({
    response_type: "code",
    client_id,
    redirect_uri: redirectUri,
    state: "a state",
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    code_challenge_method: "S256",
    ...more,
  });
  return {
    address: `${server}/oauth/authorize?${query}`,
    async redeem(code) {
      const answer = await fetch(`${server}/oauth/token`, {
        method: "POST",
        body: new URLSearchParams({
          ...{ grant_type: "authorization_code", client_id, code },
          ...{ redirect_uri: redirectUri, code_verifier: verifier },
        }),
      });
      return { status: answer.status, body: JSON.parse(await answer.text()) };
    },
  };
}

import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { isIP, type Socket } from "node:net";
import { connect as secure } from "node:tls";
import { type FetchedJson, FetchFailed, FetchRefused, readAnswer } from "./json-answer.ts";
import { type Network, systemNetwork } from "./network.ts";
import { isPublicAddress } from "./public-address.ts";

/**
 * Addresses of a host that are tried, at most, of each family. A name server can list thousands. Each one that refuses
 * costs no time, so one fetch would knock at all of them.
 */
const mostTried = 3;

/** @throws {FetchRefused | FetchFailed} */
export type FetchJson = (url: string) => Promise<FetchedJson>;

/** The timeout for the whole of a fetch, in milliseconds. A person waits for it. */
const usualTimeout = 3_000;

/**
 * Creates a fetch of JSON that strangers may direct, so that it reaches nothing inside a network. It opens https to
 * port 443 of a public address alone. It resolves a name once and connects to the checked addresses, so a name server
 * that changes its answer gains nothing. It follows no redirect and uses no proxy. It sends nothing secret.
 */
export function createSafeFetch(network: Network = systemNetwork(), timeout = usualTimeout): FetchJson {
  return async function safeFetch(url) {
    const { protocol, hostname, port } = new URL(url);
    if (protocol !== "https:" || port !== "") throw new FetchRefused("not https on port 443");
    const signal = AbortSignal.timeout(timeout);
    try {
      const addresses = await publicAddresses(hostname.replace(/^\[(.*)\]$/, "$1"), network, signal);
      return await readFrom(url, addresses, network, signal);
    } catch (error) {
      throw named(error, hostname, signal);
    }
  };
}

/** Says which host it was, and turns every other error into `FetchFailed`. */
function named(error: unknown, host: string, { aborted }: AbortSignal): Error {
  if (error instanceof FetchRefused) return new FetchRefused(`${host}: ${error.message}`);
  if (aborted) return new FetchFailed(`${host}: no whole answer in time`);
  const problem = error instanceof Error ? codeOf(error) : "unknown error";
  return new FetchFailed(`${host}: ${problem}`, { cause: error });
}

function codeOf(error: Error): string {
  return "code" in error && typeof error.code === "string" ? error.code : error.message;
}

/**
 * Finds the addresses that a fetch may connect to.
 *
 * A name without a public address fails like an unknown name: another answer would tell strangers which inner names
 * exist. A name server that blocks a host with 0.0.0.0 then counts as an outage, and copies of its document stay in use.
 *
 * @returns some public addresses of the host, of both families
 * @throws {FetchRefused} if the host is an address that is not public
 * @throws {FetchFailed} if the host is a name without a public address
 */
async function publicAddresses(
  host: string,
  network: Network,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const isName = isIP(host) === 0;
  const all = isName ? await network.resolve(host, signal) : [host];
  const addresses = all.filter(isPublicAddress);
  if (addresses.length === 0) throw new (isName ? FetchFailed : FetchRefused)("no public address");
  return [4, 6].flatMap((family) => addresses.filter((one) => isIP(one) === family).slice(0, mostTried));
}

async function readFrom(
  url: string,
  addresses: readonly string[],
  network: Network,
  signal: AbortSignal,
): Promise<FetchedJson> {
  const { hostname: host, pathname, search } = new URL(url);
  signal.throwIfAborted();
  const socket = encrypted(network.connect(addresses, 443), host, network.authorities);
  const headers = { accept: "application/json", "user-agent": "Latchkey" };
  // Without an agent: an agent could take a proxy from the environment.
  const sent = request({
    host,
    port: 443,
    defaultPort: 443,
    path: pathname + search,
    headers,
    createConnection: () => socket,
    signal,
  });
  try {
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      // An answer that switches the protocol closes the request without an error.
      sent.on("close", () => reject(new Error("no HTTP answer")));
      sent.on("response", resolve).on("error", reject).end();
    });
    return await readAnswer(answer);
  } finally {
    sent.destroy();
    socket.destroy();
  }
}

/** TLS with the host's name checked, whatever the environment says about certificates. */
function encrypted(socket: Socket, host: string, ca: string | undefined): Socket {
  const name = host.replace(/^\[(.*)\]$/, "$1");
  const servername = isIP(name) === 0 ? { servername: name } : {};
  const trust = ca === undefined ? {} : { ca };
  const options = { ...servername, ...trust, rejectUnauthorized: true, ALPNProtocols: ["http/1.1"] };
  const secured = secure({ socket, host: name, ...options });
  socket.on("error", (error) => secured.destroy(error));
  return secured;
}

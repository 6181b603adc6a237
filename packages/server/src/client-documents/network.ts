import { Resolver } from "node:dns/promises";
import { connect, isIP, type Socket } from "node:net";

/** The network as the fetch of a document uses it. */
export interface Network {
  /** All addresses of a host. Rejects when the signal is aborted. */
  resolve(host: string, signal: AbortSignal): Promise<readonly string[]>;
  /** Opens a connection to one of these addresses. */
  connect(addresses: readonly string[], port: number): Socket;
  /** Certificate authorities in PEM form. Undefined for those of Node. */
  readonly authorities: string | undefined;
}

/**
 * The network of this machine. Names are asked from its name servers, without its file of hosts: `dns.lookup` would
 * hold a thread that password hashes need, for as long as a stranger's name server takes.
 *
 * @param nameServers with their ports. Default: those of the machine
 */
export function systemNetwork(nameServers?: readonly string[]): Network {
  return {
    async resolve(host, signal) {
      const resolver = new Resolver({ timeout: 1_000, tries: 2 });
      if (nameServers !== undefined) resolver.setServers(nameServers);
      const cancel = () => resolver.cancel();
      signal.addEventListener("abort", cancel);
      try {
        const [v4, v6] = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
        const found = [v4, v6].flatMap((answer) => (answer.status === "fulfilled" ? answer.value : []));
        if (found.length === 0 && v4.status === "rejected") throw v4.reason;
        return found;
      } finally {
        signal.removeEventListener("abort", cancel);
      }
    },
    connect: connectToOne,
    authorities: undefined,
  };
}

/** Tries the addresses in turn, IPv6 and IPv4 alternately (RFC 8305). No name is resolved again. */
function connectToOne(addresses: readonly string[], port: number): Socket {
  const known = addresses.map((address) => ({ address, family: isIP(address) }));
  return connect({
    host: "resolved.invalid",
    port,
    autoSelectFamily: true,
    lookup: (_host, _options, done) => done(null, known),
  });
}

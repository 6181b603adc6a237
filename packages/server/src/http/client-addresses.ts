import type { IncomingHttpHeaders } from "node:http";
import { BlockList, isIPv4, type Socket } from "node:net";
import ipaddr from "ipaddr.js";
import { canonicalAddress, type ForwardedHeader, hopsFromRight } from "./forwarded-hops.ts";
import type { LogSink } from "./http-log.ts";

export interface ProxyOptions {
  /** CIDRs of proxies whose word counts. */
  readonly trustedProxies: readonly string[];
  /** The one header in which they name the caller. A client can send the other. */
  readonly forwardedHeader: ForwardedHeader;
  readonly log: LogSink;
}

/** What is read of a request. */
interface Incoming {
  readonly headers: IncomingHttpHeaders;
  readonly socket: Pick<Socket, "remoteAddress">;
}

/** Finds out where requests come from. */
export class ClientAddresses {
  readonly #trusted = new BlockList();
  readonly #header: ForwardedHeader;
  readonly #log: LogSink;
  #warned = false;

  constructor({ trustedProxies, forwardedHeader, log }: ProxyOptions) {
    for (const cidr of trustedProxies) this.#trust(cidr);
    this.#header = forwardedHeader;
    this.#log = log;
  }

  /** Whether the peer of a request is a trusted proxy. */
  isFromProxy(request: Incoming): boolean {
    return this.#isTrusted(peerOf(request));
  }

  /**
   * The address of the caller: the peer, or, as long as the last one found is a trusted proxy, the address before it
   * in the header. An entry that cannot be read ends the search at the proxy that sent it. The limits of failed
   * attempts then count all its unreadable callers together: none can guess without a limit.
   */
  of(request: Incoming): string {
    let address = peerOf(request);
    const value = String(request.headers[this.#header] ?? "");
    if (value.trim() === "" || !this.#isTrusted(address)) return address;
    for (const hop of hopsFromRight(this.#header, value)) {
      if (hop === undefined) {
        this.#warn(address);
        return address;
      }
      address = hop;
      if (!this.#isTrusted(address)) return address;
    }
    return address;
  }

  /** Once in a process. The entry is not told: a client may have written it. */
  #warn(proxy: string): void {
    if (this.#warned) return;
    this.#warned = true;
    this.#log.warn(
      { proxy, header: this.#header },
      "a trusted proxy named a caller by something other than an IP address: such callers share the limits of the proxy's address; see LATCHKEY_FORWARDED_HEADER",
    );
  }

  #isTrusted(address: string): boolean {
    return address !== "" && this.#trusted.check(address, isIPv4(address) ? "ipv4" : "ipv6");
  }

  #trust(cidr: string): void {
    const [network, length] = ipaddr.parseCIDR(
      cidr.includes("/") ? cidr : `${cidr}/${isIPv4(cidr) ? 32 : 128}`,
    );
    const v4 = network instanceof ipaddr.IPv6 && network.isIPv4MappedAddress() && length >= 96;
    if (v4) this.#trusted.addSubnet(network.toIPv4Address().toString(), length - 96, "ipv4");
    else this.#trusted.addSubnet(network.toString(), length, network.kind());
  }
}

function peerOf({ socket }: Incoming): string {
  return canonicalAddress(socket.remoteAddress ?? "") ?? "";
}

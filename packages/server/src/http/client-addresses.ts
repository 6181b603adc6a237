import type { IncomingHttpHeaders } from "node:http";
import { BlockList, isIP, isIPv4, type Socket } from "node:net";
import ipaddr from "ipaddr.js";
import type { LogSink } from "./error-answers.ts";
import { type ForwardedHeader, hopsFromRight } from "./forwarded-hops.ts";

/** The trusted proxies and their header. */
export interface ProxyOptions {
  /** CIDRs of proxies that may name the client. */
  readonly trustedProxies: readonly string[];
  /** The header that is read from them. A client can send the other one, so it is ignored. */
  readonly forwardedHeader: ForwardedHeader;
  readonly log: LogSink;
}

/** The parts of a request that are read. */
interface Incoming {
  readonly headers: IncomingHttpHeaders;
  readonly socket: Pick<Socket, "remoteAddress">;
}

/** Determines the client address of requests. */
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
   * The address of the client. The search starts at the peer. While the last address is a trusted proxy, it goes one
   * entry back in the header.
   *
   * An unreadable entry ends the search at the proxy that sent it. The throttle then counts all such callers of the
   * proxy together, so that none of them can guess passwords without a limit.
   */
  of(request: Incoming): string {
    let address = peerOf(request);
    const value = String(request.headers[this.#header] ?? "");
    if (value.trim() === "" || !this.#isTrusted(address)) return address;
    for (const hop of hopsFromRight(this.#header, value)) {
      const next = canonicalAddress(hop);
      if (next === undefined) {
        this.#warn(address);
        return address;
      }
      address = next;
      if (!this.#isTrusted(address)) return address;
    }
    return address;
  }

  /** Warns once per process. The entry is not logged, because a client may have written it. */
  #warn(proxy: string): void {
    if (this.#warned) return;
    this.#warned = true;
    this.#log.warn(
      { proxy, header: this.#header },
      "a trusted proxy sent a client address that is not an IP address: such clients share the limits of the proxy; see LATCHKEY_FORWARDED_HEADER",
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

/** The canonical form of an IP address: IPv4-mapped IPv6 becomes IPv4, and a zone is removed. */
function canonicalAddress(text: string): string | undefined {
  const [address = ""] = text.split("%", 1);
  return isIP(address) === 0 ? undefined : ipaddr.process(address).toString();
}

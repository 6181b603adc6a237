import { isObject, own } from "../objects.ts";

/**
 * Whether a transport is the SDK's `StdioServerTransport` of either major, or the channel that `serveStdio` of the
 * second puts before it. Known by the two streams that it keeps, because a bundler renames classes and the SDK may
 * be installed twice. Any other transport, such as one in memory or over HTTP without sessions, is not taken for it.
 */
export function isStdio(transport: unknown): boolean {
  if (!isObject(transport)) return false;
  const wire = own(transport, "_wire") ?? transport;
  return isObject(wire) && isPipe(own(wire, "_stdin"), "on") && isPipe(own(wire, "_stdout"), "write");
}

/** A stream of Node's that does not come from another machine: the transport can be put on a socket too. */
function isPipe(stream: unknown, method: "on" | "write"): boolean {
  if (!isObject(stream) || typeof Reflect.get(stream, method) !== "function") return false;
  return Reflect.get(stream, "remoteAddress") === undefined;
}

import { randomBytes } from "node:crypto";
import type { IncomingMessage } from "node:http";

/**
 * Names requests for the log and the audit trail. A request that a trusted proxy passes on keeps the id that it
 * brings, if that is short and plain. Ids of all others are the server's own: a caller must not choose what stands in
 * the audit trail.
 */
export function requestIds(isFromProxy: (request: IncomingMessage) => boolean) {
  const process = randomBytes(6).toString("base64url").replaceAll("_", "-");
  let requests = 0;
  return (request: IncomingMessage): string => {
    const brought = request.headers["x-request-id"];
    if (typeof brought === "string" && /^[\w.-]{1,64}$/.test(brought) && isFromProxy(request)) return brought;
    return `${process}-${(requests++).toString(36)}`;
  };
}

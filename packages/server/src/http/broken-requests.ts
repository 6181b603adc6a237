import { STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import { type ErrorCode, LatchkeyError, statusOf } from "../core/errors.ts";
import { errorBody } from "./error-answers.ts";
import { securityHeadersOf } from "./security-headers.ts";

const byParserCode: Readonly<Record<string, ErrorCode>> = {
  HPE_HEADER_OVERFLOW: "headers_too_large",
  ERR_HTTP_REQUEST_TIMEOUT: "request_timeout",
};

/**
 * Answers what never became a request: broken HTTP, oversized headers, a client that sends too slowly.
 *
 * @param issuer the public address
 */
export function brokenRequestAnswers(issuer: string) {
  const headers = Object.entries(securityHeadersOf(issuer)).map(([name, value]) => `${name}: ${value}`);

  return (error: Error & { code?: string }, socket: Socket): void => {
    if (error.code === "ECONNRESET" || !socket.writable) {
      socket.destroy();
      return;
    }
    const code = byParserCode[error.code ?? ""] ?? "bad_request";
    const status = statusOf(code);
    const body = errorBody(new LatchkeyError(code));
    socket.end(
      [
        `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
        ...headers,
        "content-type: application/json; charset=utf-8",
        "connection: close",
        `content-length: ${Buffer.byteLength(body)}`,
        "",
        body,
      ].join("\r\n"),
    );
  };
}

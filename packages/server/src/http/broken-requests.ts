import type { Socket } from "node:net";
import { type ErrorCode, LatchkeyError, statusOf } from "../core/errors.ts";
import { errorBody } from "./error-answers.ts";

const byParserCode: Readonly<Record<string, ErrorCode>> = {
  HPE_HEADER_OVERFLOW: "headers_too_large",
  ERR_HTTP_REQUEST_TIMEOUT: "request_timeout",
};

/** Answers what never became a request: broken HTTP, oversized headers, a client that sends too slowly. */
export function answerBrokenRequest(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const code = byParserCode[error.code ?? ""] ?? "bad_request";
  const body = errorBody(new LatchkeyError(code));
  socket.end(
    [
      `HTTP/1.1 ${statusOf(code)} ${code}`,
      "content-type: application/json; charset=utf-8",
      "cache-control: no-store",
      "connection: close",
      `content-length: ${Buffer.byteLength(body)}`,
      "",
      body,
    ].join("\r\n"),
  );
}

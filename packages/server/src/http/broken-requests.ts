import type { Duplex } from "node:stream";
import type { FastifyInstance } from "fastify";
import { type ErrorCode, LatchkeyError, statusOf } from "../core/errors.ts";
import { errorBody } from "./error-answers.ts";
import { oauthErrorOf } from "./oauth/oauth-errors.ts";
import { type HeaderOptions, securityHeadersOf } from "./response-headers.ts";

/** An error of Node's HTTP parser. */
interface ParserError extends Error {
  readonly code?: string;
  /** The bytes that were being parsed. */
  readonly rawPacket?: unknown;
  /** Number of bytes that were parsed without an error. */
  readonly bytesParsed?: number;
}

const byParserCode: ReadonlyMap<string | undefined, ErrorCode> = new Map([
  ["HPE_HEADER_OVERFLOW", "headers_too_large"],
  ["ERR_HTTP_REQUEST_TIMEOUT", "request_timeout"],
]);

// An import of `node:http` in an ES module reads all its exports, and one of them loads the whole of undici: a tenth of
// the start.
const { STATUS_CODES } = process.getBuiltinModule("node:http");

/** A request line with any token as its method (RFC 9112 §3). */
const requestLine = /^[!#$%&'*+.^_`|~\w-]{1,64} [\x21-\x7e]+ HTTP\/1\.[01]\r?\n/;

/**
 * Answers requests that Node's parser refuses: malformed HTTP, oversized headers, slow clients and unknown methods.
 */
export function brokenRequestAnswers(options: HeaderOptions) {
  const refuse = rawRefusal(options);
  return (error: ParserError, socket: Duplex): void => {
    if (error.code === "ECONNRESET") socket.destroy();
    else refuse(socket, codeOf(error));
  };
}

/**
 * Takes over requests that Node would answer by itself. Node closes the connection of a CONNECT. It refuses an unknown
 * `Expect`, although RFC 9110 §10.1.1 permits the server to continue.
 */
export function answerUnusualRequests({ server }: FastifyInstance, options: HeaderOptions): void {
  const refuse = rawRefusal(options);
  server.on("connect", (_request, socket: Duplex) => refuse(socket, "method_not_allowed"));
  server.on("checkExpectation", (request, response) => server.emit("request", request, response));
}

/** Writes a refusal to a socket without a parsed request, and closes it. */
function rawRefusal(options: HeaderOptions) {
  const headers = Object.entries(securityHeadersOf(options)).map(([name, value]) => `${name}: ${value}`);

  return (socket: Duplex, code: ErrorCode): void => {
    if (!socket.writable) {
      socket.destroy();
      return;
    }
    const status = statusOf(code);
    const error = new LatchkeyError(code);
    // The path of a request that was not parsed is unknown. It may have been for the authorization server.
    const body = errorBody(error, oauthErrorOf(error));
    socket.end(
      [
        `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
        ...headers,
        ...(code === "method_not_allowed" ? ["allow: GET, HEAD, POST"] : []),
        "content-type: application/json; charset=utf-8",
        "connection: close",
        `content-length: ${Buffer.byteLength(body)}`,
        "",
        body,
      ].join("\r\n"),
    );
  };
}

function codeOf(error: ParserError): ErrorCode {
  if (error.code === "HPE_INVALID_METHOD" && isUnknownMethod(error)) return "method_not_allowed";
  return byParserCode.get(error.code) ?? "bad_request";
}

/** Whether the parser stopped at the method of an otherwise well-formed request line. */
function isUnknownMethod({ rawPacket, bytesParsed = 0 }: ParserError): boolean {
  if (!(rawPacket instanceof Uint8Array)) return false;
  const bytes = Buffer.from(rawPacket.buffer, rawPacket.byteOffset, rawPacket.byteLength);
  const start = bytesParsed === 0 ? 0 : bytes.lastIndexOf("\n", bytesParsed - 1) + 1;
  return requestLine.test(bytes.toString("latin1", start, start + 4096));
}

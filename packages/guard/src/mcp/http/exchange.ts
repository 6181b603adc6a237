import type { HttpAnswer } from "../../bearer.ts";
import type { AuthInfo } from "../auth-info.ts";

/** A request before the SDK has it, in the form that both kinds of HTTP server can give. */
export interface HttpRequest {
  readonly method: string;
  readonly path: string;
  /** The name and port that the client has dialled. */
  readonly host: string | undefined;
  header(name: string): string | undefined;
  /** @throws {BodyTooLong} if the body is longer than `limit` bytes */
  body(limit: number): Promise<Body>;
}

/** A body that was read: as text, or parsed by an earlier middleware. */
export type Body = { readonly text: string } | { readonly parsed: unknown };

/** A body for the SDK. In `parsed` the tokens are held, and in `text` they are left out. */
export interface CleanBody {
  readonly parsed: unknown;
  readonly text: string;
}

/** A request that may go on to the SDK. */
export interface Admitted {
  readonly authInfo: AuthInfo | undefined;
  /** Undefined for a request without a body. */
  readonly body: CleanBody | undefined;
  /** Headers for the answer. */
  readonly headers: Readonly<Record<string, string>>;
  /** Records the session that the answer names. */
  answered(status: number, session: string | null | undefined): void;
  /** Whether the answer is a stream that may outlive its token. */
  readonly endless: boolean;
  /** @throws {TokenError} if the request's token is refused by now */
  recheck(): Promise<void>;
}

/** The gate's result: its own answer, or a request for the SDK. */
export type Admission = { readonly answer: HttpAnswer } | { readonly admitted: Admitted };

export function jsonAnswer(
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): HttpAnswer {
  return {
    status,
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  };
}

/** An answer to a request that breaks the protocol, in the form of the SDK's transports. It repeats no input. */
export function protocolAnswer(status: number, code: number, message: string): HttpAnswer {
  const headers: Record<string, string> = { "cache-control": "no-store" };
  // The unread rest of the body would be taken for the next request.
  if (status === 413 || status === 415) headers["connection"] = "close";
  return jsonAnswer(status, { jsonrpc: "2.0", id: null, error: { code, message } }, headers);
}

/** An answer over HTTP that the guard gives itself, for whatever the server is built on. */
export interface HttpAnswer {
  readonly status: number;
  /** Names are in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

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

/** A request that breaks the protocol, answered as the SDK's own transports do: no part of it is repeated. */
export function protocolAnswer(status: number, code: number, message: string): HttpAnswer {
  const headers: Record<string, string> = { "cache-control": "no-store" };
  // The rest of a body that is not read would be taken for the next request.
  if (status === 413 || status === 415) headers["connection"] = "close";
  return jsonAnswer(status, { jsonrpc: "2.0", id: null, error: { code, message } }, headers);
}

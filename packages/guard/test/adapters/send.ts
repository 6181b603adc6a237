import { request } from "node:http";
import { text } from "node:stream/consumers";

/** A request as sent over the wire. A header may be repeated. */
export interface Sent {
  readonly method?: string;
  /** With its query. Default: `/me`. */
  readonly path?: string;
  readonly headers?: readonly (readonly [name: string, value: string])[];
  readonly body?: string;
}

export interface Received {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** Sends a request over its own connection and reads the whole response. */
export function send(
  url: string,
  { method = "GET", path = "/me", headers = [], body }: Sent,
): Promise<Received> {
  const { host, hostname, port } = new URL(url);
  const flat = [["Host", host], ["Connection", "close"], ...headers].flat();
  if (body !== undefined) flat.push("Content-Length", String(Buffer.byteLength(body)));
  return new Promise((resolve, reject) => {
    request({ hostname, port, method, path, headers: flat, agent: false }, (response) => {
      text(response).then(
        (received) =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: received }),
        reject,
      );
    })
      .on("error", reject)
      .end(body);
  });
}

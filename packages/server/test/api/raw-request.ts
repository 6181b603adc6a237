import { once } from "node:events";
import { connect } from "node:net";

/** Sends bytes as they are and reads until the server closes. */
export async function raw(url: string, text: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  await once(socket, "connect");
  socket.write(text, "latin1");
  let answer = "";
  for await (const part of socket) answer += String(part);
  return answer;
}

/** The status of an answer, its error code, and the methods that it allows. */
export interface RawAnswer {
  readonly status: number;
  readonly code: unknown;
  readonly allow: string | undefined;
}

/** Sends a request with any target, also one that no client would send, and reads the answer. */
export async function ask(
  url: string,
  method: string,
  target: string,
  more: { readonly host?: string; readonly headers?: string; readonly body?: string } = {},
): Promise<RawAnswer> {
  const { host = new URL(url).host, headers = "", body = "" } = more;
  const head = `${method} ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n${headers}\r\n`;
  const answer = await raw(url, head + body);
  const text = answer.slice(answer.indexOf("\r\n\r\n") + 4);
  return {
    status: Number(/^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1]),
    code: text.startsWith("{") ? JSON.parse(text).code : undefined,
    allow: /\r\nallow: ([^\r]*)\r\n/i.exec(answer)?.[1],
  };
}

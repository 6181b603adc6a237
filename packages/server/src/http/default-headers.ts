import type { IncomingMessage as Request } from "node:http";
import { Socket } from "node:net";

// An import would load the whole of undici, see `broken-requests.ts`.
const { IncomingMessage, ServerResponse, validateHeaderName, validateHeaderValue } =
  process.getBuiltinModule("node:http");

/** Writes the head of an answer. Node calls it once for each answer, and has no public place for whole lines. */
const storeHeader: unknown = Reflect.get(ServerResponse.prototype, "_storeHeader");

/** Header fields as lines. */
export class HeaderLines {
  readonly #lines: ReadonlyMap<string, string>;
  readonly #text: string;

  /**
   * @param headers the values by their names, in lower case
   * @throws {TypeError} if Node would refuse a name or a value
   */
  constructor(headers: Readonly<Record<string, string>>) {
    const entries = Object.entries(headers);
    for (const [name, value] of entries) {
      validateHeaderName(name);
      validateHeaderValue(name, value);
    }
    this.#lines = new Map(entries.map(([name, value]) => [name, `${name}: ${value}\r\n`]));
    this.#text = [...this.#lines.values()].join("");
  }

  /** Joins the lines, except those with these names. @param names in lower case */
  without(names: readonly string[]): string {
    if (!names.some((name) => this.#lines.has(name))) return this.#text;
    return [...this.#lines].map(([name, line]) => (names.includes(name) ? "" : line)).join("");
  }
}

const noLines = new HeaderLines({});

/**
 * An answer with default headers. A field of the same name replaces a default. The defaults follow the status line as
 * one text: Node would check and append each of them at every answer, which is a sixth of the work for `/auth/me`.
 * `getHeader` and `removeHeader` do not see them.
 */
export class AnswerWithDefaults<Asked extends Request = Request> extends ServerResponse<Asked> {
  defaults = noLines;
  /** The default of `X-Request-Id`. Letters, digits, `.`, `_` and `-`; empty for none. */
  requestId = "";

  /** Takes the place of Node's own method. */
  _storeHeader(statusLine: string, headers: object | null | undefined, ...more: unknown[]): void {
    const names = namesIn(headers);
    const hasId = this.requestId !== "" && !names.includes("x-request-id");
    const id = hasId ? `x-request-id: ${this.requestId}\r\n` : "";
    const start = statusLine + this.defaults.without(names) + id;
    if (typeof storeHeader === "function") Reflect.apply(storeHeader, this, [start, headers, ...more]);
  }
}

/** The names of fields, in lower case. Node takes an object, pairs, or a list in which names and values alternate. */
function namesIn(headers: object | null | undefined): string[] {
  if (!Array.isArray(headers)) return Object.keys(headers ?? {}).map((name) => name.toLowerCase());
  const isPairs = Array.isArray(headers[0]);
  const names: unknown[] = isPairs ? headers.map(([name]) => name) : headers.filter((_, at) => at % 2 === 0);
  return names.map((name) => String(name).toLowerCase());
}

/** Whether this version of Node sends the defaults, and lets fields replace them. Another version may work otherwise. */
export const sendsDefaults = ((): boolean => {
  const probe = new AnswerWithDefaults(new IncomingMessage(new Socket()));
  probe.defaults = new HeaderLines({
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    allow: "GET",
  });
  probe.setHeader("Referrer-Policy", "origin");
  probe.writeHead(200, { allow: "POST", "content-length": "0" });
  const head: unknown = Reflect.get(probe, "_header");
  if (typeof head !== "string" || !head.startsWith("HTTP/1.1 200 OK\r\nx-frame-options: DENY\r\n"))
    return false;
  return !/no-referrer|allow: GET/.test(head);
})();

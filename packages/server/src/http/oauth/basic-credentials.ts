import type { FastifyRequest } from "fastify";

/** The two parts of a Basic header (RFC 7617). */
export interface BasicCredentials {
  readonly name: string;
  readonly password: string;
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** Whether a request has an `Authorization` header of the scheme Basic. */
export function hasBasic(request: FastifyRequest): boolean {
  return tokenOf(request) !== undefined;
}

/**
 * The Basic credentials of a request. RFC 6749 §2.3.1 encodes both parts as a form does, and many clients leave that
 * out. Ids and secrets consist of unreserved characters or of a URL, so both spellings read the same here. A secret
 * holds no colon, so the last colon separates the parts: an id may be a URL.
 *
 * @returns undefined if they are missing or malformed
 */
export function basicOf(request: FastifyRequest): BasicCredentials | undefined {
  const token = tokenOf(request);
  if (token === undefined || !/^[\w+/-]+={0,2}$/.test(token)) return undefined;
  try {
    const text = utf8.decode(Buffer.from(token, "base64"));
    const colon = text.lastIndexOf(":");
    if (colon === -1) return undefined;
    return {
      name: decodeURIComponent(text.slice(0, colon)),
      password: decodeURIComponent(text.slice(colon + 1)),
    };
  } catch {
    // Neither UTF-8 nor a form's encoding. The error could quote a secret.
    return undefined;
  }
}

/** The text after the scheme. Undefined for another scheme. */
function tokenOf({ headers }: FastifyRequest): string | undefined {
  // `headers` is a plain object. A member that it inherits was not sent.
  if (!Object.hasOwn(headers, "authorization")) return undefined;
  const sent = /^basic(?: (.*))?$/is.exec(headers.authorization ?? "");
  return sent === null ? undefined : (sent[1] ?? "").trim();
}

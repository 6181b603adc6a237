import type { FastifyReply, FastifyRequest } from "fastify";
import { parseAccept } from "hono/utils/accept";
import type { Site } from "../../core/site.ts";
import { type Language, languageOf } from "./language.ts";
import { layout, type PageContent } from "./layout.ts";
import { styleSource } from "./style-sheet.ts";

/**
 * The headers of a page. The policy permits the one style sheet and forms to this server, and no script, image or
 * frame. A form is sent with its origin only under the referrer policy `same-origin`.
 */
const pageHeaders = {
  "content-security-policy": `default-src 'none'; style-src ${styleSource}; base-uri 'none'; form-action 'self'; frame-ancestors 'none'`,
  "cross-origin-opener-policy": "same-origin",
} as const;

declare module "fastify" {
  interface FastifyInstance {
    /** The operator's site, which the pages name. */
    readonly operatorSite?: Site;
  }
}

/**
 * Answers with a page. The other security headers are those of every answer.
 *
 * @param referrer `no-referrer` for a page with a secret in its address. Its forms have `Sec-Fetch-Site` alone
 */
export async function sendPage(
  reply: FastifyReply,
  page: PageContent,
  status = 200,
  referrer: "same-origin" | "no-referrer" = "same-origin",
): Promise<FastifyReply> {
  const document = await layout(page, reply.server.operatorSite);
  addVary(reply, "Accept-Language");
  const headers = { ...pageHeaders, "referrer-policy": referrer };
  return reply.code(status).headers(headers).type("text/html; charset=utf-8").send(document.toString());
}

/** The language of the reader of a page. */
export function readerLanguage({ headers }: FastifyRequest): Language {
  return languageOf(headers["accept-language"]);
}

/** Tells caches that the answer depends on a header of the request. */
export function addVary(reply: FastifyReply, header: string): void {
  const others = reply.getHeader("vary");
  reply.header("vary", others === undefined ? header : `${others}, ${header}`);
}

/**
 * Whether a client asks for a page: its `Accept` names `text/html`. Browsers name it. A wildcard does not count,
 * because programs send one and expect JSON.
 */
export function acceptsPage(accept: string | undefined): boolean {
  return parseAccept(accept ?? "").some(({ type, q }) => type.toLowerCase() === "text/html" && q > 0);
}

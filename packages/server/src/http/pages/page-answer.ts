import type { FastifyReply } from "fastify";
import { parseAccept } from "hono/utils/accept";
import { layout, type PageContent } from "./layout.ts";
import { styleSource } from "./style-sheet.ts";

/**
 * The headers of a page. The policy permits the one style sheet and forms to this server, and no script, image or
 * frame. A form needs the referrer policy: with `no-referrer`, a browser hides the origin that the server checks.
 */
const pageHeaders = {
  "content-security-policy": `default-src 'none'; style-src ${styleSource}; base-uri 'none'; form-action 'self'; frame-ancestors 'none'`,
  "cross-origin-opener-policy": "same-origin",
  "referrer-policy": "same-origin",
} as const;

/** Answers with a page. The other security headers are those of every answer. */
export async function sendPage(reply: FastifyReply, page: PageContent, status = 200): Promise<FastifyReply> {
  const document = await layout(page);
  return reply.code(status).headers(pageHeaders).type("text/html; charset=utf-8").send(document.toString());
}

/**
 * Whether a client asks for a page: its `Accept` names `text/html`. Browsers name it. A wildcard does not count,
 * because programs send one and expect JSON.
 */
export function acceptsPage(accept: string | undefined): boolean {
  return parseAccept(accept ?? "").some(({ type, q }) => type.toLowerCase() === "text/html" && q > 0);
}

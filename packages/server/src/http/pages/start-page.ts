import type { FastifyInstance } from "fastify";
import { html } from "hono/html";
import { LatchkeyError } from "../../core/errors.ts";
import { version } from "../../core/version.ts";
import type { PageContent } from "./layout.ts";
import { message } from "./message.ts";
import { acceptsPage, sendPage } from "./page-answer.ts";

/** The options of the page at `/`. */
export interface StartPageOptions {
  /** Whether the server serves `/docs` and `/openapi.json`. */
  readonly docs: boolean;
}

const guide = "https://github.com/latchkey/latchkey/blob/main/docs/guide.md";

/**
 * Serves a page for people at `/`. A program without `text/html` in `Accept` gets the 404 of every unknown path.
 */
export function startPageRoute(app: FastifyInstance, options: StartPageOptions): void {
  const page = startPage(options);
  app.get("/", { schema: { hide: true } }, async (request, reply) => {
    const vary = reply.getHeader("vary");
    reply.header("vary", vary === undefined ? "Accept" : `${vary}, Accept`);
    if (!acceptsPage(request.headers.accept)) throw new LatchkeyError("not_found");
    const folder = folderOf(request.originalUrl);
    return folder === undefined ? sendPage(reply, page) : reply.redirect(folder);
  });
}

/**
 * The links are relative, because a proxy may serve the page under another path. So the path must end in a slash.
 *
 * @returns the relative URL with that slash. Undefined if the path has it, or if only a host was sent
 */
function folderOf(sent: string): string | undefined {
  const [path = ""] = sent.split("?", 1);
  const name = path.slice(path.lastIndexOf("/") + 1);
  return path.startsWith("/") && name !== "" ? `./${name}/` : undefined;
}

function startPage({ docs }: StartPageOptions): PageContent {
  const documentation = html`<li><a href="docs/">API documentation</a><span>Every operation, to read and to try</span></li>
<li><a href="openapi.json">OpenAPI document</a><span>For generators of clients</span></li>`;
  const content = html`<h1>Latchkey</h1>
<p class="quiet">Version ${version}</p>
<p>This server signs people in to APIs and MCP servers.</p>
${docs ? "" : message("notice", "The API documentation of this server is turned off.")}
<ul class="links">
${docs ? documentation : ""}
<li><a href="health/ready">Health</a><span>Whether this server can serve requests</span></li>
<li><a href="${guide}">Guide</a><span>From a fresh server to a guarded API</span></li>
</ul>`;
  return { title: "Latchkey", content };
}

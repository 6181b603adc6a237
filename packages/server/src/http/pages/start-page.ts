import type { FastifyInstance } from "fastify";
import { html } from "hono/html";
import { LatchkeyError } from "../../core/errors.ts";
import { version } from "../../core/version.ts";
import { type Language, languages } from "./language.ts";
import type { PageContent } from "./layout.ts";
import { message } from "./message.ts";
import { acceptsPage, addVary, readerLanguage, sendPage } from "./page-answer.ts";

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
  app.get("/", { schema: { hide: true } }, async (request, reply) => {
    addVary(reply, "Accept");
    if (!acceptsPage(request.headers.accept)) throw new LatchkeyError("not_found");
    const folder = folderOf(request.originalUrl);
    if (folder !== undefined) return reply.redirect(folder);
    return sendPage(reply, startPage(readerLanguage(request), options));
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

function startPage(language: Language, { docs }: StartPageOptions): PageContent {
  const { start: texts } = languages[language];
  const link = (address: string, [name, meaning]: readonly [name: string, meaning: string]) =>
    html`<li><a href="${address}">${name}</a><span>${meaning}</span></li>`;
  const content = html`<h1>Latchkey</h1>
<p class="quiet">${texts.version(version)}</p>
<p>${texts.purpose}</p>
${docs ? "" : message("notice", texts.docsAreOff)}
<ul class="links">
${docs ? [link("docs/", texts.docs), link("openapi.json", texts.openapi)] : ""}
${link("health/ready", texts.health)}
${link(guide, texts.guide)}
</ul>`;
  return { language, title: "Latchkey", content };
}

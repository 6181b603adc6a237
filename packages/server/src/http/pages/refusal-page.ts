import { html } from "hono/html";
import type { LatchkeyError } from "../../core/errors.ts";
import { type Language, languages } from "./language.ts";
import type { PageContent } from "./layout.ts";
import { linkList, type PageLink } from "./link-list.ts";
import { type Html, strongText } from "./markup.ts";
import { redirectTarget } from "./redirect-target.ts";
import type { Texts } from "./texts/texts.ts";

/** The way back to the client. */
export interface WayBack {
  readonly redirectUri: string;
  /** The redirect URI with the error. */
  readonly address: string;
  /** Whether the address is on this device, or the operator vouches for it. */
  readonly isChecked: boolean;
}

/** The parts of a refusal's page. */
export interface RefusalPage {
  readonly language: Language;
  /** The host of this server. */
  readonly site: string;
  readonly refusal: LatchkeyError;
  readonly requestId: string;
  /** The address of the link to try again. Default: the page's own. */
  readonly retryAt?: string | undefined;
  /** A person may carry the error to the client by a click. */
  readonly back?: WayBack | undefined;
  /** Whether the person was at the own account. Then no application sent the request. */
  readonly ownAccount?: boolean;
  /** Other ways on. */
  readonly links?: readonly PageLink[];
}

/** Says why a request was refused, and the way out. No text on it comes from the request. */
export function refusalPage(page: RefusalPage): PageContent {
  const { language, site, refusal, requestId, retryAt = "", back, links = [] } = page;
  const texts = languages[language];
  const known = kindOf(refusal);
  const kind = known === "badRequest" && page.ownAccount ? "badForm" : known;
  const { title, advice } = texts.refusals[kind];
  const retry = html`<p class="buttons"><a class="button" href="${retryAt}">${texts.refusal.tryAgain}</a></p>`;
  const content = html`<h1>${title}</h1>
<p>${advice}</p>
${repeatable.has(kind) ? retry : ""}
${back === undefined ? "" : wayBack(texts, back)}
${linkList(links)}
<p class="quiet note">${texts.refusal.request(requestId, refusal.code)}</p>`;
  return { language, site, title, isError: true, content };
}

function wayBack({ refusal }: Texts, { redirectUri, address, isChecked }: WayBack): Html {
  const name = strongText(redirectTarget(redirectUri).name);
  return html`${isChecked ? "" : html`<p>${refusal.uncheckedAddress(name)}</p>`}
<p class="buttons"><a class="button second" href="${address}">${refusal.back(name)}</a></p>`;
}

type Kind = keyof Texts["refusals"];

/** Refusals that the same address may not get again. */
const repeatable: ReadonlySet<Kind> = new Set([
  "descriptionUnavailable",
  "foreignForm",
  "badForm",
  "tooMany",
  "busy",
  "internal",
]);

function kindOf({ code, status }: LatchkeyError): Kind {
  switch (code) {
    case "unknown_client":
      return "unknownClient";
    case "invalid_redirect_uri":
      return "redirectUri";
    case "client_document_unavailable":
      return "descriptionUnavailable";
    case "forbidden_origin":
      return "foreignForm";
    case "invalid_provider_answer":
      return "staleSignIn";
    case "misdirected_request":
      return "wrongName";
    case "invalid_link":
      return "invalidLink";
    case "not_found":
      return "notFound";
    case "rate_limited":
      return "tooMany";
    default:
      if (status === 503) return "busy";
      return status >= 500 ? "internal" : "badRequest";
  }
}

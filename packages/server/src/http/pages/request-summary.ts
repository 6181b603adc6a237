import { html } from "hono/html";
import type { AuthorizationRequest } from "../../core/oauth/authorization-request.ts";
import type { Voucher } from "../../core/oauth/client.ts";
import { foreignText, type Html, strongText } from "./markup.ts";
import { message } from "./message.ts";
import { redirectTarget } from "./redirect-target.ts";
import type { Texts } from "./texts/texts.ts";

/** The client, the resource, the rights and the receiver. A person compares them with the program they started. */
export function requestSummary(
  texts: Texts["signIn"],
  { client, resource, scope, redirectUri }: AuthorizationRequest,
): Html {
  const scopes = scope.split(" ").filter((name) => name !== "");
  const rights = html`<ul class="scopes">${scopes.map((name) => html`<li><code>${name}</code></li>`)}</ul>`;
  const target = redirectTarget(redirectUri);
  const named = [resource.name, resource.ownTools ? texts.ownTools : null].filter((line) => line !== null);
  const [access = resource.url, ...details] = [...named, resource.url];
  return html`<dl class="summary">
<div><dt>${texts.application}</dt><dd>${strongText(client.name)}<small>${vouched(texts, client.voucher)}</small></dd></div>
<div><dt>${texts.access}</dt><dd>${foreignText(access)}${details.map((detail) => html`<small>${detail}</small>`)}</dd></div>
<div><dt>${texts.rights}</dt><dd>${scopes.length === 0 ? texts.allRights : rights}</dd></div>
<div><dt>${texts.returnsTo}</dt><dd>${strongText(target.name)}${target.isDevice ? html`<small>${texts.deviceTarget}</small>` : ""}</dd></div>
</dl>`;
}

function vouched({ vouchedBy }: Texts["signIn"], voucher: Voucher): string | Html {
  return voucher.by === "document" ? vouchedBy.document(strongText(voucher.host)) : vouchedBy[voucher.by];
}

/**
 * The warning before a person allows a request. Any program on the device can use the redirect URI of another one there,
 * so even the operator cannot vouch for it. A document proves a host, and anybody can own one.
 */
export function requestWarning(
  texts: Texts["signIn"],
  { client, redirectUri }: AuthorizationRequest,
): Html | "" {
  const { name, isDevice } = redirectTarget(redirectUri);
  if (isDevice) return message("warning", texts.deviceWarning);
  return client.voucher.by === "operator" ? "" : message("warning", texts.webWarning(strongText(name)));
}

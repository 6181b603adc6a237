import type { FastifyError, FastifyInstance, FastifyReply } from "fastify";
import { LatchkeyError } from "../../core/errors.ts";
import { atFirstUse } from "../../core/first-use.ts";
import { toLatchkeyError } from "../error-answers.ts";
import { isOtherLoopbackName } from "../hosts.ts";
import { readForm } from "../oauth/form-body.ts";
import { isOwnForm } from "../oauth/own-form.ts";
import {
  type AccountPageName,
  type AccountParts,
  type AccountRequest,
  accountPages,
} from "./account-parts.ts";

/**
 * Serves the account pages. Their code and texts are loaded at the first request. No other file may import
 * `account-pages.ts`.
 */
export function accountRoutes(app: FastifyInstance, parts: AccountParts): void {
  const address = new URL(parts.issuer);
  const open = atFirstUse(async () => {
    const { AccountSite } = await import("./account-site.ts");
    const { accountPagesOf } = await import("./account-pages.ts");
    const site = new AccountSite(parts.issuer, parts.log);
    return { site, pages: accountPagesOf(site, parts) };
  });

  app.register(async (scope) => {
    // No other origin may read the pages, also if LATCHKEY_CORS_ORIGINS names it.
    const options = { schema: { hide: true }, config: { cors: false } };
    scope.setErrorHandler(async (error: FastifyError | LatchkeyError, _request, reply) => {
      const { site } = await open();
      return site.refuse(reply, toLatchkeyError(error));
    });
    const onRequest = async (request: AccountRequest) => {
      if (!isOwnForm(request, address.origin)) throw new LatchkeyError("forbidden_origin");
    };

    for (const [name, path] of Object.entries(accountPages)) {
      if (!isPage(name)) continue;
      scope.get(path, options, async (request: AccountRequest, reply) => {
        const { site, pages } = await open();
        // To a browser another loopback name is another origin: its forms would be refused.
        if (isOtherLoopbackName(request.headers.host, address)) {
          return reply.redirect(site.addressOf(name, queryOf(request)), 303);
        }
        return pages[name].get(request, reply);
      });
      const formOptions = { ...options, onRequest, preValidation: readForm };
      scope.post(path, formOptions, async (request: AccountRequest, reply) =>
        (await open()).pages[name].post(request, reply),
      );
      // Without it the preflight of LATCHKEY_CORS_ORIGINS would answer.
      scope.options(path, options, (_request, reply) => reply.callNotFound());
    }

    // Password managers open this address (https://w3c.github.io/webappsec-change-password-url/).
    scope.get("/.well-known/change-password", options, async (_request, reply: FastifyReply) =>
      (await open()).site.goTo(reply, "password"),
    );
  });
}

function isPage(name: string): name is AccountPageName {
  return Object.hasOwn(accountPages, name);
}

function queryOf({ url }: AccountRequest): string {
  const at = url.indexOf("?");
  return at === -1 ? "" : url.slice(at);
}

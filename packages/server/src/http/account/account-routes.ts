import type { FastifyError, FastifyInstance, FastifyReply } from "fastify";
import { LatchkeyError } from "../../core/errors.ts";
import { toLatchkeyError } from "../error-answers.ts";
import { isOtherLoopbackName } from "../hosts.ts";
import { readForm } from "../oauth/form-body.ts";
import { isOwnForm } from "../oauth/own-form.ts";
import { accountPagesOf } from "./account-pages.ts";
import {
  type AccountPageName,
  type AccountParts,
  type AccountRequest,
  accountPages,
  changePassword,
} from "./account-parts.ts";
import { AccountSite } from "./account-site.ts";

/** Serves the account pages. Every refusal is a page. */
export function accountRoutes(app: FastifyInstance, parts: AccountParts): void {
  const address = new URL(parts.issuer);
  const site = new AccountSite(parts.issuer, parts.log);
  const pages = accountPagesOf(site, parts);

  app.register(async (scope) => {
    const options = { schema: { hide: true } };
    scope.setErrorHandler((error: FastifyError | LatchkeyError, _request, reply) =>
      site.refuse(reply, toLatchkeyError(error)),
    );
    const onRequest = async (request: AccountRequest) => {
      if (!isOwnForm(request, address.origin)) throw new LatchkeyError("forbidden_origin");
    };

    for (const [name, path] of Object.entries(accountPages)) {
      if (!isPage(name)) continue;
      scope.get(path, options, async (request: AccountRequest, reply) => {
        // To a browser another loopback name is another origin: its forms would be refused.
        if (isOtherLoopbackName(request.headers.host, address)) {
          return reply.redirect(site.addressOf(name, queryOf(request)), 303);
        }
        return pages[name].get(request, reply);
      });
      const formOptions = { ...options, onRequest, preValidation: readForm };
      scope.post(path, formOptions, (request: AccountRequest, reply) => pages[name].post(request, reply));
      // Without it the preflight of LATCHKEY_CORS_ORIGINS would answer.
      scope.options(path, options, (_request, reply) => reply.callNotFound());
    }

    scope.get(changePassword, options, async (_request, reply: FastifyReply) => site.goTo(reply, "password"));
  });
}

function isPage(name: string): name is AccountPageName {
  return Object.hasOwn(accountPages, name);
}

function queryOf({ url }: AccountRequest): string {
  const at = url.indexOf("?");
  return at === -1 ? "" : url.slice(at);
}

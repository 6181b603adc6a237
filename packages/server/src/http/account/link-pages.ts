import type { FastifyReply } from "fastify";
import { LatchkeyError } from "../../core/errors.ts";
import type { LinkPurpose } from "../../core/people/links.ts";
import type { DescribedLink } from "../../core/people/self-service.ts";
import type { Form } from "../oauth/form-body.ts";
import { type Fault, type FormPage, formPage } from "../pages/form-page.ts";
import { RepeatedForms } from "../pages/repeated-forms.ts";
import type { TextPage } from "../pages/text-page.ts";
import {
  type AccountPage,
  type AccountParts,
  type AccountRequest,
  linkParameter,
  textIn,
} from "./account-parts.ts";
import type { AccountSite } from "./account-site.ts";
import { incomplete, runForm } from "./form-answers.ts";

/** The part of a page behind a link that is its own. */
export interface LinkForm {
  readonly name: "reset" | "confirm" | "join";
  readonly purposes: readonly LinkPurpose[];
  /** @param typed the values that the person has sent */
  form(
    link: DescribedLink,
    typed: Form,
    reply: FastifyReply,
  ): Omit<FormPage, "action" | "hidden" | "language" | "site">;
  /** The faults that no story has to look at. */
  faults(typed: Form, reply: FastifyReply): readonly Fault[];
  /** Uses the link. */
  use(token: string, typed: Form, request: AccountRequest, reply: FastifyReply): Promise<LinkResult>;
}

/** The page that reports the result of a form. */
export interface LinkResult extends Pick<TextPage, "title" | "sentences"> {
  /** The page that a link leads on to. */
  readonly way: "signIn" | "account";
}

/**
 * A page behind a link in a mail. GET describes the link and changes nothing, because mail scanners follow links. The
 * form sends the link's token in its body, so the address of the answer holds none.
 */
export function linkPages(
  site: AccountSite,
  { selfService, steady }: AccountParts,
  own: LinkForm,
): AccountPage {
  const repeated = new RepeatedForms<LinkResult>(steady);

  async function ask(
    reply: FastifyReply,
    token: string,
    {
      typed = new Map(),
      faults = [],
      status,
    }: { typed?: Form; faults?: readonly Fault[]; status?: number } = {},
  ): Promise<FastifyReply> {
    const link = await selfService.describeLink(token);
    if (!own.purposes.includes(link.purpose)) throw new LatchkeyError("invalid_link", { reason: "purpose" });
    const { language, site: host } = site.shown(reply);
    const page = formPage({
      ...own.form(link, typed, reply),
      ...{ language, site: host, action: site.path(own.name), faults },
      hidden: { [linkParameter]: token },
    });
    return site.send(reply, page, status);
  }

  /** Answers for a link that cannot be used any more. */
  async function orRefused(reply: FastifyReply, answer: () => Promise<FastifyReply>): Promise<FastifyReply> {
    try {
      return await answer();
    } catch (error) {
      if (!(error instanceof LatchkeyError && error.code === "invalid_link")) throw error;
      const isReset = own.name === "reset" && selfService.mail;
      const ways = [site.link(reply, "signIn"), ...(isReset ? [site.link(reply, "forgot")] : [])];
      return site.refuse(reply, error, ways);
    }
  }

  return {
    get: ({ query }, reply) => orRefused(reply, () => ask(reply, textIn(query, linkParameter) ?? "")),
    post: (request, reply) =>
      orRefused(reply, async () => {
        const typed: Form = request.body ?? new Map();
        const token = typed.get(linkParameter) ?? "";
        const again = (faults: readonly Fault[], status = 422) =>
          ask(reply, token, { typed, faults, status });
        const fields = [...typed.keys()];
        const running = { site, reply, fields, again };
        const faults = own.faults(typed, reply);
        if (faults.length > 0) return incomplete(running, faults);
        return runForm(running, async () => {
          const { way, ...result } = await repeated.once([token, typed], () =>
            own.use(token, typed, request, reply),
          );
          return site.report(reply, result, way);
        });
      }),
  };
}

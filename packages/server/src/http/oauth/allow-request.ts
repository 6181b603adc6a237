import type { FastifyReply, FastifyRequest } from "fastify";
import type { SteadyClock } from "../../core/clock.ts";
import type { AuthorizationRequest } from "../../core/oauth/authorization-request.ts";
import { WeakPassword } from "../../core/passwords/password-problem.ts";
import type { Authorize } from "../../core/stories/authorize.ts";
import { MustChangePassword } from "../../core/stories/must-change.ts";
import { waitingCallerOf } from "../caller.ts";
import { newPasswordFaults, newPasswordNames } from "../pages/new-password.ts";
import { readerLanguage } from "../pages/page-answer.ts";
import { RepeatedForms } from "../pages/repeated-forms.ts";
import { weakPasswordFault } from "../pages/weak-password.ts";
import type { AuthorizePages } from "./authorize-pages.ts";
import type { OwnAccountParts } from "./authorize-parts.ts";
import { emptyField, failedSignIn } from "./failed-sign-in.ts";
import type { Form } from "./form-body.ts";
import type { AllowingForm } from "./sign-in-form.ts";

/** The parts of the answer to an allowing form. */
export interface AllowParts {
  readonly pages: AuthorizePages;
  readonly authorize: Authorize;
  /** Undefined with the users of a realm. */
  readonly ownAccount: OwnAccountParts | undefined;
  readonly steady: SteadyClock;
}

/**
 * Answers the form in which a person signs in and allows a request. If the password must be
 * changed, the same form comes back with the fields of a new one. Nothing is granted before.
 */
export function createAllow({ pages, authorize, ownAccount, steady }: AllowParts) {
  const repeated = new RepeatedForms<void>(steady);

  return async function allow(
    request: FastifyRequest,
    reply: FastifyReply,
    asked: AuthorizationRequest,
    { username, password, change: hasChange }: AllowingForm,
    form: Form,
  ): Promise<FastifyReply> {
    const language = readerLanguage(request);
    const change = { username, minLength: ownAccount?.passwordMinLength ?? 0 };
    // A form with these fields is answered with them again, until the password is changed.
    let faults = hasChange && ownAccount ? newPasswordFaults(language, form) : undefined;
    const empty = emptyField(language, { username, password });
    if (empty !== undefined || (faults !== undefined && faults.length > 0)) {
      reply.refusal = "validation_error";
      return pages.ask(reply, asked, { failed: empty, change: faults && { ...change, faults }, status: 422 });
    }
    const caller = waitingCallerOf(request, reply);
    try {
      const next = faults && form.get(newPasswordNames.next);
      if (ownAccount !== undefined && next !== undefined) {
        const { id } = asked.client;
        const credentials = { username, password };
        // A repeat signs in with the new password, which is verified.
        await repeated.once([username, form], () =>
          ownAccount.selfService.changePasswordAtSignIn(credentials, next, caller, language, id),
        );
        faults = undefined;
      }
      const code = await authorize({ username, password: next ?? password }, asked, caller);
      return pages.goOn(reply, asked, { code });
    } catch (error) {
      if (error instanceof MustChangePassword && ownAccount !== undefined) {
        return pages.ask(reply, asked, { change: { ...change, faults: [] } });
      }
      if (error instanceof WeakPassword) {
        pages.note(reply, error.refusal);
        const { status } = error.refusal;
        const weak = { ...change, faults: [weakPasswordFault(language, error)] };
        return pages.ask(reply, asked, { change: weak, status });
      }
      const failed = failedSignIn(language, error, username);
      if (failed === undefined) throw error;
      pages.note(reply, failed.refusal);
      // A 401 would need a challenge, and browsers answer one with a window of their own.
      const { status } = failed.refusal;
      const again = faults && { ...change, faults };
      return pages.ask(reply, asked, { failed, change: again, status: status === 401 ? 422 : status });
    }
  };
}

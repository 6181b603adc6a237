import type { Guard } from "@latchkey/guard";
import type {} from "@latchkey/guard/fastify";
import type { FastifyRequest } from "fastify";
import type { Origin } from "../../core/audit-events.ts";
import { errorCodes, LatchkeyError } from "../../core/errors.ts";
import { atFirstUse } from "../../core/first-use.ts";
import { assertMay, type Power, powersOf } from "../../core/people/powers.ts";
import { clientOf, isMachine, type UserOf } from "../../core/stories/current-user.ts";
import { isMeantFor } from "../../core/tokens/resource-tokens.ts";
import { callerOf } from "../caller.ts";

/** The parts of the check in front of the administration. */
export interface AdminGuardParts {
  /** The guard, for tokens of people's own logins and of the administration's resource. Opened at the first request. */
  readonly openGuard: () => Promise<Guard>;
  /** URL of the administration's resource. */
  readonly resource: string;
  readonly userOf: UserOf;
}

/** The caller of the administration. */
export interface AdminCaller {
  /** The origin of the audit events. */
  readonly by: Origin & { readonly actor: string };
  readonly held: ReadonlySet<Power>;
  /** Whether the caller is a machine (client credentials). Its actor is no user. */
  readonly isMachine: boolean;
}

declare module "fastify" {
  interface FastifyContextConfig {
    /** The powers that a caller of the administration needs, all of them. */
    readonly powers?: readonly Power[];
  }
}

/**
 * The check in front of every route of the administration. `admit` is a hook, and `callerOf` its result for a handler.
 * The powers of a person are those of the roles that the account has now, not those in the token: a role that was taken
 * away opens nothing.
 */
export function createAdminGuard({ openGuard, resource, userOf }: AdminGuardParts) {
  const callers = new WeakMap<FastifyRequest, AdminCaller>();
  const openHook = atFirstUse(async () => (await openGuard()).fastify());

  return {
    /** @throws {LatchkeyError} 401 for a refused token, `forbidden` without a power of the route */
    async admit(request: FastifyRequest): Promise<void> {
      const refused = new CaughtRefusal();
      await (await openHook())(request, refused);
      refused.rethrow();
      const { principal } = request;
      if (!isMeantFor(principal, resource))
        throw new LatchkeyError("invalid_token", { reason: "the token of a client for another resource" });
      const { client } = clientOf(principal);
      const ofMachine = isMachine(principal);
      const roles = ofMachine ? [] : (await userOf(principal)).roles;
      const scopes = client === undefined ? undefined : principal.scopes;
      const held = powersOf({ roles, scopes, isMachine: ofMachine });
      for (const power of request.routeOptions.config.powers ?? []) assertMay(held, power);
      const by = { ...callerOf(request), actor: principal.userId, ...(client !== undefined && { client }) };
      callers.set(request, { by, held, isMachine: ofMachine });
    },
    callerOf(request: FastifyRequest): AdminCaller {
      const caller = callers.get(request);
      if (caller === undefined) throw new Error("the request was not admitted");
      return caller;
    },
  };
}

/** Takes a refusal of the guard. This server answers it in its own form, logs it and counts it. */
class CaughtRefusal {
  #body: string | undefined;

  code(): void {}

  headers(): void {}

  send(body: string): void {
    this.#body = body;
  }

  /** @throws {LatchkeyError} if the guard has refused the request */
  rethrow(): void {
    if (this.#body === undefined) return;
    const { code: sent }: { readonly code?: unknown } = JSON.parse(this.#body);
    const code = errorCodes.find((one) => one === sent) ?? "provider_unavailable";
    throw new LatchkeyError(code, { reason: String(sent) });
  }
}

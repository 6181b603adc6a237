import { bearerIn, type HttpAnswer, Refusal } from "../../bearer.ts";
import { ownMembers } from "../../support/own-members.ts";
import { TokenError } from "../../token-error.ts";
import { authInfoOf } from "../auth-info.ts";
import { admit, HeldToken, type VerifiedCaller, verifyHeld } from "../held-token.ts";
import { heldToken } from "../token-field.ts";
import { ToolGate } from "../tools/tool-gate.ts";
import { CrossOrigin } from "./cross-origin.ts";
import {
  type Admission,
  type Admitted,
  type CleanBody,
  type HttpRequest,
  protocolAnswer,
} from "./exchange.ts";
import { assertHttpPolicy, type HttpPolicy } from "./http-policy.ts";
import { isOpen, methodOf, readMessage, toolCalled } from "./messages.ts";
import { ProtectedResource } from "./protected-resource.ts";
import { SessionOwners } from "./session-owners.ts";

const methodsBeforeToken: ReadonlySet<string> = new Set(["POST", "DELETE"]);
/** Clients read 405 as "no stream" and go on without one. A stream is for signed-in callers alone. */
const noStream: HttpAnswer = {
  ...protocolAnswer(405, -32000, "Method not allowed."),
  headers: { "content-type": "application/json", "cache-control": "no-store", allow: "POST, DELETE" },
};

/**
 * The gate in front of an MCP endpoint over HTTP (protocol revision 2026-07-28 and earlier). It verifies the token of
 * the header, checks the owner of the session, and answers a call that needs more scopes.
 */
export class HttpGate {
  readonly resource: ProtectedResource;
  readonly #gate: ToolGate;
  readonly #policy: HttpPolicy;
  readonly #crossOrigin: CrossOrigin;
  readonly #owners = new SessionOwners();

  /** @throws {Error} if an option of the policy has a wrong form */
  constructor(given: HttpPolicy) {
    const policy = ownMembers(given);
    assertHttpPolicy(policy);
    this.#gate = new ToolGate(policy);
    this.#policy = policy;
    this.resource = new ProtectedResource(policy);
    this.#crossOrigin = new CrossOrigin(this.resource.url, policy.origins);
  }

  async admit(request: HttpRequest): Promise<Admission> {
    const metadata = await this.resource.answerTo(request);
    if (metadata !== undefined) return { answer: metadata };
    const origin = request.header("origin");
    if (!this.#crossOrigin.admits(origin)) {
      return { answer: protocolAnswer(403, -32000, "Forbidden: this origin may not call this server") };
    }
    const headers = this.#crossOrigin.headers(origin);
    if (request.method === "OPTIONS") {
      const preflight = this.#crossOrigin.preflight(request.header("access-control-request-headers"));
      return { answer: { status: 204, headers: { ...headers, ...preflight } } };
    }
    const admission = await this.#authenticated(request, headers);
    if ("admitted" in admission) return admission;
    return { answer: { ...admission.answer, headers: { ...headers, ...admission.answer.headers } } };
  }

  async #authenticated(request: HttpRequest, headers: Record<string, string>): Promise<Admission> {
    try {
      let caller = await this.#callerOf(request);
      if (caller === undefined && !methodsBeforeToken.has(request.method)) return { answer: noStream };
      const session = request.header("mcp-session-id");
      if (session !== undefined && !this.#owners.isOwner(session, caller?.principal)) {
        return { answer: protocolAnswer(404, -32001, "Session not found") };
      }
      const read = await readMessage(request, this.#policy.maxBodySize, this.#gate.tokenField);
      if ("answer" in read) return read;
      const message = read.clean?.parsed;
      if (caller !== undefined && read.clean !== undefined) {
        // The body took its time. Later refusals would be results, which never make a client refresh its token.
        caller = await this.#verified(caller.token, toolCalled(message));
        admit(caller.token);
      }
      await this.#assertCall(caller, message);
      return { admitted: this.#admitted(request, caller, read.clean, headers) };
    } catch (error) {
      if (error instanceof TokenError) return { answer: new Refusal(error, this.resource.hintFor(request)) };
      throw error;
    }
  }

  /** @returns undefined for a request without a token, if calls may carry their own */
  async #callerOf(request: HttpRequest): Promise<VerifiedCaller | undefined> {
    const bearer = bearerIn(request.header("authorization"));
    if (bearer === undefined && this.#policy.withoutBearer === "field") return undefined;
    return await this.#verified(bearer === undefined ? undefined : new HeldToken(bearer));
  }

  /** @param tool not known at first, because the body of an unknown caller is not read */
  async #verified(token: HeldToken | undefined, tool = "?"): Promise<VerifiedCaller> {
    try {
      if (token === undefined) throw new TokenError("missing_token");
      return await verifyHeld(token, this.#policy.guard);
    } catch (error) {
      if (error instanceof TokenError) this.#gate.denied(tool, undefined, error);
      throw error;
    }
  }

  /**
   * Answers early if HTTP has a status of its own for it: a token is needed, or one with more scopes. Any other
   * denial is left to the result of the call.
   *
   * @throws {TokenError} `missing_token`, or `insufficient_scope` with all the scopes that the call needs, and those
   *   that the token has besides: some clients ask for exactly these, and would lose the others
   */
  async #assertCall(caller: VerifiedCaller | undefined, message: unknown): Promise<void> {
    if (caller === undefined) {
      if (!isOpen(message)) throw new TokenError("missing_token");
      return;
    }
    const tool = toolCalled(message);
    if (tool === undefined) return;
    const field = heldToken(message, this.#gate.tokenField);
    if (field !== undefined && !field.matches(caller.token)) return;
    const decision = await this.#gate.decideCall(tool, caller);
    if (decision.allowed || decision.code !== "insufficient_scope") return;
    const scopes = [...new Set([...decision.scopes, ...caller.principal.scopes])];
    const refusal = new TokenError(decision.code, decision.reason, scopes);
    this.#gate.denied(tool, caller.principal, refusal);
    throw refusal;
  }

  #admitted(
    request: HttpRequest,
    caller: VerifiedCaller | undefined,
    body: CleanBody | undefined,
    headers: Record<string, string>,
  ): Admitted {
    const asked = request.header("mcp-session-id");
    return {
      authInfo: caller && authInfoOf(caller, this.resource.url, this.resource.hintFor(request)),
      body,
      headers,
      endless: request.method === "GET" || methodOf(body?.parsed) === "subscriptions/listen",
      answered: (status, session) => {
        if (status >= 400) return;
        if (request.method === "DELETE" && asked !== undefined) this.#owners.close(asked);
        else if (session != null) this.#owners.open(session, caller?.principal);
      },
      recheck: async () => {
        if (caller !== undefined) await verifyHeld(caller.token, this.#policy.guard);
      },
    };
  }
}

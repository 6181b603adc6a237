import type { FastifyRequest } from "fastify";
import { LatchkeyError } from "../../core/errors.ts";
import type { SentCredentials } from "../../core/oauth/client-authentication.ts";
import { subjectOf } from "../../core/oauth/unverified-assertion.ts";
import { basicOf, hasBasic } from "./basic-credentials.ts";
import { type Form, required } from "./form-body.ts";

/** The type of an assertion that is a JWT (RFC 7523 §2.2). */
const jwtBearer = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/**
 * The client of a request, and its proof: from Basic, or from the body. A secret without text counts as left out.
 *
 * @throws {LatchkeyError} `invalid_request` without a client, or with several proofs; `invalid_client` for a Basic
 * header that is malformed
 */
export function sentCredentials(request: FastifyRequest, form: Form): SentCredentials {
  const secret = form.get("client_secret");
  const assertion = form.get("client_assertion");
  const ways = [hasBasic(request), secret !== undefined, assertion !== undefined];
  if (ways.filter(Boolean).length > 1 || hasTwoHeaders(request)) {
    throw new LatchkeyError("invalid_request", { fault: "authenticate the client in one way" });
  }
  if (hasBasic(request)) return fromBasic(request, form);
  if (assertion !== undefined) return fromAssertion(assertion, form);
  const clientId = required(form, "client_id");
  return { clientId, proof: secret === undefined ? undefined : { kind: "secret", secret } };
}

/** Node keeps the first `Authorization` alone. A proxy in front may have read another one. */
function hasTwoHeaders({ raw: { rawHeaders } }: FastifyRequest): boolean {
  const isName = (_text: string, at: number) => at % 2 === 0;
  return rawHeaders.filter(isName).filter((name) => name.toLowerCase() === "authorization").length > 1;
}

function fromBasic(request: FastifyRequest, form: Form): SentCredentials {
  const basic = basicOf(request);
  if (basic === undefined) throw new LatchkeyError("invalid_client", { reason: "malformed Basic" });
  const { name: clientId, password: secret } = basic;
  assertSameClient(form, clientId);
  return { clientId, proof: secret === "" ? undefined : { kind: "secret", secret } };
}

function fromAssertion(assertion: string, form: Form): SentCredentials {
  if (form.get("client_assertion_type") !== jwtBearer) {
    throw new LatchkeyError("invalid_request", { fault: `client_assertion_type has to be ${jwtBearer}` });
  }
  const clientId = subjectOf(assertion);
  if (clientId === undefined) throw new LatchkeyError("invalid_client", { reason: "assertion without sub" });
  assertSameClient(form, clientId);
  return { clientId, proof: { kind: "assertion", assertion } };
}

function assertSameClient(form: Form, clientId: string): void {
  const named = form.get("client_id");
  if (named === undefined || named === clientId) return;
  throw new LatchkeyError("invalid_request", { fault: "client_id is not the client that authenticates" });
}

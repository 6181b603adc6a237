import { isSameLoopback } from "@latchkey/guard/loopback";
import { type Principal, TokenError, type Verifier } from "@latchkey/guard/verifier";
import { ownClientId } from "./access-tokens.ts";

/**
 * The check in front of a resource of this server. It accepts tokens of a person's own login, and those that a client
 * got for this very resource. A client's token for another resource is refused: the server there holds it too, and
 * could act here as that person.
 *
 * @param verifier accepts the audiences of a person's own login, and the resource
 * @param resource the `aud` of clients' tokens for it
 */
export function forResource(verifier: Verifier, resource: string): Verifier {
  return {
    async verify(token) {
      const principal = await verifier.verify(token);
      assertMeantFor(principal, resource);
      return principal;
    },
    recall(token) {
      const principal = verifier.recall(token);
      if (principal !== undefined) assertMeantFor(principal, resource);
      return principal;
    },
  };
}

/** @throws {TokenError} `invalid_token` for a token that a client got for another resource */
function assertMeantFor(principal: Principal, resource: string): void {
  if (!isMeantFor(principal, resource)) throw new TokenError("invalid_token", "claim aud");
}

/** Whether a token is one of a person's own login, or one that a client got for this resource. */
export function isMeantFor({ claims }: Pick<Principal, "claims">, resource: string): boolean {
  const { client_id: client, aud } = claims;
  return (
    client === ownClientId || aud === resource || (typeof aud === "string" && isSameLoopback(aud, resource))
  );
}

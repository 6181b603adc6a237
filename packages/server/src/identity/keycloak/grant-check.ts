import { LatchkeyError } from "../../core/errors.ts";
import type { SessionPrincipal, TokenCheck } from "../../core/stories/current-user.ts";
import type { RealmGrant } from "./realm.ts";

/**
 * Checks the new access token of a realm by the rules for every access token.
 *
 * @throws {LatchkeyError} `provider_unavailable` if the realm issued a token that is refused here
 */
export async function checkGrant(
  check: TokenCheck,
  { accessToken }: Pick<RealmGrant, "accessToken">,
): Promise<SessionPrincipal> {
  try {
    return await check(accessToken);
  } catch (error) {
    if (!(error instanceof LatchkeyError) || error.code === "provider_unavailable") throw error;
    const reason = `a token that the realm just issued is refused: ${error.reason ?? error.code}`;
    throw new LatchkeyError("provider_unavailable", { reason, cause: error });
  }
}

import type { LinkedKind } from "../mail/mail-kinds.ts";
import type { LinkAddress } from "../mail/outbox.ts";
import type { LinkTokens } from "./link-tokens.ts";

/** The page behind the link of each mail. */
const pages = {
  reset: "reset",
  verify: "confirm",
  change_email: "confirm",
  invitation: "join",
  sign_up: "join",
} as const satisfies Record<LinkedKind, string>;

/** The addresses of links. @param issuer the public URL of the server */
export function createLinkAddress(issuer: string, linkTokens: LinkTokens): LinkAddress {
  return (kind, linkId) => `${issuer}/account/${pages[kind]}?link=${linkTokens.write(linkId)}`;
}

import type { LocalUser } from "../people/users.ts";
import { isAtLocalhost } from "./local-address.ts";
import type { MailContent, MailLanguage } from "./mail-kinds.ts";
import type { NewMail } from "./outbox.ts";

/**
 * The notice to a user of a change of their own account, for the commit of the change.
 *
 * @param content `at` is the time of the change
 * @param user as before the change: the notice goes to the address that the change may replace
 * @returns empty if no mail server takes the address
 */
export function noticesTo(
  { id, email }: Pick<LocalUser, "id" | "email">,
  content: MailContent & { readonly at: number },
  language: MailLanguage,
): NewMail[] {
  if (isAtLocalhost(email)) return [];
  return [{ content, recipient: email, userId: id, linkId: null, language, createdAt: content.at }];
}

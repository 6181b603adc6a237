import type { SelfService } from "../../core/people/self-service.ts";
import { type Language, languages } from "./language.ts";
import type { PageLink } from "./link-list.ts";

/**
 * The ways on for a person without a password or without an account, as far as this server has them.
 *
 * @param issuer public URL. Its path is that of the pages in the browser
 */
export function accountLinks(issuer: string, { mail, signUpBy }: Pick<SelfService, "mail" | "signUpBy">) {
  const folder = new URL(issuer).pathname.replace(/\/$/, "");
  return (language: Language): readonly PageLink[] => {
    const { forgot, signUp } = languages[language].signIn;
    return [
      ...(mail ? [{ address: `${folder}/account/forgot`, text: forgot }] : []),
      ...(mail && signUpBy === "domains" ? [{ address: `${folder}/account/sign-up`, text: signUp }] : []),
    ];
  };
}

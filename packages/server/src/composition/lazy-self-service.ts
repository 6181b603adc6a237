import { mailWay } from "../config/mail-way.ts";
import { atFirstUse } from "../core/first-use.ts";
import { type LinkMails, type SelfService, signUpWay } from "../core/people/self-service.ts";
import type { SelfServiceComposition } from "./self-service.ts";

/** The self-service, and the way to the stories that the mail job calls. */
export interface LazySelfService {
  readonly selfService: SelfService;
  readonly openLinks: () => Promise<LinkMails>;
}

/**
 * The self-service, loaded at its first use. A start needs none of it. No other file of the server may import
 * `self-service.ts` at start.
 */
export function lazySelfService(parts: SelfServiceComposition): LazySelfService {
  const open = atFirstUse(async () => {
    const { composeSelfService } = await import("./self-service.ts");
    return composeSelfService(parts);
  });
  const mail = mailWay(parts.config) !== undefined;
  const selfService: SelfService = {
    mail,
    signUpBy: signUpWay(parts.config.signUp, mail),
    changePassword: async (...given) => (await open()).changePassword(...given),
    changePasswordAtSignIn: async (...given) => (await open()).changePasswordAtSignIn(...given),
    beginEmailChange: async (...given) => (await open()).beginEmailChange(...given),
    sendVerification: async (...given) => (await open()).sendVerification(...given),
    confirmEmail: async (...given) => (await open()).confirmEmail(...given),
    forgotPassword: async (...given) => (await open()).forgotPassword(...given),
    resetPassword: async (...given) => (await open()).resetPassword(...given),
    sendReset: async (...given) => (await open()).sendReset(...given),
    signUp: async (...given) => (await open()).signUp(...given),
    invite: async (...given) => (await open()).invite(...given),
    invitations: async (...given) => (await open()).invitations(...given),
    withdrawInvitation: async (...given) => (await open()).withdrawInvitation(...given),
    join: async (...given) => (await open()).join(...given),
    describeLink: async (...given) => (await open()).describeLink(...given),
  };
  return { selfService, openLinks: open };
}

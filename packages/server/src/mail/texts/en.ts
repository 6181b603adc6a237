import type { MailTexts } from "./texts.ts";

const changeIt = "If it was not you, set a new password at once: the other person can use your account.";
const ignore = "If it was not you, ignore this mail. Nothing changes.";
const aboutAccount = (site: string) =>
  `You get this mail because this address belongs to an account at ${site}.`;

/** The texts in English. */
export const en: MailTexts = {
  reset: (site) => ({
    subject: `Set a new password at ${site}`,
    lead: [`With this link you set a new password for your account at ${site}.`],
    action: { label: "Set a new password", lifetime: "The link works once, within 30 minutes." },
    otherwise: "If you do not expect this mail, ignore it. Nothing changes.",
    reason: aboutAccount(site),
  }),
  verify: (site) => ({
    subject: `Confirm your address at ${site}`,
    lead: [`Please confirm that this is your e-mail address at ${site}.`],
    action: { label: "Confirm the address", lifetime: "The link works once, within 24 hours." },
    otherwise: ignore,
    reason: aboutAccount(site),
  }),
  change_email: (site) => ({
    subject: `Confirm your new address at ${site}`,
    lead: [`Your account at ${site} is to have this e-mail address from now on.`],
    action: { label: "Confirm the new address", lifetime: "The link works once, within 24 hours." },
    otherwise: ignore,
    reason: `You get this mail because someone typed this address at ${site}.`,
  }),
  address_taken: (site) => ({
    subject: `Your address at ${site}`,
    lead: [`Someone wanted to use this e-mail address for another account at ${site}. It stays with yours.`],
    otherwise: "If it was you, sign in with this address, or choose another one for the other account.",
    reason: aboutAccount(site),
  }),
  invitation: (site, { invitedBy }) => ({
    subject: `Your invitation to ${site}`,
    lead: [invitedBy === null ? `You are invited to ${site}.` : `${invitedBy} invites you to ${site}.`],
    action: { label: "Make an account", lifetime: "The link works once, within 7 days." },
    otherwise: "If you do not expect an invitation, ignore this mail. No account is made.",
    reason: `You get this mail because an administrator of ${site} entered this address.`,
  }),
  sign_up: (site) => ({
    subject: `Your account at ${site}`,
    lead: [`With this link you make an account at ${site}.`],
    action: { label: "Make an account", lifetime: "The link works once, within 24 hours." },
    otherwise: "If it was not you, ignore this mail. No account is made.",
    reason: `You get this mail because someone typed this address at ${site}.`,
  }),
  sign_up_known: (site, { username }) => ({
    subject: `Your account at ${site}`,
    lead: [`You have an account at ${site} already. Your user name is ${username}.`],
    otherwise:
      "If you have forgotten your password, ask for a new one on the sign-in page. If it was not you, ignore this mail.",
    reason: `You get this mail because someone typed this address at ${site} to make an account.`,
  }),
  password_changed: (site, { time }) => ({
    subject: `Your password at ${site} was changed`,
    lead: [`The password of your account at ${site} was changed (${time}).`],
    otherwise:
      "If it was not you, set a new password at once by “Forgot password”, and tell an administrator.",
    reason: aboutAccount(site),
  }),
  email_changed: (site, { time, newAddress }) => ({
    subject: `Your address at ${site} was changed`,
    lead: [
      `Your account at ${site} has the e-mail address ${newAddress} now (${time}). This address gets no more mails.`,
    ],
    otherwise: "If it was not you, tell an administrator at once: the other person can use your account.",
    reason: `You get this mail because this address belonged to an account at ${site}.`,
  }),
  new_address: (site, { time, address }) => ({
    subject: `New sign-in at ${site}`,
    lead: [
      `Someone signed in to your account at ${site} from an IP address that was never used before.`,
      `${address} (${time})`,
    ],
    otherwise: changeIt,
    reason: aboutAccount(site),
  }),
  test: (site) => ({
    subject: `Test mail of ${site}`,
    lead: [`Mails of ${site} arrive here.`],
    otherwise: "Nothing else is to be done.",
    reason: "You get this mail because the operator tried the settings of mail.",
  }),
};

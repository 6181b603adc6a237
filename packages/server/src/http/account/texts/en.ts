import { html } from "hono/html";
import type { AccountTexts } from "./account-texts.ts";

/** The texts of the account pages in English. */
export const en: AccountTexts = {
  signIn: {
    title: "Sign in to your account",
    submit: "Sign in",
    submitChange: "Save and sign in",
  },
  overview: {
    title: "Your account",
    username: "User name",
    name: "Name",
    noName: "Not given",
    email: "E-mail address",
    unverified: "Not confirmed yet",
    verify: "Send a link to confirm it",
    changePassword: "Change your password",
    changeEmail: "Change your e‑mail address",
    signOut: "Sign out",
    sessions: "Where you are signed in",
    sessionsLead: "End a session that you do not know, and then change your password.",
    thisBrowser: "This browser",
    ownLogin: "Sign-in with your password",
    begun: (time) => html`Began ${time}`,
    lastUsed: (time) => html`Last used ${time}`,
    from: (address) => html`From ${address}`,
    end: "End",
    endNamed: (session, begun) => `End ${session}, begun ${begun}`,
    endOthers: "End all other sessions",
    more: (count) => `Further sessions, which were used longer ago: ${count}.`,
  },
  password: {
    title: "Change your password",
    submit: "Change password",
    current: "Current password",
    endOthers: "Sign me out everywhere else",
    done: { title: "Your password is changed", text: "From now on, sign in with the new one." },
    othersEnded: "You are signed out everywhere else.",
  },
  email: {
    title: "Change your e‑mail address",
    submit: "Send the link",
    lead: (address) =>
      html`Your address is ${address}. We send a link to the new one, and it counts once you have opened that link.`,
    next: "New e-mail address",
    sentTitle: "Look into your new mailbox",
    sent: (address) =>
      html`We sent a link to ${address}. Until you confirm it there, your old address stays. The link works for 24 hours.`,
  },
  verify: {
    title: "Look into your mailbox",
    sent: (address) => html`We sent a link to ${address}. It works for 24 hours.`,
  },
  forgot: {
    title: "Forgot your password?",
    submit: "Send the link",
    lead: "Enter your user name or your e-mail address. We send you a link to choose a new password.",
    sent: {
      title: "Look into your mailbox",
      text: "If there is an account of that name, its owner gets a mail with a link. The link works for 30 minutes.",
    },
  },
  reset: {
    title: "Choose a new password",
    submit: "Save the password",
    lead: (address) => html`This is for the account with the address ${address}. All its sessions end.`,
    done: {
      title: "Your new password is saved",
      text: "All sessions of your account have ended. Now sign in with the new password.",
    },
  },
  confirm: {
    title: "Confirm your e‑mail address",
    submit: "Confirm",
    lead: (address, username) =>
      html`Does ${address} belong to you, and did you ask for this for your account ${username}? If not, close this page: nothing changes.`,
    doneTitle: "Your address is confirmed",
    done: (address, username) => html`The account ${username} has the address ${address}.`,
  },
  signUp: {
    title: "Create an account",
    submit: "Send the link",
    lead: "Enter your e-mail address. We send you a link to go on.",
    email: "E-mail address",
    domains: (domains) => `An address of ${domains}.`,
    sent: {
      title: "Look into your mailbox",
      text: "If that address may create an account here, it gets a mail with a link. The link works for 24 hours.",
    },
  },
  join: {
    title: "Create your account",
    submit: "Create the account",
    lead: (address) => html`Your account gets the address ${address}.`,
    username: "User name",
    name: "Your name",
    nameHint: "Optional. Other people may see it.",
    password: "Password",
    again: "Password, once more",
    done: { title: "Your account is ready", text: "Now sign in with your new user name and password." },
  },
  mailAdvice: "No mail after a few minutes? Look into the folder for spam, then try again.",
  links: { account: "Back to your account", signIn: "Sign in", forgot: "Ask for a new link" },
  onward: { title: "One moment", link: "Continue" },
  errors: {
    currentPassword: "This is not your current password.",
    missing: {
      currentPassword: "Enter your current password.",
      email: "Enter an e-mail address.",
      username: "Choose a user name.",
    },
    badEmail: "This is not an e-mail address. Check how it is spelt.",
    emailTaken: "Another account has this e-mail address. Choose another one.",
    badUsername: "A user name has at most 128 characters, without blanks and without @.",
    foreignDomain: "Addresses of this domain cannot create an account here.",
    usernameTaken: "Another account has this user name. Choose another one.",
    badName: "A name has at most 256 characters, and all of them must be visible.",
    sameEmail: "This is your address already. Enter another one.",
  },
};

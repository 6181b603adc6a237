import { html } from "hono/html";
import type { Texts } from "./texts.ts";

const again = "Remove the connection in the application and add it again.";

/** The texts in English. */
export const en: Texts = {
  errorTitle: (title) => `Error: ${title}`,
  start: {
    version: (version) => `Version ${version}`,
    purpose: "This server signs people in to APIs and MCP servers.",
    docsAreOff: "The API documentation of this server is turned off.",
    docs: ["API documentation", "Every operation, to read and to try"],
    openapi: ["OpenAPI document", "For generators of clients"],
    health: ["Health", "Whether this server can serve requests"],
    guide: ["Guide", "From a fresh server to a guarded API"],
  },
  signIn: {
    title: (site) => `Sign in to ${site}`,
    heading: (application) => html`Allow “${application}” to act for you?`,
    lead: "Sign in to allow it. You can also refuse.",
    application: "Application",
    vouchedBy: {
      operator: "The operator of this server added it.",
      document: (host) => html`It is described at ${host}.`,
      nobody: "It chose this name itself. Nobody has checked it.",
    },
    access: "Access to",
    ownTools:
      "Your account and your sessions here. If you administer this server, also those of other people.",
    rights: "Rights",
    allRights: "It may do everything there that you may do.",
    returnsTo: "Returns to",
    deviceTarget: "A program on this device",
    deviceWarning: "A program on this device receives the access. Go on only if you started this just now.",
    webWarning: (host) =>
      html`Nobody here has checked this application. Go on only if you trust ${host} and started this just now.`,
    username: "User name or e-mail address",
    password: "Password",
    allow: "Sign in and allow",
    deny: "Refuse",
    forgot: "Forgot your password?",
    signUp: "Create an account",
    errors: {
      missingUsername: "Enter your user name or e-mail address.",
      missingPassword: "Enter your password.",
      wrongPassword: "The user name or the password is wrong.",
      accountDisabled: "This account is disabled. Ask an administrator.",
      accountSetup: "This account is not set up yet. Sign in to the identity provider once in a browser.",
      tokenTooLarge: "This account has too many roles to sign in. Ask an administrator.",
      tooMany: (time) => `Too many attempts. Try again in ${time}.`,
      busy: "The server is busy. Nothing is lost: try again in a moment.",
    },
  },
  newPassword: {
    mustChange:
      "Before you go on, your password has to be changed. Enter it once more, and choose a new one.",
    label: "New password",
    again: "New password, once more",
    hint: (characters) =>
      `At least ${characters} characters. Several words that do not belong together are good.`,
    missing: "Choose a new password.",
    notTheSame: "The two new passwords are not the same.",
    refused: {
      tooShort: (bound) => `The password is too short: it needs at least ${bound} characters.`,
      tooLong: (bound) => `The password is too long: at most ${bound} bytes fit.`,
      ownName: "Your own name or e-mail address is no password. Choose another one.",
      unchanged: "The new password must differ from the current one.",
      common: "This password is among the first that an attacker tries. Choose another one.",
      guessable: "This password is too easy to guess.",
      breached: "This password is known from a breach of another service. Choose one that you never used.",
    },
    advice: {
      own_words: "Leave out your own name, your address and the name of this service.",
      common: "Leave out well-known passwords, also with other letters or digits in them.",
      word: "One word alone is quickly guessed.",
      name: "Leave out names of people.",
      date: "Leave out dates and years.",
      sequence: "Leave out sequences such as abc or 6543.",
      repetition: "Leave out repeated characters and words.",
      keyboard: "Leave out rows of keys such as qwertz.",
      substitution: "A digit in the place of a letter, as in p4ssw0rd, does not help.",
      capitals: "A capital letter at the beginning does not help.",
      reversed: "A word written backwards does not help.",
      more_words: "Use three or more words that do not belong together.",
    },
  },
  provider: {
    lead: (provider) => html`To allow it, sign in at ${provider}. You can also refuse.`,
    continueTo: (provider) => html`Continue to ${provider}`,
    goingTo: (provider, host) => html`You sign in at ${provider} (${host}), and then come back here.`,
  },
  onward: {
    allowedTitle: "You are signed in",
    deniedTitle: "You refused the access",
    goingTo: (application, host) => html`You are going back to “${application}” (${host}).`,
    link: (application) => html`Continue to ${application}`,
    close: "If nothing happens, use the button. Then you can close this window.",
  },
  refusals: {
    unknownClient: {
      title: "This application is not known here",
      advice: `${again} If that does not help, ask the operator of this server: the application may be blocked.`,
    },
    redirectUri: {
      title: "The return address does not belong to this application",
      advice: `The application asked for an answer at an address that is not registered for it. ${again}`,
    },
    descriptionUnavailable: {
      title: "The application cannot be checked now",
      advice: "The address that describes this application does not answer. Try again in a moment.",
    },
    foreignForm: {
      title: "This form came from another site",
      advice: "Nothing was allowed. Open the sign-in page again and fill in the form there.",
    },
    staleSignIn: {
      title: "This sign-in is no longer valid",
      advice:
        "It was finished already, has expired, or was begun in another browser. Start again in the application.",
    },
    wrongName: {
      title: "This server is not reached by this name",
      advice: "Nothing was allowed. Ask the operator of this server for its right address.",
    },
    badRequest: {
      title: "The application sent a wrong request",
      advice: "Start again in the application. If this repeats, tell its makers.",
    },
    badForm: {
      title: "This form is not complete",
      advice: "Nothing was changed. Open the page again and fill in the form there.",
    },
    invalidLink: {
      title: "This link does not work any more",
      advice:
        "It has expired, was used already, or belongs to an older state of the account. If you have just used it, sign in.",
    },
    notFound: {
      title: "There is no such page here",
      advice: "Check the address. The operator of this server may have turned this page off.",
    },
    tooMany: { title: "Too many attempts", advice: "Wait a few minutes, then try again." },
    busy: { title: "The server is busy", advice: "Nothing is lost. Try again in a moment." },
    internal: {
      title: "Something failed on this server",
      advice: "Try again. If this repeats, tell the operator of this server.",
    },
  },
  refusal: {
    tryAgain: "Try again",
    uncheckedAddress: (host) =>
      html`The application is at ${host}. Nobody here has checked this address. Go back only if you trust it.`,
    back: (host) => html`Back to ${host}`,
    request: (id, code) => `Request ${id} (${code})`,
  },
};

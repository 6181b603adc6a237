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

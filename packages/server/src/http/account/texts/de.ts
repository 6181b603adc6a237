import { html } from "hono/html";
import type { AccountTexts } from "./account-texts.ts";

/** The texts of the account pages in German. */
export const de: AccountTexts = {
  signIn: {
    title: "Bei Ihrem Konto anmelden",
    submit: "Anmelden",
    submitChange: "Speichern und anmelden",
  },
  overview: {
    title: "Ihr Konto",
    username: "Benutzername",
    name: "Name",
    noName: "Nicht angegeben",
    email: "E‑Mail-Adresse",
    unverified: "Noch nicht bestätigt",
    verify: "Link zum Bestätigen senden",
    changePassword: "Passwort ändern",
    changeEmail: "E‑Mail-Adresse ändern",
    signOut: "Abmelden",
    sessions: "Ihre Anmeldungen",
    sessionsLead: "Beenden Sie eine Anmeldung, die Sie nicht kennen, und ändern Sie danach Ihr Passwort.",
    thisBrowser: "Dieser Browser",
    ownLogin: "Anmeldung mit Ihrem Passwort",
    begun: (time) => html`Begonnen ${time}`,
    lastUsed: (time) => html`Zuletzt benutzt ${time}`,
    from: (address) => html`Von ${address}`,
    end: "Beenden",
    endNamed: (session, begun) => `${session} beenden, begonnen ${begun}`,
    endOthers: "Alle anderen beenden",
    more: (count) => `Weitere Anmeldungen, die länger nicht benutzt wurden: ${count}.`,
  },
  password: {
    title: "Passwort ändern",
    submit: "Passwort ändern",
    current: "Bisheriges Passwort",
    endOthers: "Überall sonst abmelden",
    done: { title: "Ihr Passwort ist geändert", text: "Melden Sie sich von jetzt an mit dem neuen an." },
    othersEnded: "Überall sonst sind Sie abgemeldet.",
  },
  email: {
    title: "E‑Mail-Adresse ändern",
    submit: "Link senden",
    lead: (address) =>
      html`Ihre Adresse ist ${address}. Wir senden einen Link an die neue. Sie gilt, sobald Sie ihn geöffnet haben.`,
    next: "Neue E-Mail-Adresse",
    sentTitle: "Sehen Sie in Ihr neues Postfach",
    sent: (address) =>
      html`Wir haben einen Link an ${address} gesendet. Bis Sie dort bestätigen, bleibt Ihre alte Adresse. Der Link gilt 24 Stunden.`,
  },
  verify: {
    title: "Sehen Sie in Ihr Postfach",
    sent: (address) => html`Wir haben einen Link an ${address} gesendet. Er gilt 24 Stunden.`,
  },
  forgot: {
    title: "Passwort vergessen?",
    submit: "Link senden",
    lead: "Geben Sie Ihren Benutzernamen oder Ihre E-Mail-Adresse ein. Mit dem Link wählen Sie ein neues Passwort.",
    sent: {
      title: "Sehen Sie in Ihr Postfach",
      text: "Wenn es ein Konto dieses Namens gibt, bekommt es eine Mail mit einem Link. Der Link gilt 30 Minuten.",
    },
  },
  reset: {
    title: "Neues Passwort wählen",
    submit: "Passwort speichern",
    lead: (address) => html`Für das Konto mit der Adresse ${address}. Alle seine Anmeldungen enden.`,
    done: {
      title: "Ihr neues Passwort ist gespeichert",
      text: "Alle Anmeldungen Ihres Kontos sind beendet. Melden Sie sich jetzt mit dem neuen Passwort an.",
    },
  },
  confirm: {
    title: "E‑Mail-Adresse bestätigen",
    submit: "Bestätigen",
    lead: (address, username) =>
      html`Gehört ${address} Ihnen, und haben Sie das selbst für Ihr Konto ${username} veranlasst? Wenn nicht, schließen Sie diese Seite: Es ändert sich nichts.`,
    doneTitle: "Ihre Adresse ist bestätigt",
    done: (address, username) => html`Das Konto ${username} hat die Adresse ${address}.`,
  },
  signUp: {
    title: "Konto anlegen",
    submit: "Link senden",
    lead: "Geben Sie Ihre E-Mail-Adresse ein. Wir senden Ihnen einen Link, mit dem es weitergeht.",
    email: "E‑Mail-Adresse",
    domains: (domains) => `Eine Adresse von ${domains}.`,
    sent: {
      title: "Sehen Sie in Ihr Postfach",
      text: "Wenn diese Adresse hier ein Konto anlegen darf, bekommt sie einen Link. Er gilt 24 Stunden.",
    },
  },
  join: {
    title: "Ihr Konto anlegen",
    submit: "Konto anlegen",
    lead: (address) => html`Ihr Konto bekommt die Adresse ${address}.`,
    username: "Benutzername",
    name: "Ihr Name",
    nameHint: "Freiwillig. Andere Personen können ihn sehen.",
    password: "Passwort",
    again: "Passwort noch einmal",
    done: {
      title: "Ihr Konto ist bereit",
      text: "Melden Sie sich jetzt mit Ihrem neuen Benutzernamen und Passwort an.",
    },
  },
  mailAdvice:
    "Keine Mail nach einigen Minuten? Sehen Sie in den Spam-Ordner, und versuchen Sie es dann noch einmal.",
  links: { account: "Zurück zu Ihrem Konto", signIn: "Anmelden", forgot: "Neuen Link anfordern" },
  onward: { title: "Einen Augenblick", link: "Weiter" },
  errors: {
    currentPassword: "Das ist nicht Ihr bisheriges Passwort.",
    missing: {
      currentPassword: "Geben Sie Ihr bisheriges Passwort ein.",
      email: "Geben Sie eine E-Mail-Adresse ein.",
      username: "Wählen Sie einen Benutzernamen.",
    },
    badEmail: "Das ist keine E-Mail-Adresse. Prüfen Sie die Schreibweise.",
    emailTaken: "Ein anderes Konto hat diese E-Mail-Adresse. Wählen Sie eine andere.",
    badUsername: "Ein Benutzername hat höchstens 128 Zeichen, ohne Leerzeichen und ohne @.",
    foreignDomain: "Adressen dieser Domain können hier kein Konto anlegen.",
    usernameTaken: "Ein anderes Konto hat diesen Benutzernamen. Wählen Sie einen anderen.",
    badName: "Ein Name hat höchstens 256 Zeichen, und alle müssen sichtbar sein.",
    sameEmail: "Das ist schon Ihre Adresse. Geben Sie eine andere ein.",
  },
};

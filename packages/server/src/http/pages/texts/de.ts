import { html } from "hono/html";
import type { Texts } from "./texts.ts";

const again = "Entfernen Sie die Verbindung in der Anwendung und fügen Sie sie neu hinzu.";

/** The texts in German. */
export const de: Texts = {
  errorTitle: (title) => `Fehler: ${title}`,
  start: {
    version: (version) => `Version ${version}`,
    purpose: "Über diesen Server melden sich Personen bei APIs und MCP-Servern an.",
    docsAreOff: "Die API-Dokumentation dieses Servers ist abgeschaltet.",
    docs: ["API-Dokumentation", "Jede Operation, zum Lesen und Ausprobieren"],
    openapi: ["OpenAPI-Dokument", "Zum Erzeugen von Clients"],
    health: ["Zustand", "Zeigt, ob dieser Server Anfragen beantworten kann"],
    guide: ["Anleitung", "Vom neuen Server zur geschützten API (englisch)"],
  },
  signIn: {
    title: (site) => `Anmelden bei ${site}`,
    heading: (application) => html`Darf „${application}“ in Ihrem Namen handeln?`,
    lead: "Melden Sie sich an, um es zu erlauben. Sie können auch ablehnen.",
    application: "Anwendung",
    vouchedBy: {
      operator: "Der Betreiber dieses Servers hat die Anwendung hinzugefügt.",
      document: (host) => html`Die Anwendung ist bei ${host} beschrieben.`,
      nobody: "Die Anwendung hat diesen Namen selbst gewählt. Niemand hat ihn geprüft.",
    },
    access: "Zugriff auf",
    ownTools:
      "Ihr Konto und Ihre Sitzungen auf diesem Server. Wenn Sie diesen Server verwalten, auch die anderer Personen.",
    rights: "Rechte",
    allRights: "Die Anwendung darf dort alles, was Sie selbst dürfen.",
    returnsTo: "Zurück zu",
    deviceTarget: "Ein Programm auf diesem Gerät",
    deviceWarning:
      "Ein Programm auf diesem Gerät erhält den Zugriff. Fahren Sie nur fort, wenn Sie es gerade selbst gestartet haben.",
    webWarning: (host) =>
      html`Der Betreiber dieses Servers hat diese Anwendung nicht geprüft. Fahren Sie nur fort, wenn Sie ${host} vertrauen und die Anmeldung gerade selbst begonnen haben.`,
    username: "Benutzername oder E-Mail-Adresse",
    password: "Passwort",
    allow: "Anmelden und erlauben",
    deny: "Ablehnen",
    errors: {
      missingUsername: "Geben Sie Ihren Benutzernamen oder Ihre E-Mail-Adresse ein.",
      missingPassword: "Geben Sie Ihr Passwort ein.",
      wrongPassword: "Der Benutzername oder das Passwort ist falsch.",
      accountDisabled: "Dieses Konto ist deaktiviert. Wenden Sie sich an einen Administrator.",
      accountSetup:
        "Dieses Konto ist noch nicht eingerichtet. Melden Sie sich einmal im Browser beim Identitätsanbieter an.",
      tokenTooLarge:
        "Dieses Konto hat zu viele Rollen für eine Anmeldung. Wenden Sie sich an einen Administrator.",
      tooMany: (time) => `Zu viele Versuche. Versuchen Sie es in ${time} noch einmal.`,
      busy: "Der Server ist ausgelastet. Es ist nichts verloren gegangen: Versuchen Sie es gleich noch einmal.",
    },
  },
  provider: {
    lead: (provider) =>
      html`Um es zu erlauben, melden Sie sich bei ${provider} an. Sie können auch ablehnen.`,
    continueTo: (provider) => html`Weiter zu ${provider}`,
    goingTo: (provider, host) =>
      html`Sie melden sich bei ${provider} (${host}) an und kommen danach hierher zurück.`,
  },
  onward: {
    allowedTitle: "Sie sind angemeldet",
    deniedTitle: "Sie haben den Zugriff abgelehnt",
    goingTo: (application, host) => html`Sie werden zu „${application}“ (${host}) zurückgeleitet.`,
    link: (application) => html`Weiter zu ${application}`,
    close: "Wenn nichts geschieht, klicken Sie auf den Knopf. Danach können Sie dieses Fenster schließen.",
  },
  refusals: {
    unknownClient: {
      title: "Dieser Server kennt diese Anwendung nicht",
      advice: `${again} Wenn das nicht hilft, wenden Sie sich an den Betreiber dieses Servers: Vielleicht ist die Anwendung gesperrt.`,
    },
    redirectUri: {
      title: "Die Antwortadresse gehört nicht zu dieser Anwendung",
      advice: `Die Anwendung möchte die Antwort an eine Adresse, die für sie nicht eingetragen ist. ${again}`,
    },
    descriptionUnavailable: {
      title: "Die Anwendung lässt sich gerade nicht prüfen",
      advice:
        "Die Adresse, die diese Anwendung beschreibt, antwortet nicht. Versuchen Sie es gleich noch einmal.",
    },
    foreignForm: {
      title: "Dieses Formular kam von einer anderen Website",
      advice:
        "Es wurde nichts erlaubt. Öffnen Sie die Anmeldeseite neu und füllen Sie das Formular dort aus.",
    },
    staleSignIn: {
      title: "Diese Anmeldung gilt nicht mehr",
      advice:
        "Sie ist schon abgeschlossen, abgelaufen oder in einem anderen Browser begonnen worden. Beginnen Sie in der Anwendung von vorn.",
    },
    wrongName: {
      title: "Dieser Server ist unter diesem Namen nicht erreichbar",
      advice: "Es wurde nichts erlaubt. Fragen Sie den Betreiber dieses Servers nach der richtigen Adresse.",
    },
    badRequest: {
      title: "Die Anwendung hat eine fehlerhafte Anfrage gesendet",
      advice:
        "Beginnen Sie in der Anwendung noch einmal. Wenn sich das wiederholt, melden Sie es dem Hersteller der Anwendung.",
    },
    tooMany: {
      title: "Zu viele Versuche",
      advice: "Warten Sie einige Minuten und versuchen Sie es dann noch einmal.",
    },
    busy: {
      title: "Der Server ist ausgelastet",
      advice: "Es ist nichts verloren gegangen. Versuchen Sie es gleich noch einmal.",
    },
    internal: {
      title: "Auf diesem Server ist etwas fehlgeschlagen",
      advice:
        "Versuchen Sie es noch einmal. Wenn sich das wiederholt, melden Sie es dem Betreiber dieses Servers.",
    },
  },
  refusal: {
    tryAgain: "Noch einmal versuchen",
    uncheckedAddress: (host) =>
      html`Die Anwendung hat die Adresse ${host}. Der Betreiber dieses Servers hat sie nicht geprüft. Gehen Sie nur zurück, wenn Sie ihr vertrauen.`,
    back: (host) => html`Zurück zu ${host}`,
    request: (id, code) => `Anfrage ${id} (${code})`,
  },
};

import { html } from "hono/html";
import type { Texts } from "./texts.ts";

const again = "Supprimez la connexion dans l’application, puis ajoutez-la à nouveau.";

/** The texts in French. Spaces at `:`, `?` and quotation marks do not break. */
export const fr: Texts = {
  errorTitle: (title) => `Erreur : ${title}`,
  start: {
    version: (version) => `Version ${version}`,
    purpose: "Ce serveur gère la connexion des personnes à des API et à des serveurs MCP.",
    docsAreOff: "La documentation de l’API est désactivée sur ce serveur.",
    docs: ["Documentation de l’API", "Chaque opération, à lire et à essayer"],
    openapi: ["Document OpenAPI", "Pour générer des clients"],
    health: ["État", "Indique si ce serveur peut répondre aux requêtes"],
    guide: ["Guide", "D’un serveur neuf à une API protégée (en anglais)"],
  },
  signIn: {
    title: (site) => `Connexion à ${site}`,
    heading: (application) => html`Autoriser « ${application} » à agir en votre nom ?`,
    lead: "Connectez-vous pour l’autoriser. Vous pouvez aussi refuser.",
    application: "Application",
    vouchedBy: {
      operator: "L’exploitant de ce serveur l’a ajoutée.",
      document: (host) => html`Elle est décrite sur ${host}.`,
      nobody: "Elle a choisi ce nom elle-même. Personne ne l’a vérifié.",
    },
    access: "Accès à",
    ownTools:
      "Votre compte et vos sessions sur ce serveur. Si vous administrez ce serveur, aussi ceux des autres personnes.",
    rights: "Droits",
    allRights: "Elle peut y faire tout ce que vous pouvez y faire vous-même.",
    returnsTo: "Retour vers",
    deviceTarget: "Un programme sur cet appareil",
    deviceWarning:
      "Un programme sur cet appareil reçoit l’accès. Ne continuez que si vous venez de le lancer vous-même.",
    webWarning: (host) =>
      html`L’exploitant de ce serveur n’a pas vérifié cette application. Ne continuez que si vous faites confiance à ${host} et si vous venez vous-même de demander cette connexion.`,
    username: "Nom d’utilisateur ou adresse e-mail",
    password: "Mot de passe",
    allow: "Se connecter et autoriser",
    deny: "Refuser",
    errors: {
      missingUsername: "Saisissez votre nom d’utilisateur ou votre adresse e-mail.",
      missingPassword: "Saisissez votre mot de passe.",
      wrongPassword: "Le nom d’utilisateur ou le mot de passe est incorrect.",
      accountDisabled: "Ce compte est désactivé. Adressez-vous à un administrateur.",
      accountSetup:
        "Ce compte n’est pas encore configuré. Connectez-vous une fois au fournisseur d’identité dans un navigateur.",
      tokenTooLarge:
        "Ce compte a trop de rôles pour permettre une connexion. Adressez-vous à un administrateur.",
      tooMany: (time) => `Trop de tentatives. Réessayez dans ${time}.`,
      busy: "Le serveur est surchargé. Rien n’est perdu : réessayez dans un instant.",
    },
  },
  provider: {
    lead: (provider) => html`Pour l’autoriser, connectez-vous chez ${provider}. Vous pouvez aussi refuser.`,
    continueTo: (provider) => html`Continuer vers ${provider}`,
    goingTo: (provider, host) => html`Vous vous connectez chez ${provider} (${host}), puis vous revenez ici.`,
  },
  onward: {
    allowedTitle: "Connexion réussie",
    deniedTitle: "Vous avez refusé l’accès",
    goingTo: (application, host) => html`Vous revenez à « ${application} » (${host}).`,
    link: (application) => html`Continuer vers ${application}`,
    close: "Si rien ne se passe, utilisez le bouton. Vous pouvez ensuite fermer cette fenêtre.",
  },
  refusals: {
    unknownClient: {
      title: "Ce serveur ne connaît pas cette application",
      advice: `${again} Si cela ne suffit pas, adressez-vous à l’exploitant de ce serveur : l’application est peut-être bloquée.`,
    },
    redirectUri: {
      title: "L’adresse de retour n’appartient pas à cette application",
      advice: `L’application demande une réponse à une adresse qui n’est pas enregistrée pour elle. ${again}`,
    },
    descriptionUnavailable: {
      title: "L’application ne peut pas être vérifiée pour le moment",
      advice: "L’adresse qui décrit cette application ne répond pas. Réessayez dans un instant.",
    },
    foreignForm: {
      title: "Ce formulaire vient d’un autre site",
      advice: "Rien n’a été autorisé. Ouvrez à nouveau la page de connexion et remplissez-y le formulaire.",
    },
    staleSignIn: {
      title: "Cette connexion n’est plus valable",
      advice:
        "Elle est déjà terminée, a expiré ou a commencé dans un autre navigateur. Recommencez dans l’application.",
    },
    wrongName: {
      title: "Ce serveur n’est pas accessible sous ce nom",
      advice: "Rien n’a été autorisé. Demandez la bonne adresse à l’exploitant de ce serveur.",
    },
    badRequest: {
      title: "L’application a envoyé une requête incorrecte",
      advice: "Recommencez dans l’application. Si cela se reproduit, prévenez l’éditeur de l’application.",
    },
    tooMany: { title: "Trop de tentatives", advice: "Attendez quelques minutes, puis réessayez." },
    busy: { title: "Le serveur est surchargé", advice: "Rien n’est perdu. Réessayez dans un instant." },
    internal: {
      title: "Une erreur s’est produite sur ce serveur",
      advice: "Réessayez. Si cela se reproduit, prévenez l’exploitant de ce serveur.",
    },
  },
  refusal: {
    tryAgain: "Réessayer",
    uncheckedAddress: (host) =>
      html`L’application a pour adresse ${host}. L’exploitant de ce serveur ne l’a pas vérifiée. N’y revenez que si vous lui faites confiance.`,
    back: (host) => html`Revenir vers ${host}`,
    request: (id, code) => `Requête ${id} (${code})`,
  },
};

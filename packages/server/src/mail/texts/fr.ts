import type { MailTexts } from "./texts.ts";

const changeIt =
  "Si ce n’était pas vous, choisissez tout de suite un nouveau mot de passe : l’autre personne peut utiliser votre compte.";
const ignore = "Si ce n’était pas vous, ignorez ce message. Rien ne change.";
const aboutAccount = (site: string) =>
  `Vous recevez ce message parce que cette adresse appartient à un compte chez ${site}.`;
const aboutAddress = (site: string) =>
  `Vous recevez ce message parce que quelqu’un a saisi cette adresse chez ${site}.`;

/** The texts in French. */
export const fr: MailTexts = {
  reset: (site) => ({
    subject: `Nouveau mot de passe chez ${site}`,
    lead: [`Ce lien vous permet de choisir un nouveau mot de passe pour votre compte chez ${site}.`],
    action: {
      label: "Choisir un nouveau mot de passe",
      lifetime: "Le lien fonctionne une seule fois, pendant 30 minutes.",
    },
    otherwise: "Si vous n’attendez pas ce message, ignorez-le. Rien ne change.",
    reason: aboutAccount(site),
  }),
  verify: (site) => ({
    subject: `Confirmez votre adresse chez ${site}`,
    lead: [`Veuillez confirmer que cette adresse e-mail est la vôtre chez ${site}.`],
    action: {
      label: "Confirmer l’adresse",
      lifetime: "Le lien fonctionne une seule fois, pendant 24 heures.",
    },
    otherwise: ignore,
    reason: aboutAccount(site),
  }),
  change_email: (site) => ({
    subject: `Confirmez votre nouvelle adresse chez ${site}`,
    lead: [`Votre compte chez ${site} doit désormais avoir cette adresse e-mail.`],
    action: {
      label: "Confirmer la nouvelle adresse",
      lifetime: "Le lien fonctionne une seule fois, pendant 24 heures.",
    },
    otherwise: ignore,
    reason: aboutAddress(site),
  }),
  address_taken: (site) => ({
    subject: `Votre adresse chez ${site}`,
    lead: [
      `Quelqu’un a voulu utiliser cette adresse e-mail pour un autre compte chez ${site}. Elle reste attachée au vôtre.`,
    ],
    otherwise:
      "Si c’était vous, connectez-vous avec cette adresse, ou choisissez-en une autre pour l’autre compte.",
    reason: aboutAccount(site),
  }),
  invitation: (site, { invitedBy }) => ({
    subject: `Votre invitation chez ${site}`,
    lead: [invitedBy === null ? `Vous êtes invité chez ${site}.` : `${invitedBy} vous invite chez ${site}.`],
    action: {
      label: "Créer un compte",
      lifetime: "Le lien fonctionne une seule fois, pendant 7 jours.",
    },
    otherwise: "Si vous n’attendez aucune invitation, ignorez ce message. Aucun compte n’est créé.",
    reason: `Vous recevez ce message parce qu’un administrateur de ${site} a saisi cette adresse.`,
  }),
  sign_up: (site) => ({
    subject: `Votre compte chez ${site}`,
    lead: [`Ce lien vous permet de créer un compte chez ${site}.`],
    action: {
      label: "Créer un compte",
      lifetime: "Le lien fonctionne une seule fois, pendant 24 heures.",
    },
    otherwise: "Si ce n’était pas vous, ignorez ce message. Aucun compte n’est créé.",
    reason: aboutAddress(site),
  }),
  sign_up_known: (site, { username }) => ({
    subject: `Votre compte chez ${site}`,
    lead: [`Vous avez déjà un compte chez ${site}. Votre nom d’utilisateur est ${username}.`],
    otherwise:
      "Si vous avez oublié votre mot de passe, demandez-en un nouveau sur la page de connexion. Si ce n’était pas vous, ignorez ce message.",
    reason: aboutAddress(site),
  }),
  password_changed: (site, { time }) => ({
    subject: `Votre mot de passe chez ${site} a été changé`,
    lead: [`Le mot de passe de votre compte chez ${site} a été changé (${time}).`],
    otherwise:
      "Si ce n’était pas vous, choisissez-en tout de suite un nouveau par « Mot de passe oublié », et prévenez un administrateur.",
    reason: aboutAccount(site),
  }),
  email_changed: (site, { time, newAddress }) => ({
    subject: `Votre adresse chez ${site} a été changée`,
    lead: [
      `Votre compte chez ${site} a maintenant l’adresse e-mail ${newAddress} (${time}). Cette adresse-ci ne reçoit plus de messages.`,
    ],
    otherwise:
      "Si ce n’était pas vous, prévenez tout de suite un administrateur : l’autre personne peut utiliser votre compte.",
    reason: `Vous recevez ce message parce que cette adresse appartenait à un compte chez ${site}.`,
  }),
  new_address: (site, { time, address }) => ({
    subject: `Nouvelle connexion chez ${site}`,
    lead: [
      `Quelqu’un s’est connecté à votre compte chez ${site} depuis une adresse IP jamais utilisée auparavant.`,
      `${address} (${time})`,
    ],
    otherwise: changeIt,
    reason: aboutAccount(site),
  }),
  test: (site) => ({
    subject: `Message d’essai de ${site}`,
    lead: [`Les messages de ${site} arrivent ici.`],
    otherwise: "Il n’y a rien d’autre à faire.",
    reason: "Vous recevez ce message parce que l’exploitant a essayé les réglages des messages.",
  }),
};

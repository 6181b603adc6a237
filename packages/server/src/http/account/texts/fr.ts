import { html } from "hono/html";
import type { AccountTexts } from "./account-texts.ts";

/** The texts of the account pages in French. */
export const fr: AccountTexts = {
  signIn: {
    title: "Se connecter à votre compte",
    submit: "Se connecter",
    submitChange: "Enregistrer et se connecter",
  },
  overview: {
    title: "Votre compte",
    username: "Nom d’utilisateur",
    name: "Nom",
    noName: "Non indiqué",
    email: "Adresse e‑mail",
    unverified: "Pas encore confirmée",
    verify: "Envoyer un lien de confirmation",
    changePassword: "Changer de mot de passe",
    changeEmail: "Changer d’adresse e‑mail",
    signOut: "Se déconnecter",
    sessions: "Vos connexions",
    sessionsLead: "Terminez une connexion que vous ne connaissez pas, puis changez de mot de passe.",
    thisBrowser: "Ce navigateur",
    ownLogin: "Connexion par mot de passe",
    begun: (time) => html`Début : ${time}`,
    lastUsed: (time) => html`Dernière utilisation : ${time}`,
    from: (address) => html`Depuis ${address}`,
    end: "Terminer",
    endNamed: (session, begun) => `Terminer ${session}, début ${begun}`,
    endOthers: "Terminer toutes les autres",
    more: (count) => `Autres connexions, utilisées il y a plus longtemps : ${count}.`,
  },
  password: {
    title: "Changer de mot de passe",
    submit: "Changer le mot de passe",
    current: "Mot de passe actuel",
    endOthers: "Me déconnecter partout ailleurs",
    done: {
      title: "Votre mot de passe est changé",
      text: "Connectez-vous désormais avec le nouveau.",
    },
    othersEnded: "Vous êtes déconnecté partout ailleurs.",
  },
  email: {
    title: "Changer d’adresse e‑mail",
    submit: "Envoyer le lien",
    lead: (address) =>
      html`Votre adresse est ${address}. Nous envoyons un lien à la nouvelle, qui compte dès que vous l’avez ouvert.`,
    next: "Nouvelle adresse e-mail",
    sentTitle: "Consultez votre nouvelle boîte",
    sent: (address) =>
      html`Un lien est parti vers ${address}. Votre ancienne adresse reste jusqu’à la confirmation. Le lien est valable 24 heures.`,
  },
  verify: {
    title: "Consultez votre boîte",
    sent: (address) => html`Un lien est parti vers ${address}. Il est valable 24 heures.`,
  },
  forgot: {
    title: "Mot de passe oublié ?",
    submit: "Envoyer le lien",
    lead: "Indiquez votre nom d’utilisateur ou votre adresse e-mail. Le lien permet de choisir un nouveau mot de passe.",
    sent: {
      title: "Consultez votre boîte",
      text: "Si un compte porte ce nom, il reçoit un message avec un lien. Le lien est valable 30 minutes.",
    },
  },
  reset: {
    title: "Choisir un nouveau mot de passe",
    submit: "Enregistrer le mot de passe",
    lead: (address) =>
      html`Pour le compte dont l’adresse est ${address}. Toutes ses connexions se terminent.`,
    done: {
      title: "Votre nouveau mot de passe est enregistré",
      text: "Toutes les connexions de votre compte sont terminées. Connectez-vous avec le nouveau mot de passe.",
    },
  },
  confirm: {
    title: "Confirmer votre adresse e‑mail",
    submit: "Confirmer",
    lead: (address, username) =>
      html`L’adresse ${address} est-elle à vous, et l’avez-vous demandé vous-même pour votre compte ${username} ? Sinon, fermez cette page : rien ne change.`,
    doneTitle: "Votre adresse est confirmée",
    done: (address, username) => html`Le compte ${username} a l’adresse ${address}.`,
  },
  signUp: {
    title: "Créer un compte",
    submit: "Envoyer le lien",
    lead: "Indiquez votre adresse e-mail. Nous vous envoyons un lien pour continuer.",
    email: "Adresse e‑mail",
    domains: (domains) => `Une adresse de ${domains}.`,
    sent: {
      title: "Consultez votre boîte",
      text: "Si cette adresse peut créer un compte ici, elle reçoit un lien. Il est valable 24 heures.",
    },
  },
  join: {
    title: "Créer votre compte",
    submit: "Créer le compte",
    lead: (address) => html`Votre compte aura l’adresse ${address}.`,
    username: "Nom d’utilisateur",
    name: "Votre nom",
    nameHint: "Facultatif. D’autres personnes peuvent le voir.",
    password: "Mot de passe",
    again: "Mot de passe, encore une fois",
    done: {
      title: "Votre compte est prêt",
      text: "Connectez-vous avec votre nouveau nom d’utilisateur et votre mot de passe.",
    },
  },
  mailAdvice: "Pas de message après quelques minutes ? Regardez dans les indésirables, puis réessayez.",
  links: { account: "Retour à votre compte", signIn: "Se connecter", forgot: "Demander un nouveau lien" },
  onward: { title: "Un instant", link: "Continuer" },
  errors: {
    currentPassword: "Ce n’est pas votre mot de passe actuel.",
    missing: {
      currentPassword: "Indiquez votre mot de passe actuel.",
      email: "Indiquez une adresse e-mail.",
      username: "Choisissez un nom d’utilisateur.",
    },
    badEmail: "Ce n’est pas une adresse e-mail. Vérifiez l’orthographe.",
    emailTaken: "Un autre compte a cette adresse e-mail. Choisissez-en une autre.",
    badUsername: "Un nom d’utilisateur a au plus 128 caractères, sans espace et sans @.",
    foreignDomain: "Les adresses de ce domaine ne peuvent pas créer de compte ici.",
    usernameTaken: "Un autre compte a ce nom d’utilisateur. Choisissez-en un autre.",
    badName: "Un nom a au plus 256 caractères, tous visibles.",
    sameEmail: "C’est déjà votre adresse. Indiquez-en une autre.",
  },
};

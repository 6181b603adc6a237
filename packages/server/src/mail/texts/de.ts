import type { MailTexts } from "./texts.ts";

const changeIt =
  "Wenn Sie es nicht waren, setzen Sie sofort ein neues Passwort: Die andere Person kann Ihr Konto benutzen.";
const ignore = "Wenn Sie es nicht waren, ignorieren Sie diese E-Mail. Es ändert sich nichts.";
const aboutAccount = (site: string) =>
  `Sie erhalten diese E-Mail, weil diese Adresse zu einem Konto bei ${site} gehört.`;
const aboutAddress = (site: string) =>
  `Sie erhalten diese E-Mail, weil jemand diese Adresse bei ${site} eingegeben hat.`;

/** The texts in German. */
export const de: MailTexts = {
  reset: (site) => ({
    subject: `Neues Passwort bei ${site}`,
    lead: [`Mit diesem Link setzen Sie ein neues Passwort für Ihr Konto bei ${site}.`],
    action: { label: "Neues Passwort setzen", lifetime: "Der Link gilt einmal, 30 Minuten lang." },
    otherwise: "Wenn Sie diese E-Mail nicht erwarten, ignorieren Sie sie. Es ändert sich nichts.",
    reason: aboutAccount(site),
  }),
  verify: (site) => ({
    subject: `Bestätigen Sie Ihre Adresse bei ${site}`,
    lead: [`Bitte bestätigen Sie, dass dies Ihre E-Mail-Adresse bei ${site} ist.`],
    action: { label: "Adresse bestätigen", lifetime: "Der Link gilt einmal, 24 Stunden lang." },
    otherwise: ignore,
    reason: aboutAccount(site),
  }),
  change_email: (site) => ({
    subject: `Bestätigen Sie Ihre neue Adresse bei ${site}`,
    lead: [`Ihr Konto bei ${site} soll ab jetzt diese E-Mail-Adresse haben.`],
    action: { label: "Neue Adresse bestätigen", lifetime: "Der Link gilt einmal, 24 Stunden lang." },
    otherwise: ignore,
    reason: aboutAddress(site),
  }),
  address_taken: (site) => ({
    subject: `Ihre Adresse bei ${site}`,
    lead: [
      `Jemand wollte diese E-Mail-Adresse für ein anderes Konto bei ${site} verwenden. Sie bleibt bei Ihrem Konto.`,
    ],
    otherwise:
      "Wenn Sie es waren, melden Sie sich mit dieser Adresse an, oder wählen Sie für das andere Konto eine andere.",
    reason: aboutAccount(site),
  }),
  invitation: (site, { invitedBy }) => ({
    subject: `Ihre Einladung zu ${site}`,
    lead: [invitedBy === null ? `Sie sind zu ${site} eingeladen.` : `${invitedBy} lädt Sie zu ${site} ein.`],
    action: { label: "Konto anlegen", lifetime: "Der Link gilt einmal, 7 Tage lang." },
    otherwise: "Wenn Sie keine Einladung erwarten, ignorieren Sie diese E-Mail. Es entsteht kein Konto.",
    reason: `Sie erhalten diese E-Mail, weil ein Administrator von ${site} diese Adresse eingegeben hat.`,
  }),
  sign_up: (site) => ({
    subject: `Ihr Konto bei ${site}`,
    lead: [`Mit diesem Link legen Sie ein Konto bei ${site} an.`],
    action: { label: "Konto anlegen", lifetime: "Der Link gilt einmal, 24 Stunden lang." },
    otherwise: "Wenn Sie es nicht waren, ignorieren Sie diese E-Mail. Es entsteht kein Konto.",
    reason: aboutAddress(site),
  }),
  sign_up_known: (site, { username }) => ({
    subject: `Ihr Konto bei ${site}`,
    lead: [`Sie haben bei ${site} bereits ein Konto. Ihr Benutzername ist ${username}.`],
    otherwise:
      "Wenn Sie Ihr Passwort vergessen haben, fordern Sie auf der Anmeldeseite ein neues an. Wenn Sie es nicht waren, ignorieren Sie diese E-Mail.",
    reason: aboutAddress(site),
  }),
  password_changed: (site, { time }) => ({
    subject: `Ihr Passwort bei ${site} wurde geändert`,
    lead: [`Das Passwort Ihres Kontos bei ${site} wurde geändert (${time}).`],
    otherwise:
      "Wenn Sie es nicht waren, setzen Sie sofort über „Passwort vergessen“ ein neues, und verständigen Sie einen Administrator.",
    reason: aboutAccount(site),
  }),
  email_changed: (site, { time, newAddress }) => ({
    subject: `Ihre Adresse bei ${site} wurde geändert`,
    lead: [
      `Ihr Konto bei ${site} hat jetzt die E-Mail-Adresse ${newAddress} (${time}). An diese Adresse gehen keine E-Mails mehr.`,
    ],
    otherwise:
      "Wenn Sie es nicht waren, verständigen Sie sofort einen Administrator: Die andere Person kann Ihr Konto benutzen.",
    reason: `Sie erhalten diese E-Mail, weil diese Adresse zu einem Konto bei ${site} gehörte.`,
  }),
  new_address: (site, { time, address }) => ({
    subject: `Neue Anmeldung bei ${site}`,
    lead: [
      `Jemand hat sich bei Ihrem Konto bei ${site} von einer IP-Adresse aus angemeldet, die nie zuvor benutzt wurde.`,
      `${address} (${time})`,
    ],
    otherwise: changeIt,
    reason: aboutAccount(site),
  }),
  test: (site) => ({
    subject: `Test-E-Mail von ${site}`,
    lead: [`E-Mails von ${site} kommen hier an.`],
    otherwise: "Sonst ist nichts zu tun.",
    reason: "Sie erhalten diese E-Mail, weil der Betreiber die Einstellungen für E-Mails ausprobiert hat.",
  }),
};

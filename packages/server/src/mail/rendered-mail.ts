import type { MailLanguage } from "../core/mail/mail-kinds.ts";
import type { Site } from "../core/site.ts";
import { htmlOf } from "./mail-layout.ts";
import { de } from "./texts/de.ts";
import { en } from "./texts/en.ts";
import { fr } from "./texts/fr.ts";
import type { MailText, MailTexts, SentContent } from "./texts/texts.ts";

/** A mail as its reader sees it. */
export interface RenderedMail {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

/** The parts of a mail that do not depend on its kind. */
export interface MailFrame {
  readonly language: MailLanguage;
  readonly site: Site;
  /** The address of the link. Undefined for a mail without one. */
  readonly link: string | undefined;
}

const languages: Readonly<Record<MailLanguage, MailTexts>> = { en, de, fr };

/** Writes a mail, as plain text and as HTML. Names of people are one line of visible characters. */
export async function renderMail(content: SentContent, frame: MailFrame): Promise<RenderedMail> {
  const text = textOf(languages[frame.language], frame.site.name, content);
  const parts = { ...frame, text };
  return { subject: text.subject, text: plainOf(text, frame), html: await htmlOf(parts) };
}

function textOf(texts: MailTexts, site: string, content: SentContent): MailText {
  const time = "at" in content ? shownTime(content.at) : "";
  switch (content.kind) {
    case "invitation": {
      const invitedBy = content.invitedBy === null ? null : oneLine(content.invitedBy);
      return texts.invitation(site, { invitedBy, time });
    }
    case "sign_up_known":
      return texts.sign_up_known(site, { username: oneLine(content.username), time });
    case "email_changed":
      return texts.email_changed(site, { newAddress: oneLine(content.newAddress), time });
    case "new_address":
      return texts.new_address(site, { address: oneLine(content.address), time });
    default:
      return texts[content.kind](site, { time });
  }
}

/** A name without line ends and invisible characters. One that an earlier version stored may have them. */
function oneLine(name: string): string {
  return name.replaceAll(/[\p{C}\p{Zl}\p{Zp}]+/gu, " ").trim();
}

/** A time such as `2026-01-31 09:30 UTC`. The reader's time zone is unknown. */
function shownTime(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

function plainOf({ lead, action, otherwise, reason }: MailText, { site, link }: MailFrame): string {
  const linked =
    action === undefined || link === undefined ? [] : [`${action.label}:\n${link}`, action.lifetime];
  const signature = site.url === undefined ? site.name : `${site.name}\n${site.url}`;
  return `${[...lead, ...linked, otherwise, `${reason}`].join("\n\n")}\n\n-- \n${signature}\n`;
}

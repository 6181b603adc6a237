import type { MailKind } from "../core/mail/mail-kinds.ts";
import type { RenderedMail } from "./rendered-mail.ts";

/** A mail on its way. */
export interface OutgoingMail extends RenderedMail {
  /** The same for every try of a mail: the receiver recognises a repeated one. */
  readonly id: string;
  readonly kind: MailKind;
  readonly recipient: string;
}

/** A way that mails leave the server. */
export interface Transport {
  /**
   * Hands a mail over. Its promise resolves after the receiver has accepted it, with the receiver's answer.
   *
   * @throws {SendFailure}
   */
  send(mail: OutgoingMail, signal: AbortSignal): Promise<string>;
}

/** A mail that was not handed over. The message has the receiver's answer, so it may name the recipient. */
export class SendFailure extends Error {
  /** Whether the receiver will never accept this mail. Any other failure is worth another try. */
  readonly isFinal: boolean;
  /** The failure without names and texts of others, for the log. */
  readonly summary: string;

  constructor(
    message: string,
    about: { readonly isFinal: boolean; readonly summary: string; readonly cause?: unknown },
  ) {
    super(message, { cause: about.cause });
    this.isFinal = about.isFinal;
    this.summary = about.summary;
  }
}

import { domainToASCII } from "node:url";
import MailComposer from "nodemailer/lib/mail-composer";
import SMTPConnection from "nodemailer/lib/smtp-connection";
import type { Sender, SmtpServer } from "../config/mail-values.ts";
import { type OutgoingMail, SendFailure, type Transport } from "./transport.ts";

/** The parts of the way by SMTP. */
export interface SmtpParts {
  readonly server: SmtpServer;
  readonly from: Sender;
  /** The name of the sender if the setting has none. */
  readonly siteName: string;
  /** The host of the issuer, for the `Message-ID` and for EHLO. */
  readonly host: string;
  /** Longest wait for one step of the conversation, in milliseconds. The caller's signal bounds all of it. */
  readonly stepTimeout?: number;
}

/** Longest answer of a mail server, in bytes. RFC 5321 §4.5.3.1.5 has 512 for each line. */
const longestAnswer = 16_384;

/** Sends mails by SMTP, one connection for each mail: a mail server ends idle connections, and mails are few. */
export function smtpTransport(parts: SmtpParts): Transport {
  const { server, from, siteName, host, stepTimeout = 20_000 } = parts;
  const name = from.name ?? siteName;
  return {
    async send(mail, signal) {
      const message = await messageOf(mail, { name, address: from.address, host });
      const connection = new SMTPConnection({
        host: server.host,
        port: server.port,
        name: host,
        secure: server.tls === "implicit",
        requireTLS: server.tls === "starttls",
        ignoreTLS: server.tls === "none",
        connectionTimeout: stepTimeout,
        greetingTimeout: stepTimeout,
        socketTimeout: stepTimeout,
        dnsTimeout: stepTimeout,
        socketCloseTimeout: 0,
        maxResponseSize: longestAnswer,
      });
      const { promise: broken, reject } = Promise.withResolvers<never>();
      // Errors come twice: as an event, and through the callback of the step. A later one changes nothing.
      connection.on("error", reject);
      connection.on("end", () => reject(new Error("the mail server closed the connection")));
      signal.addEventListener("abort", () => reject(new Error("the mail server took too long")), {
        once: true,
      });
      broken.catch(() => {});
      try {
        await Promise.race([connected(connection, server), broken]);
        const envelope = { from: asciiDomain(from.address), to: [asciiDomain(mail.recipient)] };
        const answer = await Promise.race([sent(connection, envelope, message), broken]);
        connection.quit();
        return answer;
      } catch (error) {
        throw failureOf(error);
      } finally {
        // A mail server need not answer QUIT.
        connection.close();
      }
    },
  };
}

async function connected(connection: SMTPConnection, { login }: SmtpServer): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    connection.connect((error) => (error ? reject(error) : resolve()));
  });
  if (login === undefined) return;
  await new Promise<void>((resolve, reject) => {
    const credentials = { user: login.user, pass: login.password };
    connection.login({ credentials }, (error) => (error ? reject(error) : resolve()));
  });
}

function sent(
  connection: SMTPConnection,
  envelope: SMTPConnection.Envelope,
  message: Buffer,
): Promise<string> {
  return new Promise((resolve, reject) => {
    connection.send(envelope, message, (error, info) => (error ? reject(error) : resolve(info.response)));
  });
}

/** An address with its domain in Punycode, which every mail server understands. */
function asciiDomain(address: string): string {
  const at = address.lastIndexOf("@");
  const domain = domainToASCII(address.slice(at + 1));
  return domain === "" ? address : `${address.slice(0, at)}@${domain}`;
}

/** A message in the form of RFC 5322. Each header is made of one value, so no value can begin another header. */
function messageOf(
  { id, recipient, subject, text, html }: OutgoingMail,
  from: { readonly name: string; readonly address: string; readonly host: string },
): Promise<Buffer> {
  const composer = new MailComposer({
    from: { name: from.name, address: from.address },
    to: { name: "", address: recipient },
    subject,
    text,
    html,
    messageId: `<${id}@${from.host}>`,
    // Autoresponders leave such mails alone (RFC 3834 §5).
    headers: { "Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All" },
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return composer.compile().build();
}

/** Steps after which a refusal is about this mail. A refusal before them is about the server's settings. */
const stepsOfMail: readonly unknown[] = ["RCPT TO", "DATA"];

/** @param error of nodemailer: it has the step and the server's code */
function failureOf(error: unknown): SendFailure {
  const { message, step, code, kind } = detailsOf(error);
  const isRefused = code >= 500 && stepsOfMail.includes(step);
  // The address cannot be written in this server's commands.
  const isUnfit = kind === "EENVELOPE" && code === 0;
  const summary = code > 0 ? `the mail server answered ${code} to ${step}` : `${kind} at ${step}`;
  return new SendFailure(message, { isFinal: isRefused || isUnfit, summary, cause: error });
}

function detailsOf(error: unknown) {
  const of = (name: string): unknown => (error instanceof Error ? Reflect.get(error, name) : undefined);
  const code = of("responseCode");
  return {
    message: error instanceof Error ? error.message : String(error),
    step: typeof of("command") === "string" ? String(of("command")) : "CONN",
    code: typeof code === "number" ? code : 0,
    kind: typeof of("code") === "string" ? String(of("code")) : "no answer",
  };
}

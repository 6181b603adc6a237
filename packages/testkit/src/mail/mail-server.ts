import { once } from "node:events";
import PostalMime, { type Email } from "postal-mime";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";

/** A message that the server has accepted. */
export interface Received {
  readonly from: string;
  readonly to: readonly string[];
  /** The message as it was sent. */
  readonly raw: string;
  /** The message as a mail program reads it. */
  readonly mail: Email;
}

/** An answer of the server instead of acceptance. */
export interface Refusal {
  readonly code: number;
  readonly text: string;
}

/** A real SMTP server on this machine, which keeps what it accepts. */
export class MailServer implements AsyncDisposable {
  readonly received: Received[] = [];
  /** Recipients of all tries. */
  readonly tried: string[] = [];
  /** The refusal of a recipient. Undefined accepts. */
  refuse: (recipient: string) => Refusal | undefined = () => undefined;
  /** The answer waits for it. */
  beforeAcceptance: () => Promise<void> = async () => {};
  readonly #server: SMTPServer;
  readonly port: number;

  private constructor(server: SMTPServer, port: number) {
    this.#server = server;
    this.port = port;
  }

  /** @param options of `smtp-server`; without them it offers no TLS and asks for no password */
  static async open(options: SMTPServerOptions = {}): Promise<MailServer> {
    const opened: { server?: MailServer } = {};
    const smtp = new SMTPServer({
      authOptional: true,
      disabledCommands: options.key === undefined ? ["STARTTLS", "AUTH"] : [],
      onRcptTo: ({ address }, _session, callback) => {
        opened.server?.tried.push(address);
        const refusal = opened.server?.refuse(address);
        callback(refusal && Object.assign(new Error(refusal.text), { responseCode: refusal.code }));
      },
      onData: (stream, { envelope }, callback) => {
        const chunks: Buffer[] = [];
        stream.on("data", (chunk: Buffer) => chunks.push(chunk));
        stream.on("end", () => {
          const from = envelope.mailFrom === false ? "" : envelope.mailFrom.address;
          const to = envelope.rcptTo.map(({ address }) => address);
          opened.server?.accept(from, to, Buffer.concat(chunks)).then(
            () => callback(),
            (error: unknown) => callback(error instanceof Error ? error : new Error(String(error))),
          );
        });
      },
      ...options,
    });
    // A client that hangs up is a part of the tests.
    smtp.on("error", () => {});
    const listening = once(smtp.server, "listening");
    smtp.listen(0, "127.0.0.1");
    await listening;
    const bound = smtp.server.address();
    if (bound === null || typeof bound === "string") throw new Error("the mail server has no port");
    opened.server = new MailServer(smtp, bound.port);
    return opened.server;
  }

  private async accept(from: string, to: readonly string[], bytes: Buffer): Promise<void> {
    await this.beforeAcceptance();
    this.received.push({ from, to, raw: bytes.toString(), mail: await PostalMime.parse(bytes) });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise<void>((resolve) => this.#server.close(resolve));
  }
}

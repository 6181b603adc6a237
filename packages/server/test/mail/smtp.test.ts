import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { MailProxy, type Trouble } from "@latchkey/testkit/mail/mail-proxy";
import { MailServer } from "@latchkey/testkit/mail/mail-server";
import { certificateFor } from "@latchkey/testkit/oauth/certificates";
import { until } from "@latchkey/testkit/until";
import { describe, expect, test } from "vitest";
import type { SmtpServer } from "../../src/config/mail-values.ts";
import { smtpTransport } from "../../src/mail/smtp.ts";
import { type OutgoingMail, SendFailure } from "../../src/mail/transport.ts";

const mail = (change: Partial<OutgoingMail> = {}): OutgoingMail => ({
  id: "b94GMkJ4Arp6oV2GNVQ-_w",
  kind: "reset",
  recipient: "alice@example.com",
  subject: "Set a new password",
  text: "Open the link.",
  html: "<p>Open the link.</p>",
  ...change,
});

function transportTo(port: number, change: Partial<SmtpServer> = {}, stepTimeout?: number) {
  return smtpTransport({
    server: { host: "127.0.0.1", port, tls: "none", login: undefined, ...change },
    from: { name: undefined, address: "login@example.com" },
    siteName: "Bücher & Co",
    host: "login.example.com",
    ...(stepTimeout !== undefined && { stepTimeout }),
  });
}

const never = new AbortController().signal;

/** The failure of a try. */
async function failureOf(sending: Promise<string>): Promise<SendFailure> {
  const failure = await sending.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (failure instanceof SendFailure) return failure;
  throw new Error("the mail was sent, or failed in another way", { cause: failure });
}

test("a mail has plain text, HTML, a stable Message-ID, a program's mark", async () => {
  await using server = await MailServer.open();
  const answer = await transportTo(server.port).send(mail(), never);
  expect(answer).toMatch(/^250 /);
  const [received] = server.received;
  expect(received).toMatchObject({ from: "login@example.com", to: ["alice@example.com"] });
  expect(received?.mail).toMatchObject({
    from: { name: "Bücher & Co", address: "login@example.com" },
    to: [{ name: "", address: "alice@example.com" }],
    subject: "Set a new password",
    messageId: "<b94GMkJ4Arp6oV2GNVQ-_w@login.example.com>",
    html: expect.stringContaining("<p>Open the link.</p>"),
    text: expect.stringContaining("Open the link."),
  });
  expect(received?.raw).toMatch(/^Auto-Submitted: auto-generated\r$/m);
});

describe("a text of another party begins no header", () => {
  test.each([
    ["a subject with line ends", { subject: "Hello\r\nBcc: eve@example.com\r\n\r\nbody" }],
    ["a subject with a lone line feed", { subject: "Hello\nBcc: eve@example.com" }],
    ["a subject with a Unicode line end", { subject: "Hello\u2028Bcc: eve@example.com" }],
    ["an id with line ends", { id: "x>\r\nBcc: eve@example.com" }],
  ])("%s", async (_name, change) => {
    await using server = await MailServer.open();
    await transportTo(server.port).send(mail(change), never);
    const [received] = server.received;
    expect(received?.to).toEqual(["alice@example.com"]);
    expect(received?.mail.bcc).toBeUndefined();
    expect(received?.raw).not.toMatch(/^Bcc:/im);
  });

  test.each(["alice@example.com\r\nRCPT TO:<eve@example.com>", "alice@example.com>\r\nDATA"])(
    "the recipient %j is refused for good, before a connection carries it",
    async (recipient) => {
      await using server = await MailServer.open();
      const failure = await failureOf(transportTo(server.port).send(mail({ recipient }), never));
      expect(failure.isFinal).toBe(true);
      expect(server.tried).toEqual([]);
    },
  );

  test("a list of recipients is one address, which the server refuses", async () => {
    await using server = await MailServer.open();
    const recipient = "alice@example.com,eve@example.com";
    await failureOf(transportTo(server.port).send(mail({ recipient }), never));
    expect(server.received).toEqual([]);
  });
});

test("an internationalised address arrives in SMTPUTF8", async () => {
  await using server = await MailServer.open();
  await transportTo(server.port).send(mail({ recipient: "jörg@bücher.example" }), never);
  expect(server.received[0]?.to).toEqual(["jörg@bücher.example"]);
});

test("a domain travels in Punycode, also to a server without SMTPUTF8", async () => {
  await using server = await MailServer.open({ hideSMTPUTF8: true });
  await using proxy = await MailProxy.open(server.port);
  await transportTo(proxy.port).send(mail({ recipient: "joerg@bücher.example" }), never);
  expect(server.received).toHaveLength(1);
  expect(proxy.said).toContain("RCPT TO:<joerg@xn--bcher-kva.example>");
  expect(proxy.said).toMatch(/^To: joerg@xn--bcher-kva\.example\r$/m);
});

describe("a refusal", () => {
  test.each([550, 552, 553, 554])("of the recipient with %d is final", async (code) => {
    await using server = await MailServer.open();
    server.refuse = () => ({ code, text: "no mailbox of alice" });
    const failure = await failureOf(transportTo(server.port).send(mail(), never));
    expect(failure).toMatchObject({ isFinal: true, summary: `the mail server answered ${code} to RCPT TO` });
    expect(failure.message).toContain("no mailbox of alice");
    expect(failure.summary).not.toContain("alice");
  });

  test.each([421, 450, 451, 452])("with %d is worth another try, which succeeds", async (code) => {
    await using server = await MailServer.open();
    server.refuse = () => ({ code, text: "greylisted" });
    const transport = transportTo(server.port);
    expect((await failureOf(transport.send(mail(), never))).isFinal).toBe(false);
    server.refuse = () => undefined;
    await transport.send(mail(), never);
    expect(server.received).toHaveLength(1);
  });

  test("of the password concerns every mail, so this one waits", async () => {
    const { key, cert } = certificateFor(["localhost"]);
    const options = { key, cert, authOptional: false, allowInsecureAuth: true };
    await using server = await MailServer.open({
      ...options,
      onAuth: (_auth, _session, callback) => callback(new Error("wrong password")),
    });
    const login = { user: "latchkey", password: "hunter2" };
    const failure = await failureOf(transportTo(server.port, { login }).send(mail(), never));
    expect(failure.isFinal).toBe(false);
    expect(failure.summary).toContain("535");
    expect(`${failure.message} ${failure.summary}`).not.toContain("hunter2");
  });

  test("of the sender concerns every mail, so this one waits", async () => {
    await using server = await MailServer.open({
      onMailFrom: (_address, _session, callback) =>
        callback(Object.assign(new Error("not your address"), { responseCode: 553 })),
    });
    expect((await failureOf(transportTo(server.port).send(mail(), never))).isFinal).toBe(false);
  });
});

describe("TLS", () => {
  const own = certificateFor(["localhost"]);
  const other = certificateFor(["mail.example.com"]);

  /** Runs work while this process trusts the authority. */
  async function trusting(authority: string, work: () => Promise<void>): Promise<void> {
    const before = getCACertificates("default");
    setDefaultCACertificates([...before, authority]);
    try {
      await work();
    } finally {
      setDefaultCACertificates(before);
    }
  }

  test.each([
    ["STARTTLS", "starttls", false],
    ["TLS from the first byte", "implicit", true],
  ] as const)(
    "%s with a trusted certificate carries the password and the mail",
    async (_name, tls, secure) => {
      await using server = await MailServer.open({
        ...{ key: own.key, cert: own.cert, secure, authOptional: false },
        onAuth: ({ username = "", password }, _session, callback) =>
          callback(password === "p:q/" ? null : new Error("wrong password"), { user: username }),
      });
      const login = { user: "latchkey", password: "p:q/" };
      await trusting(own.authority, async () => {
        await transportTo(server.port, { host: "localhost", tls, login }).send(mail(), never);
      });
      expect(server.received).toHaveLength(1);
    },
  );

  test.each([
    ["a server without STARTTLS", "starttls", {}],
    ["an unknown authority", "starttls", { key: own.key, cert: own.cert }],
    [
      "an unknown authority, with TLS from the first byte",
      "implicit",
      { key: own.key, cert: own.cert, secure: true },
    ],
  ] as const)("%s gets neither password nor mail", async (_name, tls, options) => {
    const passwords: unknown[] = [];
    await using server = await MailServer.open({
      ...options,
      onAuth: ({ password }, _session, callback) => {
        passwords.push(password);
        callback(null, { user: "latchkey" });
      },
    });
    const login = { user: "latchkey", password: "hunter2" };
    const failure = await failureOf(
      transportTo(server.port, { host: "localhost", tls, login }).send(mail(), never),
    );
    expect(failure.isFinal).toBe(false);
    expect(passwords).toEqual([]);
    expect(server.tried).toEqual([]);
  });

  test("a certificate of another host gets no mail", async () => {
    await using server = await MailServer.open({ key: other.key, cert: other.cert });
    await trusting(other.authority, async () => {
      const failure = await failureOf(
        transportTo(server.port, { host: "localhost", tls: "starttls" }).send(mail(), never),
      );
      expect(failure.isFinal).toBe(false);
    });
    expect(server.tried).toEqual([]);
  });
});

describe("a bad path to the server", () => {
  test.each([
    ["before the greeting", { cutAt: "" }],
    ["at EHLO", { cutAt: "EHLO" }],
    ["at MAIL FROM", { cutAt: "MAIL FROM" }],
    ["at RCPT TO", { cutAt: "RCPT TO" }],
    ["at DATA", { cutAt: "DATA" }],
    ["within the message", { cutAt: "Auto-Submitted" }],
    ["at the end of the message", { cutAt: "\r\n.\r\n" }],
  ] as const)(
    "a connection that is cut %s sends nothing, and is worth another try",
    async (_name, trouble: Trouble) => {
      await using server = await MailServer.open();
      await using proxy = await MailProxy.open(server.port, trouble);
      const transport = transportTo(proxy.port);
      expect((await failureOf(transport.send(mail(), never))).isFinal).toBe(false);
      expect(server.received).toEqual([]);
      proxy.trouble = undefined;
      await transport.send(mail(), never);
      expect(server.received).toHaveLength(1);
    },
  );

  test("a lost acceptance leads to a second mail with the same Message-ID", async () => {
    await using server = await MailServer.open();
    await using proxy = await MailProxy.open(server.port, { cutBefore: "250 OK" });
    const transport = transportTo(proxy.port);
    expect((await failureOf(transport.send(mail(), never))).isFinal).toBe(false);
    proxy.trouble = undefined;
    await transport.send(mail(), never);
    const ids = server.received.map((received) => received.mail.messageId);
    expect(ids).toHaveLength(2);
    expect(new Set(ids).size).toBe(1);
  });

  test("a connection that is cut at QUIT has sent the mail", async () => {
    await using server = await MailServer.open();
    await using proxy = await MailProxy.open(server.port, { cutAt: "QUIT" });
    await transportTo(proxy.port).send(mail(), never);
    expect(server.received).toHaveLength(1);
  });

  test("a silent server ends at the timeout of one step", async () => {
    await using server = await MailServer.open();
    await using proxy = await MailProxy.open(server.port, { silent: true });
    expect((await failureOf(transportTo(proxy.port, {}, 100).send(mail(), never))).isFinal).toBe(false);
  });

  test("a server that drips its answers ends at the timeout of the whole mail", async () => {
    await using server = await MailServer.open();
    await using proxy = await MailProxy.open(server.port, { drip: 20 });
    const timeout = new AbortController();
    const failed = failureOf(transportTo(proxy.port).send(mail(), timeout.signal));
    await until("the server drips", () => proxy.answered > 3);
    timeout.abort();
    expect((await failed).isFinal).toBe(false);
    expect(server.received).toEqual([]);
  });

  test("an answer without an end is cut before it fills the memory", async () => {
    await using server = await MailServer.open();
    await using proxy = await MailProxy.open(server.port, { flood: true });
    expect((await failureOf(transportTo(proxy.port).send(mail(), never))).isFinal).toBe(false);
    expect(proxy.answered).toBeLessThan(50_000_000);
  });

  test("a port without a server, or a host without an address, is tried again", async () => {
    const server = await MailServer.open();
    await server[Symbol.asyncDispose]();
    expect((await failureOf(transportTo(server.port).send(mail(), never))).isFinal).toBe(false);
    const lost = transportTo(25, { host: "mail.invalid" });
    expect((await failureOf(lost.send(mail(), never))).isFinal).toBe(false);
  });
});

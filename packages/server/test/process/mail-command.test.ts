import { writeFileSync } from "node:fs";
import { MailServer } from "@latchkey/testkit/mail/mail-server";
import { certificateFor } from "@latchkey/testkit/oauth/certificates";
import { Place } from "@latchkey/testkit/server/server-process";
import { expect, test } from "vitest";

const place = new Place({ commands: "here" });
/** Node reads its authorities at the start of a process. */
const processes = new Place();

const toServer = (port: number) => ({
  LATCHKEY_SMTP_URL: `smtp://127.0.0.1:${port}`,
  LATCHKEY_MAIL_FROM: "login@example.com",
  LATCHKEY_SITE_NAME: "Example",
});

test("mail test sends a mail at once, and shows the answer of the mail server", async () => {
  await using server = await MailServer.open();
  const result = await place.latchkey(["mail", "test", "alice@example.com"], { env: toServer(server.port) });
  expect(result).toMatchObject({ status: 0, stderr: "" });
  expect(result.stdout).toMatch(/^accepted: 250 /);
  expect(server.received[0]?.mail).toMatchObject({ subject: "Test mail of Example" });
});

test("mail test shows a refusal in one line", async () => {
  await using server = await MailServer.open();
  server.refuse = () => ({ code: 550, text: "no such mailbox" });
  const result = await place.latchkey(["mail", "test", "alice@example.com"], { env: toServer(server.port) });
  expect(result.status).toBe(1);
  expect(result.stderr).toMatch(/^latchkey: not sent: .*550 no such mailbox.*\n$/);
});

test.each([
  [{}, "no way to send mails is set: set LATCHKEY_SMTP_URL and LATCHKEY_MAIL_FROM"],
  [{ LATCHKEY_MAILBOX: "on" }, "LATCHKEY_MAILBOX=on keeps mails in the memory of the server"],
])("mail test with %j says what to set", async (env, advice) => {
  const result = await place.latchkey(["mail", "test", "alice@example.com"], { env });
  expect(result.status).toBe(1);
  expect(result.stderr).toContain(advice);
});

test("mail test refuses a text that is no address, before it connects", async () => {
  const result = await place.latchkey(["mail", "test", "alice"], { env: toServer(1) });
  expect(result).toMatchObject({
    status: 2,
    stderr: expect.stringContaining("this is not an e-mail address"),
  });
});

test("NODE_EXTRA_CA_CERTS names the authority of a mail server", async () => {
  const { authority, key, cert } = certificateFor(["localhost"]);
  await using server = await MailServer.open({ key, cert });
  const file = place.path("authority.pem");
  writeFileSync(file, authority);
  const settings = { ...toServer(server.port), LATCHKEY_SMTP_URL: `smtp://localhost:${server.port}?tls=on` };
  const asked = ["mail", "test", "alice@example.com"];
  const strange = await processes.latchkey(asked, { env: settings });
  expect(strange).toMatchObject({ status: 1, stderr: expect.stringContaining("not sent: ") });
  const trusted = await processes.latchkey(asked, { env: { ...settings, NODE_EXTRA_CA_CERTS: file } });
  expect(trusted).toMatchObject({ status: 0, stderr: "" });
  expect(server.received).toHaveLength(1);
});

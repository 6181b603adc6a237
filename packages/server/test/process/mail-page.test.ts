import { createHmac } from "node:crypto";
import { symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { codeBlocks } from "@latchkey/testkit/code-blocks";
import { MailServer } from "@latchkey/testkit/mail/mail-server";
import { oneLine, printedPattern, printedSteps } from "@latchkey/testkit/printed-steps";
import { Programs } from "@latchkey/testkit/programs";
import { Place } from "@latchkey/testkit/server/server-process";
import { freePort } from "@latchkey/testkit/sockets";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "../../../..");
const page = join(root, "docs/mail.md");
const [smtp, webhook] = printedSteps(page);
const [program = ""] = codeBlocks(page, "js");
const place = new Place();
const programs = new Programs();
// The commands find the programs of the clone from this folder.
symlinkSync(join(root, "node_modules"), place.path("node_modules"));
writeFileSync(place.path("package.json"), "{}");

/** Runs commands, and ends the whole process group: they leave programs behind. @returns their output on one line */
async function outputOf(commands: string): Promise<string> {
  const terminal = programs.shell(`cd ${place.directory}\ntrap 'kill 0' EXIT\n${commands}`);
  await terminal.finish();
  expect(terminal.stderr()).toBe("");
  return oneLine(terminal.stdout());
}

test("the commands for SMTP send a mail, and print the answer of the mail server", async () => {
  await using server = await MailServer.open();
  const written = "smtps://login%40example.com:secret@mail.example.com";
  expect(smtp?.commands).toContain(written);
  const commands = smtp?.commands.replace(written, `smtp://127.0.0.1:${server.port}`) ?? "";
  expect(await outputOf(commands)).toMatch(printedPattern(smtp?.output ?? ""));
  expect(server.received).toMatchObject([{ from: "login@example.com", to: ["alice@example.com"] }]);
}, 60_000);

test("the program of the webhook takes a signed mail, and refuses an unsigned one", async () => {
  const port = String(await freePort());
  writeFileSync(place.path("mail-hook.mjs"), program.replace("8025", port));
  const commands = webhook?.commands.replaceAll("8025", port) ?? "";
  expect(await outputOf(commands)).toMatch(printedPattern(webhook?.output ?? ""));
}, 60_000);

test("the program of the webhook refuses what another key signed, and what was recorded", async () => {
  const port = String(await freePort());
  writeFileSync(place.path("other-hook.mjs"), program.replace("8025", port));
  const key = "c2VjcmV0cyBvZiB0ZXN0cyBhcmUgbm90IHNlY3JldA==";
  const env = { LATCHKEY_MAIL_WEBHOOK_SECRET: `whsec_${key}` };
  const hook = programs.script(place.path("other-hook.mjs"), env);
  await hook.says(/(ready)/);
  const now = Math.floor(Date.now() / 1000);
  const body = JSON.stringify({ data: { kind: "test", to: "alice@example.com", subject: "Test" } });

  const answerTo = async (time: number, signingKey: string): Promise<number> => {
    const mac = createHmac("sha256", Buffer.from(signingKey, "base64")).update(`a.${time}.${body}`);
    const headers = {
      "webhook-id": "a",
      "webhook-timestamp": String(time),
      "webhook-signature": `v1,${mac.digest("base64")}`,
    };
    return (await fetch(`http://127.0.0.1:${port}/`, { method: "POST", headers, body })).status;
  };
  expect(await answerTo(now, key)).toBe(204);
  expect(await answerTo(now, Buffer.from("another key").toString("base64"))).toBe(401);
  expect(await answerTo(now - 3600, key)).toBe(401);
});

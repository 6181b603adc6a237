import { MailServer } from "@latchkey/testkit/mail/mail-server";
import { debianBinaries } from "@latchkey/testkit/postgres/binaries";
import { PostgresServer } from "@latchkey/testkit/postgres/postgres-server";
import { send } from "@latchkey/testkit/server/auth-calls";
import { Place } from "@latchkey/testkit/server/server-process";
import { until } from "@latchkey/testkit/until";
import { afterAll, beforeAll, expect, test } from "vitest";
import { replica, replicaEnvironment } from "./replica.ts";

const place = new Place();
let postgres: PostgresServer;
beforeAll(async () => {
  postgres = await PostgresServer.make({ binaries: debianBinaries() });
});
afterAll(() => postgres[Symbol.asyncDispose]());

const signIns = 60;
const password = "correct horse battery staple of my own";

test("two replicas send each mail once, and one goes on alone", async () => {
  await using mails = await MailServer.open();
  const database = await postgres.database();
  const env = {
    LATCHKEY_SMTP_URL: `smtp://127.0.0.1:${mails.port}`,
    LATCHKEY_MAIL_FROM: "login@example.com",
    LATCHKEY_TRUSTED_PROXIES: "127.0.0.1",
    // Other tests may keep the machine busy.
    LATCHKEY_DATABASE_TIMEOUT: "10s",
  };
  const first = await replica(place, database, env);
  const second = await replica(place, database, env);
  const added = await place.latchkey(["user", "add", "alice", "--email", "alice@example.com"], {
    env: replicaEnvironment(database),
    input: `${password}\n`,
  });
  expect(added).toMatchObject({ status: 0, stderr: "" });
  const signIn = (url: string, address: string) =>
    send(`${url}/auth/login`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-forwarded-for": address },
      body: JSON.stringify({ username: "alice", password }),
    });

  // The first address causes no notice.
  expect((await signIn(first.url, "10.1.0.0")).status).toBe(200);
  for (let number = 0; number < signIns; number += 4) {
    const urls = [first.url, second.url, first.url, second.url];
    const answers = await Promise.all(urls.map((url, more) => signIn(url, `10.0.0.${number + more}`)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  }
  await until("every mail has arrived", () => mails.received.length >= signIns, 60_000);

  await first.stop("SIGKILL");
  expect((await signIn(second.url, "10.2.0.0")).status).toBe(200);
  await until("the other replica goes on", () => mails.received.length > signIns, 20_000);
  expect((await second.stop()).status).toBe(0);
  const ids = mails.received.map(({ mail }) => mail.messageId);
  expect(ids).toHaveLength(signIns + 1);
  expect(new Set(ids).size).toBe(signIns + 1);
});

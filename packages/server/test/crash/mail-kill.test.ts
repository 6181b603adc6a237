import { DatabaseSync } from "node:sqlite";
import { MailServer } from "@latchkey/testkit/mail/mail-server";
import { send } from "@latchkey/testkit/server/auth-calls";
import { Place, type ServerProcess } from "@latchkey/testkit/server/server-process";
import { until } from "@latchkey/testkit/until";
import { expect, test } from "vitest";

const kills = Number(process.env["LATCHKEY_CRASHES"] ?? 50);
const clients = 6;
const place = new Place();
const user = { username: "alice", password: "correct horse battery staple of my own" };

/** Sign-ins from addresses that were never used before: each is a change with a mail. */
class SignIns {
  /** Addresses of answered sign-ins. */
  readonly answered = new Set<string>();
  #number = 0;

  /** Signs in, again and again, until the server is gone. */
  async load(url: string): Promise<void> {
    while (await this.once(url));
  }

  /** @returns false if the server is gone */
  async once(url: string): Promise<boolean> {
    const number = this.#number++;
    const address = `10.${number >> 16}.${(number >> 8) & 255}.${number & 255}`;
    const answer = await this.#signIn(url, address).catch(() => undefined);
    if (answer === undefined) return false;
    if (answer.status !== 200) throw new Error(`sign-in: ${answer.text}`);
    this.answered.add(address);
    return true;
  }

  #signIn(url: string, address: string) {
    return send(`${url}/auth/login`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-forwarded-for": address },
      body: JSON.stringify(user),
    });
  }
}

function rows(sql: string): Record<string, unknown>[] {
  const database = new DatabaseSync(place.database);
  try {
    return database.prepare(sql).all();
  } finally {
    database.close();
  }
}

/** The ids of the mails that wait. */
const waiting = () => new Set(rows("select id from outbox").map(({ id }) => String(id)));

test(`after ${kills} kills, every change has its mail, and every mail its change`, async () => {
  await using mails = await MailServer.open();
  const arrived = () =>
    mails.received.map(({ mail }) => ({
      id: /^<([\w-]+)@/.exec(mail.messageId ?? "")?.[1] ?? "",
      address: /(10\.\d+\.\d+\.\d+) \(/.exec(mail.text ?? "")?.[1] ?? "",
    }));
  const env = {
    LATCHKEY_SMTP_URL: `smtp://127.0.0.1:${mails.port}`,
    LATCHKEY_MAIL_FROM: "login@example.com",
    LATCHKEY_TRUSTED_PROXIES: "127.0.0.1",
  };
  const start = (): Promise<ServerProcess> => place.server({ env });
  const first = await start();
  const added = await place.latchkey(["user", "add", user.username, "--email", "alice@example.com"], {
    input: `${user.password}\n`,
  });
  expect(added).toMatchObject({ status: 0 });
  const signIns = new SignIns();
  // The first address of a user causes no notice.
  await signIns.once(first.url);
  /** Mails that the server had deleted before a kill: it knew that they were accepted. */
  const known = new Map<string, number>();

  let server = first;
  for (let kill = 0; kill < kills; kill++) {
    const before = signIns.answered.size;
    const load = Promise.all(Array.from({ length: clients }, () => signIns.load(server.url)));
    // After a random number of answers, so that kills hit any state.
    const enough = before + 2 + Math.random() * 20;
    await until("the clients are signed in", () => signIns.answered.size >= enough, 60_000);
    expect(await server.stop("SIGKILL")).toEqual({ status: null, signal: "SIGKILL" });
    await load;
    const left = waiting();
    for (const { id } of arrived()) if (!left.has(id) && !known.has(id)) known.set(id, mails.received.length);
    server = await start();
  }
  await until("every mail is sent", () => waiting().size === 0, 300_000, 500);

  const opened = rows("select address from audit_events where name = 'login.succeeded' order by number");
  const [firstAddress, ...changes] = opened.map(({ address }) => String(address));
  const sent = arrived();
  expect(signIns.answered.difference(new Set([...changes, firstAddress]))).toEqual(new Set());
  expect(new Set(sent.map(({ address }) => address))).toEqual(new Set(changes));
  expect(new Set(sent.map(({ id }) => id)).size).toBe(changes.length);
  const again = sent.filter(({ id }, place) => (known.get(id) ?? Number.POSITIVE_INFINITY) <= place);
  expect(again).toEqual([]);
  expect(changes.length).toBeGreaterThan(kills);
  await server.stop();
});

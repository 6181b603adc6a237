import type { Received } from "@latchkey/testkit/mail/mail-server";
import { type Answer, send } from "@latchkey/testkit/server/auth-calls";
import { adminPassword as password } from "@latchkey/testkit/server/server-process";
import { numbers, type ScaleDatabase } from "../scale/engines.ts";

/** The kinds of mails that the load causes, each with the beginning of its subject. */
const subjects = {
  new_address: "New sign-in",
  reset: "Set a new password",
  change_email: "Confirm your new address",
  email_changed: "Your address",
  sign_up: "Your account",
} as const;

/** One of these kinds. */
export type Kind = keyof typeof subjects;
export const kinds = ["new_address", "reset", "change_email", "email_changed", "sign_up"] as const;

/** The person who signs in from many addresses. */
const visitor = "person-10000";
/** More persons than a run needs: each of them makes one change. */
const persons = 10_000;

/** Adds persons who make one change each, with the password of the first administrator. */
export async function addPersons(database: ScaleDatabase): Promise<void> {
  const name = "'person-' || n";
  const address = `${name} || '@example.com'`;
  await database.query(`insert into users
    (id, username, username_key, email, email_key, roles, password_hash, active, revision, created_at)
    ${numbers(persons)} select 'user:' || ${name}, ${name}, ${name}, ${address}, ${address},
      '["user"]', (select password_hash from users where username = 'admin'), 1, 0, 0 from numbers`);
}

/** Changes that cause a mail, each with a key that its mail has too. */
export class MailChanges {
  /** Keys of the changes that were answered. */
  readonly answered: Readonly<Record<Kind, Set<string>>> = {
    ...{ new_address: new Set(), reset: new Set(), change_email: new Set(), email_changed: new Set() },
    sign_up: new Set(),
  };
  readonly #nextLink: () => string | undefined;
  #number = 0;

  /** @param nextLink the text of a link for a new address that has arrived, once for each */
  constructor(nextLink: () => string | undefined) {
    this.#nextLink = nextLink;
  }

  get count(): number {
    return kinds.reduce((sum, kind) => sum + this.answered[kind].size, 0);
  }

  /** The first address of a user causes no notice. */
  async begin(url: string): Promise<void> {
    if (!(await this.once(url))) throw new Error("the server is gone");
    this.answered.new_address.clear();
  }

  /** Makes changes, one after the other, until the server is gone. */
  async load(url: string): Promise<void> {
    while (await this.once(url));
  }

  /** @returns false if the server is gone */
  async once(url: string): Promise<boolean> {
    const number = this.#number++;
    if (number > persons) throw new Error("more changes than persons");
    try {
      const [kind, key] = await this.#change(kinds[number % kinds.length] ?? "reset", url, number);
      this.answered[kind].add(key);
      return true;
    } catch (error) {
      // `fetch` rejects with a TypeError if the connection breaks.
      if (error instanceof TypeError) return false;
      throw error;
    }
  }

  async #change(kind: Kind, url: string, number: number): Promise<[kind: Kind, key: string]> {
    const [username, network] = [`person-${number}`, `10.${number >> 8}.${number & 255}.7`];
    const post = async (
      path: string,
      body: object,
      headers: Record<string, string> = {},
    ): Promise<Answer> => {
      const answer = await send(`${url}/auth${path}`, {
        method: "POST",
        headers: { "content-type": "application/json", "x-forwarded-for": network, ...headers },
        body: JSON.stringify(body),
      });
      if (answer.status >= 300) throw new Error(`${path}: ${answer.text}`);
      return answer;
    };
    switch (kind) {
      case "reset":
        await post("/password/forgot", { username });
        return [kind, `user:${username}`];
      case "sign_up": {
        const email = `stranger-${number}@example.com`;
        await post("/sign-up", { email });
        return [kind, email];
      }
      case "change_email": {
        const login = await post("/login", { username, password });
        const email = `new-${number}@example.org`;
        const bearer = { authorization: `Bearer ${login.body["access_token"]}` };
        await post("/email", { email, current_password: password }, bearer);
        return [kind, email];
      }
      case "email_changed": {
        const link = this.#nextLink();
        if (link === undefined) break;
        const { body } = await post("/email/confirm", { link });
        return [kind, String(body["email"]).replace(/^new-(\d+)@.*/, "user:person-$1")];
      }
    }
    await post("/login", { username: visitor, password });
    return ["new_address", network];
  }
}

/** The keys of the changes that a database has, by kind. A change that was not answered may have been made. */
export async function changesIn(database: ScaleDatabase): Promise<Readonly<Record<Kind, string[]>>> {
  const keys = async (sql: string) => (await database.query(sql)).map(({ key }) => String(key));
  const events = (of: string) => `audit_events where name = ${of} order by number`;
  return {
    // The first address of a user causes no notice.
    new_address: (
      await keys(`select address as key from ${events(`'login.succeeded' and subject = 'user:${visitor}'`)}`)
    ).slice(1),
    reset: await keys("select user_id as key from links where purpose = 'reset'"),
    change_email: await keys(`select email as key from links where purpose = 'change_email'
      union all select email as key from users where email like 'new-%'`),
    email_changed: await keys(`select subject as key from ${events("'user.changed' and reason = 'email'")}`),
    sign_up: await keys("select email as key from links where purpose = 'sign_up'"),
  };
}

/** The kind of a mail, and the key of its change. */
export function changeOf({ mail, to }: Received): readonly [kind: Kind, key: string] {
  const { subject = "", text = "" } = mail;
  const kind = kinds.find((one) => subject.startsWith(subjects[one]));
  if (kind === undefined) throw new Error(`a mail of another kind: ${subject}`);
  const [recipient = ""] = to;
  const user = `user:${recipient.split("@")[0]}`;
  const address = /(10\.\d+\.\d+\.\d+) \(/.exec(text)?.[1] ?? "";
  const key = {
    new_address: address,
    reset: user,
    change_email: recipient,
    email_changed: user,
    sign_up: recipient,
  };
  return [kind, key[kind]];
}

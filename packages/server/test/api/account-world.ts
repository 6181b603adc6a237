import type { TestServer } from "@latchkey/testkit/server/test-server";
import { until } from "@latchkey/testkit/until";

/** An answer of an account page. */
export interface AccountAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly html: string;
  /** The path and query that it leads to. */
  readonly location: string | null;
}

/** A browser as far as the account pages need one: it keeps their cookie, and follows no redirect by itself. */
export class Visitor {
  readonly #server: Pick<TestServer, "url">;
  /** The cookie as the browser sends it. */
  cookie: string | undefined;

  constructor(server: Pick<TestServer, "url">) {
    this.#server = server;
  }

  /** Opens a page. */
  open(path: string, headers: Readonly<Record<string, string>> = {}, method = "GET"): Promise<AccountAnswer> {
    return this.#load(path, { method, headers });
  }

  /** Sends a form of this server. */
  send(
    path: string,
    fields: Readonly<Record<string, string>> = {},
    headers: Readonly<Record<string, string>> = { origin: this.#server.url },
  ): Promise<AccountAnswer> {
    return this.#load(path, { method: "POST", headers, body: new URLSearchParams(fields) });
  }

  /** Signs in, and returns the answer. */
  signIn(username: string, password: string, more: Readonly<Record<string, string>> = {}) {
    return this.send("/account/sign-in", { username, password, ...more });
  }

  async #load(
    path: string,
    { headers, ...init }: RequestInit & { headers: Readonly<Record<string, string>> },
  ) {
    const sent = { ...headers, ...(this.cookie !== undefined && { cookie: this.cookie }) };
    const answer = await fetch(this.#server.url + path, { redirect: "manual", ...init, headers: sent });
    const [set] = answer.headers.getSetCookie();
    if (set !== undefined) this.cookie = /Max-Age=0\b/.test(set) ? undefined : set.split(";", 1)[0];
    const location = answer.headers.get("location");
    return { status: answer.status, headers: answer.headers, html: await answer.text(), location };
  }
}

/** How long a mail may take on a busy machine, in milliseconds. */
export const mailTimeout = 20_000;

/** The path and query of the newest link in the mails of a kind. Waits for the mail. @param seen links of earlier mails */
export async function linkOf(
  server: Pick<TestServer, "url">,
  kind: string,
  seen: readonly string[] = [],
): Promise<string> {
  let link: string | undefined;
  await until(
    `a mail of the kind ${kind} arrives`,
    async () => {
      const mailbox = await (await fetch(`${server.url}/mailbox`)).text();
      const mails = mailbox.split("<section").filter((mail) => mail.includes(` · ${kind} · `));
      const links = mails.map((mail) => /href="[^"]*(\/account\/[a-z]+\?link=lkl_[\w-]+)"/.exec(mail)?.[1]);
      link = links.find((one) => one !== undefined && !seen.includes(one));
      return link !== undefined;
    },
    mailTimeout,
  );
  return link ?? "";
}

/** The recipients of the mails of a kind. */
export async function recipientsOf(server: Pick<TestServer, "url">, kind: string): Promise<string[]> {
  const mailbox = await (await fetch(`${server.url}/mailbox`)).text();
  const form = new RegExp(`<bdi>([^<]*)</bdi> · ${kind} · `, "g");
  return [...mailbox.matchAll(form)].map(([, recipient = ""]) => recipient);
}

/** The token of a link. */
export const tokenOf = (link: string) => new URL(link, "http://here").searchParams.get("link") ?? "";

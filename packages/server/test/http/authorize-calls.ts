import type { LatchkeyError } from "../../src/core/errors.ts";
import { authorizeWorld, clients, issuer, queryFor } from "./authorize-world.ts";

/** Changed parameters of a request. */
export type Changed = Readonly<Record<string, string | undefined>>;

/** The page for a query. The stories must not be called. */
export async function get(query: string, headers: Readonly<Record<string, string>> = {}) {
  const unused = async () => {
    throw new Error("GET has an effect");
  };
  await using app = await authorizeWorld({ authorize: unused, deny: unused });
  return await app.inject({ url: `/oauth/authorize?${query}`, headers });
}

/** The header of a form that this server sent to itself. */
export const ownOrigin = { origin: issuer };

/** A form, with the request that its page was for. */
export interface Posted {
  readonly query?: string;
  readonly form?: Readonly<Record<string, string>> | string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly refusal?: LatchkeyError;
}

/** The answer to a form, and the calls of the stories. */
export async function post({
  query = queryFor(clients.device),
  form = {},
  headers = ownOrigin,
  refusal,
}: Posted) {
  const calls: string[] = [];
  await using app = await authorizeWorld({
    authorize: async ({ username, password }, { client }) => {
      calls.push(`authorize ${username} ${password} ${client.id}`);
      if (refusal !== undefined) throw refusal;
      return "the-code";
    },
    deny: async ({ client }) => void calls.push(`deny ${client.id}`),
  });
  const answer = await app.inject({
    method: "POST",
    url: `/oauth/authorize?${query}`,
    headers: { "content-type": "application/x-www-form-urlencoded", ...headers },
    payload:
      typeof form === "string"
        ? Buffer.from(form, "latin1")
        : String(new URLSearchParams({ decision: "allow", username: "alice", password: "right", ...form })),
  });
  return { answer, calls };
}

/** The address to which a page leads without a click. */
export function onwardOf(page: string): URL | undefined {
  const [, address] = /<meta http-equiv="refresh" content="0;url=([^"]*)">/.exec(page) ?? [];
  return address === undefined ? undefined : new URL(address.replaceAll("&amp;", "&"));
}

/** The addresses of the links of a page. */
export const linksIn = (page: string) =>
  [...page.matchAll(/href="([^"]*)"/g)].map(([, address = ""]) => address.replaceAll("&amp;", "&"));

import { authorizationQuery, redirectUri } from "@latchkey/testkit/oauth/client-calls";
import { Connection } from "./connection.ts";
import { administrator, formRequest, post } from "./requests.ts";
import type { Service } from "./service.ts";

/** One verifier for all codes. Each code is still bound to it by its challenge. */
const verifier = "v".repeat(43);

/** A registered public client. */
export interface OAuthClient {
  readonly id: string;
  /** The bytes of the sign-in page's form, as a browser sends it. */
  signInRequest(username: string, password: string): string;
}

/** The bytes of `POST /oauth/register`. @param headers complete header lines */
export const registerRequest = (headers: readonly string[] = []): string =>
  post(
    "/oauth/register",
    { redirect_uris: [redirectUri], client_name: "Notes", token_endpoint_auth_method: "none" },
    headers,
  );

/** Registers a public client. @throws if the status is not 201 */
export async function registerClient({ port }: Pick<Service, "port">): Promise<OAuthClient> {
  const [answer] = await inTurn(port, [registerRequest()]);
  if (answer?.status !== 201) throw new Error(`register answered ${answer?.status}: ${answer?.body}`);
  const { client_id: id }: { readonly client_id: string } = JSON.parse(answer.body);
  const query = authorizationQuery(id, verifier);
  const origin = [`Origin: http://127.0.0.1:${port}`];
  return {
    id,
    signInRequest: (username, password) =>
      formRequest(
        `/oauth/authorize?${query}`,
        { decision: "allow", username, password },
        `127.0.0.1:${port}`,
        origin,
      ),
  };
}

/** Signs the administrator in on the page. @returns as many requests that each redeem a code */
export async function redemptions(
  { port }: Pick<Service, "port">,
  { id, signInRequest }: OAuthClient,
  count: number,
): Promise<string[]> {
  const request = signInRequest(administrator.username, administrator.password);
  const answers = await inTurn(port, Array<string>(count).fill(request));
  return answers.map(({ status, body }) => {
    const [, code] = /[?&;]code=([\w-]+)/.exec(body) ?? [];
    if (code === undefined) throw new Error(`the page answered ${status} without a code`);
    return formRequest("/oauth/token", {
      grant_type: "authorization_code",
      client_id: id,
      code,
      code_verifier: verifier,
      redirect_uri: redirectUri,
    });
  });
}

/** Redeems codes one after the other. @returns the refresh tokens */
export async function redeemed(
  { port }: Pick<Service, "port">,
  requests: readonly string[],
): Promise<string[]> {
  const answers = await inTurn(port, requests);
  return answers.map(({ status, body }) => {
    if (status !== 200) throw new Error(`token answered ${status}: ${body}`);
    const { refresh_token: token }: { readonly refresh_token: string } = JSON.parse(body);
    return token;
  });
}

/** Sends requests one after the other on one connection. */
async function inTurn(
  port: number,
  requests: readonly string[],
): Promise<{ readonly status: number; readonly body: string }[]> {
  const connection = await Connection.open(port);
  try {
    const answers: { status: number; body: string }[] = [];
    for (const request of requests) {
      const { status, body } = await connection.send(Buffer.from(request));
      answers.push({ status, body: body.toString() });
    }
    return answers;
  } finally {
    connection.close();
  }
}

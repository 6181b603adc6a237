import { signIn } from "./server/auth-calls.ts";
import type { Place } from "./server/server-process.ts";

/** A running demo and its signed-in users. */
export interface Demo {
  /** The URL of the demo, which is also its issuer. */
  readonly issuer: string;
  /** Access tokens by user name. */
  readonly tokens: { readonly alice: string; readonly admin: string };
}

/**
 * Starts the server with the known users and signs them in.
 *
 * @param place created at the top of the test file, so that it stops the server after the last test
 */
export async function startDemo(place: Place): Promise<Demo> {
  const { url } = await place.server({ command: "demo", env: { LATCHKEY_ISSUER: "" } });
  const tokenOf = async (name: string) => (await signIn(url, name, `${name}123`)).access;
  return { issuer: url, tokens: { alice: await tokenOf("alice"), admin: await tokenOf("admin") } };
}

/** The same token with another letter in its signature. */
export function withOtherSignature(token: string): string {
  const at = token.lastIndexOf(".") + 10;
  return token.slice(0, at) + (token[at] === "A" ? "B" : "A") + token.slice(at + 1);
}

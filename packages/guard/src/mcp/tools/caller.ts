import { isObject, own } from "../../support/own-members.ts";
import { TokenError } from "../../token-error.ts";
import { callerWith, HeldToken, textOf, type VerifiedCaller } from "../held-token.ts";
import type { ToolGuard } from "../policy.ts";

/** The origin of a request, apart from its arguments. */
export interface RequestSource {
  /** Tokens that came with the HTTP request. */
  readonly bearers: readonly HeldToken[];
  /** Whether it came over a pipe of this machine, so that the environment's token may count. */
  readonly local: boolean;
}

/**
 * Verifies the caller's token: from the call's arguments, its HTTP request, or the environment. A token that the HTTP
 * gate has admitted was verified for this call.
 *
 * @param field the token in the call's arguments
 * @throws {TokenError} `token_mismatch` if two tokens differ, or the reason why the token is refused
 */
export async function authenticate(
  { guard, token: environment }: Pick<ToolGuard, "guard" | "token">,
  field: HeldToken | undefined,
  { bearers, local }: RequestSource,
): Promise<VerifiedCaller> {
  const sent = field === undefined ? bearers : [field, ...bearers];
  const token = sent[0] ?? (local ? await tokenFrom(environment) : undefined);
  if (token === undefined) throw new TokenError("missing_token");
  textOf(token);
  if (!sent.every((other) => other.matches(token))) throw new TokenError("token_mismatch");
  // The first bearer is the one that the HTTP gate has verified, if there is such a gate.
  return await callerWith(bearers[0] ?? token, guard);
}

async function tokenFrom(environment: ToolGuard["token"]): Promise<HeldToken | undefined> {
  try {
    const value = typeof environment === "function" ? await environment() : environment;
    return value === undefined || value === "" ? undefined : new HeldToken(value);
  } catch {
    throw new TokenError("missing_token", "the token of the environment could not be read");
  }
}

/**
 * Whether a transport is the SDK's `StdioServerTransport` of either major, or the channel that `serveStdio` of major 2
 * puts before it. Their two streams identify them: a bundler may rename classes, and the SDK may be installed twice.
 * Every other transport, such as one in memory or over HTTP without sessions, is remote.
 */
export function isStdio(transport: unknown): boolean {
  const wire = own(transport, "_wire") ?? transport;
  return isPipe(own(wire, "_stdin"), "on") && isPipe(own(wire, "_stdout"), "write");
}

/** Whether it is a stream of Node on this machine. The stdio transport also accepts a socket to another machine. */
function isPipe(stream: unknown, method: "on" | "write"): boolean {
  if (!isObject(stream) || typeof Reflect.get(stream, method) !== "function") return false;
  return Reflect.get(stream, "remoteAddress") === undefined;
}

import { HeldToken } from "./held-token.ts";
import { isObject, type Members, own } from "./objects.ts";

/**
 * Takes the token out of a message before anything reads it: where `tools/call` carries it in its arguments,
 * what is left in its place can be checked and not read. In place, because others hold the same message.
 */
export function holdToken(message: unknown, field: string): void {
  if (Array.isArray(message)) {
    for (const one of message) holdToken(one, field);
    return;
  }
  const params = isObject(message) && own(message, "method") === "tools/call" && own(message, "params");
  const args = isObject(params) ? own(params, "arguments") : undefined;
  if (!isObject(args) || !Object.hasOwn(args, field) || args[field] instanceof HeldToken) return;
  Object.defineProperty(args, field, {
    value: new HeldToken(args[field]),
    configurable: true,
    enumerable: true,
    writable: true,
  });
}

/** The held token of the tool call in a message. */
export function heldToken(message: unknown, field: string): HeldToken | undefined {
  const params = isObject(message) ? own(message, "params") : undefined;
  return isObject(params) ? takeToken(own(params, "arguments"), field).token : undefined;
}

/** Arguments, taken apart into the token and what the tool is meant to see. */
export function takeToken(
  args: unknown,
  field: string | undefined,
): { readonly token: HeldToken | undefined; readonly rest: unknown } {
  if (field === undefined || !isObject(args) || !Object.hasOwn(args, field))
    return { token: undefined, rest: args };
  const { [field]: value, ...rest }: Members = args;
  return { token: value instanceof HeldToken ? value : new HeldToken(value), rest };
}

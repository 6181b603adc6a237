import { isObject, type Members, own } from "../support/own-members.ts";
import { HeldToken } from "./held-token.ts";

/**
 * Replaces the token in the arguments of a `tools/call` by a {@link HeldToken}, before other code reads the message.
 * It changes the message itself, because the SDK holds the same object.
 */
export function holdToken(message: unknown, field: string): void {
  if (Array.isArray(message)) {
    for (const one of message) holdToken(one, field);
    return;
  }
  if (own(message, "method") !== "tools/call") return;
  const args = own(own(message, "params"), "arguments");
  if (!isObject(args) || !Object.hasOwn(args, field) || args[field] instanceof HeldToken) return;
  Object.defineProperty(args, field, {
    value: new HeldToken(args[field]),
    configurable: true,
    enumerable: true,
    writable: true,
  });
}

/** The held token of the tool call in a message. */
export function heldToken(message: unknown, field: string | undefined): HeldToken | undefined {
  return takeToken(own(own(message, "params"), "arguments"), field).token;
}

/** Splits arguments into the token and the arguments of the tool itself. */
export function takeToken(
  args: unknown,
  field: string | undefined,
): { readonly token: HeldToken | undefined; readonly rest: unknown } {
  if (field === undefined || !isObject(args) || !Object.hasOwn(args, field)) {
    return { token: undefined, rest: args };
  }
  const { [field]: value, ...rest }: Members = args;
  return { token: value instanceof HeldToken ? value : new HeldToken(value), rest };
}

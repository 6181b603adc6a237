import type { MailContent } from "./mail-kinds.ts";

/**
 * The content of a stored mail.
 *
 * @param details the facts of its kind, as a JSON object
 * @returns undefined for a kind that this version does not know, and for other facts
 */
export function storedContent(kind: string, details: string): MailContent | undefined {
  const facts = factsOf(details);
  if (facts === undefined) return undefined;
  const text = (name: string): string | undefined => {
    const value: unknown = Reflect.get(facts, name);
    return typeof value === "string" ? value : undefined;
  };
  const at = timeOf(Reflect.get(facts, "at"));
  switch (kind) {
    case "reset":
    case "verify":
    case "change_email":
    case "address_taken":
    case "sign_up":
      return { kind };
    case "reset_request": {
      const typedName = text("typedName");
      if (typedName === undefined) return undefined;
      const address = text("address");
      const requestId = text("requestId");
      return {
        kind,
        typedName,
        ...(address !== undefined && { address }),
        ...(requestId !== undefined && { requestId }),
      };
    }
    case "invitation":
      return { kind, invitedBy: text("invitedBy") ?? null };
    case "sign_up_known": {
      const username = text("username");
      return username === undefined ? undefined : { kind, username };
    }
    case "password_changed":
      return at === undefined ? undefined : { kind, at };
    case "email_changed": {
      const newAddress = text("newAddress");
      return newAddress === undefined || at === undefined ? undefined : { kind, at, newAddress };
    }
    case "new_address": {
      const address = text("address");
      return address === undefined || at === undefined ? undefined : { kind, at, address };
    }
    default:
      return undefined;
  }
}

/** @returns undefined for a text that is not a JSON object: one row must not stop the reading of others */
function factsOf(details: string): object | undefined {
  try {
    const facts: unknown = JSON.parse(details);
    return typeof facts === "object" && facts !== null ? facts : undefined;
  } catch {
    return undefined;
  }
}

/** Whole milliseconds since the epoch, in the range that a mail can show. */
function timeOf(fact: unknown): number | undefined {
  return typeof fact === "number" && !Number.isNaN(new Date(fact).getTime()) ? fact : undefined;
}

import type { MailContent } from "./mail-kinds.ts";

/**
 * The content of a stored mail.
 *
 * @param details the facts of its kind, as a JSON object
 * @returns undefined for a kind that this version does not know, and for other facts
 */
export function storedContent(kind: string, details: string): MailContent | undefined {
  const facts: unknown = JSON.parse(details);
  const text = (name: string): string | undefined => {
    const value = factOf(facts, name);
    return typeof value === "string" ? value : undefined;
  };
  const at = Number(factOf(facts, "at"));
  switch (kind) {
    case "reset":
    case "verify":
    case "change_email":
    case "address_taken":
    case "sign_up":
    case "test":
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
      return { kind, at };
    case "email_changed": {
      const newAddress = text("newAddress");
      return newAddress === undefined ? undefined : { kind, at, newAddress };
    }
    case "new_address": {
      const address = text("address");
      return address === undefined ? undefined : { kind, at, address };
    }
    default:
      return undefined;
  }
}

function factOf(facts: unknown, name: string): unknown {
  return typeof facts === "object" && facts !== null ? Reflect.get(facts, name) : undefined;
}

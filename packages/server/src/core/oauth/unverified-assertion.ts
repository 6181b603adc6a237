import { own } from "@latchkey/guard/own-members";

// The parts of an assertion that choose the keys of its check. Nothing else may rely on them: anybody can write them.

/** The id of the key that signed an assertion. @returns undefined if its header names none */
export function keyIdOf(assertion: string): string | undefined {
  return memberOf(assertion.split(".", 1)[0], "kid");
}

/** The id of the client that sends an assertion: the claim `sub` (RFC 7523 §3). @returns undefined if it is missing */
export function subjectOf(assertion: string): string | undefined {
  return memberOf(assertion.split(".", 2)[1], "sub");
}

function memberOf(part: string | undefined, name: string): string | undefined {
  try {
    const member = own(JSON.parse(Buffer.from(part ?? "", "base64url").toString()), name);
    return typeof member === "string" ? member : undefined;
  } catch {
    return undefined;
  }
}

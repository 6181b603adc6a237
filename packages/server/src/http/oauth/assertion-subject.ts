/**
 * The claim `sub` of an unchecked JWT: the id of the client that sends it (RFC 7523 §3). The check of the assertion
 * follows, with the keys of this client.
 *
 * @returns undefined if there is none
 */
export function subjectOfAssertion(assertion: string): string | undefined {
  const [, claims = ""] = assertion.split(".", 2);
  try {
    const parsed: unknown = JSON.parse(Buffer.from(claims, "base64url").toString());
    if (typeof parsed !== "object" || parsed === null || !Object.hasOwn(parsed, "sub")) return undefined;
    const subject: unknown = Reflect.get(parsed, "sub");
    return typeof subject === "string" ? subject : undefined;
  } catch {
    return undefined;
  }
}

import { orUndefined } from "./fields.ts";

/**
 * The codes of an error and of its causes, the innermost last. Reads at most ten errors, because causes may be
 * cyclic. Deletes the `data` of each: the bytes that Node attaches to a parse error may echo a secret.
 */
export function codesOf(error: unknown): readonly string[] {
  const codes: string[] = [];
  // A getter or a proxy may throw.
  orUndefined(() => {
    let next = error;
    for (let depth = 0; depth < 10 && next instanceof Error; depth++, next = next.cause) {
      const read: Error & { readonly code?: unknown; data?: unknown } = next;
      if (typeof read.code === "string") codes.push(read.code);
      // A frozen error throws.
      orUndefined(() => delete read.data);
    }
  });
  return codes;
}

/** Whether an error has a code of Node or Bun for a connection that was never opened. Browsers and Deno give none. */
export function neverSent(error: unknown): boolean {
  return /REFUSED|NOTFOUND|EAI_AGAIN|UNREACH|CONNECT_TIMEOUT/i.test(codesOf(error).join());
}

import type { AttemptCounter } from "./attempt-counter.ts";

/** The operations with failures that count for an account. */
type Operation = "login" | "refresh";

/** Their counters. */
export type CountedCounters = Readonly<Record<Operation, Pick<AttemptCounter, "forget">>>;

/**
 * Forgets the failed attempts at an account, from every address.
 *
 * @param account the id of a user
 */
export async function forgetAccount(counters: CountedCounters, account: string): Promise<void> {
  for (const operation of ["login", "refresh"] as const)
    for (const scope of ["pair", "account"] as const)
      await counters[operation].forget(limitKey(operation, scope, account));
}

/** The key of a limit. @param names of the account, of the address, or both */
export function limitKey(
  operation: Operation,
  scope: "pair" | "account" | "address",
  ...names: string[]
): string {
  return [operation, scope, ...names].join(" ");
}

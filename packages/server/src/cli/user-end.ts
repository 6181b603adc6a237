import { findUser } from "../core/people/find-user.ts";
import { print } from "../terminal.ts";
import type { Given } from "./command.ts";
import { confirm } from "./confirmation.ts";
import { askedAtLast, byOperator, withUsers } from "./user-access.ts";

/** `latchkey user disable`. */
export function disableUser({ config, words: [name = ""], has }: Given<"yes">): Promise<void> {
  return withUsers(config, async ({ userChanges }) => {
    const { id, username } = await userChanges.byName(name);
    await askedAtLast(has("yes"), (options) => userChanges.setActive(id, false, options));
    print(`disabled ${username}; all their sessions have ended`);
  });
}

/** `latchkey user enable`. */
export function enableUser({ config, words: [name = ""] }: Given<never>): Promise<void> {
  return withUsers(config, async ({ userChanges }) => {
    const { id, username } = await userChanges.byName(name);
    await userChanges.setActive(id, true, byOperator);
    print(`enabled ${username}`);
  });
}

/** `latchkey user unlock`. */
export function unlockUser({ config, words: [name = ""] }: Given<never>): Promise<void> {
  return withUsers(config, async ({ userChanges }) => {
    const { id, username } = await userChanges.byName(name);
    await userChanges.unlock(id, byOperator);
    print(`unlocked ${username}; the failed sign-ins of the account are forgotten`);
  });
}

/** `latchkey user remove`. */
export function removeUser({ config, words: [name = ""], has }: Given<"yes">): Promise<void> {
  return withUsers(config, async ({ userChanges }) => {
    const { id, username } = await userChanges.byName(name);
    await askedAtLast(has("yes"), (options) => userChanges.remove(id, options));
    print(`removed ${username}; all their sessions have ended`);
  });
}

/** `latchkey user erase`: asks always, because nothing brings back what is erased. */
export function eraseUser({ config, words: [name = ""], has }: Given<"yes">): Promise<void> {
  return withUsers(config, async ({ store, userChanges }) => {
    const { id, username } = await findUser(store, name);
    const removal = username === undefined ? `${id} was removed` : `${username} is removed`;
    if (!has("yes")) await confirm(`${removal}, and the audit trail forgets who it was, for ever`);
    const pseudonym = await askedAtLast(has("yes"), (options) => userChanges.erase(id, options));
    print(
      `erased ${username ?? id}; the audit trail says ${pseudonym} instead, once the server has rewritten it`,
    );
  });
}

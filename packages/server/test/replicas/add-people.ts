import { HashQueue } from "../../src/core/passwords/hash-queue.ts";
import { Passwords } from "../../src/core/passwords/passwords.ts";
import type { Store } from "../../src/store/store.ts";

/** Adds users with the same password and the cheap hashes of test servers. @returns their names */
export async function addPeople({ users }: Store, count: number, password: string): Promise<string[]> {
  const cost = { memory: 64, iterations: 1, parallelism: 1 };
  const passwordHash = await new Passwords(cost, new HashQueue({ concurrency: 1, maxWaiting: 0 })).hash(
    password,
    { address: "cli", account: "" },
  );
  const names = Array.from({ length: count }, (_, n) => `u${n}`);
  const add = (name: string) =>
    users.add(
      {
        id: `user:${name}`,
        username: name,
        usernameKey: name,
        email: `${name}@example.com`,
        emailKey: `${name}@example.com`,
        displayName: null,
        roles: ["user"],
        passwordHash,
      },
      { name: "user.added", at: Date.now(), address: "test" },
    );
  const left = [...names];
  const some = async () => {
    for (let name = left.pop(); name !== undefined; name = left.pop()) await add(name);
  };
  await Promise.all(Array.from({ length: 20 }, some));
  return names;
}

import { generateKeyPairSync } from "node:crypto";
import { expect, test } from "vitest";
import { AccessTokens } from "../../src/core/tokens/access-tokens.ts";
import { addressesFit, mostUserBytes, userBytes } from "../../src/core/tokens/token-size.ts";
import { openStore } from "../../src/store/store.ts";

import { maxRoles } from "./large-people.ts";
import { peopleOf } from "./people-of.ts";

// The longer of the two signatures.
const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const signer = { kid: "k".repeat(43), algorithm: "RS256", privateKey } as const;

test.each(["a", '"', "\u00e9", "\u6f22", "\u{20000}"])(
  "the largest possible token, made of %s, is below 7,800 characters",
  (letter) => {
    const sized = (length: number) => {
      const roles = [letter.repeat(length)];
      return { id: "user:alice", username: "alice", email: "a@b", displayName: null, roles, active: true };
    };
    const user = sized(longest((length) => userBytes(sized(length)) <= mostUserBytes));
    const issuer = "i".repeat(longest((length) => addressesFit("i".repeat(length), undefined)));
    const settings = { issuer, audience: [issuer], lifetime: 1000 };
    const tokens = new AccessTokens(settings, { signer }, Date.now);
    const { accessToken } = tokens.issue(user, { id: "s".repeat(43), client: null }, 10_000_000_000_000);
    expect(accessToken.length).toBeGreaterThan(7000);
    expect(accessToken.length).toBeLessThan(7800);
  },
);

/** The largest length that fits. */
function longest(fits: (length: number) => boolean): number {
  let length = 0;
  while (fits(length + 1)) length++;
  return length;
}

test("names and roles are refused when they are set, if they do not fit", async () => {
  const store = await openStore({ place: { engine: "memory" }, onAudit: () => {} });
  const people = peopleOf(store);
  const add = (roles: readonly string[]) =>
    people.add(
      { username: "alice", email: "alice@example.com", displayName: null, roles },
      "correct horse battery",
    );
  await expect(add(maxRoles("\u{20000}"))).rejects.toThrow(
    /^names and roles take \d+ bytes of a token, and 4096 fit: use fewer or shorter roles$/,
  );
  await expect(add(maxRoles("\u00e9"))).rejects.toThrow("use fewer or shorter roles");
  expect(await people.list()).toEqual([]);
  expect((await add(maxRoles("a"))).roles).toHaveLength(50);
  await store.close();
});

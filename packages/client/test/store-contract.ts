import { describe, expect, test } from "vitest";
import { AuthClient, type TokenSet, type TokenStore } from "../src/index.ts";
import { alice, type World, world } from "./session-world.ts";

const first: TokenSet = { accessToken: "access-1", refreshToken: "refresh-1", issuedAt: 1, expiresAt: 2 };
const second: TokenSet = { accessToken: 'Zoë\'s \u{1f511} "token"\n', issuedAt: 3 };

/** The contract of every store. @param make creates an empty store */
export function storeContract(name: string, make: () => TokenStore): void {
  describe(name, () => {
    test("is empty at first", async () => {
      expect(await make().get()).toBeUndefined();
    });

    test("returns stored tokens unchanged", async () => {
      const store = make();
      await store.set(first);
      expect(await store.get()).toEqual(first);
      expect(await store.get()).toEqual(first);
    });

    test("returns the last written tokens", async () => {
      const store = make();
      await store.set(first);
      await store.set(second);
      expect(await store.get()).toEqual(second);
    });

    test("removes tokens, also if it is empty", async () => {
      const store = make();
      await store.set(undefined);
      await store.set(first);
      await store.set(undefined);
      await store.set(undefined);
      expect(await store.get()).toBeUndefined();
      await store.set(second);
      expect(await store.get()).toEqual(second);
    });

    test("carries a session from one client to the next", async () => {
      await using place: World = await world();
      const store = make();
      const auth = new AuthClient({ baseURL: place.server.url, store });
      const { accessToken } = await auth.login(alice);
      const next = new AuthClient({ baseURL: place.server.url, store });
      expect(await next.token()).toBe(accessToken);
      await next.logout();
      await expect(auth.token()).rejects.toMatchObject({ kind: "signed_out" });
    });
  });
}

import { codeOf } from "@latchkey/testkit/mcp/issuer";
import { afterEach, describe, expect, test, vi } from "vitest";
import { createGuard } from "../src/index.ts";
import { OwnIssuer } from "./own-issuer.ts";

// Cloudflare's workers allow no I/O outside a request, and end a request's work together with it.
describe("on Cloudflare's workers", () => {
  afterEach(() => vi.unstubAllGlobals());

  test("a guard can be made outside a request", () => {
    const forbidden = () => {
      throw new Error("Disallowed operation called within global scope");
    };
    for (const name of ["setTimeout", "fetch", "AbortController"]) vi.stubGlobal(name, forbidden);
    expect(createGuard({ issuer: "https://login.example" }).issuer).toBe("https://login.example");
  });

  test.each(["/.well-known/openid-configuration", "/keys"])(
    "a request that ends while it reads %s delays later ones by at most 15 s",
    async (path) => {
      await using issuer = await OwnIssuer.start();
      const token = await issuer.token();
      const left = Promise.withResolvers<void>();
      let asked = 0;
      const guard = issuer.guard({
        follow: false,
        fetch: (address, init) => {
          // A promise of an ended request never settles, not even by its signal.
          if (!String(address).endsWith(path) || asked++ > 0) return fetch(address, init);
          left.resolve();
          return new Promise(() => {});
        },
      });
      void guard.verify(token);
      await left.promise;
      issuer.tokens.now += 15_001;
      expect(await codeOf(guard.verify(token))).toBe("accepted");
      guard.close();
    },
  );
});

import { afterEach, describe, expect, test, vi } from "vitest";
import { createGuard } from "../src/index.ts";
import { codeOf } from "./issuer.ts";
import { OwnIssuer } from "./own-issuer.ts";

// Cloudflare's workers let nothing begin before there is a request, and end with it whatever it began.
describe("on Cloudflare's workers", () => {
  afterEach(() => vi.unstubAllGlobals());

  test("a guard is made before there is a request, with nothing that only a request may make", () => {
    const forbidden = () => {
      throw new Error("Disallowed operation called within global scope");
    };
    for (const name of ["setTimeout", "fetch", "AbortController"]) vi.stubGlobal(name, forbidden);
    expect(createGuard({ issuer: "https://login.example" }).issuer).toBe("https://login.example");
  });

  test.each(["/.well-known/openid-configuration", "/keys"])(
    "a request that ends while it reads %s holds up later ones for 15 seconds at most",
    async (path) => {
      await using issuer = await OwnIssuer.start();
      const token = await issuer.token();
      const left = Promise.withResolvers<void>();
      let asked = 0;
      const guard = issuer.guard({
        follow: false,
        fetch: (address, init) => {
          // What belongs to a request that has ended never settles, not even by its signal.
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

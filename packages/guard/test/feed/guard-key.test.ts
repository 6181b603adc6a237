import { describe, expect, test } from "vitest";
import { TokenError } from "../../src/index.ts";
import { type Answer, json, OwnIssuer } from "../own-issuer.ts";
import { Following } from "./following.ts";

const guardKey = "canary-canary-canary-canary";

test("a guard with the key follows", async () => {
  await using issuer = await OwnIssuer.start();
  issuer.guardKey = guardKey;
  issuer.end("a");
  await using following = new Following(issuer, { settings: { guardKey } });
  await following.heard("feed.followed");
  expect(following.revocations.isRevoked("a")).toBe(true);
});

test("a guard with the key polls if no stream can be had", async () => {
  await using issuer = await OwnIssuer.start();
  issuer.guardKey = guardKey;
  issuer.streams = json(() => ({}), 502);
  await using following = new Following(issuer, { settings: { guardKey } });
  expect(await following.heard("feed.followed")).toMatchObject({ via: "poll" });
});

describe("a refused guard", () => {
  test.each([undefined, "another-key-than-the-server-has"])(
    "with %s as its key reports it",
    async (wrong) => {
      await using issuer = await OwnIssuer.start();
      issuer.guardKey = guardKey;
      await using following = new Following(issuer, { settings: { guardKey: wrong } });
      expect(await following.heard("feed.refused")).toEqual({ name: "feed.refused", status: 401 });
      expect(following.health).toMatchObject({ state: "behind", problem: "answered 401" });
      expect(following.all("feed.lost")).toEqual([]);
    },
  );

  test("is admitted later, when the server has its key", async () => {
    await using issuer = await OwnIssuer.start();
    issuer.guardKey = "what-was-there-before";
    await using following = new Following(issuer, { settings: { guardKey } });
    await following.heard("feed.refused", 2);
    issuer.guardKey = guardKey;
    await following.heard("feed.followed");
    expect(following.health).toMatchObject({ state: "following", problem: undefined });
  });

  test("gets the same event for 403", async () => {
    await using issuer = await OwnIssuer.start();
    issuer.answers.set(
      "/revocations",
      json(() => ({}), 403),
    );
    await using following = new Following(issuer);
    expect(await following.heard("feed.refused")).toEqual({ name: "feed.refused", status: 403 });
  });

  test("gets the event also if only its polling is refused", async () => {
    await using issuer = await OwnIssuer.start();
    issuer.answers.set("/revocations", (request, response) => {
      json(() => ({}), request.headers.accept === "text/event-stream" ? 502 : 401)(request, response);
    });
    await using following = new Following(issuer);
    expect(await following.heard("feed.refused")).toEqual({ name: "feed.refused", status: 401 });
  });
});

describe("the key", () => {
  test("is sent to the feed alone, not to the key set", async () => {
    await using issuer = await OwnIssuer.start();
    await using elsewhere = await OwnIssuer.start();
    const shown: string[] = [];
    elsewhere.answers.set("/keys", (request, response) => {
      shown.push(request.headers.authorization ?? "nothing");
      json(() => ({ keys: issuer.keys }))(request, response);
    });
    issuer.discovery = { ...issuer.discovery, jwks_uri: `${elsewhere.url}/keys` };
    await using guard = issuer.guard({ guardKey });
    await guard.verify(await issuer.token());
    expect(shown).toEqual(["nothing"]);
  });

  test("is not sent along a redirect of the feed", async () => {
    await using issuer = await OwnIssuer.start();
    await using elsewhere = await OwnIssuer.start();
    issuer.answers.set("/revocations", (_request, response) => {
      response.writeHead(307, { location: `${elsewhere.url}/revocations` }).end();
    });
    await using following = new Following(issuer, { settings: { guardKey } });
    expect((await following.heard("feed.lost", 2)).reason).toBe("answered 307");
    expect(elsewhere.requests).toEqual([]);
  });

  test("is not sent to a feed on another host", async () => {
    await using issuer = await OwnIssuer.start();
    await using elsewhere = await OwnIssuer.start();
    issuer.discovery = { latchkey_revocations_endpoint: `${elsewhere.url}/revocations` };
    await using following = new Following(issuer, { settings: { guardKey } });
    expect((await following.heard("feed.lost")).reason).toMatch("has another origin than the issuer");
    expect(elsewhere.requests).toEqual([]);
  });

  test.each([200, 401, 403, 500])(
    "appears in no address, event, health or error, whatever the response: %i",
    async (status) => {
      await using issuer = await OwnIssuer.start();
      // A hostile issuer repeats what it received.
      const repeat: Answer = (request, response) => {
        const said = `${request.headers.authorization}`;
        response.writeHead(status, said, { "content-type": "application/json" }).end(said);
      };
      issuer.answers.set("/revocations", repeat).set("/revocations/a", repeat);
      await using following = new Following(issuer, {
        settings: { guardKey, whenStale: "ask" },
        startTimeout: 20,
      });
      const refusal = await Promise.resolve(following.revocations.isRevoked("a")).catch((error) => error);
      if (!(refusal instanceof TokenError)) throw new Error("not refused, though there is no feed");
      const told = JSON.stringify([following.events, following.health, issuer.requests, refusal]);
      expect(told).toContain("feed.");
      expect(`${told} ${refusal.message} ${refusal.reason} ${refusal.stack}`).not.toContain("canary");
    },
  );
});

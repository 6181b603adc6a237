import { codeOf } from "@latchkey/testkit/mcp/issuer";
import { describe, expect, test } from "vitest";
import { Listener } from "./listener.ts";
import { json, OwnIssuer } from "./own-issuer.ts";

const down = json(() => ({}), 503);

describe("a cached token", () => {
  test("needs no further request", async () => {
    await using issuer = await OwnIssuer.start();
    await using guard = issuer.guard();
    const token = await issuer.token();
    const principal = await guard.verify(token);
    issuer.answers.set("/keys", down);
    expect(await guard.verify(token)).toBe(principal);
    expect(guard.recall(token)).toBe(principal);
    expect(issuer.asked("/keys")).toBe(1);
  });

  test("is refused as soon as the end of its session arrives", async () => {
    await using issuer = await OwnIssuer.start();
    const heard = new Listener();
    await using guard = issuer.guard({ onEvent: heard.onEvent });
    const token = await issuer.token();
    await guard.verify(token);
    issuer.end("session-1");
    await heard.heard("session.ended");
    expect(() => guard.recall(token)).toThrow("has ended");
    expect(await codeOf(guard.verify(token))).toBe("token_revoked");
  });

  test("is refused inside the listener that is told of the end", async () => {
    await using issuer = await OwnIssuer.start();
    const recalled = Promise.withResolvers<unknown>();
    const token = await issuer.token();
    await using guard = issuer.guard({
      onEvent(event) {
        if (event.name !== "session.ended") return;
        try {
          recalled.resolve(guard.recall(token));
        } catch (error) {
          recalled.resolve(error);
        }
      },
    });
    await guard.verify(token);
    issuer.end("session-1");
    expect(await recalled.promise).toMatchObject({ code: "token_revoked" });
  });

  test("expires to the millisecond", async () => {
    await using issuer = await OwnIssuer.start();
    await using guard = issuer.guard();
    const token = await issuer.token();
    await guard.verify(token);
    issuer.tokens.now += 59_999;
    issuer.heartbeat();
    expect(await codeOf(guard.verify(token))).not.toBe("token_expired");
    issuer.tokens.now += 1;
    expect(await codeOf(guard.verify(token))).toBe("token_expired");
    expect(() => guard.recall(token)).toThrow("expired");
  });

  test("is refused when the guard is closed", async () => {
    await using issuer = await OwnIssuer.start();
    const guard = issuer.guard();
    const token = await issuer.token();
    await guard.verify(token);
    guard.close();
    expect(guard.recall(token)).toBeUndefined();
    expect(await codeOf(guard.verify(token))).toBe("keys_unavailable");
  });

  test("is refused when the list of ended sessions is stale", async () => {
    await using issuer = await OwnIssuer.start();
    const heard = new Listener();
    await using guard = issuer.guard({ onEvent: heard.onEvent });
    const token = await issuer.token();
    await guard.verify(token);
    issuer.answers.set("/revocations", down);
    issuer.cut();
    await heard.heard("feed.lost");
    issuer.tokens.now += 30_001;
    expect(await codeOf(guard.verify(token))).toBe("revocations_unavailable");
    expect(() => guard.recall(token)).toThrow("ended sessions could not be read");
  });

  test("must be verified if a lookup is needed, and a failing lookup is harmless", async () => {
    await using issuer = await OwnIssuer.start();
    const heard = new Listener();
    await using guard = issuer.guard({ whenStale: "ask", onEvent: heard.onEvent });
    const token = await issuer.token();
    await guard.verify(token);
    const asked = Promise.withResolvers<void>();
    issuer.answers.set("/revocations", down).set("/revocations/session-1", (request, response) => {
      asked.resolve();
      down(request, response);
    });
    issuer.cut();
    await heard.heard("feed.lost");
    issuer.tokens.now += 30_001;
    // An unhandled rejection would end the process, and this test.
    expect(guard.recall(token)).toBeUndefined();
    await asked.promise;
    expect(await codeOf(guard.verify(token))).toBe("revocations_unavailable");
  });
});

describe("two guards share nothing", () => {
  test("another audience", async () => {
    await using issuer = await OwnIssuer.start();
    await using one = issuer.guard();
    await using other = issuer.guard({ audience: "https://other.example" });
    const token = await issuer.token();
    expect(await codeOf(one.verify(token))).toBe("accepted");
    expect(other.recall(token)).toBeUndefined();
    expect(await codeOf(other.verify(token))).toBe("invalid_token");
  });

  test("another algorithm", async () => {
    await using issuer = await OwnIssuer.start();
    await using one = issuer.guard();
    await using other = issuer.guard({ algorithms: ["EdDSA"] });
    const token = await issuer.token();
    expect(await codeOf(one.verify(token))).toBe("accepted");
    expect(await codeOf(other.verify(token))).toBe("invalid_token");
  });

  test("another tolerance", async () => {
    await using issuer = await OwnIssuer.start();
    await using one = issuer.guard({ clockTolerance: 60_000, follow: false });
    await using other = issuer.guard({ clockTolerance: 0, follow: false });
    const token = await issuer.token();
    for (const guard of [one, other]) expect(await codeOf(guard.verify(token))).toBe("accepted");
    issuer.tokens.now += 60_000;
    expect(await codeOf(one.verify(token))).toBe("accepted");
    expect(await codeOf(other.verify(token))).toBe("token_expired");
  });

  test("another `follow`", async () => {
    await using issuer = await OwnIssuer.start();
    issuer.end("session-1");
    await using one = issuer.guard({ follow: false });
    await using other = issuer.guard();
    const token = await issuer.token();
    expect(await codeOf(one.verify(token))).toBe("accepted");
    expect(await codeOf(other.verify(token))).toBe("token_revoked");
    expect(await codeOf(one.verify(token))).toBe("accepted");
  });

  test("closing one leaves the other open", async () => {
    await using issuer = await OwnIssuer.start();
    const one = issuer.guard();
    await using other = issuer.guard();
    const token = await issuer.token();
    await Promise.all([one.verify(token), other.verify(token)]);
    one.close();
    expect(await codeOf(other.verify(token))).toBe("accepted");
    issuer.end("session-1");
    await expect.poll(() => codeOf(other.verify(token))).toBe("token_revoked");
  });
});

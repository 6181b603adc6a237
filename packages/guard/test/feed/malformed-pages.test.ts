import { describe, expect, test } from "vitest";
import { json, OwnIssuer } from "../own-issuer.ts";
import { Following } from "./following.ts";

const ended = { number: 1, sessionId: "a", until: 2_000_000_000_000 };

describe("a malformed page does not count as read", () => {
  const page = { revocations: [ended], cursor: 1, more: false };
  test.each<[string, unknown]>([
    ["no list", { ...page, revocations: undefined }],
    ["a list of nothing", { ...page, revocations: [null] }],
    ["more than a page holds", { ...page, revocations: Array.from({ length: 1_001 }, () => ended) }],
    ["no cursor", { ...page, cursor: undefined }],
    ["a cursor that is a text", { ...page, cursor: "1" }],
    ["no word whether there is more", { ...page, more: undefined }],
    ["numbers that go back", { ...page, revocations: [{ ...ended, number: 2 }, ended] }],
    ["a number twice", { ...page, revocations: [ended, ended] }],
  ])("%s", async (_name, document) => {
    await using issuer = await OwnIssuer.start();
    issuer.answers.set("/revocations", (request, response) => {
      const wantsStream = request.headers.accept === "text/event-stream";
      json(() => (wantsStream ? {} : document))(request, response);
    });
    await using following = new Following(issuer);
    const { reason } = await following.heard("feed.malformed");
    expect(following.health).toMatchObject({ state: "behind", problem: reason });
    expect(following.all("feed.followed")).toEqual([]);
  });

  test.each<[string, (after: number) => unknown]>([
    ["an empty page that promises more", () => ({ revocations: [], cursor: 0, more: true })],
    ["the same page again and again", () => ({ ...page, more: true })],
  ])("an endless list of pages is given up: %s", async (_name, document) => {
    await using issuer = await OwnIssuer.start();
    issuer.answers.set("/revocations", (request, response) => {
      const after = Number(new URL(request.url ?? "", issuer.url).searchParams.get("after"));
      json(() => (request.headers.accept === "text/event-stream" ? {} : document(after)))(request, response);
    });
    await using following = new Following(issuer);
    expect((await following.heard("feed.malformed")).reason).toBe("a page without progress");
  });
});

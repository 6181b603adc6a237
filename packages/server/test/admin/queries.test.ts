import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type AdminWorld, adminWorld } from "./admin-world.ts";

let world: AdminWorld;
let root: string;
beforeAll(async () => {
  world = await adminWorld({});
  root = await world.tokenOf("root");
});
afterAll(() => world[Symbol.asyncDispose]());

describe("a query is refused", () => {
  test.each([
    ["/users?serach=ali", "query.serach: Unknown parameter"],
    ["/users?search[]=ali", "query.search[]: Unknown parameter"],
    ["/users?__proto__=1", "query.__proto__: Unknown parameter"],
    ["/users?search=a&search=b", "query.search: Input was sent more than once"],
    ["/users?search=", "query.search: Input is empty: give it a value, or leave it out"],
    ["/users?search", "query.search: Input is empty: give it a value, or leave it out"],
    ["/users?role=", "query.role: Input is empty: give it a value, or leave it out"],
    ["/users?status=", "query.status: Input should be one of active, disabled"],
    ["/users?status=Active", "query.status: Input should be one of active, disabled"],
    ["/users?verified=1", "query.verified: Input should be one of true, false"],
    [
      "/users?limit=1001",
      "query.limit: Input is not of the expected form (Most items of the page, 1 to 1000. Default: 100)",
    ],
    [`/users?role=${"r".repeat(65)}`, "query.role: Input has more than 64 characters"],
    ["/sessions?usr=alice", "query.usr: Unknown parameter"],
    ["/sessions?user=", "query.user: Input is empty: give it a value, or leave it out"],
    ["/sessions?client=", "query.client: Input is empty: give it a value, or leave it out"],
    ["/audit?user=", "query.user: Input is empty: give it a value, or leave it out"],
    ["/audit?event=login.failed&event=user.added", "query.event: Input was sent more than once"],
    [
      "/audit?from=2026-01-01",
      "query.from: Input is not of the expected form (The first moment: RFC 3339, such as 2026-01-31T09:00:00Z)",
    ],
    ["/audit?from=2026-02-31T00:00Z", "query.from: Input is not a time"],
    ["/keys?state=next", "query.state: Unknown parameter"],
    ["/clients?added=true", "query.added: Unknown parameter"],
    ["/resources?limit=1", "query.limit: Unknown parameter"],
    ["/users/user:root?fields=id", "query.fields: Unknown parameter"],
    ["/users/user:root/sessions?user=user:alice", "query.user: Unknown parameter"],
  ])("%s", async (path, message) => {
    const answer = await world.ask(root, { method: "GET", path });
    expect([answer.status, answer.body["code"], answer.body["message"]]).toEqual([
      422,
      "validation_error",
      message,
    ]);
  });

  test("by every operation before it changes anything", async () => {
    await world.expectAnswer(
      root,
      { method: "DELETE", path: "/users/user:helen?dry_run=true" },
      { status: 422, code: "validation_error", events: [] },
    );
    await world.expectAnswer(root, { method: "GET", path: "/users/user:helen" }, { status: 200 });
  });
});

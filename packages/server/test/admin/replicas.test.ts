import { testServer } from "@latchkey/testkit/server/test-server";
import { expect, test } from "vitest";
import { bearer, send, signIn } from "../api/api-case.ts";

test("of twenty requests with one key on two replicas, one adds the user", async () => {
  const issuer = "http://127.0.0.1:1";
  await using one = await testServer({ ISSUER: issuer, SECRET: "a secret of both replicas, long enough" });
  await using other = await testServer({
    ISSUER: issuer,
    SECRET: "a secret of both replicas, long enough",
    DATABASE: one.database,
  });
  const word = "orange tractor sings";
  await one.server.people.addForDemo(
    { username: "root", email: "root@example.com", displayName: null, roles: ["admin"] },
    word,
  );
  const { access } = await signIn(one, "root", word);
  const body = { username: "carol", email: "carol@example.com", password: word };
  const headers = { ...bearer(access), "idempotency-key": "one" };
  const add = (server: typeof one) =>
    send(server, "/admin/v1", { method: "POST", path: "/users", body, headers });
  const answers = await Promise.all(Array.from({ length: 20 }, (_, at) => add(at % 2 === 0 ? one : other)));
  const statuses = new Set(answers.map(({ status }) => status));
  expect(statuses.has(201)).toBe(true);
  for (const { status, body: refusal } of answers)
    if (status !== 201) expect(refusal).toMatchObject({ code: "request_in_progress" });
  const [first, second] = [await add(one), await add(other)];
  expect(second.text).toBe(first.text);
  expect(second.headers.get("etag")).toBe(first.headers.get("etag"));
});

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { AuthClient } from "../src/index.ts";
import { answers, cuts, type MisbehavingServer, misbehavingServer } from "./misbehaving-server.ts";
import { verbs, welcome } from "./verbs.ts";

let server: MisbehavingServer;
beforeEach(async () => {
  server = await misbehavingServer();
});
afterEach(() => server[Symbol.asyncDispose]());

const client = () => new AuthClient({ baseURL: server.url, retry: false });

describe("a malformed 2xx", () => {
  test.each([
    ["HTML", "<!doctype html><h1>Welcome</h1>", "The response is not JSON"],
    ["half of JSON", '{"access_token": "a', "The response is not JSON"],
    ["nothing", "", "The response is not JSON"],
  ])("%s is a ResponseValidationError of login, refresh and me", async (_case, body, message) => {
    server.will(answers(200, body));
    for (const verb of [verbs.login, verbs.refresh, verbs.me]) {
      const error = {
        kind: "response_validation",
        name: "ResponseValidationError",
        message,
        status: 200,
        body,
      };
      await expect(verb(client())).rejects.toMatchObject(error);
    }
  });

  test.each([
    ["null", null, "access_token", "id"],
    ["an array", [welcome], "access_token", "id"],
    ["a text", '"welcome"', "access_token", "id"],
    ["an empty object", {}, "access_token", "id"],
    ["fields of another type", { access_token: 1, id: 1 }, "access_token", "id"],
    ["empty fields", { access_token: "", id: "" }, "access_token", "id"],
    ["one field of many", { access_token: null, id: "user:alice" }, "access_token", "username"],
  ])("%s is an error that names the missing field", async (_case, body, token, field) => {
    server.will(answers(200, body));
    const kind = "response_validation";
    await expect(verbs.login(client())).rejects.toMatchObject({
      kind,
      message: `The response lacks ${token}`,
    });
    await expect(verbs.refresh(client())).rejects.toMatchObject({
      kind,
      message: `The response lacks ${token}`,
    });
    await expect(verbs.me(client())).rejects.toMatchObject({ kind, message: `The response lacks ${field}` });
  });

  test.each(["", "bye", {}, null, { message: 3 }])("a logout needs no message: %j", async (body) => {
    server.will(answers(200, body));
    await expect(verbs.logout(client())).resolves.toEqual({ message: "" });
  });

  test("a body that is cut short is a lost connection", async () => {
    server.will(cuts(200, JSON.stringify(welcome)));
    await expect(client().me()).rejects.toMatchObject({ kind: "connection", name: "ConnectionError" });
  });
});

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { AuthClient } from "../src/index.ts";
import {
  answers,
  cuts,
  deadAddress,
  type MisbehavingServer,
  misbehavingServer,
} from "./misbehaving-server.ts";
import { verbs } from "./verbs.ts";

let server: MisbehavingServer;
beforeEach(async () => {
  server = await misbehavingServer();
});
afterEach(() => server[Symbol.asyncDispose]());

const issues = [
  { type: "missing", loc: ["body", "username"], msg: "Field required", input: {} },
  { type: "int_type", loc: ["body", "items", 0], msg: "Not a number" },
];
const said = "body.username: Field required; body.items.0: Not a number";

describe.each(Object.entries(verbs))("the message of an error of %s", (_name, verb) => {
  test.each([
    ["message", { message: "No such user", detail: "other", error: "other" }, "No such user"],
    ["message before detail", { detail: issues, message: "Wrong" }, "Wrong"],
    ["detail in FastAPI's form", { detail: "Not authenticated" }, "Not authenticated"],
    ["detail of problem+json", { type: "about:blank", title: "Gone", detail: "Long gone" }, "Long gone"],
    ["FastAPI's validation errors", { detail: issues }, said],
    ["detail if message is empty", { message: "", detail: "Wrong" }, "Wrong"],
    ["detail if message is an object", { message: { a: 1 }, detail: "Wrong" }, "Wrong"],
    ["the status if detail is an empty list", { detail: [] }, "HTTP status 400"],
    ["the status if detail is an object", { detail: { a: 1 } }, "HTTP status 400"],
    ["the status of problem+json without detail", { title: "Gone", status: 400 }, "HTTP status 400"],
    ["the status with HTML", "<html><h1>Bad gateway</h1></html>", "HTTP status 400"],
    ["the status with plain text", "upstream connect error", "HTTP status 400"],
    ["the status with an empty body", "", "HTTP status 400"],
    ["the status with half of JSON", '{"message": "No su', "HTTP status 400"],
    ["the status with an array", [{ message: "No" }], "HTTP status 400"],
    ["the status with null", null, "HTTP status 400"],
    ["the status with a number", 17, "HTTP status 400"],
    ["the status with a JSON text", '"No"', "HTTP status 400"],
  ])("is %s", async (_case, body, message) => {
    server.will(answers(400, body));
    await expect(verb(new AuthClient({ baseURL: server.url }))).rejects.toMatchObject({
      message,
      status: 400,
    });
  });

  test("names the connection if the body is cut short", async () => {
    server.will(cuts(400, JSON.stringify({ message: "No such user" })));
    const auth = new AuthClient({ baseURL: server.url, retry: false });
    const message = `No response from ${server.url} (UND_ERR_SOCKET)`;
    await expect(verb(auth)).rejects.toMatchObject({ kind: "connection", message });
  });
});

describe("the message of a lost connection", () => {
  test("names the address that cannot be reached, and the code", async () => {
    const baseURL = await deadAddress();
    const message = `Cannot reach ${baseURL} (ECONNREFUSED)`;
    await expect(new AuthClient({ baseURL, retry: false }).me()).rejects.toMatchObject({ message });
  });

  test.each(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "UND_ERR_CONNECT_TIMEOUT"])(
    "says that the server cannot be reached after %s",
    async (code) => {
      const auth = new AuthClient({ fetch: () => Promise.reject(coded(code)), retry: false });
      const message = `Cannot reach http://127.0.0.1:8000 (${code})`;
      await expect(auth.me()).rejects.toMatchObject({ kind: "connection", message, code });
    },
  );

  test.each<readonly [string, unknown, string]>([
    ["the code of an error", coded("ECONNRESET"), " (ECONNRESET)"],
    ["the innermost code", coded("OUTER", coded("UND_ERR_SOCKET", new Error("closed"))), " (UND_ERR_SOCKET)"],
    ["no text of an error", new TypeError("fetch failed", { cause: new Error("no route") }), ""],
    ["no code in lower case", coded("econnreset"), ""],
    ["no code with blanks", coded("ECONNRESET of alice"), ""],
    ["no code with a second line", coded("ECONNRESET\n"), ""],
    ["no code of 42 characters", coded("E".repeat(42)), ""],
    ["no code that is a number", coded(17), ""],
    ["no text of another rejection", "no route", ""],
  ])("has %s", async (_case, rejection, reason) => {
    const auth = new AuthClient({ fetch: () => Promise.reject(rejection), retry: false });
    const message = `No response from http://127.0.0.1:8000${reason}`;
    await expect(auth.me()).rejects.toMatchObject({ kind: "connection", message });
  });

  test("shows neither path nor query of baseURL", async () => {
    const fetch = () => Promise.reject(new Error("no route"));
    const auth = new AuthClient({ baseURL: "https://login.example/a?key=c4n4ry", fetch, retry: false });
    const message = "No response from https://login.example";
    await expect(verbs.login(auth)).rejects.toMatchObject({ message });
  });
});

describe.each(Object.entries(verbs))("%s follows no redirect", (_name, verb) => {
  test.each([301, 302, 303, 307, 308])("of status %i: the other server receives nothing", async (status) => {
    await using elsewhere = await misbehavingServer();
    server.will(answers(status, "", { location: `${elsewhere.url}/login` }));
    const call = verb(new AuthClient({ baseURL: server.url }));
    await expect(call).rejects.toMatchObject({ name: "APIError", kind: "api", status });
    expect({ here: server.received.length, there: elsewhere.connections() }).toEqual({ here: 1, there: 0 });
  });
});

/** An error with a code, as the platform makes them. */
function coded(code: unknown, cause?: Error): Error {
  return Object.assign(new Error("a text", { cause }), { code });
}

import { execFile } from "node:child_process";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { AuthClient } from "../src/index.ts";
import { answers, deadAddress, type MisbehavingServer, misbehavingServer } from "./misbehaving-server.ts";
import { verbs, welcome } from "./verbs.ts";

let server: MisbehavingServer;
beforeEach(async () => {
  server = await misbehavingServer();
});
afterEach(() => server[Symbol.asyncDispose]());

const client = () => new AuthClient({ baseURL: server.url, retry: false });

describe.each(Object.entries(verbs))("%s", (_name, verb) => {
  test("result() of a success", async () => {
    server.will(answers(200, welcome));
    const value = await verb(client());
    expect(await verb(client()).result()).toEqual({ ok: true, value });
  });

  test("result() of a failure does not reject", async () => {
    server.will(answers(403, { message: "No" }));
    const failure = { ok: false, error: { kind: "forbidden", message: "No" } };
    expect(await verb(client()).result()).toMatchObject(failure);
  });

  test("result() without a server does not reject either", async () => {
    const auth = new AuthClient({ baseURL: await deadAddress(), retry: false });
    expect(await verb(auth).result()).toMatchObject({ ok: false, error: { kind: "connection" } });
  });

  test("result() rejects for an error from outside this package", async () => {
    const mistake = new Error("A mistake in a middleware");
    const middleware = [() => Promise.reject(mistake)];
    await expect(verb(client(), { middleware }).result()).rejects.toBe(mistake);
    await expect(verb(client(), { middleware })).rejects.toBe(mistake);
    expect(server.received).toHaveLength(0);
  });

  test("withResponse() has the value and a response with an unread body", async () => {
    server.will(answers(200, welcome, { "x-more": "yes" }));
    const { data, response } = await verb(client()).withResponse();
    expect(data).toEqual(await verb(client()));
    expect(response.headers.get("x-more")).toBe("yes");
    expect(await response.json()).toEqual(welcome);
  });

  test("withResponse() of a failure rejects", async () => {
    server.will(answers(404));
    await expect(verb(client()).withResponse()).rejects.toMatchObject({ kind: "not_found" });
  });

  test.each([200, 204, 302, 401, 418, 500])("asResponse() of a %i", async (status) => {
    const body = status === 204 ? "" : "as it came";
    server.will(answers(status, body, { "x-more": "yes" }));
    const response = await verb(client()).asResponse();
    expect(response).toMatchObject({ status, ok: status < 300 });
    expect(response.headers.get("x-more")).toBe("yes");
    expect(await response.text()).toBe(body);
  });

  test("asResponse() rejects without a response", async () => {
    const auth = new AuthClient({ baseURL: await deadAddress(), retry: false });
    await expect(verb(auth).asResponse()).rejects.toMatchObject({ kind: "connection" });
  });

  test("all views of a call share one request", async () => {
    server.will(answers(200, welcome));
    const call = verb(client());
    await Promise.all([call, call.result(), call.withResponse(), call.asResponse(), call.asResponse()]);
    expect(server.received).toHaveLength(1);
  });
});

/** Runs a program with a call to a server that does not exist. @returns its output */
async function program(use: string): Promise<string> {
  const source = pathToFileURL(`${import.meta.dirname}/../src/index.ts`).href;
  const code = `
    import { AuthClient } from ${JSON.stringify(source)};
    const call = new AuthClient({ baseURL: ${JSON.stringify(await deadAddress())}, retry: false }).me();
    ${use}
    process.on("exit", (code) => console.log("exit", code));
  `;
  return new Promise((resolve) => {
    const done = (_error: unknown, out: string, err: string) => resolve(out + err);
    execFile(process.execPath, ["--input-type=module", "--eval", code], done);
  });
}

describe("a call that fails", () => {
  test.each([
    ["it has no handler", ""],
    ["it only has finally()", "call.finally(() => {});"],
    ["withResponse() has no handler", "call.withResponse();"],
    ["asResponse() has no handler", "call.asResponse();"],
  ])("is an unhandled rejection if %s", async (_case, use) => {
    expect(await program(use)).toMatch(/^exit 1\n.*ConnectionError/s);
  });

  test.each([
    ["result()", "call.result();"],
    ["asResponse()", "call.asResponse().catch(() => {});"],
    ["withResponse()", "call.withResponse().catch(() => {});"],
    ["a catch", "call.catch(() => {});"],
  ])("is handled by %s", async (_case, use) => {
    expect(await program(use)).toBe("exit 0\n");
  });
});

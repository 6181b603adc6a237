import { testServer } from "@latchkey/testkit/server/test-server";
import { beforeAll, describe, expect, test } from "vitest";
import { type Fields, fieldsOf } from "../src/fields.ts";
import { AuthClient } from "../src/index.ts";
import { readLogin, readLogout, readTokens, readUser } from "../src/wire.ts";

/** The server's OpenAPI document, compared with the client's requests, values and errors. */
let document: Fields;

beforeAll(async () => {
  await using server = await testServer();
  document = fieldsOf(await (await fetch(`${server.url}/openapi.json`)).json());
});

/** Follows a path of names through the document, and the references on it. */
function at(...names: readonly string[]): Fields {
  return names.reduce<Fields>((fields, name) => {
    const found = fieldsOf(fields[name]);
    const reference = found["$ref"];
    return typeof reference === "string" ? at(...reference.split("/").slice(1)) : found;
  }, document);
}

/** A different value of the same type. */
function unlike(value: unknown): unknown {
  if (typeof value === "boolean") return !value;
  if (typeof value === "number") return value + 1;
  return Array.isArray(value) ? [...value, "another"] : `another ${value}`;
}

const camelCase = (name: string) => name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
const operation = (mount: string, verb: string, method: string) => at("paths", `${mount}/${verb}`, method);
const media = ["content", "application/json"] as const;

describe.each(["/auth", "/api/v1/auth"])("under %s", (mount) => {
  const verbs = [
    { verb: "login", method: "post", reader: readLogin },
    { verb: "refresh", method: "post", reader: readTokens },
    { verb: "me", method: "get", reader: readUser },
    { verb: "logout", method: "post", reader: readLogout },
  ] as const;

  test("the document has the client's four routes", () => {
    const routes = verbs.map(({ verb }) => `${mount}/${verb}`);
    expect(Object.keys(at("paths"))).toEqual(expect.arrayContaining(routes));
  });

  describe.each(verbs)("$verb", ({ verb, method, reader }) => {
    const success = () => ["paths", `${mount}/${verb}`, method, "responses", "200", ...media] as const;

    test("the client reads every field of the response, under the same name", () => {
      const fields = Object.keys(at(...success(), "schema", "properties"));
      const example = fieldsOf(at(...success(), "examples", "example")["value"]);
      expect(Object.keys(reader(example)).toSorted()).toEqual(fields.map(camelCase).toSorted());
      for (const name of fields.filter((each) => each !== "user")) {
        // Unlike the default, and unlike the same value in another field. A mark that is absent from the example is `true`.
        const value = name in example ? unlike(example[name]) : true;
        expect(fieldsOf(reader({ ...example, [name]: value }))[camelCase(name)], name).toEqual(value);
      }
      if ("user" in example)
        expect(fieldsOf(reader(example))["user"]).toEqual(
          readUser({ ...fieldsOf(example["user"]), roles: example["roles"] }),
        );
    });

    test("the client needs only required fields", () => {
      const required = at(...success(), "schema")["required"];
      const example = fieldsOf(at(...success(), "examples", "example")["value"]);
      const least = Object.entries(example).filter(
        ([name]) => Array.isArray(required) && required.includes(name),
      );
      expect(() => reader(Object.fromEntries(least))).not.toThrow();
    });

    test("every documented error has its kind, message and code", async () => {
      const statuses = Object.keys(fieldsOf(operation(mount, verb, method)["responses"]));
      for (const status of statuses.filter((each) => each !== "200")) {
        const examples = at("paths", `${mount}/${verb}`, method, "responses", status, ...media, "examples");
        expect(Object.keys(examples), status).not.toEqual([]);
        for (const [code, { value }] of Object.entries(examples).map(
          ([name, each]) => [name, fieldsOf(each)] as const,
        )) {
          const answeredWith = status === "4XX" ? Number(unlisted[code]) : Number(status);
          const answered = async () =>
            new Response(JSON.stringify(value), {
              status: answeredWith,
              headers: { "content-type": "application/json" },
            });
          const auth = new AuthClient({ fetch: answered, retry: false, basePath: mount, token: "t" });
          const error = await failureOf(auth, verb);
          expect(error).toMatchObject({
            status: answeredWith,
            code,
            message: fieldsOf(value)["message"],
            kind: kinds[answeredWith],
          });
        }
      }
      const listed = at("paths", `${mount}/${verb}`, method, "responses", "4XX", ...media, "examples");
      expect(Object.keys(listed).toSorted()).toEqual(Object.keys(unlisted).toSorted());
    });
  });

  test("the client sends exactly the documented fields", async () => {
    const bodies: Record<string, unknown> = {};
    const auth = new AuthClient({
      basePath: mount,
      retry: false,
      fetch: async (request) => {
        bodies[new URL(request.url).pathname] = await request.json();
        return new Response("{}", { status: 400 });
      },
    });
    await auth.login({ username: "u", password: "p" }).result();
    const taken = (verb: string) =>
      at("paths", `${mount}/${verb}`, "post", "requestBody", ...media, "schema");
    expect(Object.keys(fieldsOf(bodies[`${mount}/login`]))).toEqual(
      Object.keys(fieldsOf(taken("login")["properties"])),
    );
    const sent: string[] = [];
    for (const grant of [{ refreshToken: "r" }, { currentToken: "c" }]) {
      await auth.refresh(grant).result();
      sent.push(...Object.keys(fieldsOf(bodies[`${mount}/refresh`])));
    }
    expect(sent).toEqual(Object.keys(fieldsOf(taken("refresh")["properties"])));
  });
});

/** The statuses of the codes that the document lists together, under `4XX`. */
const unlisted: Readonly<Record<string, number>> = {
  method_not_allowed: 405,
  request_timeout: 408,
  uri_too_long: 414,
  misdirected_request: 421,
  headers_too_large: 431,
};

const kinds: Readonly<Record<number, string>> = {
  400: "bad_request",
  401: "unauthorized",
  403: "forbidden",
  404: "not_found",
  405: "api",
  408: "api",
  413: "api",
  414: "api",
  421: "api",
  422: "validation",
  429: "rate_limit",
  431: "api",
  500: "server",
  503: "server",
};

async function failureOf(auth: AuthClient, verb: "login" | "refresh" | "me" | "logout"): Promise<unknown> {
  const call = {
    login: () => auth.login({ username: "u", password: "p" }),
    refresh: () => auth.refresh({ refreshToken: "r" }),
    me: () => auth.me(),
    logout: () => auth.logout(),
  }[verb]();
  const result = await call.result();
  return result.ok ? undefined : result.error;
}

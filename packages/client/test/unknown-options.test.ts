import { describe, expect, test } from "vitest";
import { AuthClient, type CallOptions, type ClientOptions, memoryStore } from "../src/index.ts";

/** Options as JavaScript passes them, without a compiler. */
function untyped<T>(options: unknown): T {
  return JSON.parse(JSON.stringify(options));
}

const create = (options: unknown) => new AuthClient(untyped<ClientOptions>(options));
const derive = (options: unknown) => new AuthClient().with(untyped<ClientOptions>(options));

describe.each([
  ["new AuthClient", create],
  ["with", derive],
])("%s throws for", (_name, make) => {
  test.each(["baseUrl", "base_url", "timeuot", "retries", "header", "fecth", "middlewares", "strore", ""])(
    "the option %j, and lists all",
    (name) => {
      const names =
        "baseURL, basePath, timeout, retry, headers, fetch, middleware, token, logger, signal, store";
      const message = `Unknown option "${name}": the options are ${names}`;
      expect(() => make({ timeout: 1_000, [name]: 1 })).toThrow(new TypeError(message));
    },
  );

  test("an option of retries", () => {
    const names =
      "maxRetries, initialInterval, maxInterval, exponent, maxElapsedTime, retryConnectionErrors, statusCodes";
    const message = `Unknown option "retry.maxRetry": the options are ${names}`;
    expect(() => make({ retry: { maxRetry: 1 } })).toThrow(new TypeError(message));
  });

  test.each(["toString", "constructor", "hasOwnProperty"])("the inherited name %s", (name) => {
    expect(() => make({ [name]: 1 })).toThrow(`Unknown option "${name}": `);
  });

  test.each([null, true, 1, "5XX"])("%j in place of the options of retry", (retry) => {
    expect(() => make({ retry })).toThrow(new TypeError("Options must be an object"));
  });

  test.each(["http://127.0.0.1:8000", 1, true, null])("%j in place of options", (value) => {
    expect(() => make(value)).toThrow(new TypeError("Options must be an object"));
  });

  test.each([
    "127.0.0.1:8000",
    "localhost:8000",
    "login.example",
    "//login.example",
    "/auth",
    "",
    "ftp://login.example",
    "http:",
    "http://",
    "https://login example",
    "https://login.example ",
    "https://login.example\n",
    "https:///login.example",
    "https://alice:c4n4ry@login.example",
    "https://alice@login.example",
  ])("the baseURL %j, without quoting it", (baseURL) => {
    const message = "Invalid baseURL: write http://… or https://… without a user name and a password";
    expect(() => make({ baseURL })).toThrow(new TypeError(message));
  });

  test.each([
    "HTTP://127.0.0.1:8000",
    "https://login.example/behind/a/proxy/",
    "http://[::1]:8000",
    "https://bücher.example",
    "https://login.example/a@b",
  ])("nothing with the baseURL %j", (baseURL) => {
    expect(make({ baseURL })).toBeInstanceOf(AuthClient);
  });
});

describe("a call with an unknown option", () => {
  const sent: string[] = [];
  const fetch = async ({ url }: Request) => {
    sent.push(url);
    return Response.json({});
  };
  const tokens = { accessToken: "access", issuedAt: Date.now(), expiresAt: Date.now() + 3_600_000 };
  const signedIn = () => {
    const store = memoryStore();
    void store.set(tokens);
    return { store, auth: new AuthClient({ store, fetch }) };
  };

  test.each<[string, (auth: AuthClient, options: CallOptions) => Promise<unknown>]>([
    ["login", (auth, options) => auth.login({ username: "alice", password: "alice123" }, options)],
    ["refresh", (auth, options) => auth.refresh({ refreshToken: "refresh" }, options)],
    ["me", (auth, options) => auth.me(options)],
    ["logout", (auth, options) => auth.logout(options)],
    ["token", (auth, options) => auth.token(options)],
  ])("rejects from %s before anything is sent or removed", async (_name, call) => {
    const { auth, store } = signedIn();
    const message =
      'Unknown option "timeuot": the options are baseURL, basePath, timeout, retry, headers, fetch, middleware, token, logger, signal';
    await expect(call(auth, untyped({ timeuot: 1 }))).rejects.toThrow(new TypeError(message));
    expect(await store.get()).toEqual(tokens);
    expect(sent).toEqual([]);
  });

  test("rejects for a store, which is an option of the client", async () => {
    const call = signedIn().auth.me(untyped({ store: {} }));
    await expect(call).rejects.toThrow('Unknown option "store": ');
  });
});

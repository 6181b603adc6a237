import { describe, expect, test } from "vitest";
import { AuthClient } from "../src/index.ts";
import { verbs } from "./verbs.ts";

const throws = (name: string, error = new Error("lost")): Error =>
  Object.defineProperty(error, name, {
    get() {
      throw new Error(`${name} cannot be read`);
    },
  });

/** An error in a circle of two, the first of which has a code. */
function cyclic(): Error {
  const error: Error = Object.assign(new Error("lost"), { code: "ECONNREFUSED" });
  error.cause = new Error("lost", { cause: error });
  return error;
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable(new Error("lost"), {});
  revoke();
  return proxy;
}

const frozen = Object.freeze(Object.assign(new Error("lost"), { code: "HPE_INVALID_METHOD", data: "bytes" }));
const prototypeless = Object.assign(Object.create(null), { code: "ECONNREFUSED" });

describe.each<readonly [string, unknown, string]>([
  ["is cyclic", cyclic(), " (ECONNREFUSED)"],
  ["is frozen", frozen, " (HPE_INVALID_METHOD)"],
  ["has no prototype", prototypeless, ""],
  ["is a revoked proxy", revoked(), ""],
  ["throws for its message", throws("message"), ""],
  ["throws for its code", throws("code"), ""],
  ["throws for its cause", throws("cause", Object.assign(new Error("lost"), { code: "EPIPE" })), " (EPIPE)"],
  ["throws for its constructor", throws("constructor"), ""],
  ["throws for its data", throws("data", Object.assign(new Error("lost"), { code: "EPIPE" })), " (EPIPE)"],
])("a cause that %s", (_case, cause, reason) => {
  const fault = reason === " (ECONNREFUSED)" ? "Cannot reach" : "No response from";
  const message = `${fault} http://127.0.0.1:8000${reason}`;

  test.each(["login", "me"] as const)("is the cause of a connection error of %s", async (name) => {
    for (const rejection of [cause, new TypeError("fetch failed", { cause })]) {
      const auth = new AuthClient({ fetch: () => Promise.reject(rejection), retry: { maxRetries: 0 } });
      const error: unknown = await verbs[name](auth).catch((reason: unknown) => reason);
      if (!(error instanceof Error)) throw new Error("This call should have failed");
      expect({ name: error.name, message: error.message }).toEqual({ name: "ConnectionError", message });
      expect(error.cause === rejection).toBe(true);
    }
  });
});

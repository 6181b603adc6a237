import { type TestServer, testServer } from "@latchkey/testkit/server/test-server";
import { afterAll, beforeAll } from "vitest";
import type { Expected } from "./api-case.ts";

/** The source of users in a contract for every identity provider. */
export interface ProviderWorld {
  open(settings?: Readonly<Record<string, string>>): Promise<TestServer>;
  /** Alice, with the `id` and `roles` that the provider gives. */
  readonly alice: { readonly id: unknown; readonly roles: unknown; readonly display_name: unknown };
  readonly accessToken: RegExp;
  readonly refreshToken: RegExp;
  /** The reason of a wrong password in the audit trail. */
  readonly wrongPassword: object;
  /** All rows of a contract that end differently with this provider, by name. */
  readonly differs: Readonly<Record<string, Expected>>;
}

/** Latchkey's own users. */
export const localWorld: ProviderWorld = {
  open: testServer,
  alice: { id: "user:alice", roles: ["user", "premium"], display_name: null },
  accessToken: /^[\w-]+\.[\w-]+\.[\w-]{86}$/,
  refreshToken: /^lkr_[\w-]+$/,
  wrongPassword: { subject: "user:alice", reason: "wrong_password" },
  differs: {},
};

/** One server for all tests of a file. */
export function sharedServer(world: ProviderWorld, settings: Readonly<Record<string, string>> = {}) {
  let server: TestServer | undefined;
  beforeAll(async () => {
    server = await world.open(settings);
  });
  afterAll(async () => {
    await server?.[Symbol.asyncDispose]();
  });
  return (): TestServer => {
    if (server === undefined) throw new Error("not open yet");
    return server;
  };
}

import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { place } from "./program.ts";

const packageOf = (name: string) => dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));
const compiler = join(packageOf("typescript"), "bin/tsc");

/** A program with expected errors. If a type became `any`, they would be missing. */
const program = `
import { AuthClient, type Call, type KnownError, localStorageStore, type TokenSet, type User } from "@latchkey/client";
import { acrossTabs } from "@latchkey/client/browser";
import { fileStore } from "@latchkey/client/file";

export const shared = new AuthClient({ store: acrossTabs(localStorageStore()) });
const auth = new AuthClient({ store: fileStore("session.json"), timeout: 1_000 });

export async function roles(): Promise<readonly string[]> {
  const call: Call<User> = auth.me();
  const result = await call.result();
  return result.ok ? result.value.roles : [hint(result.error)];
}

function hint(error: KnownError): string {
  switch (error.kind) {
    case "validation":
      return error.issues.map(({ msg }) => msg).join();
    case "rate_limit":
      return String(error.retryAfter);
    default:
      return error.message;
  }
}

export const kept: Promise<TokenSet | undefined> = Promise.resolve(fileStore("session.json").get());

// @ts-expect-error the key of a store is not the store
acrossTabs("latchkey");
// @ts-expect-error unknown option
new AuthClient({ adress: "http://127.0.0.1:8000" });
// @ts-expect-error a token is text
export const token: Promise<number> = auth.token();
// @ts-expect-error credentials are not two texts
auth.login("alice", "alice123");
`;

const node = ["--lib", "es2022", "--types", "node", "--typeRoots", dirname(packageOf("@types/node"))];
const browser = ["--lib", "es2022,dom", "--types", ""];

test.each([
  ["an ES module, in Node", "consumer.mts", ["--module", "nodenext", ...node]],
  ["a CommonJS module, in Node", "consumer.cts", ["--module", "nodenext", ...node]],
  ["a bundler, in Node", "consumer.ts", ["--module", "esnext", "--moduleResolution", "bundler", ...node]],
  ["an ES module, in a browser", "consumer.mts", ["--module", "nodenext", ...browser]],
  [
    "a bundler, for a browser",
    "consumer.ts",
    ["--module", "esnext", "--moduleResolution", "bundler", ...browser],
  ],
])("types work for %s", async (_part, name, options) => {
  const strict = ["--ignoreConfig", "--noEmit", "--strict", "--exactOptionalPropertyTypes"];
  const compiled = await promisify(execFile)(process.execPath, [
    compiler,
    ...strict,
    ...options,
    place(name, program),
  ]).catch((error: unknown) => error);
  expect(compiled).toMatchObject({ stdout: "", stderr: "" });
});

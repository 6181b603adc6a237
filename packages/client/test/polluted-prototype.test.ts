import { polluted } from "@latchkey/testkit/polluted";
import { expect, test } from "vitest";
import { tokensIn } from "../src/stores.ts";
import { readLogin, readTokens } from "../src/wire.ts";

test("a response ignores members of a polluted prototype", async () => {
  const answer = { access_token: "a", user: {} };
  expect((await polluted("roles", ["admin"], () => readLogin(answer))).roles).toEqual([]);
  expect((await polluted("username", "root", () => readLogin(answer))).username).toBeUndefined();
  const tokens = await polluted("refresh_token", "r", () => readTokens(answer));
  expect(tokens.refreshToken).toBeUndefined();
});

test("a stored session ignores members of a polluted prototype", async () => {
  const refreshToken = await polluted(
    "refreshToken",
    "r",
    () => tokensIn('{"accessToken":"a"}')?.refreshToken,
  );
  expect(refreshToken).toBeUndefined();
  expect(await polluted("accessToken", "a", () => tokensIn("{}"))).toBeUndefined();
  for (const text of ["null", "1", "", "[]", null]) expect(tokensIn(text)).toBeUndefined();
});

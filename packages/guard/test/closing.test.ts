import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { codeOf } from "@latchkey/testkit/mcp/issuer";
import { until } from "@latchkey/testkit/until";
import { describe, expect, test } from "vitest";
import { Listener } from "./listener.ts";
import { OwnIssuer } from "./own-issuer.ts";

const script = fileURLToPath(new URL("closing-process.ts", import.meta.url));
const run = promisify(execFile);

describe("a process with a closed guard exits by itself", () => {
  const wellKnown = "/.well-known/openid-configuration";
  test.each([
    ["nothing", "over", "undefined"],
    ["ready", "over", "well"],
    ["verify", "over", "well"],
    ...["ready", "verify"].flatMap((use) =>
      [wellKnown, "/keys", "/revocations"].map((at) => [use, at, "refused"]),
    ),
  ])("%s: %s", async (use, when, outcome) => {
    await using issuer = await OwnIssuer.start();
    // A request to this path never gets an answer.
    issuer.answers.set(when, () => {});
    const { stdout } = await run(process.execPath, [script, issuer.url, await issuer.token(), use, when], {
      timeout: 20_000,
    });
    expect(stdout).toBe(`0 timers, ${outcome}\n`);
  });
});

test("close ends the connections to the issuer", async () => {
  await using issuer = await OwnIssuer.start();
  const guard = issuer.guard();
  await guard.ready();
  expect(issuer.following).toBe(1);
  guard.close();
  await until("the stream has ended", () => issuer.following === 0, 10_000);
});

test("after close no request and no event is sent", async () => {
  await using issuer = await OwnIssuer.start();
  const heard = new Listener();
  const guard = issuer.guard({ onEvent: heard.onEvent });
  await guard.ready();
  guard.close();
  await until("the stream has ended", () => issuer.following === 0, 10_000);
  const [asked, told] = [issuer.requests.length, heard.events.length];
  guard.health();
  guard.close();
  expect(await codeOf(guard.ready())).toBe("keys_unavailable");
  expect(await codeOf(guard.verify(await issuer.token()))).toBe("keys_unavailable");
  expect([issuer.requests.length, heard.events.length]).toEqual([asked, told]);
});

test("a guard that is closed before its first use sends no request", async () => {
  await using issuer = await OwnIssuer.start();
  const guard = issuer.guard();
  guard.close();
  guard.health();
  expect(await codeOf(guard.ready())).toBe("keys_unavailable");
  expect(issuer.requests).toEqual([]);
});

describe("a call that is pending when the guard is closed is refused", () => {
  test.each(["/keys", "/.well-known/openid-configuration", "/revocations"])("for %s", async (path) => {
    await using issuer = await OwnIssuer.start();
    const asked = Promise.withResolvers<void>();
    issuer.answers.set(path, () => asked.resolve());
    const guard = issuer.guard({ whenStale: "accept" });
    const work = [guard.verify(await issuer.token()), guard.ready()].map(codeOf);
    await asked.promise;
    guard.close();
    expect(await Promise.all(work)).toEqual(["keys_unavailable", "keys_unavailable"]);
  });
});

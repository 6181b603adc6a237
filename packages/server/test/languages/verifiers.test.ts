import { jwtPart, logout, signIn, type Tokens } from "@latchkey/testkit/server/auth-calls";
import { adminPassword, Place, type ServerProcess } from "@latchkey/testkit/server/server-process";
import { signal } from "@latchkey/testkit/signal";
import { until } from "@latchkey/testkit/until";
import { createRemoteJWKSet, jwtVerify, SignJWT } from "jose";
import { beforeAll, describe, expect, test } from "vitest";
import { audience, Issuer, secret } from "./issuer.ts";
import { type Verifier, type VerifierName, Verifiers } from "./verifiers.ts";
import { wrongTokens } from "./wrong-tokens.ts";

const names = ["PyJWT", "FastMCP", "golang-jwt", "Spring Security", "Nimbus"] as const;
/** Twice the 30 seconds that libraries wait before they read keys again, and after which a list is out of date. */
const timeout = 60_000;

const place = new Place({ commands: "here" });
const verifiers = new Verifiers();
const running = new Map<VerifierName, Verifier>();
let issuer: Issuer;
let server: ServerProcess;

beforeAll(async () => {
  issuer = await Issuer.at(place);
  server = await issuer.start();
  await Promise.all(
    [...names, "Spring Security by default" as const].map(async (name) =>
      running.set(name, await verifiers.start(name, { issuer: issuer.url })),
    ),
  );
});

const admin = () => signIn(issuer.url, "admin", adminPassword);

function verifier(name: VerifierName): Verifier {
  const found = running.get(name);
  if (found === undefined) throw new Error(`${name} does not run`);
  return found;
}

/** The answers of all verifiers to a token, by name. */
async function answers(token: string): Promise<Record<string, number>> {
  const all = names.map(async (name) => [name, await verifier(name).check(token)] as const);
  return Object.fromEntries(await Promise.all(all));
}

/** Waits until all verifiers answer a token like this. */
async function answersBecome(token: string, expected: Readonly<Record<string, number>>): Promise<void> {
  await expect.poll(() => answers(token), { timeout, interval: 200 }).toEqual(expected);
}

const everyone = (status: number) => Object.fromEntries(names.map((name) => [name, status]));

describe.each(names)("%s", (name) => {
  test("accepts a good token", async () => {
    const { access } = await admin();
    expect(await verifier(name).check(access), verifier(name).log()).toBe(200);
  });

  test("refuses every wrong token, and accepts a good one afterwards", async () => {
    const good = await admin();
    const wrong = wrongTokens(good, await issuer.signingKey());
    const answered: Record<string, number> = {};
    for (const [fault, token] of wrong) answered[fault] = await verifier(name).check(token);
    expect(answered, verifier(name).log()).toEqual(
      Object.fromEntries([...wrong].map(([fault]) => [fault, 401])),
    );
    expect(await verifier(name).check(good.access)).toBe(200);
  });

  test("refuses the token of an ended session", async () => {
    const { access } = await admin();
    expect(await verifier(name).check(access)).toBe(200);
    await logout(issuer.url, access);
    await until("the token is refused", async () => (await verifier(name).check(access)) === 401, 3_000);
  });
});

test.each(names)("%s reads the keys at most twice for many forged kids", async (name) => {
  const { access } = await admin();
  expect(await verifier(name).check(access)).toBe(200);
  const before = await keyRequests();
  for (let at = 0; at < 20; at++) {
    const header = { ...jwtPart(access, "header"), kid: `forged-${at}` };
    const forged = await signed(jwtPart(access, "claims"), header);
    expect(await verifier(name).check(forged)).toBe(401);
  }
  expect((await keyRequests()) - before).toBeLessThanOrEqual(2);
});

/** The number of requests for keys and metadata that the server has answered. */
async function keyRequests(): Promise<number> {
  const figures = await (await fetch(`${issuer.url}/metrics`)).text();
  const [, count] =
    /^latchkey_requests_total\{operation="well_known",code="ok"\} (\d+)$/m.exec(figures) ?? [];
  expect(count, figures).toBeDefined();
  return Number(count);
}

test("only Nimbus and Spring Security accept a token that has just expired", async () => {
  const { access } = await admin();
  const exp = Math.floor(Date.now() / 1000) - 15;
  const claims = { ...jwtPart(access, "claims"), iat: exp - 3600, exp };
  expect(await answers(await signed(claims, jwtPart(access, "header")))).toEqual({
    ...everyone(401),
    "Spring Security": 200,
    Nimbus: 200,
  });
});

/** A token that the server's own key has signed. */
async function signed(
  claims: Readonly<Record<string, unknown>>,
  header: Readonly<Record<string, unknown>>,
): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ ...header, alg: "ES256" }).sign(await issuer.signingKey());
}

test("Spring Security refuses a good token if only `issuer-uri` is set", async () => {
  const { access } = await admin();
  expect(await verifier("Spring Security by default").check(access)).toBe(401);
});

test("a verifier without the list accepts the token of an ended session", async () => {
  const { access } = await admin();
  await logout(issuer.url, access);
  const keys = createRemoteJWKSet(new URL(`${issuer.url}/.well-known/jwks.json`));
  const { payload } = await jwtVerify(access, keys, { issuer: issuer.url, audience, typ: "at+jwt" });
  expect(payload.exp).toBeGreaterThan(Date.now() / 1000);
});

test("a rotated key is found, also one that no verifier has read", async () => {
  const before = await admin();
  const next = await rotate(before);
  expect(await answers(next.access)).toEqual(everyone(200));
  const unknown = await rotate(next);
  await answersBecome(unknown.access, everyone(200));
  expect(await answers(before.access)).toEqual(everyone(200));
});

/** Rotates the signing key. @returns tokens that the new key signed */
async function rotate(old: Tokens): Promise<Tokens> {
  const env = { LATCHKEY_SECRET: secret };
  expect(await place.latchkey(["key", "rotate", "--force"], { env })).toMatchObject({ status: 0 });
  const kid = (token: string) => jwtPart(token, "header")["kid"];
  let fresh = old;
  await until("the new key signs", async () => {
    fresh = await admin();
    return kid(fresh.access) !== kid(old.access);
  });
  return fresh;
}

test("with a silent server every answer is 5xx, but an ended session is 401", async () => {
  const [live, ended] = [await admin(), await admin()];
  await logout(issuer.url, ended.access);
  await answersBecome(ended.access, everyone(401));
  expect(await answers(live.access)).toEqual(everyone(200));
  signal(server.pid, "SIGSTOP");
  try {
    // FastMCP treats the exception as a fault of the program.
    await answersBecome(live.access, { ...everyone(503), FastMCP: 500 });
    expect(await answers(ended.access)).toEqual(everyone(401));
  } finally {
    signal(server.pid, "SIGCONT");
  }
  await answersBecome(live.access, everyone(200));
});

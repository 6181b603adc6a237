import { redirectUri } from "@latchkey/testkit/oauth/client-calls";
import { passwords, type TestServer } from "@latchkey/testkit/server/test-server";
import { describe, expect, test } from "vitest";
import { addClient, blockClient, register } from "./oauth-world.ts";
import { type ProviderWorld, sharedServer } from "./provider-world.ts";

/** An answer of the sign-in page. */
interface Page {
  readonly status: number;
  readonly headers: Headers;
  readonly html: string;
}

/** The path and query of a valid request. */
export const pathFor = (clientId: string, more: Readonly<Record<string, string>> = {}) =>
  `/oauth/authorize?${new URLSearchParams({
    response_type: "code",
    client_id: clientId,
    redirect_uri: redirectUri,
    state: "state-of-the-client",
    code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    code_challenge_method: "S256",
    ...more,
  })}`;

/** Sends a request for a page. */
export async function load(server: TestServer, path: string, init: RequestInit = {}): Promise<Page> {
  const answer = await fetch(server.url + path, { redirect: "manual", ...init });
  return { status: answer.status, headers: answer.headers, html: await answer.text() };
}

/** Sends the form of the page at a path. */
export const submit = (
  server: TestServer,
  path: string,
  fields: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<Page> =>
  load(server, path, {
    method: "POST",
    headers: { origin: server.url, ...headers },
    body: new URLSearchParams({ decision: "allow", ...fields }),
  });

const alice = { username: "alice", password: passwords.alice };

/** The contract of the sign-in page, on every engine. */
export function signInPageContract(world: ProviderWorld): void {
  const server = sharedServer(world);

  /** The work and the events of a request. */
  async function effects(work: () => Promise<Page>) {
    server().newEvents();
    const before = server().hashes();
    const page = await work();
    const events = server().newEvents();
    return { page, names: events.map(({ name }) => name), events, hashes: server().hashes() - before };
  }

  describe("the sign-in page", () => {
    test("is shown without any effect", async () => {
      const { id } = await register(server());
      const { page, names, hashes } = await effects(() => load(server(), pathFor(id)));
      expect([page.status, names, hashes]).toEqual([200, [], 0]);
      expect(page.html).toContain("“<bdi>Notes</bdi>”");
    });

    test("says that the operator added a client, and leads it on at once", async () => {
      const { id } = await addClient(server());
      expect((await load(server(), pathFor(id))).html).toContain("The operator of this server added it.");
      const { status, headers } = await load(server(), pathFor(id, { prompt: "none" }));
      expect(status).toBe(303);
      expect(headers.get("location")).toContain("error=interaction_required");
    });

    test("signs in and audits the client, the person and the address", async () => {
      const { id } = await register(server());
      const { page, events, hashes } = await effects(() => submit(server(), pathFor(id), alice));
      expect([page.status, hashes]).toEqual([200, 1]);
      expect(events).toEqual([
        expect.objectContaining({
          name: "authorization.granted",
          subject: world.alice.id,
          address: "127.0.0.1",
        }),
      ]);
      expect(page.html).toContain(`url=${redirectUri}?code=lka_`);
    });

    test("does the same work for a wrong password, with an account or without", async () => {
      const { id } = await register(server());
      const answers = [];
      for (const username of ["alice", "nobody", "mallory"]) {
        const { page, names, hashes } = await effects(() =>
          submit(server(), pathFor(id), { username, password: "wrong" }),
        );
        expect([page.status, names, hashes]).toEqual([422, ["login.failed"], 1]);
        expect(page.html).toContain(`value="${username}"`);
        answers.push(page.html.replaceAll(`value="${username}"`, ""));
      }
      expect(new Set(answers).size).toBe(1);
    });

    test("tells a disabled user nothing, even with the right password", async () => {
      const { id } = await register(server());
      const fields = { username: "mallory", password: passwords.mallory };
      const { page, names } = await effects(() => submit(server(), pathFor(id), fields));
      expect([page.status, names]).toEqual([422, ["login.failed"]]);
      expect(page.html).toContain("The user name or the password is wrong.");
    });

    test("refuses without a password", async () => {
      const { id } = await register(server());
      const { page, names, hashes } = await effects(() =>
        submit(server(), pathFor(id), { decision: "deny" }),
      );
      expect([page.status, names, hashes]).toEqual([200, ["authorization.denied"], 0]);
      expect(page.html).toContain(`url=${redirectUri}?error=access_denied`);
    });

    test.each<[name: string, headers: Readonly<Record<string, string>>]>([
      ["another site", { origin: "https://evil.example" }],
      ["an unknown sender", { origin: "null" }],
    ])("refuses the form of %s before any work", async (_name, headers) => {
      const { id } = await register(server());
      const { page, names, hashes } = await effects(() => submit(server(), pathFor(id), alice, headers));
      expect([page.status, names, hashes]).toEqual([403, [], 0]);
      expect(page.html).not.toContain("code=");
    });

    test("refuses the form of a client that was blocked meanwhile", async () => {
      const { id } = await register(server());
      expect((await load(server(), pathFor(id))).status).toBe(200);
      await blockClient(server(), id);
      const { page, names, hashes } = await effects(() => submit(server(), pathFor(id), alice));
      expect([page.status, names, hashes]).toEqual([400, [], 0]);
      expect(page.html).toContain("This application is not known here");
    });

    test("leaves no password, code, state or query in the log and the trail", async () => {
      const { id } = await register(server());
      const path = pathFor(id, { login_hint: "hint-of-the-client" });
      await load(server(), path);
      await submit(server(), path, { username: "alice", password: "wrong-password" });
      const { html } = await submit(server(), path, alice);
      const [, code = "none"] = /code=(lka_[\w-]+)/.exec(html) ?? [];
      const logged = JSON.stringify(server().logged());
      for (const secret of [
        ...["wrong-password", passwords.alice, code, "state-of-the-client", "hint-of-the-client"],
        "code_challenge",
      ]) {
        expect(logged).not.toContain(secret);
      }
    });

    test("limits guesses like a login, and both count together", async () => {
      await using limited = await world.open({ THROTTLE_PAIR: "2/15m" });
      const { id } = await register(limited);
      const wrong = { username: "alice", password: "wrong" };
      expect((await submit(limited, pathFor(id), wrong)).status).toBe(422);
      const body = JSON.stringify(wrong);
      const headers = { "content-type": "application/json" };
      expect((await load(limited, "/auth/login", { method: "POST", body, headers })).status).toBe(401);
      const page = await submit(limited, pathFor(id), alice);
      expect(page.status).toBe(429);
      expect(page.headers.get("retry-after")).toBe("900");
      expect(page.headers.get("ratelimit")).toBe('"login-pair";r=0;t=900');
      expect(page.html).toContain("Too many attempts. Try again in 15 minutes.");
      expect(page.html).toContain('value="alice"');
      limited.advance(901_000);
      expect((await submit(limited, pathFor(id), alice)).status).toBe(200);
    });
  });
}

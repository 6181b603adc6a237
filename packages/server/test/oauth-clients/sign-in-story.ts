import { connect } from "@latchkey/testkit/mcp/notes-clients";
import { signIn } from "@latchkey/testkit/server/auth-calls";
import { until } from "@latchkey/testkit/until";
import { beforeAll, expect, test } from "vitest";
import { hosts, spelled } from "./address-spellings.ts";
import { Browser } from "./browser.ts";
import type { PeerKind } from "./peers/peer.ts";
import { type Engine, engines, type KnownPerson, type World, Worlds } from "./world.ts";

/** Milliseconds until a client notices a change: the guard accepts a token for five seconds after its expiry. */
const noticeTime = 60_000;
/** Milliseconds between two calls of a client that waits for a change. */
const pause = 250;

/** A tool that every user may call, and its arguments. The answer names the user. */
const calls = {
  "its own tools": ["who_am_i", {}],
  "a guarded server": ["add_note", { text: "buy milk" }],
} as const;

/** Ways in which a session ends elsewhere: by its owner, and by the operator. */
const endings = {
  async "its own tools"({ issuer, servers: { "its own tools": url } }, { username, password }, sessionId) {
    // The owner's own token lives for eight seconds too.
    const ended = async () => {
      const { access } = await signIn(issuer, username, password);
      await using owner = await connect(2, { url, headers: { authorization: `Bearer ${access}` } });
      const { structuredContent } = await owner.call("end_my_session", { session_id: sessionId });
      return structuredContent?.["ended"] === 1;
    };
    await until("the owner has ended the session", () => ended().catch(() => false), noticeTime);
  },
  async "a guarded server"(world, _person, sessionId) {
    expect(await world.operator(["session", "end", sessionId])).toMatch(/^ended the session/);
  },
} satisfies Record<string, (world: World, person: KnownPerson, sessionId: string) => Promise<void>>;

/** Tells the story of each client: sign in, call, refresh, and sign in again after a logout elsewhere. */
export function signInStory(kinds: readonly PeerKind[]): void {
  const ways = engines.flatMap((engine) =>
    kinds.flatMap((kind) =>
      (["its own tools", "a guarded server"] as const).flatMap((server) =>
        hosts.map((host) => ({ engine, kind, client: kind.name, server, host })),
      ),
    ),
  );
  const worlds = new Worlds();
  const inhabited = new Map<Engine, { readonly world: World; readonly person: KnownPerson }>();

  beforeAll(async () => {
    // Tokens expire while a test runs.
    const times = { LATCHKEY_ACCESS_TOKEN_TTL: "8s", LATCHKEY_REFRESH_GRACE: "8s" };
    for (const engine of engines) {
      const world = await worlds.make(engine, times);
      inhabited.set(engine, { world, person: await world.person("alice") });
    }
  });

  test.concurrent.each(ways)(
    "on $engine $client signs in to $server at $host, and again after a logout",
    async ({ engine, kind, client, server, host }) => {
      const place = inhabited.get(engine);
      if (place === undefined) throw new Error(`no server on ${engine}`);
      const { world, person } = place;
      const [tool, args] = calls[server];
      await using browser = await Browser.of(person);
      const address = spelled(world.servers[server], host);
      await using peer = await kind.connect({ address, browser, clientName: `${client} at ${address}` });

      /** Calls the tool again and again. Each call must succeed for the same person. */
      const untilCalls = (condition: string, holds: () => boolean) =>
        until(
          condition,
          async () => {
            expect(await peer.call(tool, args)).toContain(person.username);
            return holds();
          },
          noticeTime,
          pause,
        );

      expect(await peer.tools()).toContain(tool);
      expect(browser.opened).toHaveLength(1);
      const clientId = clientIn(browser.opened[0] ?? "");
      const [sessionId = ""] = await world.sessions(clientId, 1);

      await untilCalls("the token is refreshed", () => world.refreshes(sessionId) > 0);
      expect(browser.opened).toHaveLength(1);
      expect(await world.sessions(clientId, 1)).toEqual([sessionId]);

      await endings[server](world, person, sessionId);
      await untilCalls("the client asks to sign in again", () => browser.opened.length > 1);
      browser.assertNoFailure();
      expect(browser.opened).toHaveLength(2);
      expect(await world.sessions(clientId, 2)).toEqual([sessionId, expect.not.stringMatching(sessionId)]);
    },
  );
}

/** The client in an authorization request. */
function clientIn(address: string): string {
  return new URL(address).searchParams.get("client_id") ?? "";
}

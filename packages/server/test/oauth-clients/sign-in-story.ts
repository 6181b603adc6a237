import { connect } from "@latchkey/testkit/mcp/notes-clients";
import { signIn } from "@latchkey/testkit/server/auth-calls";
import { until } from "@latchkey/testkit/until";
import { beforeAll, describe, expect, test } from "vitest";
import { hosts, spelled } from "./address-spellings.ts";
import { Browser } from "./browser.ts";
import type { PeerKind } from "./peers/peer.ts";
import { engines, type KnownPerson, type World, Worlds } from "./world.ts";

/** Milliseconds until a client notices a change: the guard accepts a token for five seconds after its expiry. */
const noticeTime = 30_000;
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
    // The owner's own token lives for four seconds too.
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
  const ways = kinds
    .flatMap((kind) => (["its own tools", "a guarded server"] as const).map((server) => ({ kind, server })))
    .flatMap((way) => hosts.map((host) => ({ ...way, host })))
    .map((way, at) => ({ ...way, client: way.kind.name, username: `person-${at}` }));
  const worlds = new Worlds();

  describe.concurrent.each(engines)("on %s", (engine) => {
    let world: World;
    const people = new Map<string, KnownPerson>();

    beforeAll(async () => {
      // Tokens expire while a test runs.
      const times = { LATCHKEY_ACCESS_TOKEN_TTL: "4s", LATCHKEY_REFRESH_GRACE: "4s" };
      world = await worlds.make(engine, times);
      for (const { username } of ways) people.set(username, await world.person(username));
    });

    test.each(ways)(
      "$client signs in to $server at $host, and again after a logout",
      async ({ kind, server, host, username, client }) => {
        const person = people.get(username);
        if (person === undefined) throw new Error(`${username} is unknown`);
        const [tool, args] = calls[server];
        await using browser = await Browser.of(person);
        const address = spelled(world.servers[server], host);
        await using peer = await kind.connect({ address, browser, clientName: `${client} of ${username}` });

        /** Calls the tool again and again. Each call must succeed for the same person. */
        const untilCalls = (condition: string, holds: () => boolean) =>
          until(
            condition,
            async () => {
              expect(await peer.call(tool, args)).toContain(username);
              return holds();
            },
            noticeTime,
            pause,
          );

        expect(await peer.tools()).toContain(tool);
        expect(browser.opened).toHaveLength(1);
        const [sessionId = ""] = await world.sessions(person.id, 1);

        await untilCalls("the token is refreshed", () => world.refreshes(sessionId) > 0);
        expect(browser.opened).toHaveLength(1);
        expect(await world.sessions(person.id, 1)).toEqual([sessionId]);

        await endings[server](world, person, sessionId);
        await untilCalls("the client asks to sign in again", () => browser.opened.length > 1);
        browser.assertNoFailure();
        expect(browser.opened).toHaveLength(2);
        expect(await world.sessions(person.id, 2)).toEqual([sessionId, expect.not.stringMatching(sessionId)]);
      },
    );
  });
}

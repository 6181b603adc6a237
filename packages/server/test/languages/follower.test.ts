import { jwtPart, logout, signIn } from "@latchkey/testkit/server/auth-calls";
import { adminPassword, Place } from "@latchkey/testkit/server/server-process";
import { beforeAll, expect, test } from "vitest";
import { guardKey, Issuer, secret } from "./issuer.ts";
import { followerRules } from "./page.ts";
import { Verifiers } from "./verifiers.ts";
import { everyOne, timeout, World } from "./world.ts";

const minute = 60_000;

const place = new Place({ commands: "here" });
const verifiers = new Verifiers();
let issuer: Issuer;

beforeAll(async () => {
  issuer = await Issuer.at(place);
});

/** A live session of the administrator. */
async function session(): Promise<{ readonly id: string; readonly end: () => Promise<unknown> }> {
  const { access } = await signIn(issuer.url, "admin", adminPassword);
  return { id: String(jwtPart(access, "claims")["sid"]), end: () => logout(issuer.url, access) };
}

/** One ended session that all followers know, and a live one. */
async function followed(world: World): Promise<{ readonly ended: string; readonly live: string }> {
  const [ended, live] = [await session(), await session()];
  await world.follow();
  await world.say(ended.id, "live");
  await ended.end();
  await world.say(ended.id, "ended");
  return { ended: ended.id, live: live.id };
}

/** The followers know a session that ended while the server misbehaved, and forget none. */
async function expectReadingOn(world: World, behaviour: "cut" | "silent"): Promise<void> {
  const { ended, live } = await followed(world);
  world.proxy.behaviour = behaviour;
  await world.say(live, "unavailable");
  world.insert(["ended-meanwhile"]);
  world.proxy.behaviour = "pass";
  await world.say("ended-meanwhile", "ended");
  await world.say(live, "live");
  expect(await world.ask(`/sessions/${ended}`)).toEqual(everyOne("ended"));
}

const rules: Readonly<Record<string, (world: World) => Promise<void>>> = {
  async "it knows a session that ended while the server was down, as soon as the server is back"(world) {
    const { ended, live } = await followed(world);
    await world.stopServer();
    await world.say(live, "unavailable");
    const env = { LATCHKEY_DATABASE: world.database, LATCHKEY_SECRET: secret };
    expect(await place.latchkey(["session", "end", live], { env })).toMatchObject({ status: 0 });
    await world.startServer();
    await world.say(live, "ended");
    expect(await world.ask(`/sessions/${ended}`)).toEqual(everyOne("ended"));
    await world.say("another-session", "live");
  },

  async "it reads every page of a long list before it calls a session live"(world) {
    const sessionIds = Array.from({ length: 2_500 }, (_, at) => `session-${at}`);
    world.insert(sessionIds);
    await world.follow();
    const seen = new Set<string>();
    const states = async () => {
      const answers = Object.values(await world.ask("/sessions/session-2499"));
      for (const answer of answers) seen.add(answer);
      return answers;
    };
    await expect.poll(states, { timeout }).toEqual(["ended", "ended", "ended"]);
    expect(seen).not.toContain("live");
    await world.know(2_500);
    expect(new Set(world.proxy.answered).size).toBeGreaterThanOrEqual(3);
  },

  async "it reads on after a connection that was cut in the middle of an answer"(world) {
    await expectReadingOn(world, "cut");
  },

  async "it reads on after a server that accepted a request and stayed silent"(world) {
    await expectReadingOn(world, "silent");
  },

  async "it reads on after an answer that it does not understand"(world) {
    const { ended, live } = await followed(world);
    for (const behaviour of ["another form", "a page of HTML"] as const) {
      world.proxy.behaviour = behaviour;
      await world.say(live, "unavailable");
      expect(await world.ask(`/sessions/${ended}`)).toEqual(everyOne("ended"));
      world.proxy.behaviour = "pass";
      await world.say(live, "live");
    }
  },

  async "it reads a list that began anew from its beginning, and keeps the ended sessions that it knew"(
    world,
  ) {
    world.insert(["first", "second", "third"]);
    await world.follow();
    await world.say("third", "ended");
    await world.replaceDatabase();
    // The cursor of the followers is 3. A follower that asks after 3 gets the last entry alone.
    world.insert(["new-first", "new-second", "new-third", "new-fourth"]);
    await world.say("new-fourth", "ended");
    expect(await world.ask("/sessions/new-first")).toEqual(everyOne("ended"));
    expect(await world.ask("/sessions/third")).toEqual(everyOne("ended"));
    await world.know(7);
  },

  async "it keeps all ended sessions when it gets an old answer again"(world) {
    world.insert(["first", "second"]);
    const headers = { authorization: `Bearer ${guardKey}` };
    const record = async () => {
      world.proxy.recorded = await (await fetch(`${issuer.url}/revocations`, { headers })).text();
      return world.proxy.recorded;
    };
    await expect.poll(record, { timeout }).toContain("second");
    world.insert(["third"]);
    await world.follow();
    await world.know(3);
    world.proxy.behaviour = "again";
    await world.answers(12);
    expect(await world.ask("/known")).toEqual(everyOne("3"));
    world.proxy.behaviour = "pass";
    world.insert(["fourth"]);
    await world.know(4);
    expect(await world.ask("/sessions/third")).toEqual(everyOne("ended"));
  },

  async "it calls no session live before it has read the list"(world) {
    world.proxy.behaviour = "cut";
    await world.follow();
    expect(await world.ask("/sessions/any")).toEqual(everyOne("unavailable"));
    await world.answers(3);
    expect(await world.ask("/sessions/any")).toEqual(everyOne("unavailable"));
    world.proxy.behaviour = "pass";
    await world.say("any", "live");
  },

  async "it calls no session live when the list is out of date, and a known one still ended"(world) {
    const { ended, live } = await followed(world);
    await world.stopServer();
    await world.say(live, "unavailable");
    expect(await world.ask(`/sessions/${ended}`)).toEqual(everyOne("ended"));
    await world.startServer();
  },

  async "it counts the age of the list from the request, not from the answer"(world) {
    await world.follow(2);
    await world.say("any", "live");
    // An answer that takes 2.5 seconds is out of date when it arrives.
    world.proxy.behaviour = "slow";
    await world.say("any", "unavailable");
    for (const before = world.proxy.answered.length; world.proxy.answered.length < before + 6; ) {
      expect(await world.ask("/sessions/any")).toEqual(everyOne("unavailable"));
    }
  },

  async "it treats a refused guard key like an unreachable server, and never logs the key"(world) {
    const { ended, live } = await followed(world);
    world.proxy.behaviour = "another key";
    await world.say(live, "unavailable");
    expect(await world.ask(`/sessions/${ended}`)).toEqual(everyOne("ended"));
    const withoutStatus = () => world.logs().filter((log) => !log.includes("401"));
    await expect.poll(withoutStatus, { timeout }).toEqual([]);
    for (const log of world.logs()) expect(log).not.toContain(guardKey);
    world.proxy.behaviour = "pass";
    await world.say(live, "live");
  },

  async "it sends the guard key to no other address, also after a redirect"(world) {
    const { ended, live } = await followed(world);
    world.proxy.behaviour = "redirect";
    await world.say(live, "unavailable");
    expect(await world.ask(`/sessions/${ended}`)).toEqual(everyOne("ended"));
    expect(world.proxy.redirected).not.toContain(`Bearer ${guardKey}`);
  },

  async "it forgets a session a minute after its `until`, so its memory stays bounded"(world) {
    await world.follow();
    await world.say("any", "live");
    world.insert(["expired", "expired-too"], Date.now() - minute + 15_000);
    await world.say("expired", "ended");
    await world.know(0);
    await world.say("expired", "live");
  },
};

test("every line of the page has a proof", () => {
  expect(followerRules()).toEqual(Object.keys(rules));
});

test.each(Object.entries(rules))("a follower is right if %s", async (_rule, proof) => {
  await using world = await World.make({ place, issuer, verifiers });
  await proof(world);
});

test("the follower in Python asks about a session if it is told to", async () => {
  await using world = await World.make({ place, issuer, verifiers });
  const [ended, live] = [await session(), await session()];
  await ended.end();
  world.proxy.behaviour = "cut";
  const options = { issuer: issuer.url, revocations: world.proxy.url, whenStale: "ask" } as const;
  await using follower = await verifiers.start("PyJWT", options);
  // The list cannot be read, but the one session can.
  expect(await follower.ask(`/sessions/${live.id}`)).toBe("live");
  expect(await follower.ask(`/sessions/${ended.id}`)).toBe("ended");
  await world.stopServer();
  expect(await follower.ask(`/sessions/${live.id}`)).toBe("unavailable");
});

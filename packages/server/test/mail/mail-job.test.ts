import { MailServer } from "@latchkey/testkit/mail/mail-server";
import { until } from "@latchkey/testkit/until";
import { pino } from "pino";
import { expect, test } from "vitest";
import type { MailContent } from "../../src/core/mail/mail-kinds.ts";
import type { NewMail, Outbox } from "../../src/core/mail/outbox.ts";
import { openDelivery } from "../../src/mail/delivery.ts";
import { MailJob, type MailJobParts } from "../../src/mail/mail-job.ts";
import { isAbandoned } from "../../src/mail/retries.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import type { DurableEvent } from "../../src/store/tables/audit.ts";

const minute = 60_000;
const hour = 60 * minute;

/** A job on a store in memory that sends to a real mail server, at a time that the test moves. */
async function setUp(server: MailServer, change: Partial<MailJobParts> = {}) {
  const events: DurableEvent[] = [];
  const lines: string[] = [];
  const tries: string[] = [];
  let time = 1_700_000_000_000;
  const store = await openStore({ place: { engine: "memory" }, onAudit: (event) => events.push(event) });
  const deliver = await openDelivery({
    way: {
      kind: "smtp",
      server: { host: "127.0.0.1", port: server.port, tls: "none", login: undefined },
      from: { name: undefined, address: "login@example.com" },
    },
    mailbox: undefined,
    site: { name: "Example", url: undefined },
    issuer: "https://login.example.com",
    clock: () => time,
    linkAddress: (kind, id) => `https://login.example.com/account/${kind}?link=${id}`,
  });
  const parts: MailJobParts = {
    outbox: store.outbox,
    now: async () => time,
    deliver: async (mail, content, signal) => {
      await deliver(mail, content, signal);
    },
    answerRequest: async () => {},
    counted: (kind, outcome) => tries.push(`${kind} ${outcome}`),
    log: pino({ level: "debug" }, { write: (line: string) => void lines.push(line) }),
    random: () => 0.5,
    ...change,
  };
  const job = new MailJob(parts);
  return {
    store,
    job,
    parts,
    events,
    tries,
    lines,
    write: (content: MailContent, mail: Partial<NewMail> = {}) =>
      store.outbox.request(
        {
          content,
          recipient: "alice@example.com",
          userId: null,
          linkId: null,
          language: "en",
          createdAt: time,
          ...mail,
        },
        [],
      ),
    advance: (ms: number) => {
      time += ms;
    },
    /** Runs the job until nothing is under way. */
    async settled(check: () => boolean | Promise<boolean>) {
      await job.run();
      await until("the job has tried", check, 10_000);
    },
    async [Symbol.asyncDispose]() {
      await job.stop();
      await store.close();
    },
  };
}

/** Holds every acceptance of a mail until `resolve`. */
function holdAcceptances(server: MailServer) {
  const { promise, resolve } = Promise.withResolvers<void>();
  const held = { waiting: 0, resolve };
  server.beforeAcceptance = () => {
    held.waiting++;
    return promise;
  };
  return held;
}

const isEmpty = (store: Store) => async () => (await store.outbox.count()) === 0;

test("a mail is sent with its link, and is gone from the outbox", async () => {
  await using server = await MailServer.open();
  await using mails = await setUp(server);
  await mails.write({ kind: "reset" }, { linkId: "one" });
  await mails.settled(isEmpty(mails.store));
  expect(server.received[0]?.mail.text).toContain("https://login.example.com/account/reset?link=one");
  expect(mails.tries).toEqual(["reset sent"]);
  expect(mails.events).toEqual([]);
});

test("a mail is tried again after 1, 2, 4 … 60 minutes, for a day", async () => {
  await using server = await MailServer.open();
  await using mails = await setUp(server);
  server.refuse = () => ({ code: 451, text: "greylisted" });
  await mails.write({ kind: "password_changed", at: 0 }, { userId: "user:alice" });
  const waits = [1, 2, 4, 8, 16, 32, ...Array.from({ length: 24 }, () => 60)];
  await mails.settled(() => mails.tries.length === 1);
  for (const [number, wait] of waits.entries()) {
    mails.advance(wait * minute - 1);
    await mails.job.run();
    expect(server.tried).toHaveLength(number + 1);
    mails.advance(1);
    await mails.settled(() => mails.tries.length === number + 2);
    if (mails.tries.at(-1) !== "password_changed deferred") break;
  }
  await until("the outbox is empty", isEmpty(mails.store));
  expect(mails.tries.at(-1)).toBe("password_changed expired");
  expect(mails.events).toMatchObject([{ name: "mail.failed", reason: "expired", subject: "user:alice" }]);
});

test("a reset request that waited as long as its link would live is given up", async () => {
  await using server = await MailServer.open();
  const answered: string[] = [];
  await using mails = await setUp(server, {
    answerRequest: async (_, typedName) => {
      answered.push(typedName);
      throw new Error("the name cannot be looked up");
    },
  });
  await mails.write({ kind: "reset_request", typedName: "alice" }, { recipient: "" });
  await mails.settled(() => answered.length === 1);
  mails.advance(30 * minute - 1);
  await mails.settled(() => answered.length === 2);
  mails.advance(2 * minute);
  await mails.settled(isEmpty(mails.store));
  expect(answered).toEqual(["alice", "alice"]);
  expect(mails.events).toMatchObject([{ name: "mail.failed", reason: "expired" }]);
});

test("a greylisted mail arrives at its second try", async () => {
  await using server = await MailServer.open();
  await using mails = await setUp(server);
  server.refuse = () => ({ code: 451, text: "greylisted" });
  await mails.write({ kind: "verify" }, { linkId: "one" });
  await mails.settled(() => mails.tries.length === 1);
  server.refuse = () => undefined;
  mails.advance(minute);
  await mails.settled(isEmpty(mails.store));
  expect(mails.tries).toEqual(["verify deferred", "verify sent"]);
  expect(server.received).toHaveLength(1);
});

test("a mail that the server refuses for good is given up at once", async () => {
  await using server = await MailServer.open();
  await using mails = await setUp(server);
  server.refuse = () => ({ code: 550, text: "no mailbox of alice@example.com" });
  await mails.write({ kind: "reset" }, { userId: "user:alice" });
  await mails.settled(isEmpty(mails.store));
  expect(mails.events).toMatchObject([{ name: "mail.failed", reason: "rejected", address: "server" }]);
  expect(mails.tries).toEqual(["reset rejected"]);
  expect(mails.lines.join("")).not.toContain("alice@example.com");
});

test("a mail whose link has expired while it waited is not sent", async () => {
  await using server = await MailServer.open();
  await using mails = await setUp(server);
  await mails.write({ kind: "reset" }, { linkId: "one" });
  await mails.write({ kind: "invitation", invitedBy: null }, { linkId: "two" });
  mails.advance(hour);
  await mails.settled(isEmpty(mails.store));
  expect(mails.tries.toSorted()).toEqual(["invitation sent", "reset expired"]);
});

test("four mails are on their way at once, and a slow one stops no other", async () => {
  await using server = await MailServer.open();
  await using mails = await setUp(server);
  const slow = holdAcceptances(server);
  for (let number = 0; number < 6; number++) await mails.write({ kind: "verify" }, { linkId: `${number}` });
  await mails.settled(() => slow.waiting === 4);
  await mails.job.run();
  expect(server.tried).toHaveLength(4);
  slow.resolve();
  await until("the outbox is empty", isEmpty(mails.store), 10_000);
  expect(server.received).toHaveLength(6);
});

test("a closing job finishes the mails under way and begins no other", async () => {
  await using server = await MailServer.open();
  await using mails = await setUp(server);
  const slow = holdAcceptances(server);
  for (let number = 0; number < 6; number++) await mails.write({ kind: "verify" }, { linkId: `${number}` });
  await mails.settled(() => slow.waiting === 4);
  const stopped = mails.job.stop();
  slow.resolve();
  await stopped;
  expect(server.received).toHaveLength(4);
  expect(await mails.store.outbox.count()).toBe(2);
});

test("a request is answered by its story, and not sent", async () => {
  await using server = await MailServer.open();
  const names: string[] = [];
  await using mails = await setUp(server, {
    answerRequest: async (request, typedName) => {
      names.push(typedName);
      await mails.store.outbox.settle(request);
    },
  });
  await mails.write({ kind: "reset_request", typedName: "alice" }, { recipient: "" });
  await mails.settled(isEmpty(mails.store));
  expect(names).toEqual(["alice"]);
  expect(mails.tries).toEqual([]);
});

test("an accepted mail never goes out again while its deletion fails", async () => {
  await using server = await MailServer.open();
  await using mails = await setUp(server);
  let refusals = 0;
  const { outbox } = mails.store;
  await using broken = new AsyncDisposableStack();
  const job = new MailJob({
    ...mails.parts,
    outbox: {
      ...outbox,
      settle: async (mail) => {
        if (refusals++ < 3) throw new Error("the disk is full");
        return outbox.settle(mail);
      },
    },
  });
  broken.defer(() => job.stop());
  await mails.write({ kind: "verify" }, { linkId: "one" });
  for (let run = 0; run < 6; run++) {
    await job.run().catch(() => {});
    await until("the try has ended", () => refusals > Math.min(run, 3));
    // After the lease, the same mail is claimed again.
    mails.advance(3 * minute);
  }
  await until("the outbox is empty", isEmpty(mails.store));
  expect(server.received).toHaveLength(1);
});

/** A kind that this version does not know, and facts that it cannot read. */
const unreadable: readonly MailContent[] = JSON.parse(
  '[{"kind":"factor_added"},{"kind":"password_changed"},{"kind":"password_changed","at":1e300}]',
);

test("mails that cannot be read never hold up others, and are given up after a day", async () => {
  await using server = await MailServer.open();
  await using mails = await setUp(server);
  for (const content of unreadable)
    for (let number = 0; number < 20; number++) await mails.write(content, { userId: `user:${number}` });
  mails.advance(1);
  await mails.write({ kind: "verify" }, { linkId: "one" });
  await mails.settled(() => mails.tries.length === 1);
  mails.advance(24 * hour - 2);
  await mails.job.run();
  expect(mails.tries).toEqual(["verify sent"]);
  expect(mails.events).toEqual([]);
  expect(await mails.store.outbox.count()).toBe(60);

  mails.advance(2 * minute);
  await mails.job.run();
  expect(await mails.store.outbox.count()).toBe(0);
  expect(mails.events).toHaveLength(60);
  expect(mails.events[0]).toMatchObject({ name: "mail.failed", reason: "expired", address: "server" });
  expect(new Set(mails.events.map(({ subject }) => subject)).size).toBe(20);
  expect(mails.tries.filter((one) => one === "password_changed expired")).toHaveLength(40);
  const lines = mails.lines.map((line): unknown => JSON.parse(line));
  expect(lines).toContainEqual(
    expect.objectContaining({
      kind: "factor_added",
      msg: "a mail was given up: this version of Latchkey cannot read it",
    }),
  );
  expect(mails.lines.join("")).not.toContain("alice");
});

test("a mail that cannot be read is given up after 720 claims, also if the clock stepped back", () => {
  expect(isAbandoned({ attempts: 719, createdAt: 2 ** 50 }, 0)).toBe(false);
  expect(isAbandoned({ attempts: 720, createdAt: 2 ** 50 }, 0)).toBe(true);
});

test("a mail whose text cannot be made is tried again, and given up after a day", async () => {
  await using server = await MailServer.open();
  await using mails = await setUp(server);
  await mails.write({ kind: "password_changed", at: 0 });
  const outbox: Outbox = {
    ...mails.store.outbox,
    claim: async (claim) => {
      const claimed = await mails.store.outbox.claim(claim);
      return { ...claimed, mails: claimed.mails.map((mail) => ({ ...mail, language: JSON.parse('"es"') })) };
    },
  };
  const job = new MailJob({ ...mails.parts, outbox });
  await job.run();
  await until("the mail is tried", () => mails.tries.length === 1);
  mails.advance(24 * hour);
  await job.run();
  await until("the outbox is empty", isEmpty(mails.store));
  await job.stop();
  expect(mails.tries).toEqual(["password_changed deferred", "password_changed expired"]);
});

test("the log has a row's first failure and its recovery, no names or links", async () => {
  await using server = await MailServer.open();
  await using mails = await setUp(server);
  server.refuse = () => ({ code: 451, text: "alice@example.com is greylisted" });
  await mails.write({ kind: "reset" }, { linkId: "secret-link" });
  await mails.settled(() => mails.tries.length === 1);
  mails.advance(minute);
  await mails.settled(() => mails.tries.length === 2);
  server.refuse = () => undefined;
  mails.advance(2 * minute);
  await mails.settled(isEmpty(mails.store));
  const messages = mails.lines.map((line): unknown => JSON.parse(line).msg);
  expect(messages).toEqual(["mails cannot be sent; they will be tried again", "mails are sent again"]);
  expect(mails.lines.join("")).not.toMatch(/alice|secret-link/);
});

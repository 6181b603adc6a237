import { MailServer } from "@latchkey/testkit/mail/mail-server";
import { Place } from "@latchkey/testkit/server/server-process";
import { until } from "@latchkey/testkit/until";
import { describe, expect, test } from "vitest";
import { engines } from "../scale/engines.ts";
import { addPersons, changeOf, changesIn, kinds, MailChanges } from "./mail-changes.ts";

const crashes = Number(process.env["LATCHKEY_CRASHES"] ?? 20);
const clients = 6;
const place = new Place();

describe.each(engines)("on %s", (engine, open) => {
  // Each kill is an unfinished commit to SQLite. PostgreSQL ends the transactions of a killed process itself.
  const kills = engine === "SQLite" ? crashes : Math.ceil(crashes / 4);

  test(`after ${kills} kills, every change has its mail, and every mail its change`, async () => {
    await using mails = await MailServer.open();
    await using database = await open(place);
    await addPersons(database);
    const env = {
      ...database.env,
      LATCHKEY_SMTP_URL: `smtp://127.0.0.1:${mails.port}`,
      LATCHKEY_MAIL_FROM: "login@example.com",
      LATCHKEY_SIGN_UP: "example.com",
      LATCHKEY_TRUSTED_PROXIES: "127.0.0.1",
    };
    const start = () => place.server({ env });
    const arrived = () =>
      mails.received.map((one) => {
        const [kind, key] = changeOf(one);
        return { id: /^<([\w-]+)@/.exec(one.mail.messageId ?? "")?.[1] ?? "", kind, key };
      });
    /** The ids of the mails that wait. */
    const waiting = async () =>
      new Set((await database.query("select id from outbox")).map(({ id }) => String(id)));

    const used = new Set<string>();
    const changes = new MailChanges(() => {
      const links = mails.received
        .filter((one) => changeOf(one)[0] === "change_email")
        .map(({ mail }) => /link=(lkl_[\w-]+)/.exec(mail.text ?? "")?.[1] ?? "");
      const link = links.find((one) => !used.has(one));
      if (link !== undefined) used.add(link);
      return link;
    });
    /** Mails that the server had deleted before a kill: it knew that they were accepted. */
    const known = new Map<string, number>();

    let server = await start();
    await changes.begin(server.url);
    for (let kill = 0; kill < kills; kill++) {
      const load = Promise.all(Array.from({ length: clients }, () => changes.load(server.url)));
      // After a random number of answers, so that kills hit any state. The first one waits for an answer of each kind.
      const enough = changes.count + 2 + Math.random() * 20;
      const isEnough = () =>
        changes.count >= enough && kinds.every((kind) => changes.answered[kind].size > 0);
      await until("the clients have made changes", isEnough, 60_000);
      expect(await server.stop("SIGKILL")).toEqual({ status: null, signal: "SIGKILL" });
      await load;
      const left = await waiting();
      for (const { id } of arrived())
        if (!left.has(id) && !known.has(id)) known.set(id, mails.received.length);
      // The mails under way at the last kill would wait for two minutes.
      if (kill === kills - 1) await database.query("update outbox set claimed_until = 0");
      server = await start();
    }
    await until("every mail is sent", async () => (await waiting()).size === 0, 300_000, 100);

    const made = await changesIn(database);
    const sent = arrived();
    const distinct = [...new Map(sent.map((one) => [one.id, one])).values()];
    for (const kind of kinds) {
      const keys = distinct.filter((one) => one.kind === kind).map(({ key }) => key);
      expect(keys.toSorted(), kind).toEqual(made[kind].toSorted());
      expect(changes.answered[kind].difference(new Set(made[kind])), kind).toEqual(new Set());
    }
    const again = sent.filter(({ id }, index) => (known.get(id) ?? Number.POSITIVE_INFINITY) <= index);
    expect(again).toEqual([]);
    expect(distinct.length).toBeGreaterThan(kills);
    await server.stop();
  });
});

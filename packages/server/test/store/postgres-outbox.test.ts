import { queryAt } from "@latchkey/testkit/postgres/postgres-server";
import { expect, test } from "vitest";
import { postgresUrl } from "../../src/config/postgres-url.ts";
import { openStore } from "../../src/store/store.ts";
import { newDatabase } from "../postgres/server/suite-postgres.ts";
import { now } from "./store-rows.ts";

/** The planner may choose such a plan by itself, for example by old statistics: it runs an inner query for each row. */
const nestedLoops = ["hashagg", "hashjoin", "mergejoin", "material", "sort", "memoize"];

test("concurrent claims take no more mails than they may, whatever the plan", async () => {
  const address = await newDatabase();
  const name = new URL(address).pathname.slice(1);
  for (const node of nestedLoops) await queryAt(address, `alter database ${name} set enable_${node} = off`);
  const open = () => openStore({ place: postgresUrl(address), onAudit: () => {}, timeout: 30_000 });
  const replicas = await Promise.all([open(), open(), open(), open()]);
  const [first] = replicas;
  for (let number = 0; number < 60; number++)
    await first?.outbox.request(
      {
        content: { kind: "password_changed", at: now },
        ...{ recipient: "alice@example.com", userId: null, linkId: null, language: "en", createdAt: now },
      },
      [],
    );
  const claims = await Promise.all(
    Array.from({ length: 12 }, (_, n) => replicas[n % 4]?.outbox.claim({ at: now, lease: 60_000, most: 4 })),
  );
  const counts = claims.map((claim) => claim?.mails.length);
  expect(counts).toEqual(Array.from({ length: 12 }, () => 4));
  const ids = claims.flatMap((claim) => claim?.mails.map(({ id }) => id) ?? []);
  expect(new Set(ids).size).toBe(48);
  await Promise.all(replicas.map((replica) => replica.close()));
});

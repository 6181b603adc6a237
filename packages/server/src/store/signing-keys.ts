import { sql } from "kysely";
import type { KeyStore, StoredKey } from "../core/key-store.ts";
import type { AuditWriter } from "./audit.ts";
import { type Database, must, step } from "./database.ts";
import type { SigningKeyTable } from "./schema.ts";
import { insertFirst, statement } from "./statement.ts";

/** Signing keys in the database. */
export function signingKeyTable(database: Database, audit: AuditWriter): KeyStore {
  const { query } = database;
  const all = statement<Record<string, never>>()(() =>
    query
      .selectFrom("signing_keys")
      .select([
        "kid",
        "public_jwk as publicJwk",
        "sealed_private_key as sealedPrivateKey",
        "created_at as createdAt",
        "activated_at as activatedAt",
        "retired_at as retiredAt",
        "keep_until as keepUntil",
      ])
      .orderBy("created_at")
      .orderBy("kid"),
  );
  const insert = statement<SigningKeyTable>()((slot) =>
    query.insertInto("signing_keys").values({
      kid: slot("kid"),
      public_jwk: slot("public_jwk"),
      sealed_private_key: slot("sealed_private_key"),
      created_at: slot("created_at"),
      activated_at: slot("activated_at"),
      retired_at: slot("retired_at"),
      keep_until: slot("keep_until"),
    }),
  );
  const seed = insertFirst<SigningKeyTable>(database, "signing_keys", [
    "kid",
    "public_jwk",
    "sealed_private_key",
    "created_at",
    "activated_at",
    "retired_at",
    "keep_until",
  ]);
  const activate = statement<{ kid: string; at: number }>()((slot) =>
    query
      .updateTable("signing_keys")
      .set({ activated_at: slot("at") })
      .where("kid", "=", slot("kid"))
      .where("activated_at", "is", null),
  );
  // Tokens of a longer lifetime than the caller's own setting may be out: the sessions know.
  const retire = statement<{ kid: string; at: number; keepUntil: number }>()((slot) =>
    query
      .updateTable("signing_keys")
      .set(({ selectFrom }) => ({
        retired_at: slot("at"),
        keep_until: selectFrom(
          selectFrom("sessions")
            .select("tokens_until as until")
            .unionAll(sql<{ until: number }>`select ${slot("keepUntil")} as until`)
            .as("times"),
        ).select(({ fn }) => fn.max("times.until").as("last")),
      }))
      .where("kid", "=", slot("kid"))
      .where("retired_at", "is", null),
  );

  return {
    all: () => database.all(all, {}),
    seed: (active, next) => database.commit([...seed(rowOf(active)), step(insert, rowOf(next))]),
    async rotate({ activeKid, nextKid, successor, at, keepUntil }, event) {
      const made = await database.commit([
        must(retire, { kid: activeKid, at, keepUntil }),
        must(activate, { kid: nextKid, at }),
        step(insert, rowOf(successor)),
        ...audit.steps(event),
      ]);
      if (made) audit.announce(event);
      return made;
    },
  };
}

function rowOf(key: StoredKey): SigningKeyTable {
  return {
    kid: key.kid,
    public_jwk: key.publicJwk,
    sealed_private_key: key.sealedPrivateKey,
    created_at: key.createdAt,
    activated_at: key.activatedAt,
    retired_at: key.retiredAt,
    keep_until: key.keepUntil,
  };
}

import type { KeyStore, ResealedKey, StoredKey } from "../../core/tokens/key-store.ts";
import { type Database, must, step } from "../database.ts";
import { type NoValues, statement } from "../statement.ts";
import type { AuditWriter } from "./audit.ts";
import type { SessionEndings } from "./session-endings.ts";

const all = statement<NoValues, StoredKey>(`
  select kid, public_jwk as "publicJwk", sealed_private_key as "sealedPrivateKey", created_at as "createdAt",
    activated_at as "activatedAt", retired_at as "retiredAt", keep_until as "keepUntil"
  from signing_keys order by created_at, kid`);

const insertInto = `insert into signing_keys
  (kid, public_jwk, sealed_private_key, created_at, activated_at, retired_at, keep_until)`;
const values = ":kid, :publicJwk, :sealedPrivateKey, :createdAt, :activatedAt, :retiredAt, :keepUntil";

const insert = statement<StoredKey>(`${insertInto} values (${values})`);

const insertFirst = statement<StoredKey>(`
  ${insertInto} select ${values} where not exists (select 1 from signing_keys)`);

const deleteAll = statement<NoValues>("delete from signing_keys");

// Two concurrent inserts would both see an empty table, and a reset would miss the key of a concurrent rotation.
const lockTable = statement<NoValues>("lock table signing_keys in share row exclusive mode");

const activate = statement<{ kid: string; at: number }>(`
  update signing_keys set activated_at = :at where kid = :kid and activated_at is null`);

// A session may have been promised tokens for longer than the caller's own setting says.
const retire = statement<{ kid: string; at: number; keepUntil: number }>(`
  update signing_keys
  set retired_at = :at, keep_until = (select max(promised.until) from (
    select tokens_until as until from sessions union all select :keepUntil as until) as promised)
  where kid = :kid and retired_at is null`);

const reseal = statement<ResealedKey>(`
  update signing_keys set sealed_private_key = :to where kid = :kid and sealed_private_key = :from`);

/** The table `signing_keys`. */
export function signingKeyTable(database: Database, audit: AuditWriter, endings: SessionEndings): KeyStore {
  const alone = database.writers === "many" ? [step(lockTable, {})] : [];

  return {
    all: () => database.all(all, {}),
    seed: (active, next) => database.commit([...alone, must(insertFirst, active), step(insert, next)]),
    rotate({ activeKid, nextKid, successor, at, keepUntil }, event) {
      const steps = [
        must(retire, { kid: activeKid, at, keepUntil }),
        must(activate, { kid: nextKid, at }),
        step(insert, successor),
      ];
      return audit.commit(steps, [event]);
    },
    async reset(active, next, event) {
      const keys = [...alone, step(deleteAll, {}), step(insert, active), step(insert, next)];
      await audit.commit([...endings.beginAll(), ...keys], [event]);
    },
    async reseal(keys) {
      // In one order everywhere, so that two replicas never wait for each other's rows.
      const ordered = keys.toSorted((a, b) => (a.kid < b.kid ? -1 : 1));
      await database.commit(ordered.map((key) => step(reseal, key)));
    },
  };
}

import type { Arrival, KnownAddress, KnownAddresses } from "../../core/mail/arrivals.ts";
import { type Database, type Step, step } from "../database.ts";
import { statement } from "../statement.ts";

/** Addresses of one user, at most: the ones not seen for longest go first. */
const mostOfUser = 50;

type OfUser = { userId: string };

const ofUser = statement<OfUser, KnownAddress>(`
  select digest, last_seen_at as "lastSeenAt" from known_addresses where user_id = :userId`);

const put = statement<OfUser & KnownAddress>(`
  insert into known_addresses (user_id, digest, last_seen_at) values (:userId, :digest, :lastSeenAt)
  on conflict (user_id, digest) do update set last_seen_at = :lastSeenAt`);

const trim = statement<OfUser>(`
  delete from known_addresses where user_id = :userId and digest in (
    select digest from known_addresses where user_id = :userId
    order by last_seen_at desc, digest limit 1000 offset ${mostOfUser})`);

/** The table `known_addresses`. */
export function knownAddressTable(database: Database): KnownAddresses {
  return { of: (userId) => database.all(ofUser, { userId }) };
}

/** Records the address of a sign-in, in the change that it belongs to. */
export function arrivalSteps(arrival: Arrival | undefined): Step[] {
  if (arrival === undefined) return [];
  const { userId, digest, lastSeenAt } = arrival;
  return [step(put, { userId, digest, lastSeenAt }), step(trim, { userId })];
}

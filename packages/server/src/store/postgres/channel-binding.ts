import type { Client } from "pg";
import { UnfitServer } from "./engine-errors.ts";

/**
 * Closes the connection before the password is sent, if the server does not offer channel binding. `pg` alone would go
 * on without it.
 */
export function requireChannelBinding(client: Client): void {
  let bound = false;
  const breakOff = () => {
    if (bound) return;
    const advice =
      "the server does not offer channel binding (SCRAM-SHA-256-PLUS): set it up there, " +
      "or leave out channel_binding=require and take sslmode=verify-full";
    client.connection.stream.destroy(new UnfitServer(advice));
  };
  client.connection.on("authenticationSASL", ({ mechanisms }: { mechanisms: readonly string[] }) => {
    bound = mechanisms.includes("SCRAM-SHA-256-PLUS");
    breakOff();
  });
  for (const other of ["authenticationCleartextPassword", "authenticationMD5Password", "authenticationOk"])
    client.connection.on(other, breakOff);
}

import type { Client } from "pg";

const mechanism = "SCRAM-SHA-256-PLUS";

/** A server that does not prove that it is the one whose certificate was seen. */
export class NoChannelBinding extends Error {
  constructor() {
    super(
      "the server does not offer channel binding (SCRAM-SHA-256-PLUS): set it up there, " +
        "or leave out channel_binding=require and take sslmode=verify-full",
    );
  }
}

/**
 * Breaks a connection off whose server does not bind the password to its certificate, before the password is sent: `pg`
 * takes channel binding if it is offered, and goes on without.
 */
export function requireChannelBinding(client: Client): void {
  let bound = false;
  const breakOff = () => {
    if (!bound) client.connection.stream.destroy(new NoChannelBinding());
  };
  client.connection.on("authenticationSASL", ({ mechanisms }: { mechanisms: readonly string[] }) => {
    bound = mechanisms.includes(mechanism);
    breakOff();
  });
  for (const other of ["authenticationCleartextPassword", "authenticationMD5Password", "authenticationOk"])
    client.connection.on(other, breakOff);
}

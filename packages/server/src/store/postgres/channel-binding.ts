import type { Client } from "pg";

const mechanism = "SCRAM-SHA-256-PLUS";

/** The server does not prove that the certificate is its own. */
export class NoChannelBinding extends Error {
  constructor() {
    super(
      "the server does not offer channel binding (SCRAM-SHA-256-PLUS): set it up there, " +
        "or leave out channel_binding=require and take sslmode=verify-full",
    );
  }
}

/**
 * Closes the connection before the password is sent, if the server does not offer channel binding. `pg` alone would go
 * on without it.
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

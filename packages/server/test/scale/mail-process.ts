import { MailServer } from "@latchkey/testkit/mail/mail-server";

/** A mail server that accepts everything. Reports its port on its channel. */
const server = await MailServer.open();
process.send?.({ port: server.port });

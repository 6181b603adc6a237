// The contracts that `npm test` runs on the packaged engine, on Debian's PostgreSQL.
import "../api/postgres.test.ts";
import "../store/postgres.test.ts";
import "../store/postgres-attempts.test.ts";
import "../store/postgres-clients.test.ts";
import "../store/postgres-outbox.test.ts";
